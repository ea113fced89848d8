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
	limit->closed_ms = 0;
	limit->thousandths = (int64_t)burst * ONE_REQUEST;
}

static void fill(struct ratelimit *limit, int64_t now_ms)
{
	int64_t most = (int64_t)limit->burst * ONE_REQUEST;
	int64_t passed_ms = now_ms - limit->filled_ms;
	int64_t gained, used_ms, rate;

	if (passed_ms <= 0)
		return;
	if (passed_ms > MINUTE_MS * 60)
		passed_ms = MINUTE_MS * 60; /* more than full; no overflow */
	gained = passed_ms * limit->per_minute * ONE_REQUEST / MINUTE_MS;
	if (gained == 0)
		return; /* keep the fraction for the next call */
	limit->thousandths += gained;
	/* only the time that made whole thousandths is over */
	used_ms = gained * MINUTE_MS;
	rate = (int64_t)limit->per_minute * ONE_REQUEST;
	limit->filled_ms += (used_ms + rate - 1) / rate;
	if (limit->thousandths >= most) {
		limit->thousandths = most;
		limit->filled_ms = now_ms;
	}
}

int64_t ratelimit_wait(struct ratelimit *limit, int64_t now_ms)
{
	int64_t missing;

	if (now_ms < limit->closed_ms)
		return limit->closed_ms - now_ms;
	if (limit->per_minute == 0)
		return 0;
	fill(limit, now_ms);
	if (limit->thousandths >= ONE_REQUEST)
		return 0;
	missing = ONE_REQUEST - limit->thousandths;
	return missing * MINUTE_MS /
		       (limit->per_minute * (int64_t)ONE_REQUEST) +
	       1;
}

int64_t ratelimit_take(struct ratelimit *limit, int64_t now_ms)
{
	int64_t wait_ms = ratelimit_wait(limit, now_ms);

	if (wait_ms == 0 && limit->per_minute > 0)
		limit->thousandths -= ONE_REQUEST;
	return wait_ms;
}

void ratelimit_left(struct ratelimit *limit, int64_t requests, int64_t now_ms)
{
	if (limit->per_minute == 0)
		return;
	fill(limit, now_ms);
	if (requests >= 0 && requests < limit->burst &&
	    limit->thousandths > requests * ONE_REQUEST)
		limit->thousandths = requests * ONE_REQUEST;
}

void ratelimit_close(struct ratelimit *limit, int64_t until_ms, int64_t now_ms)
{
	ratelimit_left(limit, 0, now_ms);
	if (until_ms > limit->closed_ms)
		limit->closed_ms = until_ms;
}
