/* clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

int64_t clock_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_epoch_s(void)
{
	return (int64_t)time(NULL);
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec wanted = {.tv_sec = ms / 1000,
				  .tv_nsec = (long)(ms % 1000) * 1000000};

	if (ms > 0)
		nanosleep(&wanted, NULL);
}

static struct tm utc(int64_t epoch_s)
{
	time_t when = (time_t)epoch_s;
	struct tm tm = {0};

	gmtime_r(&when, &tm);
	return tm;
}

void clock_stamp(int64_t epoch_s, char stamp[CLOCK_STAMP_SIZE])
{
	struct tm tm = utc(epoch_s);

	strftime(stamp, CLOCK_STAMP_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

void clock_rfc3339(int64_t epoch_s, char text[CLOCK_RFC3339_SIZE])
{
	struct tm tm = utc(epoch_s);

	strftime(text, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
