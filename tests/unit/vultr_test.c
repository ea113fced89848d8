/* vultr_test.c - what we read in replies as Vultr documents them, whole and
 * damaged, and what we write. */
#include "cloud/reply.h"

#include "check.h"
#include "readings.h"
#include "replies.h"

static struct err err;

static const struct listed lists[] = {
	{LIST_MACHINES, "instances.json",
	 "id label region plan status server_status main_ip date_created disk",
	 "machine running "
	 "ws-lhr-demo-0-Xabc-init-1|4f0f12e5-1f84-404f-aa84-85f431ea5ec2|lhr|"
	 "vc2-1c-1gb||192.0.2.123|10.0.0.3|2026-08-21T10:15:30Z||25\n"
	 "machine stopped "
	 "db-lhr-demo-Xabc|5a1f12e5-1f84-404f-aa84-85f431ea5ec3|lhr|vc2-1c-2gb|"
	 "|192.0.2.124||2026-08-21T10:16:30Z||55\n"
	 "machine other busy "
	 "NO-1-as-lhr-demo-Xabc|6a1f12e5-1f84-404f-aa84-85f431ea5ec4|lhr|vc2-"
	 "1c-1gb||||2026-08-21T10:17:30Z||0\n"
	 "machine other busy "
	 "NO-1-rp-lhr-demo-Xabc|7a1f12e5-1f84-404f-aa84-85f431ea5ec5|lhr|vc2-"
	 "1c-1gb||192.0.2.126||2026-08-21T10:18:30Z||25\n"},
	{LIST_IMAGES, "snapshots.json",
	 "id description status date_created size",
	 "image ready "
	 "ws-lhr-demo-0-Xabc-init-1-20260821T110000Z|3e1f12e5-1f84-404f-aa84-"
	 "85f431ea5e01||2026-08-21T11:00:00Z|-1|26843545600|25|\n"
	 "image pending "
	 "db-lhr-demo-Xabc-20260821T110500Z|3e1f12e5-1f84-404f-aa84-"
	 "85f431ea5e02||2026-08-21T11:05:00Z|-1|0|0|\n"
	 "image deleted "
	 "|3e1f12e5-1f84-404f-aa84-85f431ea5e03||2026-08-20T11:05:00Z|-1|"
	 "26843545601|26|\n"},
	{LIST_REGIONS, "regions.json", "id",
	 "offer lhr|lhr|||0|0\n"
	 "offer ams|ams|||0|0\n"},
	{LIST_SIZES, "plans.json", "id disk locations",
	 "offer vc2-1c-1gb|vc2-1c-1gb|ams lhr||25|1024\n"
	 "offer vc2-2c-4gb|vc2-2c-4gb|-||80|4096\n"
	 "offer vc2-1c-0.5gb-v6|vc2-1c-0.5gb-v6|-||10|512\n"},
	{LIST_NETWORKS, "vpcs.json", "id",
	 "offer adt-vpc|0c1f12e5-1f84-404f-aa84-85f431ea5e10|lhr||0|0\n"},
	{LIST_FIREWALLS, "firewalls.json", "id",
	 "offer "
	 "adt-webserver-demo|cc3b3a4c-6e7d-4b4e-8c3a-2f6f1e0b9a11|||0|0\n"},
	{LIST_KEYS, "ssh_keys.json", "id name",
	 "offer "
	 "AGILE_TOOLKIT_PUBLIC_KEY-demo|dd3b3a4c-6e7d-4b4e-8c3a-2f6f1e0b9a12|||"
	 "0|0\n"},
};

static const struct answered answers[] = {
	{STEP_IMAGE, "snapshot_created.json", "snapshot snapshot.id",
	 "image=3e1f12e5-1f84-404f-aa84-85f431ea5e02", NULL},
	{STEP_CREATE, "instance_created.json", "instance instance.id",
	 "machine=6a1f12e5-1f84-404f-aa84-85f431ea5ec4", NULL},
};

static const struct refused refusals[] = {
	{"error_token.json", 401, false, "Invalid API token."},
};

/* An offer is only of its region. */
static void find_offers(const struct provider *cloud)
{
	struct world world = {0};

	replies_observe(cloud, LIST_SIZES, "plans.json", &world);
	replies_observe(cloud, LIST_NETWORKS, "vpcs.json", &world);
	CHECK(world_offer(&world, OFFER_SIZE, "vc2-1c-1gb", "lhr"));
	/* it would never have an address of the kind that is waited for */
	CHECK(!world_offer(&world, OFFER_SIZE, "vc2-1c-0.5gb-v6", "ams"));
	CHECK(!world_offer(&world, OFFER_SIZE, "vc2-1c-1gb", "fra"));
	CHECK(!world_offer(&world, OFFER_SIZE, "vc2-2c-4gb", "lhr"));
	CHECK(world_offer(&world, OFFER_NETWORK, "adt-vpc", "lhr"));
	CHECK(!world_offer(&world, OFFER_NETWORK, "adt-vpc", "ams"));
	world_clear(&world);
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

static void write_requests(const struct provider *cloud)
{
	static const struct written requests[] = {
		{STEP_STOP, "POST /instances/i%2F1/halt"},
		{STEP_KILL, "POST /instances/i%2F1/halt"},
		{STEP_START, "POST /instances/i%2F1/start"},
		{STEP_DELETE, "DELETE /instances/i%2F1"},
		{STEP_DROP_IMAGE, "DELETE /snapshots/s1"},
		{STEP_IMAGE, "POST /snapshots "
			     "{\"description\":\"ws-20260821T110000Z\","
			     "\"instance_id\":\"i/1\"}"},
	};
	char user_data[] = "#cloud-config\n";
	struct target target = {.machine = "ws",
				.machine_id = "i/1",
				.image = "ws-20260821T110000Z",
				.image_id = "s1"};

	readings_requests(cloud, &target, ROWS(requests));
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
	readings_lists(cloud, ROWS(lists));
	readings_answers(cloud, ROWS(answers));
	readings_refusals(cloud, ROWS(refusals));
	readings_whoami(cloud, "account.json",
			"Example Account (admin@example.com)");
	find_offers(cloud);
	read_pages(cloud);
	write_requests(cloud);
	return 0;
}
