/* vultr.c - Vultr API v2: an image is a snapshot of one whole instance.
 *
 * Source: www.vultr.com/api, sections instances, snapshots, plans, vpcs.
 * Quirks: a snapshot has no name, only a description, which need not be
 * unique; it goes from "pending", without a percentage, to "complete", and is
 * usable in every region. Lists page by an opaque cursor. A new machine has
 * the address 0.0.0.0 at first, and no power state for a while; it is ready
 * when it is active, running and ok. There is one way to stop a machine, and
 * nothing that tells what becomes of a request: the machine itself does. */
#include "cloud/provider.h"
#include "cloud/reply.h"
#include "cloud/request.h"

#include <stdio.h>
#include <string.h>

#define GIB ((json_int_t)1 << 30)

static void explain(const json_t *reply, char *text, size_t size)
{
	snprintf(text, size, "%s", reply_text(reply, "error"));
}

static void whoami_request(struct http_request *req)
{
	strbuf_adds(&req->path, "/account");
}

static int whoami_reply(const json_t *reply, char *text, size_t size,
			struct err *err)
{
	const char *name, *email;
	json_error_t why;

	if (json_unpack_ex((json_t *)reply, &why, 0, "{s:{s:s, s:s}}",
			   "account", "name", &name, "email", &email) < 0)
		return err_set(err, ERR_PROTOCOL, "account: %s", why.text);
	snprintf(text, size, "%s (%s)", name, email);
	return 0;
}

/* ---- observing ---- */

/* The last page's next cursor is "". */
static int next_page(const json_t *reply, char *path, size_t size, bool *more,
		     struct err *err)
{
	const json_t *links =
		json_object_get(json_object_get(reply, "meta"), "links");
	const json_t *next = json_object_get(links, "next");
	struct strbuf cursor = STRBUF(size);
	int rc = 0;

	*more = json_string_length(next) > 0;
	if (!json_is_string(next))
		return reply_last_page(reply, path, err);
	http_add_escaped(&cursor, json_string_value(next));
	if (*more &&
	    (cursor.too_long || cursor.no_memory ||
	     !request_set_query(path, size, "cursor", strbuf_text(&cursor))))
		rc = err_set(err, ERR_PROTOCOL, "%s: no such cursor", path);
	strbuf_free(&cursor);
	return rc;
}

static void narrow(const char *region, struct http_request *req)
{
	strbuf_adds(&req->path, "&region=");
	http_add_escaped(&req->path, region);
}

static enum machine_state machine_state(const char *status, const char *power,
					const char *server)
{
	if (strcmp(status, "active") != 0)
		return MACHINE_OTHER; /* pending, suspended, resizing */
	if (strcmp(power, "stopped") == 0)
		return MACHINE_STOPPED;
	return strcmp(power, "running") == 0 && strcmp(server, "ok") == 0
		       ? MACHINE_RUNNING
		       : MACHINE_OTHER;
}

static int read_machine(json_t *row, struct world *world, struct err *err)
{
	struct machine *machine = world_add_machine(world, err);
	const char *id, *label, *region, *plan, *status, *server, *ip;
	const char *created, *power = "", *internal = "";
	json_int_t disk_gb;
	json_error_t why;

	if (!machine)
		return -1;
	if (json_unpack_ex(row, &why, 0,
			   "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, "
			   "s?s, s?s}",
			   "id", &id, "label", &label, "region", &region,
			   "plan", &plan, "status", &status, "server_status",
			   &server, "main_ip", &ip, "date_created", &created,
			   "disk", &disk_gb, "power_status", &power,
			   "internal_ip", &internal) < 0)
		return err_set(err, ERR_PROTOCOL, "instance: %s", why.text);
	if (strcmp(ip, "0.0.0.0") == 0)
		ip = "";
	machine->state = machine_state(status, power, server);
	machine->busy = strcmp(status, "pending") == 0 ||
			strcmp(server, "locked") == 0 ||
			strcmp(server, "installingbooting") == 0;
	machine->disk_gb = disk_gb > 0 ? (unsigned)disk_gb : 0;
	snprintf(machine->created, sizeof(machine->created), "%.19sZ", created);
	if (COPY(machine->id, id, err) < 0 ||
	    COPY(machine->name, label, err) < 0 ||
	    COPY(machine->region, region, err) < 0 ||
	    COPY(machine->size, plan, err) < 0 ||
	    COPY(machine->public_ipv4, ip, err) < 0 ||
	    COPY(machine->private_ipv4, internal, err) < 0)
		return -1;
	return 0;
}

/* A state that is not known is no reason to believe that it is ready. */
static enum image_state image_state(const char *status)
{
	if (strcmp(status, "complete") == 0)
		return IMAGE_READY;
	return strcmp(status, "deleted") == 0 ? IMAGE_DELETED : IMAGE_PENDING;
}

static int read_image(json_t *row, struct world *world, struct err *err)
{
	struct image *image = world_add_image(world, err);
	const char *id, *description, *status, *created;
	json_int_t size;
	json_error_t why;

	if (!image)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:s, s:I}", "id", &id,
			   "description", &description, "status", &status,
			   "date_created", &created, "size", &size) < 0)
		return err_set(err, ERR_PROTOCOL, "snapshot: %s", why.text);
	image->state = image_state(status);
	if (size > 0) { /* of the disk it is restored to, 0 while pending */
		image->size_bytes = (uint64_t)size;
		image->min_disk_gb = (unsigned)((size + GIB - 1) / GIB);
	}
	snprintf(image->created, sizeof(image->created), "%.19sZ", created);
	if (COPY(image->id, id, err) < 0 ||
	    COPY(image->name, description, err) < 0)
		return -1;
	return 0;
}

static int read_region(json_t *row, struct world *world, struct err *err)
{
	const char *id = reply_text(row, "id");

	return reply_offer(OFFER_REGION, id, id, "", world, err) ? 0 : -1;
}

static int read_plan(json_t *row, struct world *world, struct err *err)
{
	const char *id = reply_text(row, "id");
	struct offer *plan = reply_offer(OFFER_SIZE, id, id, "", world, err);
	const json_t *disk = json_object_get(row, "disk");
	size_t len = strlen(id);

	if (!plan)
		return -1;
	if (!json_is_integer(disk))
		return err_set(err, ERR_PROTOCOL, "plan %s: no disk", id);
	plan->disk_gb = (unsigned)json_integer_value(disk);
	plan->memory_mb =
		(unsigned)json_integer_value(json_object_get(row, "ram"));
	if (reply_words(json_object_get(row, "locations"), "locations",
			plan->region, sizeof(plan->region), err) < 0)
		return -1;
	/* sold out, or without the address that is waited for: nowhere, not
	 * everywhere */
	if (!plan->region[0] || (len > 3 && strcmp(id + len - 3, "-v6") == 0))
		snprintf(plan->region, sizeof(plan->region), "-");
	return 0;
}

/* What has no description cannot be asked for by it. */
static int read_described(enum offer_kind kind, const json_t *row,
			  struct world *world, struct err *err)
{
	const char *name = reply_text(row, "description");

	return !name[0] || reply_offer(kind, reply_text(row, "id"), name,
				       reply_text(row, "region"), world, err)
		       ? 0
		       : -1;
}

static int read_vpc(json_t *row, struct world *world, struct err *err)
{
	return read_described(OFFER_NETWORK, row, world, err);
}

static int read_firewall(json_t *row, struct world *world, struct err *err)
{
	return read_described(OFFER_FIREWALL, row, world, err);
}

static int read_key(json_t *row, struct world *world, struct err *err)
{
	return reply_offer(OFFER_KEY, reply_text(row, "id"),
			   reply_text(row, "name"), "", world, err)
		       ? 0
		       : -1;
}

/* ---- acting ---- */

static void instance_request(const struct target *target,
			     enum http_method method, const char *action,
			     struct http_request *req)
{
	req->method = method;
	strbuf_adds(&req->path, "/instances");
	request_add_segment(req, target->machine_id);
	strbuf_adds(&req->path, action);
}

static void stop_request(const struct target *target, struct http_request *req)
{
	instance_request(target, HTTP_POST, "/halt", req);
}

static void start_request(const struct target *target, struct http_request *req)
{
	instance_request(target, HTTP_POST, "/start", req);
}

static void gone_request(const struct target *target, struct http_request *req)
{
	instance_request(target, HTTP_DELETE, "", req);
}

static void image_request(const struct target *target, struct http_request *req)
{
	req->method = HTTP_POST;
	req->may_repeat = false; /* a second POST is a second snapshot */
	strbuf_adds(&req->path, "/snapshots");
	req->body = json_pack("{s:s, s:s}", "instance_id", target->machine_id,
			      "description", target->image);
}

static int image_reply(const json_t *reply, struct target *target,
		       struct err *err)
{
	const char *id;
	json_error_t why;

	if (json_unpack_ex((json_t *)reply, &why, 0, "{s:{s:s}}", "snapshot",
			   "id", &id) < 0)
		return err_set(err, ERR_PROTOCOL, "snapshot: %s", why.text);
	return COPY(target->image_id, id, err);
}

static void drop_image_request(const struct target *target,
			       struct http_request *req)
{
	req->method = HTTP_DELETE;
	strbuf_adds(&req->path, "/snapshots");
	request_add_segment(req, target->image_id);
}

static json_t *only(const char *text)
{
	return text[0] ? json_pack("[s]", text) : NULL;
}

static void make_request(const struct target *target, struct http_request *req)
{
	const char *firewall =
		target->firewall_id[0] ? target->firewall_id : NULL;

	req->method = HTTP_POST;
	req->may_repeat = false; /* a second POST is a second machine */
	strbuf_adds(&req->path, "/instances");
	req->body = json_pack(
		"{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s*, s:o*, s:o*, s:o*, "
		"s:o*}",
		"region", target->region, "plan", target->size_id,
		"snapshot_id", target->image, "label", target->machine,
		"enable_ipv6", 0, "ddos_protection", 0, "activation_email", 0,
		"firewall_group_id", firewall, "attach_vpc",
		only(target->vpc_id), "sshkey_id", only(target->ssh_key_id),
		"tags", only(target->tag), "user_data",
		request_base64(target->user_data));
}

static int make_reply(const json_t *reply, struct target *target,
		      struct err *err)
{
	const char *id;
	json_error_t why;

	if (json_unpack_ex((json_t *)reply, &why, 0, "{s:{s:s}}", "instance",
			   "id", &id) < 0)
		return err_set(err, ERR_PROTOCOL, "instance: %s", why.text);
	return COPY(target->machine_id, id, err);
}

static const char *const client_files[] = {".vultr-cli.yaml", NULL};
static const struct credential_places places = {
	.variables = {"TOKEN", NULL},
	.token_file = true,
	.home_files = client_files,
	.user_files = client_files,
	.members = {"api-key", NULL},
};

#define LIST(url, member, reader)                                  \
	{                                                          \
		.path = (url), .rows = (member), .read = (reader), \
		.next = next_page,                                 \
	}

const struct provider vultr_provider = {
	.name = "vultr",
	.base_url = "https://api.vultr.com/v2",
	/* 30 a second for each address, whoever else is behind it */
	.limits = {{30, 1, ""}}, /* of an address, not a token */
	.image_name_max = 100,
	.traits = {.appears_within_s = 60,
		   .poll_first_ms = 3000,
		   .poll_most_ms = 15000},
	.places = &places,
	.authorize = request_bearer,
	.explain = explain,
	.whoami_request = whoami_request,
	.whoami_reply = whoami_reply,
	.lists = {[LIST_MACHINES] = {.path = "/instances?per_page=500",
				     .narrow = narrow,
				     .rows = "instances",
				     .read = read_machine,
				     .next = next_page},
		  [LIST_IMAGES] = LIST("/snapshots?per_page=500", "snapshots",
				       read_image),
		  [LIST_REGIONS] =
			  LIST("/regions?per_page=500", "regions", read_region),
		  [LIST_SIZES] =
			  LIST("/plans?per_page=500", "plans", read_plan),
		  [LIST_NETWORKS] =
			  LIST("/vpcs?per_page=500", "vpcs", read_vpc),
		  [LIST_FIREWALLS] = LIST("/firewalls?per_page=500",
					  "firewall_groups", read_firewall),
		  [LIST_KEYS] =
			  LIST("/ssh-keys?per_page=500", "ssh_keys", read_key)},
	.actions = {[STEP_STOP] = {.request = stop_request},
		    [STEP_KILL] = {.request = stop_request},
		    [STEP_START] = {.request = start_request},
		    [STEP_IMAGE] = {image_request, image_reply},
		    [STEP_DROP_IMAGE] = {.request = drop_image_request},
		    [STEP_CREATE] = {make_request, make_reply},
		    [STEP_DELETE] = {.request = gone_request}},
};
