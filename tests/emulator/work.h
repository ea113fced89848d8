/* work.h - what is going on: a task ends at its time, and then it has its
 * effect on the machine or the image.
 *
 * Nothing runs in the background: work_advance(), called before each request is
 * answered, brings the state up to the present. */
#ifndef EMULATOR_WORK_H
#define EMULATOR_WORK_H

#include "state.h"

/* Starts `operation` (a literal, README.md has the names) and sets the state
 * that the machine or image has meanwhile. Either may be NULL. `lag` is how
 * long after it says done the effect shows. `outcome` comes from a fault. */
struct task *work_start(enum cloud_id, const char *operation, struct machine *,
			struct image *, double seconds, double lag,
			enum outcome);

/* Seconds an image of this machine takes. */
double image_seconds(const struct machine *);

/* Every effect whose time has come, in the order of time. */
void work_advance(void);

void work_clear(void);

/* After work_clear(): what is under way is what the state's tasks say. */
void work_take_up(void);

enum task_state { TASK_PENDING, TASK_DONE, TASK_FAILED };

enum task_state task_state(const struct task *);
int task_percent(const struct task *); /* 0 to 100 */

/* An event of this machine that is not over. */
bool machine_busy(const struct machine *);

/* As enum power, but creating has become starting when boot_at has come. */
enum power machine_power(const struct machine *);

#endif
