/* digitalocean.c - DigitalOcean API v2: droplets and their snapshots.
 *
 * Source: docs.digitalocean.com/reference/api, sections droplets, droplet
 * actions, actions, snapshots, firewalls, VPCs.
 * Quirks: a snapshot is the effect of an action, and the action never names
 * it; it is found by its name, and is listed only when it is whole. A droplet
 * does one thing at a time: a second is refused with 422 until then. An action
 * may be completed while the droplet still reads as before: the droplet is
 * believed. An id is a number under droplets and actions, a text under
 * snapshots. A firewall is joined after the droplet was made. */
#include "cloud/provider.h"
#include "cloud/reply.h"
#include "cloud/request.h"

#include <stdio.h>
#include <string.h>

#define GB 1000000000.0

static void explain(const json_t *reply, char *text, size_t size)
{
	const char *request = reply_text(reply, "request_id");

	snprintf(text, size, "%.160s%s%.60s%s", reply_text(reply, "message"),
		 request[0] ? " (request " : "", request,
		 request[0] ? ")" : "");
}

static bool busy(int status, const json_t *reply)
{
	return status == 422 &&
	       strstr(reply_text(reply, "message"), "pending event");
}

static void whoami_request(struct http_request *req)
{
	strbuf_adds(&req->path, "/v2/account");
}

static int whoami_reply(const json_t *reply, char *text, size_t size,
			struct err *err)
{
	const char *email, *status; /* borrowed from reply */
	json_error_t why;

	if (json_unpack_ex((json_t *)reply, &why, 0, "{s:{s:s, s:s}}",
			   "account", "email", &email, "status", &status) < 0)
		return err_set(err, ERR_PROTOCOL, "account: %s", why.text);
	snprintf(text, size, "%s (%s)", email, status);
	return 0;
}

/* ---- observing ---- */

/* The last page's links name no next one; all rows on one page, {}. */
static int next_page(const json_t *reply, char *path, size_t size, bool *more,
		     struct err *err)
{
	const json_t *links = json_object_get(reply, "links");
	const json_t *next =
		json_object_get(json_object_get(links, "pages"), "next");

	*more = next && !json_is_null(next);
	if (!json_is_object(links))
		return reply_last_page(reply, path, err);
	return *more ? reply_next_link(json_is_string(next)
					       ? json_string_value(next)
					       : "",
				       path, size, err)
		     : 0;
}

static enum machine_state machine_state(const char *status)
{
	return strcmp(status, "active") == 0 ? MACHINE_RUNNING
	       : strcmp(status, "off") == 0  ? MACHINE_STOPPED
					     : MACHINE_OTHER;
}

/* The first address of each kind; a new droplet has none yet. */
static int read_addresses(const json_t *row, struct machine *machine,
			  struct err *err)
{
	const json_t *v4 =
		json_object_get(json_object_get(row, "networks"), "v4");
	json_t *entry;
	size_t i;

	json_array_foreach (v4, i, entry) {
		const char *address = reply_text(entry, "ip_address");
		char *to = strcmp(reply_text(entry, "type"), "private") == 0
				   ? machine->private_ipv4
				   : machine->public_ipv4;

		if (!to[0] &&
		    copy_text(to, ADDRESS_SIZE, address, "address", err) < 0)
			return -1;
	}
	return 0;
}

static int read_machine(json_t *row, struct world *world, struct err *err)
{
	struct machine *machine = world_add_machine(world, err);
	/* borrowed from row */
	const char *name, *status, *created, *size, *region;
	const json_t *image = json_object_get(row, "image");
	json_error_t why;
	json_int_t disk;
	int locked;

	if (!machine)
		return -1;
	if (json_unpack_ex(row, &why, 0,
			   "{s:s, s:s, s:b, s:I, s:s, s:s, s:{s:s}}", "name",
			   &name, "status", &status, "locked", &locked, "disk",
			   &disk, "created_at", &created, "size_slug", &size,
			   "region", "slug", &region) < 0)
		return err_set(err, ERR_PROTOCOL, "droplet: %s", why.text);
	machine->state = machine_state(status);
	machine->busy = locked;
	machine->disk_gb = (unsigned)disk;
	if (json_object_get(image, "id") &&
	    reply_id(image, "id", machine->image, ID_SIZE, err) < 0)
		return -1;
	if (reply_id(row, "id", machine->id, ID_SIZE, err) < 0 ||
	    COPY(machine->name, name, err) < 0 ||
	    COPY(machine->region, region, err) < 0 ||
	    COPY(machine->size, size, err) < 0 ||
	    COPY(machine->created, created, err) < 0)
		return -1;
	return read_addresses(row, machine, err);
}

static int read_image(json_t *row, struct world *world, struct err *err)
{
	const char *id, *name, *created; /* borrowed from row */
	struct image *image;
	json_int_t min_disk;
	json_t *regions;
	json_error_t why;
	double size;

	if (strcmp(reply_text(row, "resource_type"), "volume") == 0)
		return 0;
	image = world_add_image(world, err);
	if (!image)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:s, s:I, s:F, s:o}", "id",
			   &id, "name", &name, "created_at", &created,
			   "min_disk_size", &min_disk, "size_gigabytes", &size,
			   "regions", &regions) < 0)
		return err_set(err, ERR_PROTOCOL, "snapshot: %s", why.text);
	image->state = IMAGE_READY; /* listed when it is whole */
	image->min_disk_gb = (unsigned)min_disk;
	image->size_bytes = (uint64_t)(size * GB);
	if (COPY(image->id, id, err) < 0 || COPY(image->name, name, err) < 0 ||
	    COPY(image->created, created, err) < 0)
		return -1;
	return reply_words(regions, "snapshot's regions", image->region,
			   sizeof(image->region), err);
}

static int read_region(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_REGION, row, "slug", "slug", NULL, world,
			       err);
}

static int read_size(json_t *row, struct world *world, struct err *err)
{
	const json_t *disk_gb = json_object_get(row, "disk");
	struct offer *offer;

	if (json_is_false(json_object_get(row, "available")))
		return 0;
	if (reply_offer_row(OFFER_SIZE, row, "slug", "slug", NULL, world, err) <
	    0)
		return -1;
	offer = &world->offers[world->offer_count - 1];
	offer->disk_gb = (unsigned)json_integer_value(disk_gb);
	return reply_words(json_object_get(row, "regions"), "size's regions",
			   offer->region, sizeof(offer->region), err);
}

static int read_network(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_NETWORK, row, "id", "name", "region",
			       world, err);
}

static int read_firewall(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_FIREWALL, row, "id", "name", NULL, world,
			       err);
}

static int read_key(json_t *row, struct world *world, struct err *err)
{
	return reply_offer_row(OFFER_KEY, row, "id", "name", NULL, world, err);
}

/* ---- acting ---- */

static void action_request(const struct target *target, json_t *body,
			   struct http_request *req)
{
	req->method = HTTP_POST;
	strbuf_adds(&req->path, "/v2/droplets");
	request_add_segment(req, target->machine_id);
	strbuf_adds(&req->path, "/actions");
	req->body = body;
}

static void stop_request(const struct target *target, struct http_request *req)
{
	action_request(target, json_pack("{s:s}", "type", "shutdown"), req);
}

static void kill_request(const struct target *target, struct http_request *req)
{
	action_request(target, json_pack("{s:s}", "type", "power_off"), req);
}

static void start_request(const struct target *target, struct http_request *req)
{
	action_request(target, json_pack("{s:s}", "type", "power_on"), req);
}

static void image_request(const struct target *target, struct http_request *req)
{
	action_request(target,
		       json_pack("{s:s, s:s}", "type", "snapshot", "name",
				 target->image),
		       req);
	req->may_repeat = false; /* a second one is a second snapshot */
}

static int image_reply(const json_t *reply, struct target *target,
		       struct err *err)
{
	return reply_id(json_object_get(reply, "action"), "id", target->task_id,
			ID_SIZE, err);
}

static void ask_request(const struct target *target, struct http_request *req)
{
	strbuf_adds(&req->path, "/v2/actions");
	request_add_segment(req, target->task_id);
}

static int ask_reply(const json_t *reply, struct target *target,
		     struct err *err)
{
	const char *status; /* borrowed from reply */
	json_error_t why;

	if (json_unpack_ex((json_t *)reply, &why, 0, "{s:{s:s}}", "action",
			   "status", &status) < 0)
		return err_set(err, ERR_PROTOCOL, "action: %s", why.text);
	target->task_state = strcmp(status, "completed") == 0 ? TASK_DONE
			     : strcmp(status, "errored") == 0 ? TASK_FAILED
							      : TASK_RUNNING;
	if (target->task_state == TASK_FAILED)
		snprintf(target->task_text, sizeof(target->task_text),
			 "action %.100s errored", target->task_id);
	return 0;
}

static void drop_image_request(const struct target *target,
			       struct http_request *req)
{
	req->method = HTTP_DELETE;
	strbuf_adds(&req->path, "/v2/snapshots");
	request_add_segment(req, target->image_id);
}

static void make_request(const struct target *target, struct http_request *req)
{
	const char *region = target->region[0] ? target->region : NULL;
	const char *vpc = target->vpc_id[0] ? target->vpc_id : NULL;
	json_t *key =
		target->ssh_key_id[0] ? request_id(target->ssh_key_id) : NULL;
	json_t *tag = target->tag[0] ? json_string(target->tag) : NULL;

	req->method = HTTP_POST;
	req->may_repeat = false; /* a second one is a second droplet */
	strbuf_adds(&req->path, "/v2/droplets");
	req->body = json_pack(
		"{s:s, s:s*, s:s, s:o, s:o*, s:s*, s:o*, s:s*}", "name",
		target->machine, "region", region, "size", target->size_id,
		"image", request_id(target->image), "ssh_keys",
		request_array(key), "vpc_uuid", vpc, "tags", request_array(tag),
		"user_data", target->user_data);
}

static int make_reply(const json_t *reply, struct target *target,
		      struct err *err)
{
	const json_t *action = json_array_get(
		json_object_get(json_object_get(reply, "links"), "actions"), 0);

	if (reply_id(json_object_get(reply, "droplet"), "id",
		     target->machine_id, ID_SIZE, err) < 0)
		return -1;
	return action ? reply_id(action, "id", target->task_id, ID_SIZE, err)
		      : 0;
}

static void firewall_request(const struct target *target,
			     struct http_request *req)
{
	req->method = HTTP_POST;
	strbuf_adds(&req->path, "/v2/firewalls");
	request_add_segment(req, target->firewall_id);
	strbuf_adds(&req->path, "/droplets");
	req->body = json_pack("{s:[o]}", "droplet_ids",
			      request_id(target->machine_id));
}

static void gone_request(const struct target *target, struct http_request *req)
{
	req->method = HTTP_DELETE;
	strbuf_adds(&req->path, "/v2/droplets");
	request_add_segment(req, target->machine_id);
}

static const char *const home_files[] = {".config/doctl/config.yaml", NULL};
static const struct credential_places places = {
	.variables = {"TOKEN", NULL},
	.token_file = true,
	.home_files = home_files,
	.user_files = home_files,
	.members = {"access-token", NULL},
};

#define LIST(address, member, reader)                                  \
	{                                                              \
		.path = (address), .rows = (member), .read = (reader), \
		.next = next_page                                      \
	}

const struct provider digitalocean_provider = {
	.name = "digitalocean",
	.base_url = "https://api.digitalocean.com",
	.limits = {{5000, 3600, ""},
		   {250, 60, ""},
		   {10, 60, "GET /v2/account/keys"}},
	.image_name_max = 128,
	.traits = {.listed_when_ready = true,
		   .attach_firewall = true,
		   .appears_within_s = 60,
		   .ask_every_s = 20,
		   .poll_first_ms = 5000,
		   .poll_most_ms = 30000},
	.places = &places,
	.authorize = request_bearer,
	.explain = explain,
	.busy = busy,
	.whoami_request = whoami_request,
	.whoami_reply = whoami_reply,
	.lists = {[LIST_MACHINES] = LIST("/v2/droplets?page=1&per_page=200",
					 "droplets", read_machine),
		  [LIST_IMAGES] = LIST("/v2/snapshots?page=1&per_page=200"
				       "&resource_type=droplet",
				       "snapshots", read_image),
		  [LIST_REGIONS] = LIST("/v2/regions?page=1&per_page=200",
					"regions", read_region),
		  [LIST_SIZES] = LIST("/v2/sizes?page=1&per_page=200", "sizes",
				      read_size),
		  [LIST_NETWORKS] = LIST("/v2/vpcs?page=1&per_page=200", "vpcs",
					 read_network),
		  [LIST_FIREWALLS] = LIST("/v2/firewalls?page=1&per_page=200",
					  "firewalls", read_firewall),
		  [LIST_KEYS] = LIST("/v2/account/keys?page=1&per_page=200",
				     "ssh_keys", read_key)},
	.actions = {[STEP_STOP] = {.request = stop_request},
		    [STEP_KILL] = {.request = kill_request},
		    [STEP_START] = {.request = start_request},
		    [STEP_IMAGE] = {image_request, image_reply},
		    [STEP_DROP_IMAGE] = {.request = drop_image_request},
		    [STEP_CREATE] = {make_request, make_reply},
		    [STEP_ATTACH_FIREWALL] = {.request = firewall_request},
		    [STEP_DELETE] = {.request = gone_request},
		    [STEP_ASK] = {ask_request, ask_reply}},
};
