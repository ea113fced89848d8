/* ratelimit.h - a token bucket: stay below a cloud's documented limit.
 *
 * Pure: the time is passed in. A bucket holds up to `burst` requests and is
 * refilled evenly, so that a minute never sees more than the limit plus one
 * burst. All of it may be kept in a file: it holds no pointer. */
#ifndef WIRE_RATELIMIT_H
#define WIRE_RATELIMIT_H

#include <stdint.h>

struct ratelimit {
	unsigned per_minute; /* 0: there is no limit */
	unsigned burst;
	int64_t filled_ms;   /* the time up to which tokens were counted */
	int64_t thousandths; /* of a request, in the bucket */
	int64_t closed_ms;   /* until then nothing goes */
};

/* A full bucket at now_ms. */
void ratelimit_init(struct ratelimit *, unsigned per_minute, unsigned burst,
		    int64_t now_ms);

/* The milliseconds until a request may go, 0: now. Takes nothing. */
int64_t ratelimit_wait(struct ratelimit *, int64_t now_ms);

/* Takes one request out: 0 when it may go now, or the milliseconds to wait
 * before asking again (nothing is taken then). */
int64_t ratelimit_take(struct ratelimit *, int64_t now_ms);

/* The server said that so many requests are left: no more are in the bucket. */
void ratelimit_left(struct ratelimit *, int64_t requests, int64_t now_ms);

/* The server wants no request until then: closes the bucket. */
void ratelimit_close(struct ratelimit *, int64_t until_ms, int64_t now_ms);

#endif
