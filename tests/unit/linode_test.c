/* linode_test.c - what we read in replies as the vendor documents them, whole
 * and damaged, and what we write. */
#include "cloud/reply.h"

#include "check.h"
#include "readings.h"
#include "replies.h"

static struct err err;

static const struct listed lists[] = {
	{LIST_MACHINES, "instances.json",
	 "id label status created type region specs specs.disk",
	 "machine running "
	 "linode123|123|us-east|g6-standard-1|linode/"
	 "debian10|203.0.113.1||2018-01-01T00:01:01Z||80\n"},
	{LIST_IMAGES, "images.json", "id label status created size",
	 "image pending "
	 "ws-us-east-20210814T224402Z|private/"
	 "67848373||2021-08-14T22:44:02Z|-1|0|0|\n"
	 "image ready "
	 "ws-us-east-20210814T224402Z|private/"
	 "67848374||2021-08-14T22:44:02Z|-1|2621440000|3|\n"},
	{LIST_TASKS, "events.json", "id action status entity entity.label",
	 "task running 126|linode123|126|45|yes|\n"
	 "task running 125|linode123|125|-1|yes|\n"
	 "task failed 124|linode123|124|100|yes|The disk is too large.\n"
	 "task done 123|linode123|123|100|yes|\n"},
	{LIST_REGIONS, "regions.json", "id", "offer us-east|us-east|||0|0\n"},
	{LIST_SIZES, "types.json", "id",
	 "offer g6-standard-2|g6-standard-2|||80|4096\n"},
	{LIST_NETWORKS, "vpcs.json", "id label",
	 "offer cool-vpc|123|us-east|456|0|0\n"},
	{LIST_FIREWALLS, "firewalls.json", "id label",
	 "offer firewall123|123|||0|0\n"},
};

static const struct answered answers[] = {
	{STEP_INSPECT, "disks.json", "data", "disk=25674 disk_gb=48", NULL},
	{STEP_IMAGE, "image.json", "id", "image=private/67848373", NULL},
	{STEP_CREATE, "create.json", "id", "machine=123", NULL},
};

static const struct refused refusals[] = {
	{"error.json", 400, false,
	 "root_pass: Password does not meet strength requirement"},
	{"error_busy.json", 400, true, "Linode busy."},
	{"error_busy.json", 403, false, "Linode busy."},
};

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

static void find_networks(const struct provider *cloud)
{
	json_t *reply = replies_load(cloud, "vpcs.json");
	json_t *row = json_array_get(json_object_get(reply, "data"), 0);
	json_t *subnets = json_object_get(row, "subnets");
	struct world world = {0};

	replies_observe(cloud, LIST_NETWORKS, "vpcs.json", &world);
	CHECK(world_offer(&world, OFFER_NETWORK, "cool-vpc", "us-east"));
	CHECK(!world_offer(&world, OFFER_NETWORK, "cool-vpc", "eu-west"));
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

static void refuse_disks(const struct provider *cloud)
{
	struct target target = {0};

	CHECK(read_disks(cloud, "disks_several.json", &target) < 0);
	CHECK(err.kind == ERR_REFUSED);
	CHECK_TEXT(err.text, "an image is made of one disk, here are 2: Debian "
			     "9 Disk (ext4), data (ext4)");
	CHECK(read_disks(cloud, "disks_not_ready.json", &target) < 0);
	CHECK(err.kind == ERR_RETRY);
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

static void write_requests(const struct provider *cloud)
{
	static const struct written rows[] = {
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

	readings_requests(cloud, &target, ROWS(rows));
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
	readings_lists(cloud, ROWS(lists));
	readings_answers(cloud, ROWS(answers));
	readings_refusals(cloud, ROWS(refusals));
	readings_whoami(cloud, "profile.json",
			"exampleUser (example-user@gmail.com)");
	read_states(cloud);
	find_networks(cloud);
	refuse_disks(cloud);
	narrow_lists(cloud);
	write_requests(cloud);
	return 0;
}
