/* ratelimit.c - see ratelimit.h. */
#include "wire/ratelimit.h"

#define ONE_REQUEST 1000 /* thousandths */
#define MINUTE_MS 60000

void ratelimit_init(struct ratelimit *limit, unsigned per_minute,
		    unsigned burst, int64_t now_ms)
{
	limit->per_minute = per_minute;
	limit->burst = burst;
	limit->filled_ms = now_ms;
	limit->thousandths = (int64_t)burst * ONE_REQUEST;
}

static void fill(struct ratelimit *limit, int64_t now_ms)
{
	int64_t most = (int64_t)limit->burst * ONE_REQUEST;
	int64_t passed_ms = now_ms - limit->filled_ms;
	int64_t gained;

	if (passed_ms <= 0)
		return;
	if (passed_ms > MINUTE_MS * 60)
		passed_ms = MINUTE_MS * 60; /* more than full; no overflow */
	gained = passed_ms * limit->per_minute * ONE_REQUEST / MINUTE_MS;
	if (gained == 0)
		return; /* keep the fraction for the next call */
	limit->thousandths += gained;
	limit->filled_ms = now_ms;
	if (limit->thousandths > most)
		limit->thousandths = most;
}

int64_t ratelimit_take(struct ratelimit *limit, int64_t now_ms)
{
	int64_t missing;

	if (limit->per_minute == 0)
		return 0;
	fill(limit, now_ms);
	if (limit->thousandths >= ONE_REQUEST) {
		limit->thousandths -= ONE_REQUEST;
		return 0;
	}
	missing = ONE_REQUEST - limit->thousandths;
	return missing * MINUTE_MS /
		       (limit->per_minute * (int64_t)ONE_REQUEST) +
	       1;
}

void ratelimit_drain(struct ratelimit *limit, int64_t now_ms)
{
	limit->thousandths = 0;
	limit->filled_ms = now_ms;
}
