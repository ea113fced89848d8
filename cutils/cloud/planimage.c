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

/* The image as the target has to see it: gone where the cloud says that it is
 * deleted; *seen, with another state, where its task knows better. */
static const struct image *image_of(const struct traits *traits,
				    const struct world *world,
				    struct target *target, struct image *seen)
{
	const struct image *image = world_image(world, target->image);

	if (image && image->state == IMAGE_DELETED) {
		if (!target->giving_up && target->sent == STEP_IMAGE)
			step_fail(target, ERR_REFUSED,
				  "the cloud says that the image is deleted",
				  target->image);
		return NULL;
	}
	if (!image || !step_task_decides(traits, target))
		return image;
	*seen = *image;
	seen->state = target->task_state == TASK_FAILED ? IMAGE_FAILED
							: IMAGE_PENDING;
	return seen;
}

static void note_what_is(struct target *target, const struct machine *machine,
			 const struct image *image,
			 const struct image *snapshot)
{
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
}

/* Gives the target up where nothing can come of it any more. */
static void fail_if_lost(struct target *target, const struct machine *machine,
			 const struct image *image,
			 const struct image *snapshot)
{
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
}

/* There is a snapshot, and no image yet: the machine is not needed longer. */
static enum step image_from(const struct traits *traits,
			    const struct world *world,
			    const struct machine *machine,
			    const struct image *snapshot, struct target *target,
			    int64_t now_s)
{
	enum step step;

	if (snapshot->state != IMAGE_READY ||
	    (target->sent != STEP_IMAGE && world_busy(world, target->machine)))
		return step_wait(target, "taking the snapshot");
	step = step_restore_power(world, machine, target, now_s);
	if (step != STEP_DONE)
		return step;
	return step_create(traits, world, target, STEP_IMAGE,
			   "making the image", now_s);
}

enum step plan_image(const struct traits *traits, const struct world *world,
		     struct target *target, int64_t now_s)
{
	const struct machine *machine = world_machine(world, target->machine);
	struct image seen;
	const struct image *image = image_of(traits, world, target, &seen);
	const struct image *snapshot = step_snapshot(traits, world, target);
	enum step step, still;

	note_what_is(target, machine, image, snapshot);
	if (image && image->state == IMAGE_READY)
		return image_is_ready(world, machine, image, snapshot, target,
				      now_s);
	fail_if_lost(target, machine, image, snapshot);
	if (target->giving_up)
		return give_up(world, machine, image, snapshot, target, now_s);
	if (image) {
		target->percent = step_percent(traits, world, image, target);
		return step_wait_for_task(traits, world, target,
					  "making the image", now_s);
	}
	if (snapshot)
		return image_from(traits, world, machine, snapshot, target,
				  now_s);
	if (traits->inspect_first && !target->inspected)
		return step_ask_calmly(target, STEP_INSPECT,
				       "looking at its disk", now_s);
	if (traits->image_from_snapshot)
		step = step_create(traits, world, target, STEP_SNAPSHOT,
				   "taking the snapshot", now_s);
	else
		step = step_create(traits, world, target, STEP_IMAGE,
				   "making the image", now_s);
	if (!machine || !step_creates(step))
		return step;
	still = make_still(world, machine, target, now_s);
	return still == STEP_DONE ? step : still;
}
