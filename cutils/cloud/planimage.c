/* planimage.c - the plan of a capture: from a machine to a ready image. */
#include "cloud/plansteps.h"

#include <stdio.h>
#include <string.h>

/* Leaves nothing half-done behind: a failed image goes, and so does a snapshot
 * nobody will use. After a deadline or an interrupt (ERR_RETRY), or while what
 * was asked for may still come, the snapshot stays: the next run goes on from
 * it. */
static enum step give_up(const struct world *world,
			 const struct machine *machine,
			 const struct image *image,
			 const struct image *snapshot, struct target *target,
			 int64_t now_s)
{
	enum step step = step_restore_power(world, machine, target, now_s);

	if (step != STEP_DONE)
		return step;
	if (image && image->state == IMAGE_FAILED)
		return step_ask_calmly(target, STEP_DROP_IMAGE, "tidying up",
				       now_s);
	if (snapshot && target->err.kind != ERR_RETRY && !target->may_come) {
		if (world_busy(world, target->machine))
			return step_wait(target, "tidying up");
		return step_ask_calmly(target, STEP_DROP_SNAPSHOT, "tidying up",
				       now_s);
	}
	return STEP_FAIL;
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
	step = step_restore_power(world, machine, target, now_s);
	if (step != STEP_DONE)
		return step;
	if (!snapshot)
		return STEP_DONE;
	if (world_busy(world, target->machine))
		return step_wait(target, "tidying up");
	return step_ask_calmly(target, STEP_DROP_SNAPSHOT, "tidying up", now_s);
}

/* Is the machine, as it stands, fit to be captured? STEP_DONE when it is. */
static enum step make_still(const struct world *world,
			    const struct machine *machine,
			    struct target *target, int64_t now_s)
{
	if (!machine) /* it was given up before this */
		return STEP_FAIL;
	if (target->power_off && machine->state != MACHINE_STOPPED)
		return step_stop(world, machine, target, now_s);
	if (world_busy(world, machine->name))
		return step_wait(target, "waiting for the machine");
	if (machine->state != MACHINE_RUNNING &&
	    machine->state != MACHINE_STOPPED)
		return step_wait(target, "waiting for the machine");
	return STEP_DONE;
}

enum step plan_image(const struct traits *traits, const struct world *world,
		     struct target *target, int64_t now_s)
{
	const struct machine *machine = world_machine(world, target->machine);
	const struct image *image = world_image(world, target->image);
	const struct image *snapshot = step_snapshot(traits, world, target);
	struct image seen; /* the image, where its task knows better */
	enum step step;

	if (image && image->state == IMAGE_DELETED) {
		if (!target->giving_up && target->sent == STEP_IMAGE)
			step_fail(target, ERR_REFUSED,
				  "the cloud says that the image is deleted",
				  target->image);
		image = NULL;
	}
	if (image && step_task_decides(traits, target)) {
		seen = *image;
		seen.state = target->task_state == TASK_FAILED ? IMAGE_FAILED
							       : IMAGE_PENDING;
		image = &seen;
	}
	if (machine)
		step_note_machine(target, machine);
	if (machine && machine->state == MACHINE_STOPPED &&
	    target->restore_power)
		target->was_off = true;
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
		step_fail(target, ERR_REFUSED,
			  "the cloud could not make the image",
			  target->task_text[0] ? target->task_text
					       : target->image);
	if (!target->giving_up && snapshot && snapshot->state == IMAGE_FAILED)
		step_fail(target, ERR_REFUSED,
			  "the cloud could not take the snapshot",
			  snapshot->id);
	if (!target->giving_up && !machine && !image)
		step_fail(target, ERR_NO, "there is no such machine any more",
			  "");
	if (target->giving_up)
		return give_up(world, machine, image, snapshot, target, now_s);
	if (image) {
		target->percent = step_percent(traits, world, image, target);
		return step_wait_for_task(traits, world, target,
					  "making the image", now_s);
	}
	if (snapshot && (snapshot->state != IMAGE_READY ||
			 (target->sent != STEP_IMAGE &&
			  world_busy(world, target->machine))))
		return step_wait(target, "taking the snapshot");
	if (snapshot) { /* the machine is not needed any longer */
		step = step_restore_power(world, machine, target, now_s);
		return step != STEP_DONE
			       ? step
			       : step_create(traits, world, target, STEP_IMAGE,
					     "making the image", now_s);
	}
	if (traits->inspect_first && !target->inspected)
		return step_ask_calmly(target, STEP_INSPECT,
				       "looking at its disk", now_s);
	if (traits->image_from_snapshot)
		step = step_create(traits, world, target, STEP_SNAPSHOT,
				   "taking the snapshot", now_s);
	else
		step = step_create(traits, world, target, STEP_IMAGE,
				   "making the image", now_s);
	if (machine && step_creates(step)) {
		enum step still = make_still(world, machine, target, now_s);

		if (still != STEP_DONE)
			return still;
	}
	return step;
}
