/* clock.c - see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEAST_PATIENCE_MS 10000

/* What ADT_CLOCK says; speed 1 is the clock on the wall, 0 not yet read. */
static int64_t speed, origin_s;

static void read_setting(void)
{
	const char *setting = getenv("ADT_CLOCK");
	long long origin;
	int number;

	speed = 1;
	if (setting && sscanf(setting, "%d@%lld", &number, &origin) == 2 &&
	    number > 0 && number <= CLOCK_MOST_SPEED) {
		speed = number;
		origin_s = origin;
	}
}

int64_t clock_real_ms(int64_t ms)
{
	if (speed == 0)
		read_setting();
	return ms / speed;
}

int64_t clock_patience_ms(int64_t ms)
{
	int64_t least = LEAST_PATIENCE_MS;

	if (speed == 0)
		read_setting();
	return speed > 1 && ms < least * speed ? least * speed : ms;
}

int64_t clock_now_ms(void)
{
	struct timespec now;

	if (speed == 0)
		read_setting();
	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000) * speed;
}

int64_t clock_epoch_s(void)
{
	int64_t now_s = (int64_t)time(NULL);

	if (speed == 0)
		read_setting();
	return speed == 1 ? now_s : origin_s + (now_s - origin_s) * speed;
}

void clock_sleep_ms(int64_t ms)
{
	int64_t us = clock_real_ms(ms * 1000);
	struct timespec wanted = {.tv_sec = us / 1000000,
				  .tv_nsec = (long)(us % 1000000) * 1000};

	if (us > 0)
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

	if (strftime(stamp, CLOCK_STAMP_SIZE, "%Y%m%dT%H%M%SZ", &tm) == 0)
		snprintf(stamp, CLOCK_STAMP_SIZE, "99991231T235959Z");
}

void clock_rfc3339(int64_t epoch_s, char text[CLOCK_RFC3339_SIZE])
{
	struct tm tm = utc(epoch_s);

	if (strftime(text, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(text, CLOCK_RFC3339_SIZE, "9999-12-31T23:59:59Z");
}
