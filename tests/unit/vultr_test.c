/* vultr_test.c - what we read in replies as Vultr documents them, whole and
 * damaged, and what we write. */
#include "cloud/reply.h"

#include "check.h"
#include "replies.h"

static struct err err;

static void read_machines(const struct provider *cloud)
{
	struct world world = {0};
	const struct machine *machine;

	replies_observe(cloud, LIST_MACHINES, "instances.json", &world);
	CHECK(world.machine_count == 4);
	machine = world_machine(&world, "ws-lhr-demo-0-Xabc-init-1");
	CHECK(machine && machine->state == MACHINE_RUNNING && !machine->busy);
	CHECK_TEXT(machine->id, "4f0f12e5-1f84-404f-aa84-85f431ea5ec2");
	CHECK_TEXT(machine->region, "lhr");
	CHECK_TEXT(machine->size, "vc2-1c-1gb");
	CHECK_TEXT(machine->public_ipv4, "192.0.2.123");
	CHECK_TEXT(machine->private_ipv4, "10.0.0.3");
	CHECK_TEXT(machine->created, "2026-08-21T10:15:30Z");
	CHECK(machine->disk_gb == 25);
	machine = world_machine(&world, "db-lhr-demo-Xabc");
	CHECK(machine && machine->state == MACHINE_STOPPED && !machine->busy);
	machine = world_machine(&world, "NO-1-as-lhr-demo-Xabc");
	CHECK(machine && machine->state == MACHINE_OTHER && machine->busy);
	CHECK_TEXT(machine->public_ipv4, ""); /* 0.0.0.0 is none */
	machine = world_machine(&world, "NO-1-rp-lhr-demo-Xabc");
	CHECK(machine && machine->state == MACHINE_OTHER && machine->busy);
	world_clear(&world);
	replies_damage_list(cloud, LIST_MACHINES, "instances.json",
			    "id label region plan status server_status main_ip "
			    "date_created disk");
}

static void read_images(const struct provider *cloud)
{
	struct world world = {0};
	const struct image *image;

	replies_observe(cloud, LIST_IMAGES, "snapshots.json", &world);
	CHECK(world.image_count == 3);
	image = world_image(&world,
			    "ws-lhr-demo-0-Xabc-init-1-20260821T110000Z");
	CHECK(image && image->state == IMAGE_READY && image->percent == -1);
	CHECK_TEXT(image->id, "3e1f12e5-1f84-404f-aa84-85f431ea5e01");
	CHECK_TEXT(image->region, ""); /* everywhere */
	CHECK_TEXT(image->created, "2026-08-21T11:00:00Z");
	CHECK(image->size_bytes == 26843545600u && image->min_disk_gb == 25);
	image = world_image(&world, "db-lhr-demo-Xabc-20260821T110500Z");
	CHECK(image && image->state == IMAGE_PENDING && !image->min_disk_gb);
	CHECK(world.images[2].state == IMAGE_DELETED);
	CHECK(world.images[2].min_disk_gb == 26); /* a byte more than 25 */
	world_clear(&world);
	replies_damage_list(cloud, LIST_IMAGES, "snapshots.json",
			    "id description status date_created size");
}

static void read_offers(const struct provider *cloud)
{
	struct world world = {0};
	const struct offer *offer;

	replies_observe(cloud, LIST_REGIONS, "regions.json", &world);
	replies_observe(cloud, LIST_SIZES, "plans.json", &world);
	replies_observe(cloud, LIST_NETWORKS, "vpcs.json", &world);
	replies_observe(cloud, LIST_FIREWALLS, "firewalls.json", &world);
	replies_observe(cloud, LIST_KEYS, "ssh_keys.json", &world);
	CHECK(world_offer(&world, OFFER_REGION, "lhr", ""));
	offer = world_offer(&world, OFFER_SIZE, "vc2-1c-1gb", "lhr");
	CHECK(offer && offer->disk_gb == 25 && offer->memory_mb == 1024);
	/* it would never have an address of the kind that is waited for */
	CHECK(!world_offer(&world, OFFER_SIZE, "vc2-1c-0.5gb-v6", "ams"));
	CHECK(!world_offer(&world, OFFER_SIZE, "vc2-1c-1gb", "fra"));
	CHECK(!world_offer(&world, OFFER_SIZE, "vc2-2c-4gb", "lhr"));
	offer = world_offer(&world, OFFER_NETWORK, "adt-vpc", "lhr");
	CHECK(offer);
	CHECK_TEXT(offer->id, "0c1f12e5-1f84-404f-aa84-85f431ea5e10");
	CHECK(!world_offer(&world, OFFER_NETWORK, "adt-vpc", "ams"));
	offer = world_offer(&world, OFFER_FIREWALL, "adt-webserver-demo",
			    "lhr");
	CHECK(offer);
	CHECK_TEXT(offer->id, "cc3b3a4c-6e7d-4b4e-8c3a-2f6f1e0b9a11");
	offer = world_offer(&world, OFFER_KEY, "AGILE_TOOLKIT_PUBLIC_KEY-demo",
			    "lhr");
	CHECK(offer);
	CHECK_TEXT(offer->id, "dd3b3a4c-6e7d-4b4e-8c3a-2f6f1e0b9a12");
	world_clear(&world);
	replies_damage_list(cloud, LIST_REGIONS, "regions.json", "id");
	replies_damage_list(cloud, LIST_SIZES, "plans.json",
			    "id disk locations");
	replies_damage_list(cloud, LIST_NETWORKS, "vpcs.json", "id");
	replies_damage_list(cloud, LIST_FIREWALLS, "firewalls.json", "id");
	replies_damage_list(cloud, LIST_KEYS, "ssh_keys.json", "id name");
}

/* The cursor is opaque, and the narrowing stays. */
static void read_pages(const struct provider *cloud)
{
	const struct list *list = &cloud->lists[LIST_MACHINES];
	json_t *reply = replies_load(cloud, "instances.json");
	struct http_request req;
	char path[200];
	bool more;

	http_request_init(&req);
	strbuf_adds(&req.path, list->path);
	list->narrow("lhr", &req);
	snprintf(path, sizeof(path), "%s", strbuf_text(&req.path));
	CHECK_TEXT(path, "/instances?per_page=500&region=lhr");
	CHECK(list->next(reply, path, sizeof(path), &more, &err) == 0);
	CHECK(more);
	CHECK_TEXT(path, "/instances?per_page=500&region=lhr"
			 "&cursor=bmV4dF9fMTIzNA%3D%3D");
	CHECK(list->next(reply, path, sizeof(path), &more, &err) == 0);
	CHECK(more);
	CHECK_TEXT(path, "/instances?per_page=500&region=lhr"
			 "&cursor=bmV4dF9fMTIzNA%3D%3D");
	json_decref(reply);
	reply = replies_load(cloud, "snapshots.json");
	CHECK(list->next(reply, path, sizeof(path), &more, &err) == 0);
	CHECK(!more);
	CHECK(list->next(NULL, path, sizeof(path), &more, &err) < 0);
	CHECK(err.kind == ERR_PROTOCOL);
	json_decref(reply);
	http_request_free(&req);
}

static void read_answers(const struct provider *cloud)
{
	const struct target none = {0};
	struct target target = {0};
	json_t *reply = replies_load(cloud, "account.json");
	char text[200];

	CHECK(cloud->whoami_reply(reply, text, sizeof(text), &err) == 0);
	CHECK_TEXT(text, "Example Account (admin@example.com)");
	CHECK(cloud->whoami_reply(NULL, text, sizeof(text), &err) < 0);
	CHECK(err.kind == ERR_PROTOCOL);
	json_decref(reply);
	reply = replies_load(cloud, "snapshot_created.json");
	CHECK(cloud->actions[STEP_IMAGE].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.image_id, "3e1f12e5-1f84-404f-aa84-85f431ea5e02");
	json_decref(reply);
	reply = replies_load(cloud, "instance_created.json");
	CHECK(cloud->actions[STEP_CREATE].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.machine_id, "6a1f12e5-1f84-404f-aa84-85f431ea5ec4");
	json_decref(reply);
	replies_damage_step(cloud, STEP_IMAGE, &none, "snapshot_created.json",
			    "snapshot snapshot.id");
	replies_damage_step(cloud, STEP_CREATE, &none, "instance_created.json",
			    "instance instance.id");
	reply = replies_load(cloud, "error_token.json");
	cloud->explain(reply, text, sizeof(text));
	CHECK_TEXT(text, "Invalid API token.");
	json_decref(reply);
}

static void write_requests(const struct provider *cloud)
{
	char user_data[] = "#cloud-config\n";
	struct target target = {.machine = "ws",
				.machine_id = "i/1",
				.image = "ws-20260821T110000Z",
				.image_id = "s1"};

	replies_expect_request(cloud, STEP_STOP, &target,
			       "POST /instances/i%2F1/halt");
	replies_expect_request(cloud, STEP_KILL, &target,
			       "POST /instances/i%2F1/halt");
	replies_expect_request(cloud, STEP_START, &target,
			       "POST /instances/i%2F1/start");
	replies_expect_request(cloud, STEP_DELETE, &target,
			       "DELETE /instances/i%2F1");
	replies_expect_request(cloud, STEP_DROP_IMAGE, &target,
			       "DELETE /snapshots/s1");
	replies_expect_request(cloud, STEP_IMAGE, &target,
			       "POST /snapshots "
			       "{\"description\":\"ws-20260821T110000Z\","
			       "\"instance_id\":\"i/1\"}");
	target = (struct target){.machine = "ws",
				 .image = "s1",
				 .region = "lhr",
				 .size_id = "vc2-1c-1gb"};
	replies_expect_request(
		cloud, STEP_CREATE, &target,
		"POST /instances {\"activation_email\":false,"
		"\"ddos_protection\":false,\"enable_ipv6\":false,"
		"\"label\":\"ws\",\"plan\":\"vc2-1c-1gb\","
		"\"region\":\"lhr\",\"snapshot_id\":\"s1\"}");
	target = (struct target){.machine = "ws",
				 .image = "s1",
				 .region = "lhr",
				 .size_id = "vc2-1c-1gb",
				 .vpc_id = "v1",
				 .firewall_id = "f1",
				 .ssh_key_id = "k1",
				 .tag = "demo",
				 .user_data = user_data};
	replies_expect_request(
		cloud, STEP_CREATE, &target,
		"POST /instances {\"activation_email\":false,"
		"\"attach_vpc\":[\"v1\"],\"ddos_protection\":false,"
		"\"enable_ipv6\":false,\"firewall_group_id\":\"f1\","
		"\"label\":\"ws\",\"plan\":\"vc2-1c-1gb\","
		"\"region\":\"lhr\",\"snapshot_id\":\"s1\","
		"\"sshkey_id\":[\"k1\"],\"tags\":[\"demo\"],"
		"\"user_data\":\"I2Nsb3VkLWNvbmZpZwo=\"}");
}

int main(void)
{
	const struct provider *cloud = provider_find("vultr", &err);

	CHECK(cloud);
	read_machines(cloud);
	read_images(cloud);
	read_offers(cloud);
	read_pages(cloud);
	read_answers(cloud);
	write_requests(cloud);
	return 0;
}
