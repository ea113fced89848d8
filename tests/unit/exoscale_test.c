/* exoscale_test.c - what we read in replies as Exoscale documents them, whole
 * and damaged, what we write, and how it is signed. */
#include "cloud/exo2.h"
#include "cloud/reply.h"

#include "check.h"
#include "replies.h"

static struct err err;

static void read_machines(const struct provider *cloud)
{
	struct world world = {0};
	const struct machine *machine;

	replies_observe(cloud, LIST_MACHINES, "instances.json", &world);
	CHECK(world.machine_count == 4); /* the fifth is destroyed */
	machine = world_machine(&world, "ws-ch-gva-2-demo-0-Xabc-init-1");
	CHECK(machine && machine->state == MACHINE_RUNNING && !machine->busy);
	CHECK_TEXT(machine->id, "b9a1c0de-0000-4000-8000-000000000001");
	CHECK_TEXT(machine->size, "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8");
	CHECK_TEXT(machine->image, "e6855668-819e-43a0-b946-342a93638d09");
	CHECK_TEXT(machine->public_ipv4, "192.0.2.10");
	CHECK_TEXT(machine->created, "2026-08-21T10:15:30Z");
	CHECK_TEXT(machine->networks, "c1a1c0de-0000-4000-8000-000000000001 "
				      "c1a1c0de-0000-4000-8000-000000000002");
	machine = world_machine(&world, "db-ch-gva-2-demo-Xabc");
	CHECK(machine && machine->state == MACHINE_STOPPED && !machine->busy);
	machine = world_machine(&world, "NO-1-as-ch-gva-2-demo-Xabc");
	CHECK(machine && machine->state == MACHINE_OTHER && machine->busy);
	machine = world_machine(&world, "NO-1-rp-ch-gva-2-demo-Xabc");
	CHECK(machine && machine->state == MACHINE_FAILED);
	world_clear(&world);
	replies_damage_list(cloud, LIST_MACHINES, "instances.json",
			    "id name state created-at instance-type "
			    "instance-type.id");
}

static void read_images(const struct provider *cloud)
{
	static const enum image_state states[] = {IMAGE_READY, IMAGE_PENDING,
						  IMAGE_READY, IMAGE_FAILED,
						  IMAGE_PENDING};
	struct world world = {0};
	const struct image *image;
	size_t i;

	replies_observe(cloud, LIST_SNAPSHOTS, "snapshots.json", &world);
	CHECK(world.snapshot_count == 5); /* the sixth is deleted */
	for (i = 0; i < 5; i++)
		CHECK(world.snapshots[i].state == states[i]);
	CHECK(world_is_of(&world.snapshots[0], "ws",
			  "b9a1c0de-0000-4000-8000-000000000001"));
	replies_observe(cloud, LIST_IMAGES, "templates.json", &world);
	image = world_image_id(&world, "7ea1c0de-0000-4000-8000-000000000001");
	CHECK(image && image->state == IMAGE_READY);
	CHECK_TEXT(image->name,
		   "ws-ch-gva-2-demo-0-Xabc-init-1-20260821T110000Z");
	CHECK_TEXT(image->region, "ch-gva-2 de-fra-1");
	CHECK(image->min_disk_gb == 11 && image->size_bytes == 10737418241u);
	world_clear(&world);
	replies_damage_list(cloud, LIST_SNAPSHOTS, "snapshots.json",
			    "id state instance instance.id");
	replies_damage_list(cloud, LIST_IMAGES, "templates.json",
			    "id name created-at size zones");
}

static void read_offers(const struct provider *cloud)
{
	struct world world = {0};
	const struct offer *offer;

	replies_observe(cloud, LIST_REGIONS, "zones.json", &world);
	replies_observe(cloud, LIST_SIZES, "instance_types.json", &world);
	replies_observe(cloud, LIST_NETWORKS, "private_networks.json", &world);
	replies_observe(cloud, LIST_FIREWALLS, "security_groups.json", &world);
	replies_observe(cloud, LIST_KEYS, "ssh_keys.json", &world);
	CHECK(world_offer(&world, OFFER_REGION, "ch-gva-2", ""));
	offer = world_offer(&world, OFFER_SIZE, "standard.small", "de-fra-1");
	CHECK(offer);
	CHECK_TEXT(offer->id, "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8");
	offer = world_offer(&world, OFFER_SIZE, "small", "ch-gva-2");
	CHECK(offer);
	CHECK_TEXT(offer->id, "b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8");
	offer = world_offer(&world, OFFER_SIZE, "memory.small", "ch-gva-2");
	CHECK(offer);
	CHECK_TEXT(offer->id, "c7cd1ff5-3a2f-4e9d-a4d1-8988c1191fe9");
	CHECK(offer->memory_mb == 2048);
	CHECK(!world_offer(&world, OFFER_SIZE, "memory.small", "de-fra-1"));
	CHECK(!world_offer(&world, OFFER_SIZE, "gpu.small", "ch-gva-2"));
	offer = world_offer(&world, OFFER_NETWORK, "adt_private_net_ch-gva-2",
			    "ch-gva-2");
	CHECK(offer && world_offer(&world, OFFER_NETWORK, "other", ""));
	CHECK_TEXT(world_offer(&world, OFFER_NETWORK, "adt-vpc", "")->id,
		   offer->id);
	offer = world_offer(&world, OFFER_FIREWALL, "adt-webserver-demo", "");
	CHECK(offer);
	CHECK_TEXT(offer->id, "a1a1c0de-0000-4000-8000-000000000009");
	CHECK(world_offer(&world, OFFER_KEY, "AGILE_TOOLKIT_PUBLIC_KEY-demo",
			  ""));
	world_clear(&world);
	replies_damage_list(cloud, LIST_REGIONS, "zones.json", "name");
	replies_damage_list(cloud, LIST_SIZES, "instance_types.json",
			    "id family size zones");
	replies_damage_list(cloud, LIST_NETWORKS, "private_networks.json",
			    "id name");
	replies_damage_list(cloud, LIST_FIREWALLS, "security_groups.json",
			    "id name");
	replies_damage_list(cloud, LIST_KEYS, "ssh_keys.json", "name");
}

static void read_operation(const struct provider *cloud, const char *name,
			   enum task_state state, const char *text)
{
	struct target target = {0};
	json_t *reply = replies_load(cloud, name);

	CHECK(cloud->actions[STEP_ASK].reply(reply, &target, &err) == 0);
	CHECK(target.task_state == state);
	if (text)
		CHECK_TEXT(target.task_text, text);
	json_decref(reply);
}

static void read_answers(const struct provider *cloud)
{
	const struct target none = {0};
	struct target target = {0};
	json_t *reply = replies_load(cloud, "operation_pending.json");

	read_operation(cloud, "operation_pending.json", TASK_RUNNING, NULL);
	read_operation(cloud, "operation_success.json", TASK_DONE, NULL);
	read_operation(cloud, "operation_failure.json", TASK_FAILED,
		       "operation failure: Internal error fault");
	read_operation(cloud, "operation_timeout.json", TASK_FAILED, NULL);
	CHECK(cloud->actions[STEP_SNAPSHOT].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.task_id, "0pa1c0de-0000-4000-8000-000000000001");
	CHECK_TEXT(target.snapshot_id, "51a1c0de-0000-4000-8000-000000000001");
	target = none;
	CHECK(cloud->actions[STEP_IMAGE].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.image_id, ""); /* what it refers to is not said */
	json_decref(reply);
	reply = replies_load(cloud, "instance.json");
	CHECK(cloud->actions[STEP_INSPECT].reply(reply, &target, &err) == 0);
	CHECK(target.disk_gb == 50);
	CHECK_TEXT(target.login_user, "debian");
	snprintf(target.login_user, sizeof(target.login_user), "ubuntu");
	CHECK(cloud->actions[STEP_INSPECT].reply(reply, &target, &err) == 0);
	CHECK_TEXT(target.login_user, "ubuntu"); /* the operator's word */
	json_decref(reply);
	replies_damage_step(cloud, STEP_ASK, &none, "operation_pending.json",
			    "id state");
	replies_damage_step(cloud, STEP_SNAPSHOT, &none,
			    "operation_pending.json", "id state");
	replies_damage_step(cloud, STEP_CREATE, &none, "operation_pending.json",
			    "id state");
	replies_damage_step(cloud, STEP_INSPECT, &none, "instance.json",
			    "disk-size");
}

static void explained(const struct provider *cloud, const char *name,
		      int status, bool busy, const char *want)
{
	json_t *reply = replies_load(cloud, name);
	char text[200];

	cloud->explain(reply, text, sizeof(text));
	CHECK_TEXT(text, want);
	CHECK(cloud->busy(status, reply) == busy);
	json_decref(reply);
}

static void read_errors(const struct provider *cloud)
{
	json_t *reply = replies_load(cloud, "instances.json");
	char text[200];

	explained(cloud, "error_busy.json", 409, true, "Instance is busy");
	explained(cloud, "error_busy.json", 400, false, "Instance is busy");
	explained(cloud, "error_plain.json", 403, false, "Forbidden");
	explained(cloud, "error_problem.json", 404, false,
		  "Not Found: no such template");
	CHECK(!cloud->busy(409, NULL));
	CHECK(cloud->whoami_reply(reply, text, sizeof(text), &err) == 0);
	CHECK_TEXT(text, "a key that sees 5 instances");
	CHECK(cloud->whoami_reply(NULL, text, sizeof(text), &err) < 0);
	CHECK(err.kind == ERR_PROTOCOL);
	json_decref(reply);
}

static void write_requests(const struct provider *cloud)
{
	char user_data[] = "#cloud-config\n";
	struct target target = {.machine = "ws",
				.machine_id = "i/1",
				.image = "ws-1",
				.image_id = "t1",
				.snapshot_id = "s1",
				.task_id = "o1",
				.vpc_id = "n1"};

	replies_expect_request(cloud, STEP_STOP, &target,
			       "PUT /instance/i%2F1:stop");
	replies_expect_request(cloud, STEP_START, &target,
			       "PUT /instance/i%2F1:start {}");
	replies_expect_request(cloud, STEP_INSPECT, &target,
			       "GET /instance/i%2F1");
	replies_expect_request(cloud, STEP_SNAPSHOT, &target,
			       "POST /instance/i%2F1:create-snapshot");
	replies_expect_request(cloud, STEP_IMAGE, &target,
			       "POST /snapshot/s1:promote {\"name\":\"ws-1\","
			       "\"password-enabled\":false,"
			       "\"ssh-key-enabled\":true}");
	snprintf(target.login_user, sizeof(target.login_user), "debian");
	replies_expect_request(cloud, STEP_IMAGE, &target,
			       "POST /snapshot/s1:promote "
			       "{\"default-user\":\"debian\",\"name\":\"ws-1\","
			       "\"password-enabled\":false,"
			       "\"ssh-key-enabled\":true}");
	replies_expect_request(cloud, STEP_DROP_SNAPSHOT, &target,
			       "DELETE /snapshot/s1");
	replies_expect_request(cloud, STEP_DROP_IMAGE, &target,
			       "DELETE /template/t1");
	replies_expect_request(cloud, STEP_ATTACH_NETWORK, &target,
			       "PUT /private-network/n1:attach "
			       "{\"instance\":{\"id\":\"i/1\"}}");
	replies_expect_request(cloud, STEP_ASK, &target, "GET /operation/o1");
	replies_expect_request(cloud, STEP_DELETE, &target,
			       "DELETE /instance/i%2F1");
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
	read_machines(cloud);
	read_images(cloud);
	read_offers(cloud);
	read_answers(cloud);
	read_errors(cloud);
	write_requests(cloud);
	vector();
	signatures(cloud);
	return 0;
}
