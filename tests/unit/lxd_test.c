/* lxd_test.c - what we read in real replies of LXD, and what we write. */
#include "cloud/provider.h"
#include "cloud/reply.h"

#include "check.h"

static struct err err;

static json_t *load(const char *name)
{
	char path[200];
	json_t *reply;

	snprintf(path, sizeof(path), "tests/replies/lxd/%s", name);
	reply = json_load_file(path, 0, NULL);
	if (!reply)
		fprintf(stderr, "%s: cannot be read\n", path);
	CHECK(reply);
	return reply;
}

static void observe(const struct provider *lxd, enum list_kind kind,
		    const char *name, struct world *world)
{
	const struct list *list = &lxd->lists[kind];
	json_t *reply = load(name);

	CHECK(reply_rows(list, reply, world, &err) == 0);
	json_decref(reply);
}

static void read_replies(const struct provider *lxd)
{
	struct world world = {0};
	size_t i, addresses = 0;

	observe(lxd, LIST_MACHINES, "instances.json", &world);
	CHECK(world.machine_count > 0);
	for (i = 0; i < world.machine_count; i++) {
		CHECK_TEXT(world.machines[i].region, "local");
		CHECK(world.machines[i].state == MACHINE_RUNNING ||
		      world.machines[i].state == MACHINE_STOPPED);
		addresses += world.machines[i].private_ipv4[0] != '\0';
	}
	CHECK(addresses > 0);
	CHECK(strlen(world.machines[0].image) == 64);
	observe(lxd, LIST_IMAGES, "images.json", &world);
	CHECK(world.image_count > 0);
	CHECK(strlen(world.images[0].id) == 64);
	CHECK(world.images[0].size_bytes > 0);
	observe(lxd, LIST_TASKS, "operations_none.json", &world);
	CHECK(world.task_count == 0);
	observe(lxd, LIST_TASKS, "operations_publish.json", &world);
	CHECK(world.task_count == 3);
	CHECK(world.tasks[0].state == TASK_RUNNING);
	CHECK(world.tasks[0].makes_image && world.tasks[0].percent == 6);
	CHECK_TEXT(world.tasks[0].machine, "");
	CHECK(world.tasks[2].state == TASK_DONE && !world.tasks[2].makes_image);
	CHECK_TEXT(world.tasks[2].machine, "db1");
	observe(lxd, LIST_TASKS, "operations_entity.json", &world);
	CHECK(world.task_count == 5);
	CHECK_TEXT(world.tasks[3].machine, "db1");
	CHECK_TEXT(world.tasks[4].machine, "");
	CHECK(world.tasks[4].makes_image && world.tasks[4].percent == 45);
	world_clear(&world);
}

static void read_errors(const struct provider *lxd)
{
	static const char *const damaged[] = {
		"{\"metadata\": [{}]}", "{\"metadata\": [{\"name\": 5}]}",
		"{\"metadata\": [[]]}", "{\"metadata\": {}}",
		"{\"metadata\": 7}",	"{}"};
	struct world world = {0};
	json_t *reply = load("error_missing_instance.json");
	char text[100];
	size_t i;

	lxd->explain(reply, text, sizeof(text));
	CHECK_TEXT(text, "Instance not found");
	json_decref(reply);
	for (i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		reply = json_loads(damaged[i], 0, NULL);
		CHECK(reply_rows(&lxd->lists[LIST_MACHINES], reply, &world,
				 &err) < 0);
		CHECK(err.kind == ERR_PROTOCOL);
		json_decref(reply);
	}
	world_clear(&world);
}

static void write_requests(const struct provider *lxd)
{
	static const struct {
		enum step step;
		enum http_method method;
		const char *path, *body;
	} rows[] = {
		{STEP_SNAPSHOT, HTTP_POST, "/1.0/instances/w%2F1/snapshots",
		 "{\"name\":\"w-1\",\"stateful\":false}"},
		{STEP_IMAGE, HTTP_POST, "/1.0/images",
		 "{\"properties\":{\"adt-label\":\"webserver\","
		 "\"adt-machine\":\"w/1\",\"name\":\"w-1\"},"
		 "\"source\":{\"name\":\"w/1/w-1\",\"type\":\"snapshot\"}}"},
		{STEP_CREATE, HTTP_POST, "/1.0/instances",
		 "{\"config\":{\"user.adt-size\":\"c1-m1\"},"
		 "\"instance_type\":\"c1-m1\",\"name\":\"w/1\","
		 "\"source\":{\"fingerprint\":\"w-1\",\"type\":\"image\"}}"},
		{STEP_KILL, HTTP_PUT, "/1.0/instances/w%2F1/state",
		 "{\"action\":\"stop\",\"force\":true,\"timeout\":60}"},
		{STEP_DROP_SNAPSHOT, HTTP_DELETE,
		 "/1.0/instances/w%2F1/snapshots/w-1", NULL},
		{STEP_DROP_IMAGE, HTTP_DELETE, "/1.0/images/id", NULL},
		{STEP_DELETE, HTTP_DELETE, "/1.0/instances/w%2F1", NULL},
	};
	const struct target target = {.machine = "w/1",
				      .machine_id = "w/1",
				      .image = "w-1",
				      .image_id = "id",
				      .label = "webserver",
				      .size = "c1-m1"};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request req;
		char *body;

		http_request_init(&req);
		lxd->actions[rows[i].step].request(&target, &req);
		CHECK(req.method == rows[i].method);
		CHECK(req.may_repeat == !step_creates(rows[i].step));
		CHECK_TEXT(strbuf_text(&req.path), rows[i].path);
		body = req.body ? json_dumps(req.body,
					     JSON_COMPACT | JSON_SORT_KEYS)
				: NULL;
		CHECK(!body == !rows[i].body);
		if (body)
			CHECK_TEXT(body, rows[i].body);
		free(body);
		http_request_free(&req);
	}
}

int main(void)
{
	const struct provider *lxd = provider_find("lxd", &err);

	CHECK(lxd);
	read_replies(lxd);
	read_errors(lxd);
	write_requests(lxd);
	CHECK(!provider_find("mars", &err) && err.kind == ERR_USAGE);
	return 0;
}
