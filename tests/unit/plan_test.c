/* plan_test.c - a plan from hand-made worlds: what is sent, and what is not. */
#include "cloud/plan.h"

#include "check.h"

static const struct traits two_steps = {.image_from_snapshot = true,
					.stop_before_delete = true,
					.appears_within_s = 10};
static struct err err;

static void put(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%s", text);
}

static struct target capture_target(bool power_off)
{
	struct target target = {.goal = GOAL_IMAGE,
				.power_off = power_off,
				.may_stop = true,
				.doing = ""};

	put(target.machine, sizeof(target.machine), "ws");
	put(target.image, sizeof(target.image), "ws-1");
	return target;
}

static void add_machine(struct world *world, enum machine_state state)
{
	struct machine *machine = world_add_machine(world, &err);

	CHECK(machine);
	put(machine->id, sizeof(machine->id), "ws");
	put(machine->name, sizeof(machine->name), "ws");
	machine->state = state;
}

static void add_snapshot(struct world *world)
{
	struct image *snapshot = world_add_snapshot(world, &err);

	CHECK(snapshot);
	put(snapshot->name, sizeof(snapshot->name), "ws-1");
	put(snapshot->machine, sizeof(snapshot->machine), "ws");
	snapshot->state = IMAGE_READY;
}

static void add_image(struct world *world)
{
	struct image *image = world_add_image(world, &err);

	CHECK(image);
	put(image->id, sizeof(image->id), "id-1");
	put(image->name, sizeof(image->name), "ws-1");
	image->state = IMAGE_READY;
}

static struct task *add_task(struct world *world, enum task_state state)
{
	struct task *task = world_add_task(world, &err);

	CHECK(task);
	put(task->id, sizeof(task->id), "task-1");
	task->state = state;
	task->makes_image = true;
	return task;
}

static void expect(enum step want, const struct world *world,
		   struct target *target, int64_t now_s)
{
	enum step step = plan(&two_steps, world, target, now_s);

	CHECK_TEXT(step_name(step), step_name(want));
	if (step != STEP_WAIT && step != STEP_DONE && step != STEP_FAIL)
		plan_sent(target, step, now_s);
}

static void plain_capture(void)
{
	struct target target = capture_target(false);
	struct world world = {0};

	add_machine(&world, MACHINE_RUNNING);
	expect(STEP_SNAPSHOT, &world, &target, 100);
	expect(STEP_WAIT, &world, &target, 101);
	add_snapshot(&world);
	expect(STEP_IMAGE, &world, &target, 102);
	add_task(&world, TASK_RUNNING)->percent = 40;
	expect(STEP_WAIT, &world, &target, 300); /* whoever's task it is */
	CHECK(target.percent == 40);
	world.task_count = 0;
	add_image(&world);
	expect(STEP_DROP_SNAPSHOT, &world, &target, 301);
	world.snapshot_count = 0;
	expect(STEP_DONE, &world, &target, 302);
	CHECK_TEXT(target.image_id, "id-1");
	world_clear(&world);
}

static void lost_reply(void)
{
	struct target target = capture_target(false);
	struct world world = {0};
	int64_t now_s = 100;
	unsigned sent;

	add_machine(&world, MACHINE_RUNNING);
	add_snapshot(&world);
	for (sent = 0; sent < PLAN_MOST_TRIES; sent++) {
		expect(STEP_IMAGE, &world, &target, now_s);
		expect(STEP_WAIT, &world, &target, ++now_s);
		expect(STEP_WAIT, &world, &target, now_s + 9);
		now_s += 10;
	}
	/* never a fourth: the snapshot is put away, and the words are said */
	expect(STEP_WAIT, &world, &target, now_s);
	expect(STEP_DROP_SNAPSHOT, &world, &target, now_s);
	world.snapshot_count = 0;
	expect(STEP_FAIL, &world, &target, now_s);
	CHECK(target.err.kind == ERR_REFUSED);
	world_clear(&world);
}

static void failed_task(void)
{
	struct target target = capture_target(false);
	struct world world = {0};

	add_machine(&world, MACHINE_RUNNING);
	add_snapshot(&world);
	expect(STEP_IMAGE, &world, &target, 100);
	put(target.task_id, sizeof(target.task_id), "task-1");
	put(add_task(&world, TASK_FAILED)->text, 200, "no space left");
	expect(STEP_WAIT, &world, &target, 101);
	CHECK(strstr(target.err.text, "no space left"));
	world_clear(&world);
}

static void power(void)
{
	struct target target = capture_target(true);
	struct world world = {0};

	add_machine(&world, MACHINE_RUNNING);
	expect(STEP_STOP, &world, &target, 100);
	CHECK(target.restore_power);
	expect(STEP_WAIT, &world, &target, 150);
	expect(STEP_KILL, &world, &target, 100 + PLAN_CLEAN_STOP_S);
	world.machines[0].state = MACHINE_STOPPED;
	expect(STEP_SNAPSHOT, &world, &target, 200);
	add_snapshot(&world);
	expect(STEP_START, &world, &target, 201); /* before the image is made */
	world.machines[0].state = MACHINE_RUNNING;
	expect(STEP_IMAGE, &world, &target, 230);
	CHECK(!target.restore_power);
	world_clear(&world);
}

/* The snapshot fails while the machine is off: it is started again first. */
static void failed_while_off(void)
{
	struct target target = capture_target(true);
	struct world world = {0};

	add_machine(&world, MACHINE_STOPPED);
	target.restore_power = true;
	expect(STEP_SNAPSHOT, &world, &target, 100);
	put(target.task_id, sizeof(target.task_id), "task-1");
	put(add_task(&world, TASK_FAILED)->text, 200, "no space left");
	expect(STEP_WAIT, &world, &target, 101);
	expect(STEP_START, &world, &target, 102);
	world.machines[0].state = MACHINE_RUNNING;
	expect(STEP_FAIL, &world, &target, 110);
	CHECK(!target.restore_power);
	world_clear(&world);
}

static void late(void)
{
	struct target target = capture_target(true);
	struct world world = {0};
	struct err why;

	add_machine(&world, MACHINE_RUNNING);
	expect(STEP_STOP, &world, &target, 100);
	world.machines[0].state = MACHINE_STOPPED;
	err_set(&why, ERR_RETRY, "late");
	plan_give_up(&target, &why);
	add_snapshot(&world);
	expect(STEP_START, &world, &target, 130);
	world.machines[0].state = MACHINE_RUNNING;
	expect(STEP_FAIL, &world, &target, 160); /* the snapshot is kept */
	CHECK_TEXT(target.err.text, "late");
	world_clear(&world);
}

static void provision(void)
{
	struct target target = {.goal = GOAL_MACHINE};
	struct world world = {0};

	put(target.machine, sizeof(target.machine), "ws");
	expect(STEP_CREATE, &world, &target, 100);
	expect(STEP_WAIT, &world, &target, 101);
	add_machine(&world, MACHINE_STOPPED);
	put(add_task(&world, TASK_RUNNING)->machine, NAME_SIZE, "ws");
	expect(STEP_WAIT, &world, &target, 102);
	world.task_count = 0;
	expect(STEP_START, &world, &target, 103);
	world.machines[0].state = MACHINE_RUNNING;
	expect(STEP_WAIT, &world, &target, 104); /* no address yet */
	put(world.machines[0].private_ipv4, ADDRESS_SIZE, "192.0.2.1");
	expect(STEP_DONE, &world, &target, 105);

	target.goal = GOAL_GONE;
	expect(STEP_KILL, &world, &target, 200);
	world.machines[0].state = MACHINE_STOPPED;
	expect(STEP_DELETE, &world, &target, 201);
	world.machine_count = 0;
	expect(STEP_DONE, &world, &target, 202);
	world_clear(&world);
}

/* Not its turn: it runs on. Its turn: it is stopped, and stays so. */
static void turns(void)
{
	struct target target = capture_target(true);
	struct world world = {0};

	target.may_stop = false;
	add_machine(&world, MACHINE_RUNNING);
	expect(STEP_WAIT, &world, &target, 100);
	CHECK_TEXT(target.doing, PLAN_TURN);
	CHECK(!target.restore_power);
	target.may_stop = true;
	expect(STEP_STOP, &world, &target, 101);
	target.may_stop = false;
	world.machines[0].state = MACHINE_STOPPED;
	expect(STEP_SNAPSHOT, &world, &target, 110);
	world_clear(&world);
}

/* A machine that failed under our create is removed before we say so. */
static void failed_machine(void)
{
	struct target target = {.goal = GOAL_MACHINE, .doing = ""};
	struct world world = {0};

	put(target.machine, sizeof(target.machine), "ws");
	expect(STEP_CREATE, &world, &target, 100);
	add_machine(&world, MACHINE_FAILED);
	expect(STEP_WAIT, &world, &target, 101);
	expect(STEP_DELETE, &world, &target, 102);
	world.machine_count = 0;
	expect(STEP_FAIL, &world, &target, 103);
	CHECK(strstr(target.err.text, "says the machine failed"));
	world_clear(&world);
}

static void abandoned_image(void)
{
	struct target target = capture_target(true);
	struct world world = {0};

	/* the snapshot is there, the image may come: it is waited for */
	add_machine(&world, MACHINE_STOPPED);
	add_snapshot(&world);
	target.restore_power = true;
	plan_sent(&target, STEP_IMAGE, 90);
	target.did = 0; /* by a run before this one */
	target.abandoned = true;
	expect(STEP_START, &world, &target, 100);
	world.machines[0].state = MACHINE_RUNNING;
	expect(STEP_WAIT, &world, &target, 101);
	CHECK(!target.restore_power);
	expect(STEP_WAIT, &world, &target, 105);
	add_image(&world);
	expect(STEP_DROP_IMAGE, &world, &target, 106);
	world.image_count = 0;
	expect(STEP_DROP_SNAPSHOT, &world, &target, 107);
	world.snapshot_count = 0;
	expect(STEP_DONE, &world, &target, 108);
	world_clear(&world);

	/* nothing was asked for: nothing is to do */
	target = capture_target(false);
	target.abandoned = true;
	add_machine(&world, MACHINE_RUNNING);
	expect(STEP_DONE, &world, &target, 100);
	world_clear(&world);
}

static void abandoned_machine(void)
{
	struct target target = {.goal = GOAL_MACHINE, .abandoned = true};
	struct world world = {0};

	put(target.machine, sizeof(target.machine), "ws");
	add_machine(&world, MACHINE_RUNNING);
	expect(STEP_DONE, &world, &target, 100); /* it is not ours */
	target.sent = STEP_CREATE;
	expect(STEP_KILL, &world, &target, 100);
	world.machines[0].state = MACHINE_STOPPED;
	expect(STEP_DELETE, &world, &target, 101);
	CHECK_TEXT(target.machine_id, "ws");
	world.machine_count = 0;
	expect(STEP_DONE, &world, &target, 102);

	/* asked for, and not there: perhaps not yet */
	target.did = 0;
	expect(STEP_WAIT, &world, &target, 200);
	expect(STEP_DONE, &world, &target, 200 + two_steps.appears_within_s);
	world_clear(&world);
}

int main(void)
{
	turns();
	failed_machine();
	abandoned_image();
	abandoned_machine();
	plain_capture();
	lost_reply();
	failed_task();
	power();
	failed_while_off();
	late();
	provision();
	return 0;
}
