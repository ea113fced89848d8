/* plannotes.h - what a plan notes in a target, and the numbers it goes by. */
#ifndef CLOUD_PLANNOTES_H
#define CLOUD_PLANNOTES_H

#include "cloud/target.h"

#define PLAN_MOST_TRIES 3
/* What a target is doing while others of its kind are off. */
#define PLAN_TURN "waiting for its turn to be off"

#define PLAN_CLEAN_STOP_S 90 /* then the power goes */
#define PLAN_SEND_AGAIN_S 20 /* a step without effect that may be repeated */

/* Notes that the step was sent, which the next plan() takes into account. */
void plan_sent(struct target *, enum step, int64_t now_s);

/* Notes that the step did nothing: it never left, or the cloud refused it for
 * now. */
void plan_undone(struct target *, enum step, int64_t now_s);

/* Gives the target up: from now on only its power is restored. */
void plan_give_up(struct target *, const struct err *why);

#endif
