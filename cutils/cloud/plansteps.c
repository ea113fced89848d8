/* plansteps.c - see plansteps.h. */
#include "cloud/plansteps.h"

#include <stdio.h>
#include <string.h>

enum step step_wait(struct target *target, const char *doing)
{
	target->doing = doing;
	return STEP_WAIT;
}

enum step step_ask(struct target *target, enum step step, const char *doing)
{
	target->doing = doing;
	target->percent = -1;
	return step;
}

/* A step that may be sent twice, but not every tick. */
enum step step_ask_calmly(struct target *target, enum step step,
			  const char *doing, int64_t now_s)
{
	if (target->acted == step &&
	    now_s < target->acted_s + PLAN_SEND_AGAIN_S)
		return step_wait(target, doing);
	return step_ask(target, step, doing);
}

void step_fail(struct target *target, enum err_kind kind, const char *words,
	       const char *detail)
{
	struct err why;

	err_set(&why, kind, "%s: %s%s%s", target->machine, words,
		detail[0] ? ": " : "", detail);
	plan_give_up(target, &why);
}

/* Is this listed task the one that our create started, whose reply, or its id,
 * we do not know? */
static bool may_be_ours(const struct task *task, const struct target *target)
{
	bool mine = strcmp(task->machine, target->machine) == 0;

	if (task->number) /* it is known to be new, and of our kind */
		return mine && task->number > target->task_floor &&
		       task->makes_image == (target->sent == STEP_IMAGE);
	return task->state == TASK_RUNNING &&
	       (mine || (target->sent == STEP_IMAGE && task->makes_image &&
			 !task->machine[0]));
}

/* What became of our create, as far as a task tells. False: nothing is known.
 */
static bool own_task(const struct traits *traits, const struct world *world,
		     const struct target *target, struct task *is)
{
	const struct task *task = NULL;
	size_t i;

	if (traits->ask_every_s && target->task_id[0]) {
		*is = (struct task){.state = target->task_state, .percent = -1};
		snprintf(is->text, sizeof(is->text), "%s", target->task_text);
		return true;
	}
	if (target->task_id[0])
		task = world_task(world, target->task_id);
	for (i = 0; !target->task_id[0] && !task && i < world->task_count; i++)
		if (may_be_ours(&world->tasks[i], target))
			task = &world->tasks[i];
	if (task)
		*is = *task;
	return task != NULL;
}

bool step_task_decides(const struct traits *traits, const struct target *target)
{
	return traits->ask_every_s && !traits->listed_when_ready &&
	       target->sent == STEP_IMAGE && target->task_id[0] &&
	       target->task_state != TASK_DONE;
}

enum step step_wait_for_task(const struct traits *traits,
			     const struct world *world, struct target *target,
			     const char *doing, int64_t now_s)
{
	if (traits->ask_every_s && target->task_id[0] &&
	    target->task_state == TASK_RUNNING &&
	    !world_busy(world, target->machine) &&
	    now_s >= target->asked_s + traits->ask_every_s)
		return step_ask(target, STEP_ASK, doing);
	return step_wait(target, doing);
}

int step_percent(const struct traits *traits, const struct world *world,
		 const struct image *image, const struct target *target)
{
	struct task task;

	if (image->percent >= 0 || !step_creates(target->sent) ||
	    !own_task(traits, world, target, &task))
		return image->percent;
	return task.percent;
}

/* Sends a create, having noted what was there before it. */
static enum step ask_create(const struct traits *traits,
			    const struct world *world, struct target *target,
			    enum step step, const char *doing)
{
	struct strbuf ids = STRBUF(sizeof(target->before) - 1);
	size_t i;

	target->task_floor = world_newest_task(world);
	for (i = 0; traits->snapshots_unnamed && step == STEP_SNAPSHOT &&
		    target->tries == 0 && i < world->snapshot_count;
	     i++)
		if (world_is_of(&world->snapshots[i], target->machine,
				target->machine_id))
			strbuf_addf(&ids, "%s%s", ids.len ? " " : "",
				    world->snapshots[i].id);
	if (ids.len)
		snprintf(target->before, sizeof(target->before), "%s",
			 strbuf_text(&ids));
	strbuf_free(&ids);
	return step_ask(target, step, doing);
}

/* What is known of a create that was sent, and what it makes is not seen:
 * STEP_WAIT or STEP_ASK while it may still come, STEP_FAIL when *task says that
 * the cloud failed, STEP_DONE when nothing will come. */
static enum step look_for(const struct traits *traits,
			  const struct world *world, struct target *target,
			  const char *doing, int64_t now_s, struct task *task)
{
	bool known = own_task(traits, world, target, task);

	if (known && task->state == TASK_FAILED)
		return STEP_FAIL;
	if (known && task->state == TASK_RUNNING) {
		target->missing_s = 0;
		target->percent = task->percent;
		return step_wait_for_task(traits, world, target, doing, now_s);
	}
	if (!known && world_busy(world, target->machine))
		return step_wait(target, doing);
	if (target->missing_s == 0)
		target->missing_s = now_s;
	if (now_s < target->missing_s + traits->appears_within_s)
		return step_wait(target, doing);
	/* counted from when it was sent, so that runs add up */
	if (!known && target->sent == STEP_IMAGE &&
	    now_s < target->sent_s + traits->image_unseen_s)
		return step_wait(target, doing);
	return STEP_DONE;
}

enum step step_settle(const struct traits *traits, const struct world *world,
		      struct target *target, const char *doing, int64_t now_s)
{
	struct task task;
	enum step step;

	if (!step_creates(target->sent))
		return STEP_DONE;
	step = look_for(traits, world, target, doing, now_s, &task);
	return step == STEP_FAIL ? STEP_DONE : step;
}

/* The thing that this create makes is not there. Was it sent already? Then look
 * for it before sending it (again). A target that failed is first put in order:
 * the next plan does that. */
enum step step_create(const struct traits *traits, const struct world *world,
		      struct target *target, enum step step, const char *doing,
		      int64_t now_s)
{
	struct task task;
	enum step known;

	if (target->busy_s && now_s < target->busy_s + PLAN_SEND_AGAIN_S)
		return step_wait(target, "waiting for the machine");
	if (target->sent != step)
		return ask_create(traits, world, target, step, doing);
	known = look_for(traits, world, target, doing, now_s, &task);
	if (known == STEP_FAIL) {
		step_fail(target, ERR_REFUSED, "the cloud says it failed",
			  task.text);
		return step_wait(target, "giving up");
	}
	if (known != STEP_DONE)
		return known;
	if (step == STEP_IMAGE && target->image_id[0]) {
		step_fail(target, ERR_REFUSED,
			  "the image vanished: the cloud could not make it",
			  target->image);
		return step_wait(target, "giving up");
	}
	if (target->tries >= PLAN_MOST_TRIES) {
		step_fail(target, ERR_REFUSED,
			  "asked three times, and nothing appeared, at",
			  step_name(step));
		return step_wait(target, "giving up");
	}
	return ask_create(traits, world, target, step, doing);
}

const struct image *step_snapshot(const struct traits *traits,
				  const struct world *world,
				  const struct target *target)
{
	size_t i;

	if (target->snapshot_id[0])
		return world_snapshot_id(world, target->snapshot_id);
	if (!traits->snapshots_unnamed)
		return world_snapshot(world, target->machine, target->image);
	for (i = 0; target->sent != STEP_WAIT && i < world->snapshot_count; i++)
		if (world_is_of(&world->snapshots[i], target->machine,
				target->machine_id) &&
		    (!target->before[0] ||
		     !world_in(target->before, world->snapshots[i].id)))
			return &world->snapshots[i];
	return NULL;
}

/* Brings the power back where we took it: STEP_DONE when nothing is owed. */
enum step step_restore_power(const struct world *world,
			     const struct machine *machine,
			     struct target *target, int64_t now_s)
{
	if (!target->restore_power)
		return STEP_DONE;
	if (machine && machine->state == MACHINE_STOPPED)
		target->was_off = true;
	if (machine && machine->state == MACHINE_RUNNING && !target->was_off) {
		/* A stop that was sent, perhaps by a run before this one, may
		 * still take effect: "running" proves nothing yet. */
		if (!target->stop_s)
			target->stop_s = now_s;
		if (now_s < target->stop_s + PLAN_CLEAN_STOP_S)
			return step_wait(target, "waiting for the stop");
	}
	if (!machine || machine->state == MACHINE_RUNNING) {
		target->restore_power = target->was_off = false;
		return STEP_DONE;
	}
	if (world_busy(world, machine->name) ||
	    machine->state != MACHINE_STOPPED)
		return step_wait(target, "starting again");
	return step_ask_calmly(target, STEP_START, "starting again", now_s);
}

enum step step_stop(const struct world *world, const struct machine *machine,
		    struct target *target, int64_t now_s)
{
	if (target->goal == GOAL_IMAGE && !target->restore_power) {
		if (!target->may_stop)
			return step_wait(target, PLAN_TURN);
		target->restore_power = true;
	}
	if (target->stop_s && now_s >= target->stop_s + PLAN_CLEAN_STOP_S)
		return step_ask_calmly(target, STEP_KILL, "powering off",
				       now_s);
	if (target->stop_s || world_busy(world, machine->name) ||
	    machine->state != MACHINE_RUNNING)
		return step_wait(target, "shutting down");
	return step_ask(target, STEP_STOP, "shutting down");
}

void step_note_machine(struct target *target, const struct machine *machine)
{
	snprintf(target->machine_id, sizeof(target->machine_id), "%s",
		 machine->id);
	snprintf(target->region, sizeof(target->region), "%s", machine->region);
	if (!target->machine_size[0]) /* else by its name, from the start */
		snprintf(target->machine_size, sizeof(target->machine_size),
			 "%s", machine->size);
	snprintf(target->public_ipv4, sizeof(target->public_ipv4), "%s",
		 machine->public_ipv4);
	snprintf(target->private_ipv4, sizeof(target->private_ipv4), "%s",
		 machine->private_ipv4);
	if (machine->disk_gb)
		target->disk_gb = machine->disk_gb;
}
