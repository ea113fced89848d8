/* digitalocean_test.c - what we read in replies of the vendor's documentation,
 * whole and damaged, and what we write. */
#include "cloud/reply.h"

#include "check.h"
#include "replies.h"

static struct err err;

static void read_inventory(const struct provider *cloud)
{
	struct world world = {0};
	const struct machine *machine;
	const struct image *image;

	replies_observe(cloud, LIST_MACHINES, "droplets.json", &world);
	CHECK(world.machine_count == 2);
	machine = world_machine(&world, "example.com");
	CHECK(machine && machine->state == MACHINE_RUNNING && !machine->busy);
	CHECK_TEXT(machine->id, "3164444");
	CHECK_TEXT(machine->region, "nyc3");
	CHECK_TEXT(machine->size, "s-1vcpu-1gb");
	CHECK_TEXT(machine->created, "2020-07-21T18:37:44Z");
	CHECK_TEXT(machine->public_ipv4, "192.241.165.154");
	CHECK_TEXT(machine->private_ipv4, "10.128.192.124");
	CHECK_TEXT(machine->image, "63663980");
	CHECK(machine->disk_gb == 25);
	replies_observe(cloud, LIST_IMAGES, "snapshots.json", &world);
	CHECK(world.image_count == 1); /* the other is of a volume */
	image = world_image(&world, "web-01-1595954862243");
	CHECK(image && image->state == IMAGE_READY);
	CHECK_TEXT(image->id, "6372321");
	CHECK_TEXT(image->region, "nyc3 sfo3");
	CHECK_TEXT(image->created, "2020-07-28T16:47:44Z");
	CHECK(image->min_disk_gb == 25 && image->size_bytes == 2340000000u);
	world_clear(&world);
}

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

static void read_offers(const struct provider *cloud)
{
	struct world world = {0};
	const struct offer *offer;

	replies_observe(cloud, LIST_REGIONS, "regions.json", &world);
	replies_observe(cloud, LIST_SIZES, "sizes.json", &world);
	replies_observe(cloud, LIST_NETWORKS, "vpcs.json", &world);
	replies_observe(cloud, LIST_FIREWALLS, "firewalls.json", &world);
	replies_observe(cloud, LIST_KEYS, "keys.json", &world);
	CHECK(world_offer(&world, OFFER_REGION, "nyc3", ""));
	offer = world_offer(&world, OFFER_SIZE, "s-1vcpu-1gb", "nyc3");
	CHECK(offer && offer->disk_gb == 25 && offer->memory_mb == 1024);
	CHECK(!world_offer(&world, OFFER_SIZE, "s-1vcpu-1gb", "ams9"));
	offer = world_offer(&world, OFFER_NETWORK, "env.prod-vpc", "nyc1");
	CHECK(offer);
	CHECK_TEXT(offer->id, "5a4981aa-9653-4bd1-bef5-d6bff52042e4");
	CHECK(!world_offer(&world, OFFER_NETWORK, "env.prod-vpc", "nyc3"));
	offer = world_offer(&world, OFFER_FIREWALL, "firewall", "nyc3");
	CHECK(offer);
	CHECK_TEXT(offer->id, "fb6045f1-cf1d-4ca3-bfac-18832663025b");
	offer = world_offer(&world, OFFER_KEY, "Other Public Key", "nyc3");
	CHECK(offer);
	CHECK_TEXT(offer->id, "289794");
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

static void read_answers(const struct provider *cloud)
{
	struct target target = {0};
	json_t *reply = replies_load(cloud, "account.json");
	char text[200];

	CHECK(cloud->whoami_reply(reply, text, sizeof(text), &err) == 0);
	CHECK_TEXT(text, "sammy@digitalocean.com (active)");
	CHECK(cloud->whoami_reply(NULL, text, sizeof(text), &err) < 0);
	CHECK(err.kind == ERR_PROTOCOL);
	json_decref(reply);

	reply = replies_load(cloud, "snapshot_action.json");
	CHECK(cloud->actions[STEP_IMAGE].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.task_id, "36804636");
	CHECK(cloud->actions[STEP_ASK].reply(reply, &target, &err) == 0);
	CHECK(target.task_state == TASK_RUNNING);
	json_decref(reply);
	reply = replies_load(cloud, "action.json");
	CHECK(cloud->actions[STEP_ASK].reply(reply, &target, &err) == 0);
	CHECK(target.task_state == TASK_DONE);
	json_decref(reply);
	reply = replies_load(cloud, "action_errored.json");
	CHECK(cloud->actions[STEP_ASK].reply(reply, &target, &err) == 0);
	CHECK(target.task_state == TASK_FAILED);
	CHECK_TEXT(target.task_text, "action 36804636 errored");
	json_decref(reply);

	reply = replies_load(cloud, "create.json");
	CHECK(cloud->actions[STEP_CREATE].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.machine_id, "3164444");
	CHECK_TEXT(target.task_id, "7515");
	json_decref(reply);
}

static void read_errors(const struct provider *cloud)
{
	json_t *reply = replies_load(cloud, "error.json");
	char text[200];

	cloud->explain(reply, text, sizeof(text));
	CHECK_TEXT(text, "Unable to authenticate you.");
	CHECK(!cloud->busy(422, reply) && !cloud->busy(401, reply));
	json_decref(reply);
	reply = replies_load(cloud, "error_busy.json");
	cloud->explain(reply, text, sizeof(text));
	CHECK_TEXT(text, "Droplet already has a pending event. (request "
			 "4d9d8375-3c56-4925-a3e7-eb137fed17e9)");
	CHECK(cloud->busy(422, reply) && !cloud->busy(403, reply));
	json_decref(reply);
	CHECK(!cloud->busy(422, NULL));
	cloud->explain(NULL, text, sizeof(text));
	CHECK_TEXT(text, "");
}

static void damage(const struct provider *cloud)
{
	static const struct target asked = {.task_id = "36804636"};

	replies_damage_list(cloud, LIST_MACHINES, "droplets.json",
			    "id name status locked disk size_slug created_at "
			    "region region.slug");
	replies_damage_list(cloud, LIST_IMAGES, "snapshots.json",
			    "id name created_at regions min_disk_size "
			    "size_gigabytes");
	replies_damage_list(cloud, LIST_REGIONS, "regions.json", "slug");
	replies_damage_list(cloud, LIST_SIZES, "sizes.json", "slug regions");
	replies_damage_list(cloud, LIST_NETWORKS, "vpcs.json", "id name");
	replies_damage_list(cloud, LIST_FIREWALLS, "firewalls.json", "id name");
	replies_damage_list(cloud, LIST_KEYS, "keys.json", "id name");
	replies_damage_step(cloud, STEP_IMAGE, &asked, "snapshot_action.json",
			    "action action.id");
	replies_damage_step(cloud, STEP_ASK, &asked, "action.json",
			    "action action.status");
	replies_damage_step(cloud, STEP_CREATE, &asked, "create.json",
			    "droplet droplet.id");
}

static void write_requests(const struct provider *cloud)
{
	static const struct {
		enum step step;
		const char *want;
	} rows[] = {
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
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		replies_expect_request(cloud, rows[i].step, &target,
				       rows[i].want);
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
	read_inventory(cloud);
	read_states(cloud);
	read_offers(cloud);
	read_pages(cloud);
	read_answers(cloud);
	read_errors(cloud);
	damage(cloud);
	write_requests(cloud);
	return 0;
}
