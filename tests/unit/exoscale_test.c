/* exoscale_test.c - what we read in replies as Exoscale documents them, whole
 * and damaged, what we write, and how it is signed. */
#include "cloud/exo2.h"
#include "cloud/reply.h"

#include "check.h"
#include "readings.h"
#include "replies.h"

static struct err err;

static const struct listed lists[] = {
	{LIST_MACHINES, "instances.json",
	 "id name state created-at instance-type instance-type.id",
	 "machine running "
	 "ws-ch-gva-2-demo-0-Xabc-init-1|b9a1c0de-0000-4000-8000-000000000001||"
	 "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8|e6855668-819e-43a0-b946-"
	 "342a93638d09|192.0.2.10||2026-08-21T10:15:30Z|c1a1c0de-0000-4000-"
	 "8000-000000000001 c1a1c0de-0000-4000-8000-000000000002|0\n"
	 "machine stopped "
	 "db-ch-gva-2-demo-Xabc|b9a1c0de-0000-4000-8000-000000000002||b6cd1ff5-"
	 "3a2f-4e9d-a4d1-8988c1191fe8||||2026-08-21T10:15:31Z||0\n"
	 "machine other busy "
	 "NO-1-as-ch-gva-2-demo-Xabc|b9a1c0de-0000-4000-8000-000000000003||"
	 "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8||||2026-08-21T10:15:32Z||0\n"
	 "machine failed "
	 "NO-1-rp-ch-gva-2-demo-Xabc|b9a1c0de-0000-4000-8000-000000000004||"
	 "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8||||2026-08-21T10:15:33Z||0\n"},
	{LIST_SNAPSHOTS, "snapshots.json", "id state instance instance.id",
	 "image ready "
	 "|51a1c0de-0000-4000-8000-000000000001|||-1|0|0|b9a1c0de-0000-4000-"
	 "8000-000000000001\n"
	 "image pending "
	 "|51a1c0de-0000-4000-8000-000000000002|||-1|0|0|b9a1c0de-0000-4000-"
	 "8000-000000000001\n"
	 "image ready "
	 "|51a1c0de-0000-4000-8000-000000000003|||-1|0|0|b9a1c0de-0000-4000-"
	 "8000-000000000002\n"
	 "image failed "
	 "|51a1c0de-0000-4000-8000-000000000004|||-1|0|0|b9a1c0de-0000-4000-"
	 "8000-000000000002\n"
	 "image pending "
	 "|51a1c0de-0000-4000-8000-000000000005|||-1|0|0|b9a1c0de-0000-4000-"
	 "8000-000000000002\n"},
	{LIST_IMAGES, "templates.json", "id name created-at size zones",
	 "image ready "
	 "ws-ch-gva-2-demo-0-Xabc-init-1-20260821T110000Z|7ea1c0de-0000-4000-"
	 "8000-000000000001|ch-gva-2 "
	 "de-fra-1|2026-08-21T11:10:00Z|-1|10737418241|11|\n"},
	{LIST_REGIONS, "zones.json", "name",
	 "offer ch-gva-2|ch-gva-2|||0|0\n"
	 "offer de-fra-1|de-fra-1|||0|0\n"},
	{LIST_SIZES, "instance_types.json", "id family size zones",
	 "offer standard.small|b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8|ch-gva-2 "
	 "de-fra-1||0|2048\n"
	 "offer small|b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8|ch-gva-2 "
	 "de-fra-1||0|0\n"
	 "offer "
	 "memory.small|c7cd1ff5-3a2f-4e9d-a4d1-8988c1191fe9|ch-gva-2||0|"
	 "2048\n"},
	{LIST_NETWORKS, "private_networks.json", "id name",
	 "offer "
	 "adt_private_net_ch-gva-2|c1a1c0de-0000-4000-8000-000000000001|||0|0\n"
	 "offer adt-vpc|c1a1c0de-0000-4000-8000-000000000001|||0|0\n"
	 "offer other|c1a1c0de-0000-4000-8000-000000000002|||0|0\n"},
	{LIST_FIREWALLS, "security_groups.json", "id name",
	 "offer "
	 "adt-webserver-demo|a1a1c0de-0000-4000-8000-000000000009|||0|0\n"},
	{LIST_KEYS, "ssh_keys.json", "name",
	 "offer "
	 "AGILE_TOOLKIT_PUBLIC_KEY-demo|AGILE_TOOLKIT_PUBLIC_KEY-demo|||0|0\n"},
};

static const struct answered answers[] = {
	{STEP_ASK, "operation_pending.json", "id state", "state=running", NULL},
	{STEP_ASK, "operation_success.json", NULL, "state=done", NULL},
	{STEP_ASK, "operation_failure.json", NULL,
	 "state=failed text=operation failure: Internal error fault", NULL},
	{STEP_ASK, "operation_timeout.json", NULL,
	 "state=failed text=operation timeout:  ", NULL},
	{STEP_SNAPSHOT, "operation_pending.json", "id state",
	 "task=0pa1c0de-0000-4000-8000-000000000001 "
	 "snapshot=51a1c0de-0000-4000-8000-000000000001",
	 NULL},
	{STEP_IMAGE, "operation_pending.json", NULL,
	 "task=0pa1c0de-0000-4000-8000-000000000001", NULL},
	{STEP_CREATE, "operation_pending.json", "id state",
	 "task=0pa1c0de-0000-4000-8000-000000000001", NULL},
	{STEP_INSPECT, "instance.json", "disk-size", "disk_gb=50 user=debian",
	 NULL},
};

static const struct refused refusals[] = {
	{"error_busy.json", 409, true, "Instance is busy"},
	{"error_busy.json", 400, false, "Instance is busy"},
	{"error_plain.json", 403, false, "Forbidden"},
	{"error_problem.json", 404, false, "Not Found: no such template"},
};

/* Names of the toolkit and of its commands stand for those of the cloud. */
static void find_offers(const struct provider *cloud)
{
	static const struct {
		enum offer_kind kind;
		const char *name, *region, *id; /* NULL: there is none */
	} rows[] = {
		{OFFER_REGION, "ch-gva-2", "", "ch-gva-2"},
		{OFFER_SIZE, "standard.small", "de-fra-1",
		 "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8"},
		{OFFER_SIZE, "small", "ch-gva-2",
		 "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8"},
		{OFFER_SIZE, "memory.small", "ch-gva-2",
		 "c7cd1ff5-3a2f-4e9d-a4d1-8988c1191fe9"},
		{OFFER_SIZE, "memory.small", "de-fra-1", NULL},
		{OFFER_SIZE, "gpu.small", "ch-gva-2", NULL},
		{OFFER_NETWORK, "adt_private_net_ch-gva-2", "ch-gva-2",
		 "c1a1c0de-0000-4000-8000-000000000001"},
		{OFFER_NETWORK, "adt-vpc", "",
		 "c1a1c0de-0000-4000-8000-000000000001"},
	};
	struct world world = {0};

	replies_observe(cloud, LIST_REGIONS, "zones.json", &world);
	replies_observe(cloud, LIST_SIZES, "instance_types.json", &world);
	replies_observe(cloud, LIST_NETWORKS, "private_networks.json", &world);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct offer *offer = world_offer(
			&world, rows[i].kind, rows[i].name, rows[i].region);

		CHECK(!offer == !rows[i].id);
		if (offer)
			CHECK_TEXT(offer->id, rows[i].id);
	}
	world_clear(&world);
}

/* Snapshots have no name: they are known by their machine. What the operator
 * says of the user stays. */
static void read_others(const struct provider *cloud)
{
	struct world world = {0};
	struct target target = {.login_user = "ubuntu"};
	json_t *reply = replies_load(cloud, "instance.json");

	replies_observe(cloud, LIST_SNAPSHOTS, "snapshots.json", &world);
	CHECK(world_is_of(&world.snapshots[0], "ws",
			  "b9a1c0de-0000-4000-8000-000000000001"));
	world_clear(&world);
	CHECK(cloud->actions[STEP_INSPECT].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.login_user, "ubuntu");
	json_decref(reply);
}

static void write_requests(const struct provider *cloud)
{
	static const struct written requests[] = {
		{STEP_STOP, "PUT /instance/i%2F1:stop"},
		{STEP_START, "PUT /instance/i%2F1:start {}"},
		{STEP_INSPECT, "GET /instance/i%2F1"},
		{STEP_SNAPSHOT, "POST /instance/i%2F1:create-snapshot"},
		{STEP_IMAGE, "POST /snapshot/s1:promote {\"name\":\"ws-1\","
			     "\"password-enabled\":false,"
			     "\"ssh-key-enabled\":true}"},
		{STEP_DROP_SNAPSHOT, "DELETE /snapshot/s1"},
		{STEP_DROP_IMAGE, "DELETE /template/t1"},
		{STEP_ATTACH_NETWORK, "PUT /private-network/n1:attach "
				      "{\"instance\":{\"id\":\"i/1\"}}"},
		{STEP_ASK, "GET /operation/o1"},
		{STEP_DELETE, "DELETE /instance/i%2F1"},
	};
	char user_data[] = "#cloud-config\n";
	struct target target = {.machine = "ws",
				.machine_id = "i/1",
				.image = "ws-1",
				.image_id = "t1",
				.snapshot_id = "s1",
				.task_id = "o1",
				.vpc_id = "n1"};

	readings_requests(cloud, &target, ROWS(requests));
	snprintf(target.login_user, sizeof(target.login_user), "debian");
	replies_expect_request(cloud, STEP_IMAGE, &target,
			       "POST /snapshot/s1:promote "
			       "{\"default-user\":\"debian\",\"name\":\"ws-1\","
			       "\"password-enabled\":false,"
			       "\"ssh-key-enabled\":true}");
	target = (struct target){
		.machine = "ws", .image = "t1", .size_id = "y1", .disk_gb = 9};
	replies_expect_request(cloud, STEP_CREATE, &target,
			       "POST /instance {\"disk-size\":10,"
			       "\"instance-type\":{\"id\":\"y1\"},"
			       "\"name\":\"ws\",\"template\":{\"id\":\"t1\"}}");
	target = (struct target){.machine = "ws",
				 .image = "t1",
				 .size_id = "y1",
				 .firewall_id = "g1",
				 .ssh_key_id = "k1",
				 .vpc_id = "n1",
				 .tag = "demo",
				 .disk_gb = 50,
				 .user_data = user_data};
	replies_expect_request(cloud, STEP_CREATE, &target,
			       "POST /instance {\"disk-size\":50,"
			       "\"instance-type\":{\"id\":\"y1\"},"
			       "\"labels\":{\"adt\":\"demo\"},\"name\":\"ws\","
			       "\"security-groups\":[{\"id\":\"g1\"}],"
			       "\"ssh-keys\":[{\"name\":\"k1\"}],"
			       "\"template\":{\"id\":\"t1\"},"
			       "\"user-data\":\"I2Nsb3VkLWNvbmZpZwo=\"}");
}

/* The vendor's SDK signs this so. */
static void vector(void)
{
	const struct credentials pair = {"test-key", "0123456789abcdef"};
	struct http_request req;

	http_request_init(&req);
	req.method = HTTP_POST;
	strbuf_adds(&req.path, "/instance");
	req.body = json_loads("{\"disk-size\":10,\"name\":\"foo\"}", 0, NULL);
	CHECK(exo2_sign(&pair, "", &req, 1750000000, &err) == 0);
	CHECK_TEXT(strbuf_text(&req.proof),
		   "Authorization: EXO2-HMAC-SHA256 credential=test-key,"
		   "expires=1750000000,"
		   "signature=ZqEE7tXE57UIydqAXHsqZgGA/UzTft1t9PFFVKvNGtA=\n");
	http_request_free(&req);
}

/* The signature of this path is the one that a request of that path has. */
static void same_signature(const char *path, const char *as, bool same)
{
	const struct credentials pair = {"test-key", "0123456789abcdef"};
	struct http_request a, b;
	const char *of_a, *of_b;

	http_request_init(&a);
	http_request_init(&b);
	strbuf_adds(&a.path, path);
	strbuf_adds(&b.path, as);
	CHECK(exo2_sign(&pair, "/v2", &a, 1750000000, &err) == 0);
	CHECK(exo2_sign(&pair, "/v2", &b, 1750000000, &err) == 0);
	of_a = strstr(strbuf_text(&a.proof), "signature=");
	of_b = strstr(strbuf_text(&b.proof), "signature=");
	CHECK(of_a && of_b);
	CHECK((strcmp(of_a, of_b) == 0) == same);
	http_request_free(&a);
	http_request_free(&b);
}

static void signatures(const struct provider *cloud)
{
	const struct credentials pair = {"k", "s"};
	struct http_request req;

	/* sorted by name, decoded, given twice left out */
	same_signature("/t?b=2&a=1", "/t?a=1&b=2", true);
	same_signature("/t?a=%31&b=2", "/t?a=1&b=2", true);
	same_signature("/t?a=1&c=1&c=2", "/t?a=1", true);
	same_signature("/t?a=1&b=2", "/t?a=1&b=3", false);
	same_signature("/t?a=%zz%", "/t?a=%25zz%25", true);
	same_signature("/t", "/u", false);
	http_request_init(&req);
	strbuf_adds(&req.path, "/template?visibility=private&family=x&z");
	CHECK(cloud->authorize(&pair, &req, 1749999400, &err) == 0);
	CHECK(strstr(strbuf_text(&req.proof),
		     "credential=k,signed-query-args=family;visibility;z,"
		     "expires=1750000000,signature="));
	http_request_free(&req);
	http_request_init(&req);
	strbuf_adds(&req.path, "/t?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17");
	CHECK(cloud->authorize(&pair, &req, 0, &err) < 0);
	http_request_free(&req);
}

int main(void)
{
	const struct provider *cloud = provider_find("exoscale", &err);

	CHECK(cloud);
	readings_lists(cloud, ROWS(lists));
	readings_answers(cloud, ROWS(answers));
	readings_refusals(cloud, ROWS(refusals));
	readings_whoami(cloud, "instances.json", "a key that sees 5 instances");
	find_offers(cloud);
	read_others(cloud);
	write_requests(cloud);
	vector();
	signatures(cloud);
	return 0;
}
