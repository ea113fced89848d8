/* plansteps.h - what the plans of several goals have in common; for plan.c and
 * planimage.c. Each returns the step, and has said in target->doing why. */
#ifndef CLOUD_PLANSTEPS_H
#define CLOUD_PLANSTEPS_H

#include "cloud/plannotes.h"
#include "cloud/provider.h"

enum step step_wait(struct target *, const char *doing);
enum step step_ask(struct target *, enum step, const char *doing);

/* A step that may be sent twice, but not every tick. */
enum step step_ask_calmly(struct target *, enum step, const char *doing,
			  int64_t now_s);

/* Gives the target up, with words and, where not empty, ": detail". */
void step_fail(struct target *, enum err_kind, const char *words,
	       const char *detail);

/* How far the image is, as itself or our task for it says; -1: nobody says. */
int step_percent(const struct traits *, const struct world *,
		 const struct image *, const struct target *);

/* A create, looked for before it is sent again; see rule 2 of plan.h. */
enum step step_create(const struct traits *, const struct world *,
		      struct target *, enum step, const char *doing,
		      int64_t now_s);

/* STEP_DONE when no create of ours is on its way any longer: what it made is
 * in the world, or will not be. */
enum step step_settle(const struct traits *, const struct world *,
		      struct target *, const char *doing, int64_t now_s);

/* Does only the task of our create tell whether the image is made? Where the
 * cloud gives images no state, one that is listed need not be whole. */
bool step_task_decides(const struct traits *, const struct target *);

/* Waits, and asks from time to time what became of the task. */
enum step step_wait_for_task(const struct traits *, const struct world *,
			     struct target *, const char *doing, int64_t now_s);

/* Brings the power back where we took it: STEP_DONE when nothing is owed. */
enum step step_restore_power(const struct world *, const struct machine *,
			     struct target *, int64_t now_s);

/* Stops the machine, when it is its turn: cleanly, and by force when that
 * takes too long. */
enum step step_stop(const struct world *, const struct machine *,
		    struct target *, int64_t now_s);

/* Copies what the world says of the machine into the answer. */
void step_note_machine(struct target *, const struct machine *);

/* The intermediate snapshot of ours: by its id, by our name, or, where it has
 * none, the one that was not there before. Borrowed, or NULL. */
const struct image *step_snapshot(const struct traits *, const struct world *,
				  const struct target *);

/* The plan of GOAL_IMAGE, and of what is abandoned. */
enum step plan_image(const struct traits *, const struct world *,
		     struct target *, int64_t now_s);
enum step plan_abandon(const struct traits *, const struct world *,
		       struct target *, int64_t now_s);

#endif
