/* plan.c - see plan.h. One function a goal; each reads from top to bottom. */
#include "cloud/plan.h"

#include <stdio.h>
#include <string.h>

static enum step wait_for(struct target *target, const char *doing)
{
	target->doing = doing;
	return STEP_WAIT;
}

static enum step ask(struct target *target, enum step step, const char *doing)
{
	target->doing = doing;
	target->percent = -1;
	return step;
}

/* A step that may be sent twice, but not every tick. */
static enum step ask_calmly(struct target *target, enum step step,
			    const char *doing, int64_t now_s)
{
	if (target->acted == step &&
	    now_s < target->acted_s + PLAN_SEND_AGAIN_S)
		return wait_for(target, doing);
	return ask(target, step, doing);
}

void plan_sent(struct target *target, enum step step, int64_t now_s)
{
	target->acted = step;
	target->acted_s = now_s;
	if (step == STEP_STOP)
		target->stop_s = now_s;
	if (!step_creates(step))
		return;
	if (target->sent != step)
		target->tries = 0;
	target->tries++;
	target->sent = step;
	target->sent_s = now_s;
	target->missing_s = 0;
	target->task_id[0] = '\0';
}

void plan_give_up(struct target *target, const struct err *why)
{
	if (!target->giving_up)
		target->err = *why;
	target->giving_up = true;
}

static void fail(struct target *target, enum err_kind kind, const char *words,
		 const char *detail)
{
	struct err why;

	err_set(&why, kind, "%s: %s%s%s", target->machine, words,
		detail[0] ? ": " : "", detail);
	plan_give_up(target, &why);
}

/* The task that our create started: by its id, or, when the reply that named
 * it was lost, any task of its kind that is not known to be another's. */
static const struct task *own_task(const struct world *world,
				   const struct target *target)
{
	size_t i;

	if (target->task_id[0])
		return world_task(world, target->task_id);
	for (i = 0; i < world->task_count; i++) {
		const struct task *task = &world->tasks[i];
		bool mine = strcmp(task->machine, target->machine) == 0;

		if (task->state != TASK_RUNNING)
			continue;
		if (mine || (target->sent == STEP_IMAGE && task->makes_image &&
			     !task->machine[0]))
			return task;
	}
	return NULL;
}

/* The thing that this create makes is not there. Was it sent already? Then look
 * for it before sending it (again). A target that failed is first put in order:
 * the next plan does that. */
static enum step create(const struct traits *traits, const struct world *world,
			struct target *target, enum step step,
			const char *doing, int64_t now_s)
{
	const struct task *task;

	if (target->sent != step)
		return ask(target, step, doing);
	task = own_task(world, target);
	if (task && task->state == TASK_RUNNING) {
		target->missing_s = 0;
		target->percent = task->percent;
		return wait_for(target, doing);
	}
	if (task && task->state == TASK_FAILED) {
		fail(target, ERR_REFUSED, "the cloud says it failed",
		     task->text);
		return wait_for(target, "giving up");
	}
	if (target->missing_s == 0)
		target->missing_s = now_s;
	if (now_s < target->missing_s + traits->appears_within_s)
		return wait_for(target, doing);
	if (target->tries >= PLAN_MOST_TRIES) {
		fail(target, ERR_REFUSED,
		     "asked three times, and nothing appeared, at",
		     step_name(step));
		return wait_for(target, "giving up");
	}
	return ask(target, step, doing);
}

/* Brings the power back where we took it: STEP_DONE when nothing is owed. */
static enum step restore_power(const struct world *world,
			       const struct machine *machine,
			       struct target *target, int64_t now_s)
{
	if (!target->restore_power)
		return STEP_DONE;
	if (!machine || machine->state == MACHINE_RUNNING) {
		/* On again. After a stop that was sent a moment ago and has
		 * not yet taken effect, "running" proves nothing. */
		if (machine && target->acted == STEP_STOP &&
		    now_s < target->acted_s + PLAN_SEND_AGAIN_S)
			return wait_for(target, "waiting for the stop");
		target->restore_power = false;
		return STEP_DONE;
	}
	if (world_busy(world, machine->name) ||
	    machine->state != MACHINE_STOPPED)
		return wait_for(target, "starting again");
	return ask_calmly(target, STEP_START, "starting again", now_s);
}

/* Leaves nothing half-done behind: a failed image goes, and so does a snapshot
 * nobody will use. After a deadline or an interrupt (ERR_RETRY) the snapshot
 * stays: the next run goes on from it. */
static enum step give_up(const struct world *world,
			 const struct machine *machine,
			 const struct image *image,
			 const struct image *snapshot, struct target *target,
			 int64_t now_s)
{
	enum step step = restore_power(world, machine, target, now_s);

	if (step != STEP_DONE)
		return step;
	if (image && image->state == IMAGE_FAILED)
		return ask_calmly(target, STEP_DROP_IMAGE, "tidying up", now_s);
	if (snapshot && target->err.kind != ERR_RETRY) {
		if (world_busy(world, target->machine))
			return wait_for(target, "tidying up");
		return ask_calmly(target, STEP_DROP_SNAPSHOT, "tidying up",
				  now_s);
	}
	return STEP_FAIL;
}

static enum step stop(const struct world *world, const struct machine *machine,
		      struct target *target, int64_t now_s)
{
	target->restore_power = target->goal == GOAL_IMAGE;
	if (target->stop_s && now_s >= target->stop_s + PLAN_CLEAN_STOP_S)
		return ask_calmly(target, STEP_KILL, "powering off", now_s);
	if (target->stop_s || world_busy(world, machine->name) ||
	    machine->state != MACHINE_RUNNING)
		return wait_for(target, "shutting down");
	return ask(target, STEP_STOP, "shutting down");
}

static void note_machine(struct target *target, const struct machine *machine)
{
	snprintf(target->machine_id, sizeof(target->machine_id), "%s",
		 machine->id);
	snprintf(target->region, sizeof(target->region), "%s", machine->region);
	snprintf(target->machine_size, sizeof(target->machine_size), "%s",
		 machine->size);
	snprintf(target->public_ipv4, sizeof(target->public_ipv4), "%s",
		 machine->public_ipv4);
	snprintf(target->private_ipv4, sizeof(target->private_ipv4), "%s",
		 machine->private_ipv4);
	target->disk_gb = machine->disk_gb;
}

static enum step image_is_ready(const struct world *world,
				const struct machine *machine,
				const struct image *image,
				const struct image *snapshot,
				struct target *target, int64_t now_s)
{
	enum step step;

	snprintf(target->created, sizeof(target->created), "%s",
		 image->created);
	target->size_bytes = image->size_bytes;
	target->percent = -1;
	step = restore_power(world, machine, target, now_s);
	if (step != STEP_DONE)
		return step;
	if (!snapshot)
		return STEP_DONE;
	if (world_busy(world, target->machine))
		return wait_for(target, "tidying up");
	return ask_calmly(target, STEP_DROP_SNAPSHOT, "tidying up", now_s);
}

/* Is the machine, as it stands, fit to be captured? STEP_DONE when it is. */
static enum step make_still(const struct world *world,
			    const struct machine *machine,
			    struct target *target, int64_t now_s)
{
	if (target->power_off && machine->state != MACHINE_STOPPED)
		return stop(world, machine, target, now_s);
	if (world_busy(world, machine->name))
		return wait_for(target, "waiting for the machine");
	if (machine->state != MACHINE_RUNNING &&
	    machine->state != MACHINE_STOPPED)
		return wait_for(target, "waiting for the machine");
	return STEP_DONE;
}

static enum step plan_image(const struct traits *traits,
			    const struct world *world, struct target *target,
			    int64_t now_s)
{
	const struct machine *machine = world_machine(world, target->machine);
	const struct image *image = world_image(world, target->image);
	const struct image *snapshot =
		world_snapshot(world, target->machine, target->image);
	enum step step;

	if (machine)
		note_machine(target, machine);
	if (snapshot)
		snprintf(target->snapshot_id, sizeof(target->snapshot_id), "%s",
			 snapshot->id);
	if (image)
		snprintf(target->image_id, sizeof(target->image_id), "%s",
			 image->id);
	if (image && image->state == IMAGE_READY)
		return image_is_ready(world, machine, image, snapshot, target,
				      now_s);
	if (!target->giving_up && image && image->state == IMAGE_FAILED)
		fail(target, ERR_REFUSED, "the cloud could not make the image",
		     target->image);
	if (!target->giving_up && !machine && !image)
		fail(target, ERR_NO, "there is no such machine any more", "");
	if (target->giving_up)
		return give_up(world, machine, image, snapshot, target, now_s);
	if (image) {
		target->percent = image->percent;
		return wait_for(target, "making the image");
	}
	if (snapshot && (snapshot->state != IMAGE_READY ||
			 (target->sent != STEP_IMAGE &&
			  world_busy(world, target->machine))))
		return wait_for(target, "taking the snapshot");
	if (snapshot) { /* the machine is not needed any longer */
		step = restore_power(world, machine, target, now_s);
		return step != STEP_DONE
			       ? step
			       : create(traits, world, target, STEP_IMAGE,
					"making the image", now_s);
	}
	if (traits->image_from_snapshot)
		step = create(traits, world, target, STEP_SNAPSHOT,
			      "taking the snapshot", now_s);
	else
		step = create(traits, world, target, STEP_IMAGE,
			      "making the image", now_s);
	if (step_creates(step)) {
		enum step still = make_still(world, machine, target, now_s);

		if (still != STEP_DONE)
			return still;
	}
	return step;
}

static enum step plan_machine(const struct traits *traits,
			      const struct world *world, struct target *target,
			      int64_t now_s)
{
	const struct machine *machine = world_machine(world, target->machine);

	if (target->giving_up)
		return STEP_FAIL;
	if (!machine)
		return create(traits, world, target, STEP_CREATE, "creating",
			      now_s);
	note_machine(target, machine);
	target->percent = -1;
	if (machine->state == MACHINE_FAILED) {
		fail(target, ERR_REFUSED, "the cloud says the machine failed",
		     "");
		return STEP_FAIL;
	}
	if (machine->state == MACHINE_RUNNING)
		return machine->public_ipv4[0] || machine->private_ipv4[0]
			       ? STEP_DONE
			       : wait_for(target, "waiting for an address");
	if (machine->state == MACHINE_STOPPED &&
	    !world_busy(world, machine->name))
		return ask_calmly(target, STEP_START, "starting", now_s);
	return wait_for(target, "creating");
}

static enum step plan_power(const struct world *world, struct target *target,
			    int64_t now_s)
{
	const struct machine *machine =
		world_machine_id(world, target->machine);
	enum machine_state wanted =
		target->goal == GOAL_ON ? MACHINE_RUNNING : MACHINE_STOPPED;

	if (!target->giving_up && !machine)
		fail(target, ERR_NO, "there is no such machine", "");
	if (target->giving_up)
		return STEP_FAIL;
	note_machine(target, machine);
	if (machine->state == wanted)
		return STEP_DONE;
	if (wanted == MACHINE_STOPPED)
		return stop(world, machine, target, now_s);
	if (world_busy(world, machine->name) ||
	    machine->state != MACHINE_STOPPED)
		return wait_for(target, "starting");
	return ask_calmly(target, STEP_START, "starting", now_s);
}

static enum step plan_gone(const struct traits *traits,
			   const struct world *world, struct target *target,
			   int64_t now_s)
{
	const struct machine *machine =
		world_machine_id(world, target->machine);

	if (!machine)
		return STEP_DONE;
	note_machine(target, machine);
	if (target->giving_up)
		return STEP_FAIL;
	if (world_busy(world, machine->name))
		return wait_for(target, "waiting for the machine");
	if (traits->stop_before_delete && machine->state != MACHINE_STOPPED)
		return ask_calmly(target, STEP_KILL, "powering off", now_s);
	return ask_calmly(target, STEP_DELETE, "deleting", now_s);
}

static enum step plan_no_image(const struct world *world, struct target *target,
			       int64_t now_s)
{
	const struct image *image = world_image_id(world, target->image);

	if (!image)
		return STEP_DONE;
	snprintf(target->image_id, sizeof(target->image_id), "%s", image->id);
	if (target->giving_up)
		return STEP_FAIL;
	return ask_calmly(target, STEP_DROP_IMAGE, "deleting", now_s);
}

enum step plan(const struct traits *traits, const struct world *world,
	       struct target *target, int64_t now_s)
{
	switch (target->goal) {
	case GOAL_IMAGE:
		return plan_image(traits, world, target, now_s);
	case GOAL_MACHINE:
		return plan_machine(traits, world, target, now_s);
	case GOAL_ON:
	case GOAL_OFF:
		return plan_power(world, target, now_s);
	case GOAL_GONE:
		return plan_gone(traits, world, target, now_s);
	case GOAL_NO_IMAGE:
		return plan_no_image(world, target, now_s);
	}
	return STEP_FAIL; /* there are no other goals */
}
