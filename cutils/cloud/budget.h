/* budget.h - how many requests may still go to a cloud, and when the next may.
 *
 * One token bucket for each limit that the cloud documents (provider.h), shared
 * by all processes of the machine that use the same token there: in a file
 * below the runtime folder, locked while it is read and written, named by a
 * hash of the token. It is fed by what the replies say of what is left. Where
 * there can be no file, or it is damaged, each process keeps its own: the cost
 * is a reply 429, which is obeyed.
 *
 * Of a limit by the hour at most 60 % is used: the rest is for the toolkit's
 * own scripts, which have the same token. Of a shorter one at most 95 %, and
 * 60 % where it is of seconds. */
#ifndef CLOUD_BUDGET_H
#define CLOUD_BUDGET_H

#include "cloud/provider.h"
#include "wire/ratelimit.h"

#define BUDGET_CLOSED_MOST_S 300 /* a cloud that wants more is not obeyed */

struct budget {
	const struct limit *limits; /* borrowed from the provider */
	struct ratelimit buckets[LIMITS_MOST];
	int fd; /* the shared file, or -1 */
};

/* Never fails: see above. now_ms is clock_now_ms(). */
void budget_open(struct budget *, const struct provider *,
		 const struct http_endpoint *, const struct credentials *,
		 int64_t now_ms);
void budget_close(struct budget *);

/* Takes the request out of every bucket it belongs to: 0 when it may go, or the
 * milliseconds to wait before asking again. */
int64_t budget_take(struct budget *, const struct http_request *,
		    int64_t now_ms);

/* Takes note of what the reply says: requests left, Retry-After. epoch_s is
 * now, too. */
void budget_learn(struct budget *, const struct http_request *,
		  const struct http_reply *, int64_t now_ms, int64_t epoch_s);

#endif
