/* digitalocean_test.c - what we read in replies of the vendor's documentation,
 * whole and damaged, and what we write. */
#include "cloud/reply.h"

#include "check.h"
#include "readings.h"
#include "replies.h"

static struct err err;

static const struct listed lists[] = {
	{LIST_MACHINES, "droplets.json",
	 "id name status locked disk size_slug created_at region region.slug",
	 "machine running "
	 "example.com|3164444|nyc3|s-1vcpu-1gb|63663980|192.241.165.154|10.128."
	 "192.124|2020-07-21T18:37:44Z||25\n"
	 "machine running "
	 "assets.example.com|3164459|nyc3|s-1vcpu-1gb|63663980|162.243.0.4|10."
	 "128.192.138|2020-07-21T18:42:27Z||25\n"},
	{LIST_IMAGES, "snapshots.json",
	 "id name created_at regions min_disk_size size_gigabytes",
	 "image ready web-01-1595954862243|6372321|nyc3 "
	 "sfo3|2020-07-28T16:47:44Z|-1|2340000000|25|\n"},
	{LIST_REGIONS, "regions.json", "slug", "offer nyc3|nyc3|||0|0\n"},
	{LIST_SIZES, "sizes.json", "slug regions",
	 "offer s-1vcpu-1gb|s-1vcpu-1gb|ams2 ams3 blr1 fra1 lon1 nyc1 nyc2 "
	 "nyc3 sfo1 sfo2 sfo3 sgp1 tor1||25|1024\n"},
	{LIST_NETWORKS, "vpcs.json", "id name",
	 "offer env.prod-vpc|5a4981aa-9653-4bd1-bef5-d6bff52042e4|nyc1||0|0\n"
	 "offer default-nyc1|e0fe0f4d-596a-465e-a902-571ce57b79fa|nyc1||0|0\n"
	 "offer default-nyc3|d455e75d-4858-4eec-8c95-da2f0a5f93a7|nyc3||0|0\n"},
	{LIST_FIREWALLS, "firewalls.json", "id name",
	 "offer firewall|fb6045f1-cf1d-4ca3-bfac-18832663025b|||0|0\n"},
	{LIST_KEYS, "keys.json", "id name",
	 "offer Other Public Key|289794|||0|0\n"},
};

static const struct answered answers[] = {
	{STEP_IMAGE, "snapshot_action.json", "action action.id",
	 "task=36804636", NULL},
	{STEP_ASK, "snapshot_action.json", NULL, "state=running", NULL},
	{STEP_ASK, "action.json", "action action.status", "state=done", NULL},
	{STEP_ASK, "action_errored.json", NULL,
	 "task=36804636 state=failed text=action 36804636 errored", "36804636"},
	{STEP_CREATE, "create.json", "droplet droplet.id",
	 "task=7515 machine=3164444", NULL},
};

static const struct refused refusals[] = {
	{"error.json", 422, false, "Unable to authenticate you."},
	{"error.json", 401, false, "Unable to authenticate you."},
	{"error_busy.json", 422, true,
	 "Droplet already has a pending event. (request "
	 "4d9d8375-3c56-4925-a3e7-eb137fed17e9)"},
	{"error_busy.json", 403, false,
	 "Droplet already has a pending event. (request "
	 "4d9d8375-3c56-4925-a3e7-eb137fed17e9)"},
};

static void read_states(const struct provider *cloud)
{
	static const struct {
		const char *status;
		enum machine_state state;
	} rows[] = {{"new", MACHINE_OTHER},
		    {"active", MACHINE_RUNNING},
		    {"off", MACHINE_STOPPED},
		    {"archive", MACHINE_OTHER}};
	const struct list *list = &cloud->lists[LIST_MACHINES];
	json_t *reply = replies_load(cloud, "droplets.json");
	json_t *droplets = json_object_get(reply, "droplets");
	json_t *row = json_array_get(droplets, 0);
	struct world world = {0};
	size_t i;

	json_object_set_new(row, "locked", json_true());
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_object_set_new(row, "status", json_string(rows[i].status));
		CHECK(list->read(row, &world, &err) == 0);
		CHECK(world.machines[i].state == rows[i].state);
		CHECK(world.machines[i].busy);
	}
	world_clear(&world);
	json_decref(reply);
}

static void find_offers(const struct provider *cloud)
{
	struct world world = {0};

	replies_observe(cloud, LIST_SIZES, "sizes.json", &world);
	replies_observe(cloud, LIST_NETWORKS, "vpcs.json", &world);
	CHECK(world_offer(&world, OFFER_SIZE, "s-1vcpu-1gb", "nyc3"));
	CHECK(!world_offer(&world, OFFER_SIZE, "s-1vcpu-1gb", "ams9"));
	CHECK(world_offer(&world, OFFER_NETWORK, "env.prod-vpc", "nyc1"));
	CHECK(!world_offer(&world, OFFER_NETWORK, "env.prod-vpc", "nyc3"));
	world_clear(&world);
}

static void read_pages(const struct provider *cloud)
{
	const struct list *list = &cloud->lists[LIST_MACHINES];
	json_t *reply = replies_load(cloud, "droplets.json");
	json_t *pages =
		json_object_get(json_object_get(reply, "links"), "pages");
	char path[200] = "";
	struct err why;
	bool more;

	CHECK(list->next(reply, path, sizeof(path), &more, &why) == 0);
	CHECK(more);
	CHECK_TEXT(path, "/v2/droplets?page=2&per_page=1");
	json_object_set_new(pages, "next", json_integer(7));
	CHECK(list->next(reply, path, sizeof(path), &more, &why) < 0);
	CHECK(why.kind == ERR_PROTOCOL);
	json_object_del(reply, "links"); /* and there are more */
	CHECK(list->next(reply, path, sizeof(path), &more, &why) < 0);
	json_decref(reply);
	reply = replies_load(cloud, "snapshots.json");
	list = &cloud->lists[LIST_IMAGES];
	CHECK(list->next(reply, path, sizeof(path), &more, &why) == 0);
	CHECK(!more);
	json_object_del(reply, "links"); /* but that is all */
	CHECK(list->next(reply, path, sizeof(path), &more, &why) == 0);
	CHECK(!more);
	json_decref(reply);
}

static void write_requests(const struct provider *cloud)
{
	static const struct written rows[] = {
		{STEP_STOP,
		 "POST /v2/droplets/3164444/actions {\"type\":\"shutdown\"}"},
		{STEP_KILL,
		 "POST /v2/droplets/3164444/actions {\"type\":\"power_off\"}"},
		{STEP_START,
		 "POST /v2/droplets/3164444/actions {\"type\":\"power_on\"}"},
		{STEP_IMAGE, "POST /v2/droplets/3164444/actions "
			     "{\"name\":\"6372321\",\"type\":\"snapshot\"}"},
		{STEP_ASK, "GET /v2/actions/36804636"},
		{STEP_DROP_IMAGE, "DELETE /v2/snapshots/6372321"},
		{STEP_ATTACH_FIREWALL, "POST /v2/firewalls/fw-1/droplets "
				       "{\"droplet_ids\":[3164444]}"},
		{STEP_DELETE, "DELETE /v2/droplets/3164444"},
		{STEP_CREATE,
		 "POST /v2/droplets {\"image\":6372321,\"name\":\"ws\","
		 "\"region\":\"nyc3\",\"size\":\"s-1vcpu-1gb\","
		 "\"ssh_keys\":[289794],\"tags\":[\"adt\"],"
		 "\"user_data\":\"#cloud-config\\n\\\"q\\\"\","
		 "\"vpc_uuid\":\"vpc-1\"}"},
	};
	char user_data[] = "#cloud-config\n\"q\"";
	struct target target = {.machine = "ws",
				.machine_id = "3164444",
				.image = "6372321",
				.image_id = "6372321",
				.task_id = "36804636",
				.region = "nyc3",
				.size_id = "s-1vcpu-1gb",
				.firewall_id = "fw-1",
				.ssh_key_id = "289794",
				.vpc_id = "vpc-1",
				.tag = "adt",
				.user_data = user_data};

	readings_requests(cloud, &target, ROWS(rows));
	target.user_data = NULL;
	target.region[0] = target.ssh_key_id[0] = target.vpc_id[0] =
		target.tag[0] = '\0';
	replies_expect_request(cloud, STEP_CREATE, &target,
			       "POST /v2/droplets {\"image\":6372321,"
			       "\"name\":\"ws\",\"size\":\"s-1vcpu-1gb\"}");
}

int main(void)
{
	const struct provider *cloud = provider_find("digitalocean", &err);

	CHECK(cloud);
	readings_lists(cloud, ROWS(lists));
	readings_answers(cloud, ROWS(answers));
	readings_refusals(cloud, ROWS(refusals));
	readings_whoami(cloud, "account.json",
			"sammy@digitalocean.com (active)");
	read_states(cloud);
	find_offers(cloud);
	read_pages(cloud);
	write_requests(cloud);
	return 0;
}
