/* planabandon.c - the plan of a target that is given up: nothing stays of what
 * the run made of it, and what it stopped runs. */
#include "cloud/plansteps.h"

#include <stdio.h>

static enum step abandon_image(const struct traits *traits,
			       const struct world *world, struct target *target,
			       int64_t now_s)
{
	const struct machine *machine = world_machine(world, target->machine);
	const struct image *image = world_image(world, target->image);
	const struct image *snapshot = step_snapshot(traits, world, target);
	enum step step = step_restore_power(world, machine, target, now_s);

	if (step != STEP_DONE)
		return step;
	if (target->giving_up)
		return STEP_FAIL;
	if (image) {
		snprintf(target->image_id, sizeof(target->image_id), "%s",
			 image->id);
		if (image->state == IMAGE_PENDING)
			return step_wait(target, "until its image can go");
		return step_ask_calmly(target, STEP_DROP_IMAGE,
				       "removing its image", now_s);
	}
	if (snapshot)
		snprintf(target->snapshot_id, sizeof(target->snapshot_id), "%s",
			 snapshot->id);
	if (!(snapshot && target->sent == STEP_SNAPSHOT) &&
	    !(target->did & 1u << STEP_DROP_IMAGE) &&
	    !(target->did & 1u << STEP_DROP_SNAPSHOT)) {
		step = step_settle(traits, world, target,
				   "looking for what was asked for", now_s);
		if (step != STEP_DONE)
			return step;
	}
	if (!snapshot)
		return STEP_DONE;
	if (snapshot->state == IMAGE_PENDING ||
	    world_busy(world, target->machine))
		return step_wait(target, "until its snapshot can go");
	return step_ask_calmly(target, STEP_DROP_SNAPSHOT,
			       "removing its snapshot", now_s);
}

static enum step abandon_machine(const struct traits *traits,
				 const struct world *world,
				 struct target *target, int64_t now_s)
{
	const struct machine *machine = world_machine(world, target->machine);

	if (target->giving_up)
		return STEP_FAIL;
	/* one that the run did not create bears the name by chance */
	if (target->sent != STEP_CREATE)
		return STEP_DONE;
	if (!machine)
		return target->did & 1u << STEP_DELETE
			       ? STEP_DONE
			       : step_settle(traits, world, target,
					     "looking for what was asked for",
					     now_s);
	step_note_machine(target, machine);
	if (world_busy(world, machine->name))
		return step_wait(target, "until the machine can go");
	if (traits->stop_before_delete && machine->state != MACHINE_STOPPED)
		return step_ask_calmly(target, STEP_KILL, "powering off",
				       now_s);
	return step_ask_calmly(target, STEP_DELETE, "removing the machine",
			       now_s);
}

enum step plan_abandon(const struct traits *traits, const struct world *world,
		       struct target *target, int64_t now_s)
{
	if (target->goal == GOAL_IMAGE)
		return abandon_image(traits, world, target, now_s);
	if (target->goal == GOAL_MACHINE)
		return abandon_machine(traits, world, target, now_s);
	return STEP_DONE; /* the other goals make nothing */
}
