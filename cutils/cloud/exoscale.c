/* exoscale.c - Exoscale API v2: an image is a private template of a zone.
 *
 * Source: openapi-v2.exoscale.com.
 * Quirks: one host a zone, and rows that do not say which. Every request is
 * signed, every write answers an operation that must be asked for. Deleting an
 * instance deletes its snapshots, so a snapshot, which cannot be named, is
 * promoted to a template, and dropped. A template has no state: the operation
 * tells when it is whole; whether its reference is the template is not said, so
 * that is found by name. Who logs in can be said, how it boots cannot. Lists
 * have no pages; the size of a disk is told of single instances only. */
#include "cloud/exo2.h"
#include "cloud/provider.h"
#include "cloud/reply.h"
#include "cloud/request.h"

#include <stdio.h>
#include <string.h>

#define GIB ((json_int_t)1 << 30)
/* Elsewhere VPC_NAME is the network's name; here it has one in each zone. */
#define ADT_NETWORK "adt_private_net_"
#define ADT_NETWORK_ELSEWHERE "adt-vpc"

static void whoami_request(struct http_request *req)
{
	strbuf_adds(&req->path, "/instance");
}

static int whoami_reply(const json_t *reply, char *text, size_t size,
			struct err *err)
{
	const json_t *rows = json_object_get(reply, "instances");

	if (!json_is_array(rows))
		return err_set(err, ERR_PROTOCOL, "instances: not a list");
	snprintf(text, size, "a key that sees %zu instances",
		 json_array_size(rows));
	return 0;
}

/* ---- observing ---- */

static enum machine_state machine_state(const char *state)
{
	return strcmp(state, "running") == 0   ? MACHINE_RUNNING
	       : strcmp(state, "stopped") == 0 ? MACHINE_STOPPED
	       : strcmp(state, "error") == 0   ? MACHINE_FAILED
					       : MACHINE_OTHER;
}

static int read_networks(const json_t *row, struct machine *machine,
			 struct err *err)
{
	struct strbuf ids = STRBUF(sizeof(machine->networks) - 1);
	const json_t *rows = json_object_get(row, "private-networks");
	size_t i;
	int rc;

	for (i = 0; i < json_array_size(rows); i++)
		strbuf_addf(&ids, "%s%s", i ? " " : "",
			    reply_text(json_array_get(rows, i), "id"));
	rc = COPY(machine->networks, strbuf_text(&ids), err);
	strbuf_free(&ids);
	return rc;
}

static int read_machine(json_t *row, struct world *world, struct err *err)
{
	const char *id, *name, *state, *created, *type;
	const json_t *image = json_object_get(row, "template");
	struct machine *machine;
	json_error_t why;

	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:s, s:{s:s}}", "id",
			   &id, "name", &name, "state", &state, "created-at",
			   &created, "instance-type", "id", &type) < 0)
		return err_set(err, ERR_PROTOCOL, "instance: %s", why.text);
	if (strcmp(state, "destroyed") == 0 || strcmp(state, "expunging") == 0)
		return 0;
	machine = world_add_machine(world, err);
	if (!machine)
		return -1;
	machine->state = machine_state(state);
	machine->busy = machine->state == MACHINE_OTHER;
	snprintf(machine->created, sizeof(machine->created), "%.19sZ", created);
	if (COPY(machine->id, id, err) < 0 ||
	    COPY(machine->name, name, err) < 0 ||
	    COPY(machine->size, type, err) < 0 ||
	    COPY(machine->image, reply_text(image, "id"), err) < 0 ||
	    COPY(machine->public_ipv4, reply_text(row, "public-ip"), err) < 0)
		return -1;
	return read_networks(row, machine, err);
}

static int read_snapshot(json_t *row, struct world *world, struct err *err)
{
	const char *id, *state, *machine;
	struct image *snapshot;
	json_error_t why;

	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:{s:s}}", "id", &id,
			   "state", &state, "instance", "id", &machine) < 0)
		return err_set(err, ERR_PROTOCOL, "snapshot: %s", why.text);
	if (strcmp(state, "deleted") == 0)
		return 0;
	snapshot = world_add_snapshot(world, err);
	if (!snapshot)
		return -1;
	snapshot->state =
		strcmp(state, "ready") == 0 || strcmp(state, "exported") == 0
			? IMAGE_READY
		: strcmp(state, "error") == 0 ? IMAGE_FAILED
					      : IMAGE_PENDING;
	if (COPY(snapshot->id, id, err) < 0 ||
	    COPY(snapshot->machine, machine, err) < 0)
		return -1;
	return 0;
}

static int read_image(json_t *row, struct world *world, struct err *err)
{
	struct image *image = world_add_image(world, err);
	const char *id, *name, *created;
	json_int_t size;
	json_error_t why;
	json_t *zones;

	if (!image)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:I, s:o}", "id", &id,
			   "name", &name, "created-at", &created, "size", &size,
			   "zones", &zones) < 0)
		return err_set(err, ERR_PROTOCOL, "template: %s", why.text);
	image->state = IMAGE_READY; /* as far as the list knows */
	if (size > 0) {
		image->size_bytes = (uint64_t)size;
		image->min_disk_gb = (unsigned)((size + GIB - 1) / GIB);
	}
	snprintf(image->created, sizeof(image->created), "%.19sZ", created);
	if (COPY(image->id, id, err) < 0 || COPY(image->name, name, err) < 0 ||
	    reply_words(zones, "zones", image->region, sizeof(image->region),
			err) < 0)
		return -1;
	return 0;
}

static int read_zone(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_REGION, row, "name", "name", NULL, world,
			       err);
}

/* "standard.small" is also "small", as the vendor's client has it. */
static int read_size(json_t *row, struct world *world, struct err *err)
{
	const char *id, *family, *size;
	char zones[REGIONS_SIZE], name[NAME_SIZE];
	json_int_t memory = 0;
	struct offer *offer;
	json_error_t why;
	int authorized = 1;

	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s?b, s?I}", "id", &id,
			   "family", &family, "size", &size, "authorized",
			   &authorized, "memory", &memory) < 0)
		return err_set(err, ERR_PROTOCOL, "instance-type: %s",
			       why.text);
	if (!authorized)
		return 0;
	if (reply_words(json_object_get(row, "zones"), "zones", zones,
			sizeof(zones), err) < 0)
		return -1;
	snprintf(name, sizeof(name), "%s.%s", family, size);
	offer = reply_offer(OFFER_SIZE, id, name, zones, world, err);
	if (!offer)
		return -1;
	offer->memory_mb = (unsigned)(memory >> 20);
	if (strcmp(family, "standard") == 0)
		offer = reply_offer(OFFER_SIZE, id, size, zones, world, err);
	return offer ? 0 : -1;
}

static int read_network(json_t *row, struct world *world, struct err *err)
{
	const char *id = reply_text(row, "id"), *name = reply_text(row, "name");

	if (!reply_offer(OFFER_NETWORK, id, name, "", world, err) ||
	    (strncmp(name, ADT_NETWORK, strlen(ADT_NETWORK)) == 0 &&
	     !reply_offer(OFFER_NETWORK, id, ADT_NETWORK_ELSEWHERE, "", world,
			  err)))
		return -1;
	return 0;
}

static int read_group(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_FIREWALL, row, "id", "name", NULL, world,
			       err);
}

static int read_key(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_KEY, row, "name", "name", NULL, world,
			       err);
}

/* ---- operations ---- */

/* reference is the new thing; of a template that is not documented. */
static int snapshot_reply(const json_t *reply, struct target *target,
			  struct err *err)
{
	const json_t *reference = json_object_get(reply, "reference");

	if (exo2_task_reply(reply, target, err) < 0)
		return -1;
	return COPY(target->snapshot_id, reply_text(reference, "id"), err);
}

static void ask_request(const struct target *target, struct http_request *req)
{
	strbuf_adds(&req->path, "/operation");
	request_add_segment(req, target->task_id);
}

/* ---- acting ---- */

static void object_request(enum http_method method, const char *kind,
			   const char *id, const char *action,
			   struct http_request *req)
{
	req->method = method;
	strbuf_adds(&req->path, kind);
	request_add_segment(req, id);
	strbuf_adds(&req->path, action);
}

static void inspect_request(const struct target *target,
			    struct http_request *req)
{
	object_request(HTTP_GET, "/instance", target->machine_id, "", req);
}

static int inspect_reply(const json_t *reply, struct target *target,
			 struct err *err)
{
	const json_t *disk_gb = json_object_get(reply, "disk-size");
	const char *user =
		reply_text(json_object_get(reply, "template"), "default-user");

	if (!json_is_integer(disk_gb) || json_integer_value(disk_gb) < 0)
		return err_set(err, ERR_PROTOCOL, "instance: no disk-size");
	target->disk_gb = (unsigned)json_integer_value(disk_gb);
	return target->login_user[0] ? 0 : COPY(target->login_user, user, err);
}

static void stop_request(const struct target *target, struct http_request *req)
{
	object_request(HTTP_PUT, "/instance", target->machine_id, ":stop", req);
}

static void start_request(const struct target *target, struct http_request *req)
{
	object_request(HTTP_PUT, "/instance", target->machine_id, ":start",
		       req);
	req->body = json_object();
}

static void snapshot_request(const struct target *target,
			     struct http_request *req)
{
	object_request(HTTP_POST, "/instance", target->machine_id,
		       ":create-snapshot", req);
	req->may_repeat = false; /* a second POST is a second snapshot */
}

static void image_request(const struct target *target, struct http_request *req)
{
	const char *user = target->login_user[0] ? target->login_user : NULL;

	object_request(HTTP_POST, "/snapshot", target->snapshot_id, ":promote",
		       req);
	req->may_repeat = false; /* a second POST is a second template */
	req->body = json_pack("{s:s, s:s*, s:b, s:b}", "name", target->image,
			      "default-user", user, "ssh-key-enabled", 1,
			      "password-enabled", 0);
}

static void drop_snapshot_request(const struct target *target,
				  struct http_request *req)
{
	object_request(HTTP_DELETE, "/snapshot", target->snapshot_id, "", req);
}

static void drop_image_request(const struct target *target,
			       struct http_request *req)
{
	object_request(HTTP_DELETE, "/template", target->image_id, "", req);
}

static json_t *only(const char *member, const char *text)
{
	return text[0] ? json_pack("[{s:s}]", member, text) : NULL;
}

static void make_request(const struct target *target, struct http_request *req)
{
	unsigned disk_gb = target->disk_gb > 10 ? target->disk_gb : 10;
	const char *tag = target->tag[0] ? target->tag : NULL;

	req->method = HTTP_POST;
	req->may_repeat = false; /* a second POST is a second machine */
	strbuf_adds(&req->path, "/instance");
	req->body = json_pack(
		"{s:s, s:i, s:{s:s}, s:{s:s}, s:o*, s:o*, s:o*, s:o*}", "name",
		target->machine, "disk-size", (int)disk_gb, "instance-type",
		"id", target->size_id, "template", "id", target->image,
		"security-groups", only("id", target->firewall_id), "ssh-keys",
		only("name", target->ssh_key_id), "labels",
		tag ? json_pack("{s:s}", "adt", tag) : NULL, "user-data",
		request_base64(target->user_data));
}

static void attach_request(const struct target *target,
			   struct http_request *req)
{
	object_request(HTTP_PUT, "/private-network", target->vpc_id, ":attach",
		       req);
	req->may_repeat = false; /* a second one is another interface */
	req->body =
		json_pack("{s:{s:s}}", "instance", "id", target->machine_id);
}

static void gone_request(const struct target *target, struct http_request *req)
{
	object_request(HTTP_DELETE, "/instance", target->machine_id, "", req);
}

static const char *const files[] = {".exoscale.toml",
				    ".config/exoscale/exoscale.toml", NULL};
static const struct credential_places places = {
	.variables = {"ACCESS_KEY", "SECRET_KEY"},
	.home_files = files,
	.user_files = files,
	.members = {"key", "secret"},
};

#define LIST(url, member, reader)                                  \
	{                                                          \
		.path = (url), .rows = (member), .read = (reader), \
	}

const struct provider exoscale_provider = {
	.name = "exoscale",
	.base_url = "https://api-ZONE.exoscale.com/v2",
	.limits = {{600, 60, ""}}, /* our own: none is documented */
	.image_name_max = 100,
	.traits = {.inspect_first = true,
		   .image_from_snapshot = true,
		   .sizes_by_id = true,
		   .snapshots_unnamed = true,
		   .attach_network = true,
		   .appears_within_s = 60,
		   .image_unseen_s = 1800,
		   .ask_every_s = 3,
		   .poll_first_ms = 3000,
		   .poll_most_ms = 15000},
	.places = &places,
	.authorize = exo2_authorize,
	.explain = exo2_explain,
	.busy = exo2_busy,
	.whoami_request = whoami_request,
	.whoami_reply = whoami_reply,
	.lists = {[LIST_MACHINES] =
			  LIST("/instance", "instances", read_machine),
		  [LIST_IMAGES] = LIST("/template?visibility=private",
				       "templates", read_image),
		  [LIST_SNAPSHOTS] =
			  LIST("/snapshot", "snapshots", read_snapshot),
		  [LIST_REGIONS] = LIST("/zone", "zones", read_zone),
		  [LIST_SIZES] =
			  LIST("/instance-type", "instance-types", read_size),
		  [LIST_NETWORKS] = LIST("/private-network", "private-networks",
					 read_network),
		  [LIST_FIREWALLS] = LIST("/security-group", "security-groups",
					  read_group),
		  [LIST_KEYS] = LIST("/ssh-key", "ssh-keys", read_key)},
	.actions = {[STEP_STOP] = {.request = stop_request},
		    [STEP_KILL] = {.request = stop_request},
		    [STEP_START] = {.request = start_request},
		    [STEP_INSPECT] = {inspect_request, inspect_reply},
		    [STEP_SNAPSHOT] = {snapshot_request, snapshot_reply},
		    [STEP_IMAGE] = {image_request, exo2_task_reply},
		    [STEP_DROP_SNAPSHOT] = {.request = drop_snapshot_request},
		    [STEP_DROP_IMAGE] = {.request = drop_image_request},
		    [STEP_CREATE] = {make_request, exo2_task_reply},
		    [STEP_ATTACH_NETWORK] = {.request = attach_request},
		    [STEP_DELETE] = {.request = gone_request},
		    [STEP_ASK] = {ask_request, exo2_ask_reply}},
};
