/* planasked_test.c - plans where the cloud must be asked about each task, gives
 * images no state, snapshots no name, and networks are joined afterwards. */
#include "cloud/plan.h"

#include "check.h"

static const struct traits asked = {.image_from_snapshot = true,
				    .inspect_first = true,
				    .snapshots_unnamed = true,
				    .attach_network = true,
				    .ask_every_s = 3,
				    .image_unseen_s = 900,
				    .appears_within_s = 10};
static const struct traits direct = {.appears_within_s = 10};
static struct err err;
static struct world world;

#define PUT(to, text) snprintf(to, sizeof(to), "%s", text)

static void add_machine(enum machine_state state)
{
	struct machine *machine = world_add_machine(&world, &err);

	CHECK(machine);
	PUT(machine->id, "id-ws");
	PUT(machine->name, "ws");
	PUT(machine->public_ipv4, "192.0.2.1");
	machine->state = state;
}

static void add_snapshot(const char *id)
{
	struct image *snapshot = world_add_snapshot(&world, &err);

	CHECK(snapshot);
	PUT(snapshot->id, id);
	PUT(snapshot->machine, "id-ws");
	snapshot->state = IMAGE_READY;
}

static void add_image(const char *id, enum image_state state)
{
	struct image *image = world_add_image(&world, &err);

	CHECK(image);
	PUT(image->id, id);
	PUT(image->name, "ws-1");
	image->state = state;
}

static void expect(const struct traits *traits, enum step want,
		   struct target *target, int64_t now_s)
{
	enum step step = plan(traits, &world, target, now_s);

	CHECK_TEXT(step_name(step), step_name(want));
	if (step != STEP_WAIT && step != STEP_DONE && step != STEP_FAIL)
		plan_sent(target, step, now_s);
}

/* As far as the create of the template, whose task is "task". */
static struct target until_image(void)
{
	struct target target = {
		.goal = GOAL_IMAGE, .machine = "ws", .image = "ws-1"};

	add_machine(MACHINE_RUNNING);
	add_snapshot("old");
	expect(&asked, STEP_INSPECT, &target, 100);
	target.inspected = true;
	expect(&asked, STEP_SNAPSHOT, &target, 101);
	CHECK_TEXT(target.before, "old");
	/* the reply was lost: the one that was not there before is ours */
	expect(&asked, STEP_WAIT, &target, 102);
	add_snapshot("new");
	expect(&asked, STEP_IMAGE, &target, 103);
	CHECK_TEXT(target.snapshot_id, "new");
	PUT(target.task_id, "task");
	return target;
}

static void done_when_its_task_is(void)
{
	struct target target = until_image();

	expect(&asked, STEP_WAIT, &target, 104);
	expect(&asked, STEP_ASK, &target, 106);
	add_image("template", IMAGE_READY); /* listed is not made */
	expect(&asked, STEP_WAIT, &target, 107);
	expect(&asked, STEP_ASK, &target, 109);
	target.task_state = TASK_DONE;
	expect(&asked, STEP_DROP_SNAPSHOT, &target, 110);
	CHECK_TEXT(target.snapshot_id, "new");
	world.snapshot_count = 1;
	expect(&asked, STEP_DONE, &target, 111);
	CHECK_TEXT(target.image_id, "template");
	world_clear(&world);
}

/* Its id is not known, and it is not listed before it is whole. */
static void lost_reply_of_an_image(void)
{
	struct target target = until_image();

	target.task_id[0] = '\0';
	expect(&asked, STEP_WAIT, &target, 104);
	expect(&asked, STEP_WAIT, &target, 103 + 899);
	expect(&asked, STEP_IMAGE, &target, 103 + 900);
	world_clear(&world);
}

/* Runs that end before it can be told add up: none begins to wait anew. */
static void lost_reply_and_a_rerun(void)
{
	struct target target = until_image();

	target.task_id[0] = '\0';
	expect(&asked, STEP_WAIT, &target, 104);
	target.missing_s = 0; /* a run knows only what is journaled */
	expect(&asked, STEP_WAIT, &target, 103 + 880);
	expect(&asked, STEP_WAIT, &target, 103 + 899);
	expect(&asked, STEP_IMAGE, &target, 103 + 900);

	/* one that was seen to run, and is forgotten, appears soon or never */
	target.task_id[0] = '\0';
	target.missing_s = 0;
	expect(&asked, STEP_WAIT, &target, 1003 + 2000);
	expect(&asked, STEP_WAIT, &target, 1003 + 2009);
	expect(&asked, STEP_IMAGE, &target, 1003 + 2010);
	world_clear(&world);
}

static void failed_though_listed(void)
{
	struct target target = until_image();

	add_image("template", IMAGE_READY);
	target.task_state = TASK_FAILED;
	PUT(target.task_text, "no capacity");
	expect(&asked, STEP_DROP_IMAGE, &target, 110);
	CHECK(strstr(target.err.text, "no capacity"));
	world.image_count = 0;
	expect(&asked, STEP_DROP_SNAPSHOT, &target, 111);
	world.snapshot_count = 1;
	expect(&asked, STEP_FAIL, &target, 112);
	CHECK(target.err.kind == ERR_REFUSED);
	world_clear(&world);
}

static void forgotten_task(void)
{
	struct target target = until_image();

	add_image("template", IMAGE_READY);
	target.task_id[0] = '\0';
	expect(&asked, STEP_DROP_SNAPSHOT, &target, 110);
	world_clear(&world);
}

static void joins_its_network_once(void)
{
	struct target target = {
		.goal = GOAL_MACHINE, .machine = "ws", .vpc_id = "net"};

	expect(&asked, STEP_CREATE, &target, 100);
	add_machine(MACHINE_RUNNING);
	PUT(world.machines[0].networks, "other");
	expect(&asked, STEP_ATTACH_NETWORK, &target, 101);
	expect(&asked, STEP_WAIT, &target, 102);
	target.network_attached = true; /* it was accepted: not again */
	expect(&asked, STEP_WAIT, &target, 200);
	PUT(world.machines[0].networks, "other net");
	expect(&asked, STEP_DONE, &target, 201);
	target.network_attached = false;
	expect(&asked, STEP_DONE, &target, 202);
	world_clear(&world);
}

static void deleted_image(void)
{
	struct target target = {
		.goal = GOAL_IMAGE, .machine = "ws", .image = "ws-1"};

	add_machine(MACHINE_RUNNING);
	add_image("before", IMAGE_DELETED); /* of an earlier attempt */
	expect(&direct, STEP_IMAGE, &target, 100);
	add_image("ours", IMAGE_PENDING);
	expect(&direct, STEP_WAIT, &target, 101);
	CHECK_TEXT(target.image_id, "ours");
	world.images[1].state = IMAGE_DELETED;
	expect(&direct, STEP_FAIL, &target, 102);
	CHECK(target.err.kind == ERR_REFUSED);
	CHECK(strstr(target.err.text, "deleted"));

	target = (struct target){.goal = GOAL_NO_IMAGE, .image = "ours"};
	expect(&direct, STEP_DONE, &target, 200);
	world_clear(&world);
}

static void places_and_offers(void)
{
	struct offer *offer;

	add_machine(MACHINE_RUNNING);
	world_place(&world, "ch-gva-2");
	CHECK_TEXT(world.machines[0].region, "ch-gva-2");
	world_place(&world, "de-fra-1");
	CHECK_TEXT(world.machines[0].region, "ch-gva-2");
	offer = world_add_offer(&world, OFFER_SIZE, &err);
	CHECK(offer);
	PUT(offer->id, "uuid");
	PUT(offer->name, "small");
	CHECK(world_offer(&world, OFFER_SIZE, "small", "x") == offer);
	CHECK(world_offer(&world, OFFER_SIZE, "uuid", "") == offer);
	CHECK(!world_offer(&world, OFFER_KEY, "small", ""));
	world_clear(&world);
}

int main(void)
{
	done_when_its_task_is();
	lost_reply_of_an_image();
	lost_reply_and_a_rerun();
	failed_though_listed();
	forgotten_task();
	joins_its_network_once();
	deleted_image();
	places_and_offers();
	return 0;
}
