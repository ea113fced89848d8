/* vultr.c - Vultr API v2: a snapshot is an image of one whole instance.
 *
 * Source: www.vultr.com/api, sections instances and snapshots.
 * Quirks: a snapshot has no name, only a description, which need not be
 * unique; lists page by an opaque cursor; a new machine's address and power
 * state come late; there are no tasks. */
#include "vultr.h"

#include "settings.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>

static struct cloud_state *const state = &states[VULTR];

static void fail(struct reply *reply, int status, const char *message)
{
	reply_json(reply, status,
		   json_pack("{s:s, s:i}", "error", message, "status", status));
}

static bool admit(const struct request *request, struct reply *reply)
{
	if (bearer_admitted(request))
		return true;
	fail(reply, 401, "Invalid API token.");
	return false;
}

/* ---- instances ---- */

static json_t *instance(const struct machine *machine)
{
	enum power power = machine_power(machine);
	bool new = power == POWER_CREATING, booting = power == POWER_STARTING;
	const struct thing *thing = &machine->thing;
	const char *os = machine->image_name;
	const char *firewall =
		json_string_value(json_array_get(machine->firewalls, 0));
	json_t *hostname = json_object_get(thing->more, "hostname");
	json_t *os_id = json_object_get(thing->more, "os_id");

	return json_pack(
		"{s:s, s:s, s:i, s:i, s:s, s:i, s:s, s:o, s:s, s:s, s:s, s:i, "
		"s:s, s:s, s:[], s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:s, s:s, "
		"s:[], s:s, s:O, s:s}",
		"id", thing->id, "os", *os ? os : "Snapshot", "ram",
		machine->memory_mb, "disk", machine->disk_gb, "main_ip",
		new ? "0.0.0.0" : machine->address, "vcpu_count",
		machine->vcpus, "region", thing->region, "date_created",
		vultr_time(thing->created), "status",
		new ? "pending" : "active", "power_status",
		new				    ? ""
		: booting || power == POWER_RUNNING ? "running"
		: power == POWER_STOPPING	    ? "running"
						    : "stopped",
		"server_status",
		new	  ? "none"
		: booting ? "installingbooting"
			  : "ok",
		"allowed_bandwidth", 1000, "netmask_v4",
		new ? "" : "255.255.254.0", "gateway_v4",
		new ? "0.0.0.0" : machine->address, "v6_networks", "hostname",
		hostname ? json_string_value(hostname) : "vultr.guest", "label",
		thing->name, "tag", "", "internal_ip",
		new ? "" : machine->private_address, "kvm",
		"https://my.vultr.com/subs/vps/novnc/", "os_id",
		(json_int_t)(os_id ? json_integer_value(os_id) : 164), "app_id",
		0, "image_id", "", "firewall_group_id",
		firewall ? firewall : "", "features", "plan", machine->size,
		"tags", machine->tags, "user_scheme", "root");
}

static json_t *instance_row(const struct request *request,
			    const struct thing *thing)
{
	(void)request;
	return instance((const struct machine *)thing);
}

static bool instance_shown(const struct request *request,
			   const struct thing *thing)
{
	const struct machine *machine = (const struct machine *)thing;
	const char *value = query_text(request, "label");

	if (value && strcmp(value, thing->name) != 0)
		return false;
	value = query_text(request, "region");
	if (value && strcmp(value, thing->region) != 0)
		return false;
	value = query_text(request, "main_ip");
	if (value && strcmp(value, machine->address) != 0)
		return false;
	value = query_text(request, "tag");
	return !value || list_has(machine->tags, value);
}

static void list_instances(struct request *request, struct reply *reply)
{
	vultr_list(request, reply, "instances", &state->machines,
		   instance_shown, instance_row);
}

/* The one that the path names, or NULL and a 404. */
static void *asked(const struct pile *pile, const struct request *request,
		   struct reply *reply)
{
	void *found = pile_find(pile, request->args[0]);

	if (!found)
		fail(reply, 404, "Invalid instance or snapshot: not found.");
	return found;
}

static void get_instance(struct request *request, struct reply *reply)
{
	struct machine *machine = asked(&state->machines, request, reply);

	if (machine)
		reply_json(reply, 200,
			   json_pack("{s:o}", "instance", instance(machine)));
}

/* delete, halt and start: 204, and the rest is seen. */
static void act(struct request *request, struct reply *reply)
{
	struct machine *machine = asked(&state->machines, request, reply);

	if (!machine)
		return;
	power_start(VULTR, request, machine);
	reply_json(reply, 204, NULL);
}

/* What create was asked for, looked up. */
struct wish {
	const char *region, *plan, *user_data, *firewall;
	const struct image *snapshot;
	const char *os_name;
	json_t *vpcs, *keys;
};

static const char *check_ids(const json_t *ids, const struct pile *pile,
			     const char *region, const char *why)
{
	size_t i;
	json_t *id;

	json_array_foreach (ids, i, id) {
		const struct thing *found =
			json_is_string(id)
				? pile_find(pile, json_string_value(id))
				: NULL;

		if (!found || (region && strcmp(found->region, region) != 0))
			return why;
	}
	return NULL;
}

/* NULL, or why the vendor would not make it. */
static const char *check(const struct request *request, struct wish *wish)
{
	const char *snapshot = body_text(request, "snapshot_id"), *why;
	json_t *os = json_object_get(request->json, "os_id");
	const struct size *plan = size_find(vultr_plans, wish->plan);
	char *decoded;

	if (!region_find(vultr_regions, wish->region))
		return "Invalid region.";
	if (!plan)
		return "Invalid plan.";
	if (!snapshot == !os)
		return "One of snapshot_id, os_id or image_id is required.";
	if (os && !(wish->os_name = vultr_os_name(json_integer_value(os))))
		return "Invalid OS.";
	if (snapshot &&
	    (!(wish->snapshot = pile_find(&state->images, snapshot)) ||
	     wish->snapshot->state != IMAGE_READY))
		return "Invalid snapshot.";
	if (snapshot && wish->snapshot->disk_gb > plan->disk_gb)
		return "The snapshot needs a larger disk than the plan has.";
	if (wish->firewall && !pile_find(&state->firewalls, wish->firewall))
		return "Invalid firewall group.";
	why = check_ids(wish->vpcs, &state->vpcs, wish->region,
			"Invalid VPC for this region.");
	if (!why)
		why = check_ids(wish->keys, &state->keys, NULL,
				"Invalid SSH key.");
	if (why || !wish->user_data)
		return why;
	decoded = base64_decode(wish->user_data);
	free(decoded);
	return decoded ? NULL : "user_data is not base64.";
}

static void create(struct request *request, struct reply *reply)
{
	struct wish wish = {
		.region = body_text(request, "region"),
		.plan = body_text(request, "plan"),
		.user_data = body_text(request, "user_data"),
		.firewall = body_text(request, "firewall_group_id"),
		.vpcs = json_object_get(request->json, "attach_vpc"),
		.keys = json_object_get(request->json, "sshkey_id"),
	};
	const char *why = check(request, &wish);
	const char *label = body_text(request, "label");
	json_t *hostname = json_object_get(request->json, "hostname");
	json_t *tags = json_object_get(request->json, "tags"), *view;
	struct machine *machine;

	if (why) {
		fail(reply, 400, why);
		return;
	}
	machine = machine_new(VULTR, label ? label : "");
	size_give(vultr_plans, wish.plan, machine);
	copy_text(machine->thing.region, REGION_SIZE, wish.region);
	if (wish.snapshot)
		machine_from(machine, wish.snapshot);
	copy_text(machine->image_name, sizeof(machine->image_name),
		  wish.os_name ? wish.os_name : "Snapshot");
	keep_user_data(machine, wish.user_data);
	json_array_extend(machine->vpcs, wish.vpcs);
	json_array_extend(machine->keys, wish.keys);
	if (wish.firewall)
		json_array_append_new(machine->firewalls,
				      json_string(wish.firewall));
	if (json_is_array(tags))
		json_array_extend(machine->tags, tags);
	if (json_is_string(hostname))
		json_object_set(machine->thing.more, "hostname", hostname);
	history_add(machine, "create", "");
	machine->boot_at = machine->thing.created + settings.create_s;
	work_start(VULTR, "create", machine, NULL,
		   settings.create_s + settings.boot_s, 0,
		   fault_outcome(&request->fault));
	view = instance(machine);
	json_object_set_new(view, "default_password",
			    json_string("v5{Fkvb#2ycPGwHs"));
	reply_json(reply, 202, json_pack("{s:o}", "instance", view));
}

/* ---- snapshots ---- */

static json_t *snapshot(const struct image *image)
{
	static const char *const words[] = {
		[IMAGE_PENDING] = "pending",
		[IMAGE_READY] = "complete",
		[IMAGE_FAILED] = "deleted",
	};
	bool ready = image->state == IMAGE_READY;

	return json_pack(
		"{s:s, s:o, s:s, s:I, s:I, s:s, s:i, s:i}", "id",
		image->thing.id, "date_created",
		vultr_time(image->thing.created), "description",
		image->thing.name, "size",
		(json_int_t)(ready ? (json_int_t)image->disk_gb << 30 : 0),
		"compressed_size",
		(json_int_t)(ready ? (json_int_t)image->disk_gb << 28 : 0),
		"status", words[image->state], "os_id", 2625, "app_id", 0);
}

static json_t *snapshot_row(const struct request *request,
			    const struct thing *thing)
{
	(void)request;
	return snapshot((const struct image *)thing);
}

static bool snapshot_shown(const struct request *request,
			   const struct thing *thing)
{
	const char *value = query_text(request, "description");

	return !value || strcmp(value, thing->name) == 0;
}

static void list_snapshots(struct request *request, struct reply *reply)
{
	vultr_list(request, reply, "snapshots", &state->images, snapshot_shown,
		   snapshot_row);
}

static void get_snapshot(struct request *request, struct reply *reply)
{
	struct image *image = asked(&state->images, request, reply);

	if (image)
		reply_json(reply, 200,
			   json_pack("{s:o}", "snapshot", snapshot(image)));
}

static void take_snapshot(struct request *request, struct reply *reply)
{
	const char *id = body_text(request, "instance_id");
	const char *description = body_text(request, "description");
	struct machine *machine = id ? pile_find(&state->machines, id) : NULL;
	struct image *image;
	struct task *task;

	if (!machine) {
		fail(reply, 400, "Invalid instance_id.");
		return;
	}
	if (settings.image_quota &&
	    state->images.count >= (size_t)settings.image_quota) {
		fail(reply, 400, "Snapshot limit reached for this account.");
		return;
	}
	image = image_start(VULTR, &state->images, "image", machine,
			    description ? description : "",
			    fault_outcome(&request->fault), &task);
	reply_json(reply, 201, json_pack("{s:o}", "snapshot", snapshot(image)));
}

static void rename_snapshot(struct request *request, struct reply *reply)
{
	struct image *image = asked(&state->images, request, reply);
	const char *description = body_text(request, "description");

	if (!image)
		return;
	if (!description) {
		fail(reply, 400, "description is missing.");
		return;
	}
	copy_text(image->thing.name, sizeof(image->thing.name), description);
	reply_json(reply, 204, NULL);
}

static void delete_snapshot(struct request *request, struct reply *reply)
{
	struct image *image = asked(&state->images, request, reply);

	if (!image)
		return;
	image_remove(&state->images, image);
	reply_json(reply, 204, NULL);
}

static const struct route routes[] = {
	{"GET", "/account", "whoami", vultr_whoami, false},
	{"GET", "/instances", "list-machines", list_instances, true},
	{"POST", "/instances", "create", create, false},
	{"GET", "/instances/{}", "get-machine", get_instance, false},
	{"DELETE", "/instances/{}", "delete", act, false},
	{"POST", "/instances/{}/halt", "stop", act, false},
	{"POST", "/instances/{}/start", "start", act, false},
	{"GET", "/snapshots", "list-images", list_snapshots, true},
	{"POST", "/snapshots", "image", take_snapshot, false},
	{"GET", "/snapshots/{}", "get-image", get_snapshot, false},
	{"PUT", "/snapshots/{}", "rename-image", rename_snapshot, false},
	{"DELETE", "/snapshots/{}", "drop-image", delete_snapshot, false},
	{"GET", "/regions", "list-regions", vultr_list_regions, true},
	{"GET", "/plans", "list-sizes", vultr_list_plans, true},
	{"GET", "/os", "list-os", vultr_list_os, true},
	{"GET", "/vpcs", "list-vpcs", vultr_list_vpcs, true},
	{"GET", "/ssh-keys", "list-keys", vultr_list_keys, true},
	{"GET", "/firewalls", "list-firewalls", vultr_list_firewalls, true},
	{0},
};

static bool size(const char *name, struct machine *machine)
{
	return size_give(vultr_plans, name, machine);
}

static void adopt(struct machine *machine)
{
	json_object_set_new(machine->thing.more, "os_id", json_integer(2625));
	copy_text(machine->image_name, sizeof(machine->image_name),
		  vultr_os_name(2625));
}

const struct cloud vultr = {
	.id = VULTR,
	.routes = routes,
	.admit = admit,
	.fail = fail,
	.seed = vultr_seed,
	.size = size,
	.adopt = adopt,
	.default_region = "lhr",
	.default_size = "vc2-1c-1gb",
};
