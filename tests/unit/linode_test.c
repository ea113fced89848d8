/* linode_test.c - what we read in replies as the vendor documents them, whole
 * and damaged, and what we write. */
#include "cloud/reply.h"

#include "check.h"
#include "replies.h"

static struct err err;

static void read_inventory(const struct provider *cloud)
{
	struct world world = {0};
	const struct machine *machine;
	const struct image *image;

	replies_observe(cloud, LIST_MACHINES, "instances.json", &world);
	CHECK(world.machine_count == 1);
	machine = world_machine(&world, "linode123");
	CHECK(machine && machine->state == MACHINE_RUNNING);
	CHECK_TEXT(machine->id, "123");
	CHECK_TEXT(machine->region, "us-east");
	CHECK_TEXT(machine->size, "g6-standard-1");
	CHECK_TEXT(machine->created, "2018-01-01T00:01:01Z");
	CHECK_TEXT(machine->public_ipv4, "203.0.113.1");
	CHECK_TEXT(machine->private_ipv4, "");
	CHECK_TEXT(machine->image, "linode/debian10");
	CHECK(machine->disk_gb == 80);
	replies_observe(cloud, LIST_IMAGES, "images.json", &world);
	CHECK(world.image_count == 2);
	image = world_image_id(&world, "private/67848373");
	CHECK(image && image->state == IMAGE_PENDING);
	image = world_image_id(&world, "private/67848374");
	CHECK(image && image->state == IMAGE_READY);
	CHECK_TEXT(image->name, "ws-us-east-20210814T224402Z");
	CHECK_TEXT(image->region, ""); /* everywhere */
	CHECK_TEXT(image->created, "2021-08-14T22:44:02Z");
	CHECK(image->min_disk_gb == 3 && image->size_bytes == 2500u << 20);
	world_clear(&world);
}

static void read_states(const struct provider *cloud)
{
	static const struct {
		const char *status;
		enum machine_state state;
	} rows[] = {
		{"running", MACHINE_RUNNING}, {"offline", MACHINE_STOPPED},
		{"stopped", MACHINE_STOPPED}, {"provisioning", MACHINE_OTHER},
		{"booting", MACHINE_OTHER},   {"shutting_down", MACHINE_OTHER}};
	json_t *reply = replies_load(cloud, "instances.json");
	json_t *row = json_array_get(json_object_get(reply, "data"), 0);
	struct world world = {0};
	size_t i;

	json_object_set_new(row, "ipv4",
			    json_pack("[s, s]", "192.168.1.2", "203.0.113.9"));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_object_set_new(row, "status", json_string(rows[i].status));
		CHECK(cloud->lists[LIST_MACHINES].read(row, &world, &err) == 0);
		CHECK(world.machines[i].state == rows[i].state);
		CHECK_TEXT(world.machines[i].private_ipv4, "192.168.1.2");
		CHECK_TEXT(world.machines[i].public_ipv4, "203.0.113.9");
	}
	world_clear(&world);
	json_decref(reply);
}

static void read_tasks(const struct provider *cloud)
{
	struct world world = {0};

	replies_observe(cloud, LIST_TASKS, "events.json", &world);
	CHECK(world.task_count == 4);
	CHECK(world.tasks[0].state == TASK_RUNNING);
	CHECK(world.tasks[0].percent == 45 && world.tasks[0].number == 126);
	CHECK(world.tasks[0].makes_image);
	CHECK_TEXT(world.tasks[0].machine, "linode123");
	CHECK(world.tasks[1].state == TASK_RUNNING);
	CHECK(world.tasks[1].percent == -1); /* it is null */
	CHECK(world.tasks[2].state == TASK_FAILED);
	CHECK_TEXT(world.tasks[2].text, "The disk is too large.");
	CHECK(world.tasks[3].state == TASK_DONE);
	world_clear(&world);
}

static void read_offers(const struct provider *cloud)
{
	json_t *reply = replies_load(cloud, "vpcs.json");
	json_t *row = json_array_get(json_object_get(reply, "data"), 0);
	json_t *subnets = json_object_get(row, "subnets");
	struct world world = {0};
	const struct offer *offer;

	replies_observe(cloud, LIST_REGIONS, "regions.json", &world);
	replies_observe(cloud, LIST_SIZES, "types.json", &world);
	replies_observe(cloud, LIST_NETWORKS, "vpcs.json", &world);
	replies_observe(cloud, LIST_FIREWALLS, "firewalls.json", &world);
	CHECK(world_offer(&world, OFFER_REGION, "us-east", ""));
	offer = world_offer(&world, OFFER_SIZE, "g6-standard-2", "us-east");
	CHECK(offer && offer->disk_gb == 80 && offer->memory_mb == 4096);
	offer = world_offer(&world, OFFER_NETWORK, "cool-vpc", "us-east");
	CHECK(offer);
	CHECK_TEXT(offer->id, "123");
	CHECK_TEXT(offer->subnet_id, "456");
	CHECK(!world_offer(&world, OFFER_NETWORK, "cool-vpc", "eu-west"));
	offer = world_offer(&world, OFFER_FIREWALL, "firewall123", "us-east");
	CHECK(offer);
	CHECK_TEXT(offer->id, "123");
	world_clear(&world);

	/* of several subnets the toolkit's own, and without one none */
	json_array_append_new(
		subnets, json_pack("{s:i, s:s}", "id", 457, "label", "other"));
	CHECK(cloud->lists[LIST_NETWORKS].read(row, &world, &err) == 0);
	CHECK(world.offer_count == 0);
	json_array_append_new(subnets, json_pack("{s:i, s:s}", "id", 458,
						 "label", "adt-subnet"));
	CHECK(cloud->lists[LIST_NETWORKS].read(row, &world, &err) == 0);
	CHECK(world.offer_count == 1);
	CHECK_TEXT(world.offers[0].subnet_id, "458");
	world_clear(&world);
	json_decref(reply);
}

static int read_disks(const struct provider *cloud, const char *name,
		      struct target *target)
{
	json_t *reply = replies_load(cloud, name);
	int rc = cloud->actions[STEP_INSPECT].reply(reply, target, &err);

	json_decref(reply);
	return rc;
}

static void read_answers(const struct provider *cloud)
{
	struct target target = {0};
	json_t *reply = replies_load(cloud, "profile.json");
	char text[200];

	CHECK(cloud->whoami_reply(reply, text, sizeof(text), &err) == 0);
	CHECK_TEXT(text, "exampleUser (example-user@gmail.com)");
	json_decref(reply);

	CHECK(read_disks(cloud, "disks.json", &target) == 0);
	CHECK_TEXT(target.disk_id, "25674");
	CHECK(target.disk_gb == 48);
	CHECK(read_disks(cloud, "disks_several.json", &target) < 0);
	CHECK(err.kind == ERR_REFUSED);
	CHECK_TEXT(err.text, "an image is made of one disk, here are 2: Debian "
			     "9 Disk (ext4), data (ext4)");
	CHECK(read_disks(cloud, "disks_not_ready.json", &target) < 0);
	CHECK(err.kind == ERR_RETRY);

	reply = replies_load(cloud, "image.json");
	CHECK(cloud->actions[STEP_IMAGE].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.image_id, "private/67848373");
	CHECK_TEXT(target.task_id, "");
	json_decref(reply);
	reply = replies_load(cloud, "create.json");
	CHECK(cloud->actions[STEP_CREATE].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.machine_id, "123");
	json_decref(reply);
}

static void read_errors(const struct provider *cloud)
{
	json_t *reply = replies_load(cloud, "error.json");
	char text[200];

	cloud->explain(reply, text, sizeof(text));
	CHECK_TEXT(text,
		   "root_pass: Password does not meet strength requirement");
	CHECK(!cloud->busy(400, reply));
	json_decref(reply);
	reply = replies_load(cloud, "error_busy.json");
	cloud->explain(reply, text, sizeof(text));
	CHECK_TEXT(text, "Linode busy.");
	CHECK(cloud->busy(400, reply) && !cloud->busy(403, reply));
	json_decref(reply);
	CHECK(!cloud->busy(400, NULL));
}

static void narrow_lists(const struct provider *cloud)
{
	struct http_request req;

	http_request_init(&req);
	cloud->lists[LIST_MACHINES].narrow("us-\"east\n", &req);
	CHECK_TEXT(strbuf_text(&req.headers),
		   "X-Filter: {\"region\":\"us-\\\"east\\n\"}\n");
	http_request_free(&req);
	CHECK_TEXT(cloud->lists[LIST_IMAGES].headers,
		   "X-Filter: {\"is_public\":false}\n");
	CHECK_TEXT(cloud->lists[LIST_TASKS].headers,
		   "X-Filter: {\"action\":\"disk_imagize\","
		   "\"+order_by\":\"created\",\"+order\":\"desc\"}\n");
}

static void damage(const struct provider *cloud)
{
	static const struct target target = {.machine_id = "123"};

	replies_damage_list(cloud, LIST_MACHINES, "instances.json",
			    "id label status created type region specs "
			    "specs.disk");
	replies_damage_list(cloud, LIST_IMAGES, "images.json",
			    "id label status created size");
	replies_damage_list(cloud, LIST_TASKS, "events.json",
			    "id action status entity entity.label");
	replies_damage_list(cloud, LIST_REGIONS, "regions.json", "id");
	replies_damage_list(cloud, LIST_SIZES, "types.json", "id");
	replies_damage_list(cloud, LIST_NETWORKS, "vpcs.json", "id label");
	replies_damage_list(cloud, LIST_FIREWALLS, "firewalls.json",
			    "id label");
	replies_damage_step(cloud, STEP_INSPECT, &target, "disks.json", "data");
	replies_damage_step(cloud, STEP_IMAGE, &target, "image.json", "id");
	replies_damage_step(cloud, STEP_CREATE, &target, "create.json", "id");
}

static void write_requests(const struct provider *cloud)
{
	static const struct {
		enum step step;
		const char *want;
	} rows[] = {
		{STEP_STOP, "POST /v4/linode/instances/123/shutdown"},
		{STEP_KILL, "POST /v4/linode/instances/123/shutdown"},
		{STEP_START, "POST /v4/linode/instances/123/boot {}"},
		{STEP_INSPECT, "GET /v4/linode/instances/123/disks"
			       "?page=1&page_size=500"},
		{STEP_IMAGE,
		 "POST /v4/images {\"cloud_init\":true,"
		 "\"description\":\"ws\",\"disk_id\":25674,"
		 "\"label\":\"private/9\",\"tags\":[\"adt-snapshots\"]}"},
		{STEP_DROP_IMAGE, "DELETE /v4/images/private%2F9"},
		{STEP_DELETE, "DELETE /v4/linode/instances/123"},
		{STEP_CREATE,
		 "POST /v4/linode/instances {\"booted\":true,"
		 "\"disk_encryption\":\"enabled\",\"firewall_id\":77,"
		 "\"image\":\"private/9\",\"interfaces\":["
		 "{\"primary\":true,\"purpose\":\"public\"},"
		 "{\"purpose\":\"vpc\",\"subnet_id\":456}],"
		 "\"label\":\"ws\",\"metadata\":"
		 "{\"user_data\":\"I2Nsb3VkLWNvbmZpZwo=\"},"
		 "\"region\":\"us-east\",\"root_pass\":\"s3cret\","
		 "\"tags\":[\"adt\"],\"type\":\"g6-nanode-1\"}"},
	};
	char user_data[] = "#cloud-config\n";
	struct target target = {.machine = "ws",
				.machine_id = "123",
				.image = "private/9",
				.image_id = "private/9",
				.disk_id = "25674",
				.region = "us-east",
				.size_id = "g6-nanode-1",
				.firewall_id = "77",
				.vpc_id = "123",
				.subnet_id = "456",
				.tag = "adt",
				.user_data = user_data,
				.root_password = "s3cret"};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		replies_expect_request(cloud, rows[i].step, &target,
				       rows[i].want);
	target.user_data = NULL;
	target.firewall_id[0] = target.subnet_id[0] = target.tag[0] = '\0';
	replies_expect_request(
		cloud, STEP_CREATE, &target,
		"POST /v4/linode/instances {\"booted\":true,"
		"\"disk_encryption\":\"enabled\",\"image\":\"private/9\","
		"\"label\":\"ws\",\"region\":\"us-east\","
		"\"root_pass\":\"s3cret\",\"type\":\"g6-nanode-1\"}");
}

int main(void)
{
	const struct provider *cloud = provider_find("linode", &err);

	CHECK(cloud);
	read_inventory(cloud);
	read_states(cloud);
	read_tasks(cloud);
	read_offers(cloud);
	read_answers(cloud);
	read_errors(cloud);
	narrow_lists(cloud);
	damage(cloud);
	write_requests(cloud);
	return 0;
}
