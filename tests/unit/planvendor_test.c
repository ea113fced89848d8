/* planvendor_test.c - plans for clouds that make the image straight from the
 * machine: an image that vanishes, a task that tells, a refusal for now, a
 * firewall joined afterwards. */
#include "cloud/plan.h"

#include "check.h"

/* DigitalOcean's ways, and Linode's. */
static const struct traits nameless = {.listed_when_ready = true,
				       .attach_firewall = true,
				       .ask_every_s = 20,
				       .appears_within_s = 60};
static const struct traits vanishing = {.inspect_first = true,
					.appears_within_s = 60};
static struct err err;
static struct world world;

#define PUT(to, text) snprintf(to, sizeof(to), "%s", text)

static struct machine *add_machine(enum machine_state state)
{
	struct machine *machine = world_add_machine(&world, &err);

	CHECK(machine);
	PUT(machine->id, "7");
	PUT(machine->name, "ws");
	PUT(machine->public_ipv4, "192.0.2.1");
	machine->state = state;
	return machine;
}

static void add_image(enum image_state state)
{
	struct image *image = world_add_image(&world, &err);

	CHECK(image);
	PUT(image->id, "private/9");
	PUT(image->name, "ws-1");
	image->state = state;
}

static struct task *add_event(int64_t number, enum task_state state)
{
	struct task *task = world_add_task(&world, &err);

	CHECK(task);
	PUT(task->machine, "ws");
	task->number = number;
	task->makes_image = true;
	task->state = state;
	return task;
}

static void expect(const struct traits *traits, enum step want,
		   struct target *target, int64_t now_s)
{
	enum step step = plan(traits, &world, target, now_s);

	CHECK_TEXT(step_name(step), step_name(want));
	if (step != STEP_WAIT && step != STEP_DONE && step != STEP_FAIL)
		plan_sent(target, step, now_s);
}

static struct target capture(void)
{
	struct target target = {
		.goal = GOAL_IMAGE, .machine = "ws", .image = "ws-1"};

	world_clear(&world);
	add_machine(MACHINE_RUNNING);
	return target;
}

/* The image is listed, then gone: the cloud could not make it. */
static void vanished(void)
{
	struct target target = capture();

	add_event(11, TASK_FAILED)->percent = 100; /* of an earlier try */
	expect(&vanishing, STEP_INSPECT, &target, 100);
	target.inspected = true;
	expect(&vanishing, STEP_IMAGE, &target, 101);
	CHECK(target.task_floor == 11);
	PUT(target.image_id, "private/9"); /* its reply */
	add_event(12, TASK_RUNNING)->percent = 40;
	expect(&vanishing, STEP_WAIT, &target, 110);
	CHECK(target.percent == 40);
	world.tasks[1].state = TASK_DONE;
	add_image(IMAGE_PENDING);
	expect(&vanishing, STEP_WAIT, &target, 120);
	world.image_count = 0;
	expect(&vanishing, STEP_WAIT, &target, 130);
	expect(&vanishing, STEP_WAIT, &target, 189);
	expect(&vanishing, STEP_WAIT, &target, 190);
	expect(&vanishing, STEP_FAIL, &target, 191);
	CHECK(target.err.kind == ERR_REFUSED);
	CHECK(strstr(target.err.text, "the image vanished"));
}

/* The event says why before the image is missed. */
static void failed_event(void)
{
	struct target target = capture();

	target.inspected = true;
	expect(&vanishing, STEP_IMAGE, &target, 100);
	PUT(target.image_id, "private/9");
	PUT(add_event(12, TASK_FAILED)->text, "The disk is too large.");
	expect(&vanishing, STEP_WAIT, &target, 101);
	expect(&vanishing, STEP_FAIL, &target, 102);
	CHECK_TEXT(target.err.text, "ws: the cloud says it failed: The disk is "
				    "too large.");
}

/* A lost reply: the new event shows that the create did its work. */
static void lost_reply(void)
{
	struct target target = capture();

	target.inspected = true;
	add_event(11, TASK_DONE);
	expect(&vanishing, STEP_IMAGE, &target, 100);
	add_event(12, TASK_RUNNING)->percent = 30;
	expect(&vanishing, STEP_WAIT, &target, 400);
	add_image(IMAGE_PENDING);
	expect(&vanishing, STEP_WAIT, &target, 410);
	CHECK(target.percent == 30); /* the image itself does not say */
	CHECK_TEXT(target.image_id, "private/9");
	world.images[0].state = IMAGE_READY;
	expect(&vanishing, STEP_DONE, &target, 420);
	CHECK(target.tries == 1);
}

/* Nothing is asked while the machine is locked; then its task is. */
static void asked(void)
{
	struct target target = capture();

	expect(&nameless, STEP_IMAGE, &target, 100);
	PUT(target.task_id, "36804636");
	world.machines[0].busy = true;
	expect(&nameless, STEP_WAIT, &target, 300);
	world.machines[0].busy = false;
	expect(&nameless, STEP_ASK, &target, 310);
	expect(&nameless, STEP_WAIT, &target, 320);
	expect(&nameless, STEP_ASK, &target, 330);
	target.task_state = TASK_DONE;
	expect(&nameless, STEP_WAIT, &target, 331);
	add_image(IMAGE_READY); /* listed is ready: no more is asked */
	expect(&nameless, STEP_DONE, &target, 340);

	target = capture();
	expect(&nameless, STEP_IMAGE, &target, 100);
	PUT(target.task_id, "36804636");
	target.task_state = TASK_FAILED;
	PUT(target.task_text, "action 36804636 errored");
	expect(&nameless, STEP_WAIT, &target, 120);
	expect(&nameless, STEP_FAIL, &target, 121);
	CHECK_TEXT(target.err.text, "ws: the cloud says it failed: action "
				    "36804636 errored");
}

/* A create that was refused for now is no try. */
static void refused_for_now(void)
{
	struct target target = capture();

	expect(&nameless, STEP_IMAGE, &target, 100);
	plan_undone(&target, STEP_IMAGE, 100);
	CHECK(target.sent == STEP_WAIT && target.tries == 0);
	expect(&nameless, STEP_WAIT, &target, 119);
	expect(&nameless, STEP_IMAGE, &target, 120);

	target = capture();
	target.power_off = target.may_stop = true;
	expect(&nameless, STEP_STOP, &target, 100);
	plan_undone(&target, STEP_STOP, 100);
	expect(&nameless, STEP_STOP, &target, 130);
	expect(&nameless, STEP_WAIT, &target, 200); /* not by force yet */
	expect(&nameless, STEP_KILL, &target, 230);
}

static struct target provision(void)
{
	struct target target = {.goal = GOAL_MACHINE,
				.machine = "ws",
				.image = "9",
				.firewall_id = "fw"};

	world_clear(&world);
	return target;
}

static void firewall_afterwards(void)
{
	struct target target = provision();

	expect(&nameless, STEP_CREATE, &target, 100);
	add_machine(MACHINE_OTHER);
	expect(&nameless, STEP_WAIT, &target, 110);
	world.machines[0].state = MACHINE_RUNNING;
	expect(&nameless, STEP_ATTACH_FIREWALL, &target, 120);
	expect(&nameless, STEP_WAIT, &target, 121);
	target.firewall_attached = true; /* its reply */
	expect(&nameless, STEP_DONE, &target, 125);
	CHECK_TEXT(target.machine_id, "7");
}

/* A machine whose create failed is nobody's. */
static void failed_create(void)
{
	struct target target = provision();

	expect(&nameless, STEP_CREATE, &target, 100);
	PUT(target.task_id, "7515");
	add_machine(MACHINE_OTHER);
	expect(&nameless, STEP_ASK, &target, 120);
	target.task_state = TASK_FAILED;
	expect(&nameless, STEP_WAIT, &target, 121);
	expect(&nameless, STEP_DELETE, &target, 122);
	world.machine_count = 0;
	expect(&nameless, STEP_FAIL, &target, 130);
	CHECK(target.err.kind == ERR_REFUSED);
}

int main(void)
{
	vanished();
	failed_event();
	lost_reply();
	asked();
	refused_for_now();
	firewall_afterwards();
	failed_create();
	world_clear(&world);
	return 0;
}
