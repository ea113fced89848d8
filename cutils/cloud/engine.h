/* engine.h - the only one that sends to a cloud.
 *
 * Takes calls, many at once, and brings back their replies: authorisation,
 * the token bucket, retry with backoff, paging, deadlines, and turning an
 * error reply into one sentence. What is asked, and why, it does not know. */
#ifndef CLOUD_ENGINE_H
#define CLOUD_ENGINE_H

#include "cloud/budget.h"
#include "cloud/provider.h"

struct engine {
	const struct provider *provider;
	struct http *http; /* owned */
	char region[64];   /* lists are asked for it alone; "": for all */
	bool all_regions;  /* as if it were "", but where a host is a region */
	struct credentials credentials;
	struct budget budget;
	bool (*stopped)(void); /* true ends every wait early; may be NULL */
	uint64_t requests;     /* sent so far, repeats included */
};

/* One request and what became of it. */
struct call {
	struct http_request request; /* http_request_init() it, then fill it */
	json_t *reply;		     /* owned; NULL where the body was empty */
	bool failed;
	bool undone; /* it never left, or was refused only for now */
	struct err err;

	/* the engine's own */
	unsigned tries;
	int64_t not_before_ms;
	bool under_way, over;
	bool may_be_done; /* an earlier try reached the cloud */
};

/* Copies the credentials, and wipes them at the end. */
int engine_init(struct engine *, const struct provider *,
		const struct http_endpoint *, const struct credentials *,
		const char *region, struct err *) MUST_CHECK;
void engine_free(struct engine *);

/* Makes all calls, in parallel, each retried as retry.h allows until
 * deadline_ms (clock_now_ms()). Every call is over when it returns: look at
 * its failed. A refused call has the cloud's words and the fitting kind, as
 * refusal.h says; one that is not JSON ERR_PROTOCOL, lost or unsent ERR_RETRY,
 * a server whose certificate is not trusted ERR_DENIED. */
void engine_run(struct engine *, struct call *calls, size_t count,
		int64_t deadline_ms);

void call_init(struct call *);
void call_free(struct call *);

/* Asks these lists (LISTS_WORLD, LISTS_OFFERS) as far as the provider has them,
 * all pages, and replaces *world. On -1 the world is empty. */
int engine_observe(struct engine *, unsigned lists, struct world *,
		   int64_t deadline_ms, struct err *) MUST_CHECK;

#endif
