/* limits.h - the documented rate limits, held to the client's clock.
 *
 * Each limit is a window of time that begins with the first request in it. A
 * request that is refused does not count. */
#ifndef EMULATOR_LIMITS_H
#define EMULATOR_LIMITS_H

#include "state.h"

struct limit_reply {
	bool refused;
	bool burst; /* a shorter window refused than the one reported */
	int limit, remaining;
	double reset_at;   /* seconds since 1970, real */
	int retry_after_s; /* when refused */
};

/* Takes one request of this operation from all windows that it counts in;
 * `paged` where it is a list. Where settings.limits is off nothing is refused,
 * but counted. `*reply` says what the vendor's headers would. */
void limits_take(enum cloud_id, const char *operation, bool paged,
		 struct limit_reply *);

void limits_clear(void);

#endif
