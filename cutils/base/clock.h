/* clock.h - time that only moves forward, deadlines, and names made of dates.
 *
 * Everything that waits asks here. Pure modules (plan, retry, ratelimit) get
 * the time as an argument instead, so their tests need no clock at all.
 *
 * ADT_CLOCK="SPEED@ORIGIN" in the environment lets time pass SPEED times as
 * fast since ORIGIN (seconds since 1970), for rehearsals against an emulator
 * whose time is sped up as well. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_MOST_SPEED 1000

/* How long so many milliseconds of this clock really last: for timeouts that
 * others (libcurl) count. */
int64_t clock_real_ms(int64_t ms);

/* How long to wait for a peer's answer: ms, but when time is sped up no less
 * than ten real seconds, since that makes no peer faster. */
int64_t clock_patience_ms(int64_t ms);

/* Milliseconds of CLOCK_MONOTONIC; says nothing about the date. */
int64_t clock_now_ms(void);

/* Seconds since 1970, UTC. */
int64_t clock_epoch_s(void);

/* Sleeps, or returns early when a signal came. Zero or less returns at once. */
void clock_sleep_ms(int64_t ms);

/* Both: a time behind the year 9999 is written as its end. */

/* Writes "20260821T101530Z" (ISO 8601 basic, UTC). */
#define CLOCK_STAMP_SIZE 17
void clock_stamp(int64_t epoch_s, char stamp[CLOCK_STAMP_SIZE]);

/* Writes "2026-08-21T10:15:30Z" (RFC 3339, UTC). */
#define CLOCK_RFC3339_SIZE 21
void clock_rfc3339(int64_t epoch_s, char text[CLOCK_RFC3339_SIZE]);

#endif
