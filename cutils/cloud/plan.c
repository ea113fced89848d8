/* plan.c - see plan.h. One function a goal; each reads from top to bottom. */
#include "cloud/plan.h"

#include "cloud/plansteps.h"

#include <stdio.h>
#include <string.h>

unsigned plan_lists(enum goal goal)
{
	if (goal == GOAL_IMAGE)
		return LISTS_WORLD;
	return 1u << LIST_TASKS |
	       1u << (goal == GOAL_NO_IMAGE ? LIST_IMAGES : LIST_MACHINES);
}

/* It runs: what is left is to join it to what is around it. */
static enum step finish_machine(const struct traits *traits,
				const struct machine *machine,
				struct target *target, int64_t now_s)
{
	if (!machine->public_ipv4[0] && !machine->private_ipv4[0])
		return step_wait(target, "waiting for an address");
	if (traits->attach_network && target->vpc_id[0] &&
	    !(machine->networks[0] &&
	      world_in(machine->networks, target->vpc_id)))
		return target->network_attached
			       ? step_wait(target, "joining its network")
			       : step_ask_calmly(target, STEP_ATTACH_NETWORK,
						 "joining its network", now_s);
	if (traits->attach_firewall && target->firewall_id[0] &&
	    !target->firewall_attached)
		return step_ask_calmly(target, STEP_ATTACH_FIREWALL,
				       "joining its firewall", now_s);
	return STEP_DONE;
}

static enum step plan_machine(const struct traits *traits,
			      const struct world *world, struct target *target,
			      int64_t now_s)
{
	const struct machine *machine = world_machine(world, target->machine);

	/* one that failed under our create is nobody's */
	if (target->giving_up && target->sent == STEP_CREATE && machine &&
	    (machine->state == MACHINE_FAILED ||
	     target->task_state == TASK_FAILED))
		return step_ask_calmly(target, STEP_DELETE, "tidying up",
				       now_s);
	if (target->giving_up)
		return STEP_FAIL;
	if (!machine)
		return step_create(traits, world, target, STEP_CREATE,
				   "creating", now_s);
	step_note_machine(target, machine);
	target->percent = -1;
	if (machine->state == MACHINE_FAILED) {
		step_fail(target, ERR_REFUSED,
			  "the cloud says the machine failed", "");
		return step_wait(target, "giving up");
	}
	if (machine->state == MACHINE_RUNNING)
		return finish_machine(traits, machine, target, now_s);
	if (machine->state == MACHINE_STOPPED &&
	    !world_busy(world, machine->name))
		return step_ask_calmly(target, STEP_START, "starting", now_s);
	if (target->sent == STEP_CREATE && target->task_state == TASK_FAILED) {
		step_fail(target, ERR_REFUSED, "the cloud says it failed",
			  target->task_text);
		return step_wait(target, "giving up");
	}
	if (target->sent != STEP_CREATE)
		return step_wait(target, "creating");
	return step_wait_for_task(traits, world, target, "creating", now_s);
}

static enum step plan_power(const struct world *world, struct target *target,
			    int64_t now_s)
{
	const struct machine *machine =
		world_machine_id(world, target->machine);
	enum machine_state wanted =
		target->goal == GOAL_ON ? MACHINE_RUNNING : MACHINE_STOPPED;

	if (!target->giving_up && !machine)
		step_fail(target, ERR_NO, "there is no such machine", "");
	if (target->giving_up || !machine)
		return STEP_FAIL;
	step_note_machine(target, machine);
	if (machine->state == wanted)
		return STEP_DONE;
	if (wanted == MACHINE_STOPPED)
		return step_stop(world, machine, target, now_s);
	if (world_busy(world, machine->name) ||
	    machine->state != MACHINE_STOPPED)
		return step_wait(target, "starting");
	return step_ask_calmly(target, STEP_START, "starting", now_s);
}

static enum step plan_gone(const struct traits *traits,
			   const struct world *world, struct target *target,
			   int64_t now_s)
{
	const struct machine *machine =
		world_machine_id(world, target->machine);

	if (!machine)
		return STEP_DONE;
	step_note_machine(target, machine);
	if (target->giving_up)
		return STEP_FAIL;
	if (world_busy(world, machine->name))
		return step_wait(target, "waiting for the machine");
	if (traits->stop_before_delete && machine->state != MACHINE_STOPPED)
		return step_ask_calmly(target, STEP_KILL, "powering off",
				       now_s);
	return step_ask_calmly(target, STEP_DELETE, "deleting", now_s);
}

static enum step plan_no_image(const struct world *world, struct target *target,
			       int64_t now_s)
{
	const struct image *image = world_image_id(world, target->image);

	if (!image || image->state == IMAGE_DELETED)
		return STEP_DONE;
	snprintf(target->image_id, sizeof(target->image_id), "%s", image->id);
	if (target->giving_up)
		return STEP_FAIL;
	return step_ask_calmly(target, STEP_DROP_IMAGE, "deleting", now_s);
}

enum step plan(const struct traits *traits, const struct world *world,
	       struct target *target, int64_t now_s)
{
	if (target->abandoned)
		return plan_abandon(traits, world, target, now_s);
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
