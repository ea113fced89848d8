/* drive.h - drives the targets of a journal to their goals.
 *
 *	every tick:  world = observe       a few list calls
 *	             steps = plan(...)     pure
 *	             journal the steps, then send them, all at once
 *	             show progress; wait
 *
 * Nothing special is done to resume a run that was killed: the same loop looks
 * at the world and goes on. */
#ifndef CLOUD_DRIVE_H
#define CLOUD_DRIVE_H

#include "cloud/engine.h"
#include "cloud/journal.h"

#define DRIVE_BASE_S                                                     \
	(30 * 60)	   /* default deadline: this, and for each GB of \
			    */
#define DRIVE_PER_GB_S 120 /* disk this much more */

struct drive {
	struct engine *engine;
	struct journal *journal;
	unsigned deadline_s; /* for every target; 0: the default above */
	/* True once the run is to end early: power is restored, then it does.
	 * engine->stopped ends even that. */
	bool (*stopped)(void);
	/* Called each tick; elapsed_s counts from the start of this run. */
	void (*progress)(const struct journal *, int64_t elapsed_s);
};

/* 0 when every target reached its goal. -1 when any did not: *err is the first
 * one's reason, each has its own. A deadline or interrupt is ERR_RETRY; the
 * journal then lets the same call go on later. */
int drive_run(struct drive *, struct err *) MUST_CHECK;

#endif
