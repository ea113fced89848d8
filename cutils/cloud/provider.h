/* provider.h - what every cloud must be able to say.
 *
 * A provider is a translator without I/O: it writes requests and reads
 * replies. Sending, paging, waiting, retry and rate limit exist once, in
 * engine.c; what to do next exists once, in plan.c. One const instance per
 * file, designated initialisers. A sixth cloud is one file and one line in
 * registry.c. */
#ifndef CLOUD_PROVIDER_H
#define CLOUD_PROVIDER_H

#include "cloud/target.h"
#include "cloud/world.h"
#include "wire/http.h"

/* A question whose answer comes in rows and pages. path asks for the first
 * page, with the query that makes pages large; rows names the member that holds
 * them (reply.h, reply_rows); read() adds one to the world; next() writes the
 * path of the page after and is true while there is one (NULL: one page). */
struct list {
	const char *path;
	const char *rows;
	int (*read)(json_t *row, struct world *, struct err *);
	bool (*next)(const json_t *reply, char *path, size_t size);
};

/* What is observed each tick. A cloud that has nothing of a kind (Vultr has no
 * tasks) leaves that list out, and the engine asks nothing. */
enum observation {
	OBSERVE_MACHINES,
	OBSERVE_IMAGES,
	OBSERVE_SNAPSHOTS,
	OBSERVE_TASKS,
	OBSERVE_COUNT,
};

/* One step on one target. Every step that the plan can ask of this cloud (its
 * traits say which) has a request; where the reply says something worth noting
 * (a task, an id) it has a reader too. */
struct action {
	void (*request)(const struct target *, struct http_request *);
	int (*reply)(const json_t *reply, struct target *, struct err *);
};

/* What the plan must know of a cloud's ways. */
struct traits {
	bool image_from_snapshot;  /* snapshot first, image from it, drop it */
	bool stop_before_delete;   /* a running machine cannot be deleted */
	unsigned appears_within_s; /* a thing whose create did its work but
				    * lost its reply is listed by then */
	unsigned poll_first_ms, poll_most_ms; /* between two observations */
};

struct provider {
	const char *name;     /* as ACTIVE_CLOUDHOST spells it */
	const char *base_url; /* no trailing slash; --api-url overrides it */
	/* Unix sockets tried in turn where there is no base_url: "$VAR/rest"
	 * takes an environment variable. Ends in NULL. */
	const char *const *sockets;
	unsigned requests_per_minute; /* documented limit per token; 0: none */
	unsigned burst;
	size_t image_name_max; /* bytes */
	struct traits traits;

	/* One line about an error reply, in the cloud's own words. */
	void (*explain)(const json_t *reply, char *text, size_t size);

	/* Who are we there? Writes one line. */
	void (*whoami_request)(struct http_request *);
	int (*whoami_reply)(const json_t *reply, char *text, size_t size,
			    struct err *);

	struct list lists[OBSERVE_COUNT];
	struct action actions[STEP_COUNT];
};

/* Borrowed, or NULL with ERR_USAGE that names the known clouds. */
const struct provider *provider_find(const char *name, struct err *err);

/* The n-th known provider, NULL past the last. */
const struct provider *provider_at(size_t n);

#endif
