/* fastlib.c - preloaded: all clocks run FAST times as fast since FAST_EPOCH.
 *
 *	LD_PRELOAD=fastlib.so FAST=50 FAST_EPOCH=1780000000 COMMAND
 *
 * Sleeps are shorter by as much, so that what waits two seconds for a cloud
 * waits 40 milliseconds for an emulator whose time runs as fast. FAST_EPOCH,
 * seconds since 1970, is when both clocks showed the same; processes that have
 * it in common agree about the time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define SECOND_NS 1000000000

static int64_t fast = 1, epoch_ns;

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void begin(void)
{
	const char *times = getenv("FAST"), *since = getenv("FAST_EPOCH");

	if (times && since) {
		fast = strtoll(times, NULL, 10);
		epoch_ns = strtoll(since, NULL, 10) * SECOND_NS;
	}
}

static int64_t in_ns(const struct timespec *time)
{
	return time->tv_sec * (int64_t)SECOND_NS + time->tv_nsec;
}

static struct timespec from_ns(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / SECOND_NS,
				 .tv_nsec = ns % SECOND_NS};
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	static int (*real)(clockid_t, struct timespec *);
	int64_t since = clock == CLOCK_REALTIME ? epoch_ns : 0;
	int rc;

	if (!real)
		real = next("clock_gettime");
	rc = real(clock, now);
	if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC))
		*now = from_ns(since + (in_ns(now) - since) * fast);
	return rc;
}

time_t time(time_t *out)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *now, void *zone)
{
	struct timespec fine = {0, 0};
	int rc = clock_gettime(CLOCK_REALTIME, &fine);

	(void)zone;
	now->tv_sec = fine.tv_sec;
	now->tv_usec = fine.tv_nsec / 1000;
	return rc;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	int (*real)(const struct timespec *, struct timespec *) =
		next("nanosleep");
	const struct timespec shorter = from_ns(in_ns(wanted) / fast);

	return real(&shorter, left);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
		    struct timespec *left)
{
	int (*real)(clockid_t, int, const struct timespec *,
		    struct timespec *) = next("clock_nanosleep");
	struct timespec shorter = *wanted;

	if (!(flags & TIMER_ABSTIME))
		shorter = from_ns(in_ns(wanted) / fast);
	return real(clock, flags, &shorter, left);
}
