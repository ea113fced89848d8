/* pace.h - the clock of one run: how long it takes, and when to look again. */
#ifndef CLOUD_PACE_H
#define CLOUD_PACE_H

#include "cloud/provider.h"

#define PACE_FLEET 100 /* so many targets are looked at half as often */

struct pace {
	int64_t started_ms;
	int64_t gave_up_ms; /* 0: not yet */
	int64_t wait_ms;
};

int64_t pace_elapsed_s(const struct pace *);

/* How long to wait before the next look, in milliseconds: the first wait after
 * something was sent, then half as much more each time, up to the most; and
 * longer the more targets there are, as their lists are longer. */
int64_t pace_next_ms(struct pace *, const struct traits *, size_t targets,
		     bool acted);

/* Sleeps so long, or until stopped, which may be NULL, becomes true. */
void pace_sleep(int64_t wait_ms, bool (*stopped)(void));

#endif
