/* plan.h - what to do next for a target: decided from what is.
 *
 * Pure: no I/O, no clock but now_s. Since it looks at the world and not at
 * what was done before, a run that was killed is resumed by planning again.
 * The journaled part of a target is read for what the world cannot tell:
 * which create was sent and may still have no visible effect, and whose power
 * we took. The rules, in the order in which they are tried:
 *
 *   1. The goal is reached: put away what was only needed on the way (the
 *      intermediate snapshot), restore power, done.
 *   2. A create that was sent is looked for before anything else happens: its
 *      task, its name. Only when neither was seen for traits.appears_within_s
 *      is it sent again, and at most PLAN_MOST_TRIES times.
 *   3. A machine that the cloud is working on is left alone until it is free.
 *   4. Otherwise the next step towards the goal.
 *
 * A target that is abandoned has another goal: nothing of what the run made of
 * it is there, and its power is restored. */
#ifndef CLOUD_PLAN_H
#define CLOUD_PLAN_H

#include "cloud/plannotes.h"
#include "cloud/provider.h"

/* The next step. Fills the target's answer, percent and doing; on STEP_FAIL
 * its err. Before it returns STEP_STOP it notes restore_power. */
enum step plan(const struct traits *, const struct world *, struct target *,
	       int64_t now_s);

/* The lists (provider.h, 1u << each) that the plan of this goal looks at. */
unsigned plan_lists(enum goal);

#endif
