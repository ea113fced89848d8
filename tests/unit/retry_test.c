/* retry_test.c - what may be sent again and when, and the token bucket. */
#include "wire/ratelimit.h"
#include "wire/retry.h"

#include "check.h"

static void retries(void)
{
	static const struct {
		int status;
		bool sent, may_repeat;
		unsigned tries;
		int64_t after_s, least, most;
		bool impostor, local;
	} rows[] = {
		{503, true, true, 1, -1, 250, 500, false, false},
		{503, true, true, 3, -1, 1000, 2000, false, false},
		{503, true, false, 1, -1, -1, -1, false, false},
		{501, true, true, 1, -1, -1, -1, false, false},
		{404, true, true, 1, -1, -1, -1, false, false},
		{429, true, false, 1, 2, 2000, 2249, false, false},
		{429, true, false, 1, 301, -1, -1, false, false},
		{408, true, true, RETRY_MOST_TRIES, -1, -1, -1, false, false},
		{0, true, false, 1, -1, -1, -1, false, false},
		{0, true, true, 1, -1, 250, 500, false, false},
		{0, false, false, 1, -1, 250, 500, false, false},
		{0, false, true, RETRY_MOST_UNSENT, -1, -1, -1, false, false},
		{0, false, true, 1, -1, -1, -1, true, false},
		{0, true, true, 1, -1, -1, -1, false, true},
	};
	size_t i;
	uint32_t random;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct http_reply reply = {.status = rows[i].status,
						 .sent = rows[i].sent,
						 .impostor = rows[i].impostor,
						 .local = rows[i].local,
						 .retry_after_s =
							 rows[i].after_s};

		for (random = 0; random < 5000; random += 7) {
			int64_t wait_ms =
				retry_wait_ms(&reply, rows[i].may_repeat,
					      rows[i].tries, random);

			CHECK(wait_ms >= rows[i].least &&
			      wait_ms <= rows[i].most);
		}
	}
}

/* In any minute no more than the limit and one burst. */
static void bucket(void)
{
	struct ratelimit limit;
	int64_t now_ms, wait_ms;
	unsigned taken = 0;

	ratelimit_init(&limit, 60, 5, 0);
	for (now_ms = 0; now_ms < 60000; now_ms += 10) {
		wait_ms = ratelimit_take(&limit, now_ms);
		CHECK(wait_ms >= 0 && wait_ms <= 1001);
		taken += wait_ms == 0;
	}
	CHECK(taken >= 62 && taken <= 65);
	ratelimit_left(&limit, 0, now_ms);
	CHECK(ratelimit_take(&limit, now_ms) > 0);
	CHECK(ratelimit_take(&limit, now_ms + 1001) == 0);
	ratelimit_init(&limit, 60, 5, 0);
	ratelimit_left(&limit, 9, 0); /* more than we hold ourselves */
	ratelimit_left(&limit, 2, 0);
	CHECK(ratelimit_take(&limit, 0) == 0);
	CHECK(ratelimit_wait(&limit, 0) == 0);
	CHECK(ratelimit_take(&limit, 0) == 0);
	CHECK(ratelimit_take(&limit, 0) > 0);
	ratelimit_close(&limit, 90000, 60000);
	ratelimit_close(&limit, 70000, 60000); /* the longer one holds */
	CHECK(ratelimit_take(&limit, 60000) == 30000);
	CHECK(ratelimit_take(&limit, 90000) == 0);
	ratelimit_init(&limit, 0, 0, 0);
	CHECK(ratelimit_take(&limit, 0) == 0);
}

int main(void)
{
	retries();
	bucket();
	return 0;
}
