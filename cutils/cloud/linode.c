/* linode.c - Linode API v4: instances, and images of their disks.
 *
 * Source: techdocs.akamai.com/linode-api: instances, images, events, VPCs.
 * Quirks: an image is made of one disk, so the disks are asked for first. An
 * image has no failed state: one that fails vanishes, and the event
 * "disk_imagize" of its instance says why. That event also has the percentage.
 * An instance does one thing at a time: a second is refused with 400 "Linode
 * busy." Times are UTC without a zone, sizes MB. Keys belong to users: they
 * come with the user data. A shutdown becomes a hard one after two minutes. */
#include "cloud/provider.h"
#include "cloud/reply.h"
#include "cloud/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OWN_IMAGES "X-Filter: {\"is_public\":false}\n"
#define MB 1048576u
#define MB_A_GB 1024
#define SUBNET "adt-subnet" /* as the toolkit calls it in its networks */

static const json_t *first_error(const json_t *reply)
{
	return json_array_get(json_object_get(reply, "errors"), 0);
}

static void explain(const json_t *reply, char *text, size_t size)
{
	const char *field = reply_text(first_error(reply), "field");

	snprintf(text, size, "%s%s%s", field, field[0] ? ": " : "",
		 reply_text(first_error(reply), "reason"));
}

static bool busy(int status, const json_t *reply)
{
	return status == 400 &&
	       strstr(reply_text(first_error(reply), "reason"), "Linode busy");
}

static void whoami_request(struct http_request *req)
{
	strbuf_adds(&req->path, "/v4/profile");
}

static int whoami_reply(const json_t *reply, char *text, size_t size,
			struct err *err)
{
	const char *username, *email; /* borrowed from reply */
	json_error_t why;

	if (json_unpack_ex((json_t *)reply, &why, 0, "{s:s, s:s}", "username",
			   &username, "email", &email) < 0)
		return err_set(err, ERR_PROTOCOL, "profile: %s", why.text);
	snprintf(text, size, "%s (%s)", username, email);
	return 0;
}

/* ---- observing ---- */

static void narrow(const char *region, struct http_request *req)
{
	json_t *filter = json_pack("{s:s}", "region", region);
	char *text = json_dumps(filter, JSON_COMPACT | JSON_ENSURE_ASCII);

	if (text)
		strbuf_addf(&req->headers, "X-Filter: %s\n", text);
	free(text);
	json_decref(filter);
}

static enum machine_state machine_state(const char *status)
{
	return strcmp(status, "running") == 0 ? MACHINE_RUNNING
	       : strcmp(status, "offline") == 0 ||
			       strcmp(status, "stopped") == 0
		       ? MACHINE_STOPPED
		       : MACHINE_OTHER;
}

static int read_machine(json_t *row, struct world *world, struct err *err)
{
	struct machine *machine = world_add_machine(world, err);
	/* borrowed from row */
	const char *label, *status, *created, *type, *region;
	json_t *address;
	json_int_t disk_mb;
	json_error_t why;
	size_t i;

	if (!machine)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:s, s:s, s:{s:I}}",
			   "label", &label, "status", &status, "created",
			   &created, "type", &type, "region", &region, "specs",
			   "disk", &disk_mb) < 0)
		return err_set(err, ERR_PROTOCOL, "instance: %s", why.text);
	machine->state = machine_state(status);
	snprintf(machine->created, sizeof(machine->created), "%.19sZ", created);
	machine->disk_gb = (unsigned)(disk_mb / MB_A_GB);
	json_array_foreach (json_object_get(row, "ipv4"), i, address)
		if (json_is_string(address) &&
		    reply_address(machine, json_string_value(address), err) < 0)
			return -1;
	if (reply_id(row, "id", machine->id, ID_SIZE, err) < 0 ||
	    COPY(machine->image, reply_text(row, "image"), err) < 0 ||
	    COPY(machine->name, label, err) < 0 ||
	    COPY(machine->size, type, err) < 0)
		return -1;
	return COPY(machine->region, region, err);
}

static int read_image(json_t *row, struct world *world, struct err *err)
{
	struct image *image = world_add_image(world, err);
	const char *id, *label, *status, *created; /* borrowed from row */
	json_int_t size_mb;
	json_error_t why;

	if (!image)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:s, s:I}", "id", &id,
			   "label", &label, "status", &status, "created",
			   &created, "size", &size_mb) < 0)
		return err_set(err, ERR_PROTOCOL, "image: %s", why.text);
	image->state =
		strcmp(status, "available") == 0 ? IMAGE_READY : IMAGE_PENDING;
	image->size_bytes = (uint64_t)size_mb * MB;
	image->min_disk_gb = (unsigned)((size_mb + MB_A_GB - 1) / MB_A_GB);
	snprintf(image->created, sizeof(image->created), "%.19sZ", created);
	if (COPY(image->id, id, err) < 0)
		return -1;
	return COPY(image->name, label, err);
}

static int read_task(json_t *row, struct world *world, struct err *err)
{
	struct task *task = world_add_task(world, err);
	const char *action, *status, *label; /* borrowed from row */
	const json_t *percent = json_object_get(row, "percent_complete");
	json_int_t id;
	json_error_t why;

	if (!task)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:I, s:s, s:s, s:{s:s}}", "id", &id,
			   "action", &action, "status", &status, "entity",
			   "label", &label) < 0)
		return err_set(err, ERR_PROTOCOL, "event: %s", why.text);
	snprintf(task->id, sizeof(task->id), "%lld", (long long)id);
	task->number = id;
	task->makes_image = strcmp(action, "disk_imagize") == 0;
	task->state = strcmp(status, "scheduled") == 0 ||
				      strcmp(status, "started") == 0
			      ? TASK_RUNNING
		      : strcmp(status, "failed") == 0 ? TASK_FAILED
						      : TASK_DONE;
	if (json_is_integer(percent))
		task->percent = (int)json_integer_value(percent);
	snprintf(task->text, sizeof(task->text), "%s",
		 reply_text(row, "message"));
	return COPY(task->machine, label, err);
}

static int read_region(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_REGION, row, "id", "id", NULL, world, err);
}

static int read_size(json_t *row, struct world *world, struct err *err)
{
	const json_t *disk_mb = json_object_get(row, "disk");

	if (reply_offer_row(OFFER_SIZE, row, "id", "id", NULL, world, err) < 0)
		return -1;
	world->offers[world->offer_count - 1].disk_gb =
		(unsigned)(json_integer_value(disk_mb) / MB_A_GB);
	return 0;
}

/* An instance joins one of the network's subnets: the toolkit's, or the only
 * one. A network without either cannot be joined, so it is none. */
static int read_network(json_t *row, struct world *world, struct err *err)
{
	const json_t *subnets = json_object_get(row, "subnets"), *chosen = NULL;
	json_t *subnet;
	size_t i;

	if (json_array_size(subnets) == 1)
		chosen = json_array_get(subnets, 0);
	json_array_foreach (subnets, i, subnet)
		if (strcmp(reply_text(subnet, "label"), SUBNET) == 0)
			chosen = subnet;
	if (!chosen)
		return 0;
	if (reply_offer_row(OFFER_NETWORK, row, "id", "label", "region", world,
			    err) < 0)
		return -1;
	return reply_id(chosen, "id",
			world->offers[world->offer_count - 1].subnet_id,
			ID_SIZE, err);
}

static int read_firewall(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_FIREWALL, row, "id", "label", NULL, world,
			       err);
}

/* ---- acting ---- */

static void instance_request(const struct target *target,
			     enum http_method method, const char *rest,
			     struct http_request *req)
{
	req->method = method;
	strbuf_adds(&req->path, "/v4/linode/instances");
	request_add_segment(req, target->machine_id);
	strbuf_adds(&req->path, rest);
}

static void stop_request(const struct target *target, struct http_request *req)
{
	instance_request(target, HTTP_POST, "/shutdown", req);
}

static void start_request(const struct target *target, struct http_request *req)
{
	instance_request(target, HTTP_POST, "/boot", req);
	req->body = json_object();
}

static void gone_request(const struct target *target, struct http_request *req)
{
	instance_request(target, HTTP_DELETE, "", req);
}

static void disks_request(const struct target *target, struct http_request *req)
{
	instance_request(target, HTTP_GET, "/disks?page=1&page_size=500", req);
}

/* The one disk that is not for swapping. */
static int disks_reply(const json_t *reply, struct target *target,
		       struct err *err)
{
	const char *label, *filesystem, *status; /* borrowed from row */
	json_t *rows = json_object_get(reply, "data"), *row;
	char words[160] = "";
	json_int_t size_mb;
	json_error_t why;
	bool ready = false;
	size_t i, len, count = 0;

	if (!json_is_array(rows))
		return err_set(err, ERR_PROTOCOL, "disks: not a list");
	json_array_foreach (rows, i, row) {
		if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:I}",
				   "label", &label, "filesystem", &filesystem,
				   "status", &status, "size", &size_mb) < 0)
			return err_set(err, ERR_PROTOCOL, "disk: %s", why.text);
		if (strcmp(filesystem, "swap") == 0)
			continue;
		len = strlen(words);
		snprintf(words + len, sizeof(words) - len, "%s%s (%s)",
			 count++ ? ", " : "", label, filesystem);
		ready = strcmp(status, "ready") == 0;
		target->disk_gb = (unsigned)((size_mb + MB_A_GB - 1) / MB_A_GB);
		if (reply_id(row, "id", target->disk_id, ID_SIZE, err) < 0)
			return -1;
	}
	if (count != 1)
		return err_set(err, ERR_REFUSED,
			       "an image is made of one disk, here are %zu%s%s",
			       count, count ? ": " : "", words);
	return ready ? 0 /* else it is asked again later */
		     : err_set(err, ERR_RETRY, "its disk is not ready");
}

static void image_request(const struct target *target, struct http_request *req)
{
	req->method = HTTP_POST;
	req->may_repeat = false; /* a second one is a second image */
	strbuf_adds(&req->path, "/v4/images");
	req->body = json_pack("{s:o, s:s, s:s, s:b, s:[s]}", "disk_id",
			      request_id(target->disk_id), "label",
			      target->image, "description", target->machine,
			      "cloud_init", 1, "tags", "adt-snapshots");
}

static int image_reply(const json_t *reply, struct target *target,
		       struct err *err)
{
	return reply_id(reply, "id", target->image_id, ID_SIZE, err);
}

static void drop_image_request(const struct target *target,
			       struct http_request *req)
{
	req->method = HTTP_DELETE;
	strbuf_adds(&req->path, "/v4/images");
	request_add_segment(req, target->image_id);
}

static void make_request(const struct target *target, struct http_request *req)
{
	json_t *tag = target->tag[0] ? json_string(target->tag) : NULL;
	json_t *data = request_base64(target->user_data);
	json_t *firewall = NULL, *interfaces = NULL;

	if (target->firewall_id[0])
		firewall = request_id(target->firewall_id);
	if (target->subnet_id[0]) /* the first has the default route */
		interfaces =
			json_pack("[{s:s, s:b}, {s:s, s:o}]", "purpose",
				  "public", "primary", 1, "purpose", "vpc",
				  "subnet_id", request_id(target->subnet_id));
	if (data)
		data = json_pack("{s:o}", "user_data", data);
	req->method = HTTP_POST;
	req->may_repeat = false; /* a label that is taken is refused */
	strbuf_adds(&req->path, "/v4/linode/instances");
	req->body = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o*, s:o*, s:o*, s:o*}",
		"label", target->machine, "region", target->region, "type",
		target->size_id, "image", target->image, "root_pass",
		target->root_password, "disk_encryption", "enabled", "booted",
		1, "interfaces", interfaces, "firewall_id", firewall, "tags",
		request_array(tag), "metadata", data);
}

static int make_reply(const json_t *reply, struct target *target,
		      struct err *err)
{
	return reply_id(reply, "id", target->machine_id, ID_SIZE, err);
}

static const char *const files[] = {
	".linode-cli", ".config/linode-cli",
	"snap/linode-cli/current/.config/linode-cli", NULL};
static const struct credential_places places = {
	.variables = {"TOKEN", NULL},
	.token_file = true,
	.home_files = files,
	.user_files = files,
	.members = {"token", NULL},
};

static const char newest_first[] =
	"X-Filter: {\"action\":\"disk_imagize\","
	"\"+order_by\":\"created\",\"+order\":\"desc\"}\n";

#define LIST(address, filter, reader)                                 \
	.path = address "?page=1&page_size=500", .headers = (filter), \
	.rows = "data", .read = (reader), .next = reply_next_page

const struct provider linode_provider = {
	.name = "linode",
	.base_url = "https://api.linode.com",
	.limits = {{1600, 60, ""},
		   {200, 60, "GET ?"},
		   {20, 60, "GET /v4/images"},
		   {20, 15, "POST /v4/linode/instances"}},
	.image_name_max = 50,
	.needs_root_password = true,
	.traits = {.inspect_first = true,
		   .appears_within_s = 60,
		   .poll_first_ms = 5000, /* images: 7 lists in a minute */
		   .poll_most_ms = 30000},
	.places = &places,
	.authorize = request_bearer,
	.explain = explain,
	.busy = busy,
	.whoami_request = whoami_request,
	.whoami_reply = whoami_reply,
	.lists = {[LIST_MACHINES] = {LIST("/v4/linode/instances", NULL,
					  read_machine),
				     .narrow = narrow},
		  [LIST_IMAGES] = {LIST("/v4/images", OWN_IMAGES, read_image)},
		  /* kept for 90 days: the newest 500 have all that goes on */
		  [LIST_TASKS] = {.path = "/v4/account/events"
					  "?page=1&page_size=500",
				  .headers = newest_first,
				  .rows = "data",
				  .read = read_task},
		  [LIST_REGIONS] = {LIST("/v4/regions", NULL, read_region)},
		  [LIST_SIZES] = {LIST("/v4/linode/types", NULL, read_size)},
		  [LIST_NETWORKS] = {LIST("/v4/vpcs", NULL, read_network)},
		  [LIST_FIREWALLS] = {LIST("/v4/networking/firewalls", NULL,
					   read_firewall)}},
	.actions = {[STEP_STOP] = {.request = stop_request},
		    [STEP_KILL] = {.request = stop_request},
		    [STEP_START] = {.request = start_request},
		    [STEP_INSPECT] = {disks_request, disks_reply},
		    [STEP_IMAGE] = {image_request, image_reply},
		    [STEP_DROP_IMAGE] = {.request = drop_image_request},
		    [STEP_CREATE] = {make_request, make_reply},
		    [STEP_DELETE] = {.request = gone_request}},
};
