/* exoscale.c - Exoscale API v2: instances and operations.
 *
 * Source: openapi-v2.exoscale.com.
 * Quirks: one host a zone; every request is signed; every write answers an
 * operation; no pages; deleting an instance deletes its snapshots. */
#include "exoscale.h"

#include "settings.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>

static struct cloud_state *const state = &states[EXOSCALE];

static void fail(struct reply *reply, int status, const char *message)
{
	reply_json(reply, status, json_pack("{s:s}", "message", message));
}

static bool admit(const struct request *request, struct reply *reply)
{
	if (!region_find(exoscale_zones, request->zone)) {
		fail(reply, 404, "no such zone");
		return false;
	}
	if (exoscale_signed(request))
		return true;
	fail(reply, 403, "Invalid request signature");
	return false;
}

void exoscale_list(struct request *request, struct reply *reply,
		   const char *name, const struct pile *pile,
		   bool (*shown)(const struct request *, const struct thing *),
		   json_t *(*render)(const struct request *,
				     const struct thing *))
{
	struct page page = {.most = pile->count + 1};

	reply_json(reply, 200,
		   json_pack("{s:o}", name,
			     page_rows(pile, &page, request, shown, render)));
}

/* ---- operations ---- */

static json_t *operation_json(const struct task *task)
{
	static const char *const words[] = {
		[TASK_PENDING] = "pending",
		[TASK_DONE] = "success",
		[TASK_FAILED] = "failure",
	};
	enum task_state at = task_state(task);
	json_t *row = json_pack("{s:s, s:s, s:O}", "id", task->thing.id,
				"state", words[at], "reference",
				json_object_get(task->thing.more, "reference"));

	if (at == TASK_FAILED) {
		json_object_set_new(row, "reason", json_string("fault"));
		json_object_set_new(row, "message",
				    json_string(*task->message
							? task->message
							: "Internal error"));
	}
	return row;
}

void exoscale_reply_operation(struct reply *reply, struct task *task,
			      const char *kind, const char *id)
{
	json_object_set_new(task->thing.more, "reference",
			    json_pack("{s:s, s:o, s:o}", "id", id, "link",
				      json_sprintf("/v2/%s/%s", kind, id),
				      "command", json_sprintf("get-%s", kind)));
	reply_json(reply, 200, operation_json(task));
}

static void get_operation(struct request *request, struct reply *reply)
{
	struct task *task = pile_find(&state->tasks, request->args[0]);

	if (task)
		reply_json(reply, 200, operation_json(task));
	else
		fail(reply, 404, "Operation not found");
}

/* ---- instances ---- */

static const char *state_word(const struct machine *machine)
{
	static const char *const words[] = {
		[POWER_CREATING] = "starting", [POWER_STARTING] = "starting",
		[POWER_RUNNING] = "running",   [POWER_STOPPING] = "stopping",
		[POWER_STOPPED] = "stopped",   [POWER_DELETING] = "destroying",
		[POWER_FAILED] = "error",
	};

	return words[machine_power(machine)];
}

/* [{"id": ...}] or [{"name": ...}] of a list of texts. */
static json_t *references(const json_t *texts, const char *member)
{
	json_t *list = json_array(), *text;
	size_t i;

	json_array_foreach (texts, i, text)
		json_array_append_new(list, json_pack("{s:O}", member, text));
	return list;
}

/* As a list shows it; without the size of its disk. */
static json_t *instance_row(const struct request *request,
			    const struct thing *thing)
{
	const struct machine *machine = (const struct machine *)thing;
	json_t *row = json_pack(
		"{s:s, s:s, s:s, s:o, s:{s:s}, s:{s:s}, s:o, s:o, s:o, s:s, "
		"s:s}",
		"id", thing->id, "name", thing->name, "state",
		state_word(machine), "created-at", time_json(thing->created),
		"instance-type", "id", exoscale_type_id(machine->size),
		"template", "id", machine->image, "security-groups",
		references(machine->firewalls, "id"), "private-networks",
		references(machine->networks, "id"), "ssh-keys",
		references(machine->keys, "name"), "public-ip-assignment",
		"inet4", "mac-address", "06:4b:88:00:0d:54");

	(void)request;
	json_object_set(row, "labels", machine->tags);
	if (machine_power(machine) != POWER_CREATING)
		json_object_set_new(row, "public-ip",
				    json_string(machine->address));
	return row;
}

static json_t *instance(const struct request *request,
			const struct machine *machine)
{
	json_t *row = instance_row(request, &machine->thing);
	json_t *ids = json_array();

	for (size_t i = 0; i < state->snapshots.count; i++) {
		const struct image *snapshot = state->snapshots.at[i];

		if (strcmp(snapshot->machine, machine->thing.id) == 0)
			json_array_append_new(
				ids,
				json_pack("{s:s}", "id", snapshot->thing.id));
	}
	json_object_set_new(row, "snapshots", ids);
	json_object_set_new(row, "disk-size", json_integer(machine->disk_gb));
	if (machine->user_data)
		json_object_set_new(row, "user-data",
				    json_string(machine->user_data));
	return row;
}

/* labels=key:value, as often as wanted in one. */
static bool shown(const struct request *request, const struct thing *thing)
{
	const struct machine *machine = (const struct machine *)thing;
	const char *label = query_text(request, "labels"), *colon;
	char name[64];

	if (strcmp(thing->region, request->zone) != 0)
		return false;
	colon = label ? strchr(label, ':') : NULL;
	if (!colon || colon - label >= (long)sizeof(name))
		return true;
	copy_text(name, (size_t)(colon - label) + 1, label);
	label = json_string_value(json_object_get(machine->tags, name));
	return label && strcmp(label, colon + 1) == 0;
}

static void list_instances(struct request *request, struct reply *reply)
{
	exoscale_list(request, reply, "instances", &state->machines, shown,
		      instance_row);
}

struct machine *exoscale_asked(const struct request *request,
			       struct reply *reply)
{
	struct machine *machine = pile_find(&state->machines, request->args[0]);

	if (!machine || strcmp(machine->thing.region, request->zone) != 0) {
		fail(reply, 404, "Instance not found");
		return NULL;
	}
	return machine;
}

static void get_instance(struct request *request, struct reply *reply)
{
	struct machine *machine = exoscale_asked(request, reply);

	if (machine)
		reply_json(reply, 200, instance(request, machine));
}

/* delete, stop and start. */
static void act(struct request *request, struct reply *reply)
{
	struct machine *machine = exoscale_asked(request, reply);

	if (!machine)
		return;
	if (machine_busy(machine)) {
		fail(reply, 409, "Instance is busy");
		return;
	}
	exoscale_reply_operation(reply, power_start(EXOSCALE, request, machine),
				 "instance", machine->thing.id);
}

/* ---- create ---- */

/* The text `member` of each object in the list, put into `to`; NULL, or
 * `why` where one is not in the pile. */
static const char *gather(const json_t *list, const char *member,
			  const struct pile *pile, json_t *to, const char *why)
{
	bool by_name = strcmp(member, "name") == 0;
	size_t i;
	json_t *entry;

	json_array_foreach (list, i, entry) {
		const char *text =
			json_string_value(json_object_get(entry, member));

		if (!text || !(by_name ? pile_named(pile, text, NULL)
				       : pile_find(pile, text)))
			return why;
		json_array_append_new(to, json_string(text));
	}
	return NULL;
}

/* NULL, or why the vendor would not make it. */
static const char *check(const struct request *request,
			 const struct image *image, const char *type,
			 json_int_t disk_gb)
{
	const char *user_data = body_text(request, "user-data");
	char *decoded;

	if (!type)
		return "instance-type is not valid";
	if (!image)
		return "template is not valid in this zone";
	if (disk_gb < 10 || disk_gb > 51200)
		return "disk-size must be 10 to 51200";
	if (disk_gb < image->disk_gb)
		return "disk-size is smaller than the template's disk";
	if (!user_data)
		return NULL;
	decoded = base64_decode(user_data);
	free(decoded);
	if (!decoded)
		return "user-data is not base64";
	return strlen(user_data) > 32768 ? "user-data is too long" : NULL;
}

static const char *id_of(const struct request *request, const char *member)
{
	return json_string_value(
		json_object_get(json_object_get(request->json, member), "id"));
}

static void create(struct request *request, struct reply *reply)
{
	json_t *body = request->json;
	const char *type = exoscale_type_slug(id_of(request, "instance-type"));
	const char *name = body_text(request, "name"), *why;
	struct image *image =
		exoscale_template(id_of(request, "template"), request->zone);
	json_int_t disk_gb =
		json_integer_value(json_object_get(body, "disk-size"));
	json_t *labels = json_object_get(body, "labels");
	struct machine *machine;

	why = check(request, image, type, disk_gb);
	if (why) {
		fail(reply, 400, why);
		return;
	}
	machine = machine_new(EXOSCALE, name ? name : "");
	why = gather(json_object_get(body, "security-groups"), "id",
		     &state->firewalls, machine->firewalls,
		     "security group not found");
	if (!why)
		why = gather(json_object_get(body, "ssh-keys"), "name",
			     &state->keys, machine->keys, "ssh key not found");
	if (why) {
		machine_remove(EXOSCALE, machine);
		fail(reply, 404, why);
		return;
	}
	size_give(exoscale_types, type, machine);
	machine->disk_gb = (int)disk_gb;
	copy_text(machine->thing.region, REGION_SIZE, request->zone);
	machine_from(machine, image);
	keep_user_data(machine, body_text(request, "user-data"));
	json_decref(machine->tags);
	machine->tags = labels ? json_deep_copy(labels) : json_object();
	history_add(machine, "create", "");
	machine->boot_at = machine->thing.created + settings.create_s;
	exoscale_reply_operation(reply,
				 work_start(EXOSCALE, "create", machine, NULL,
					    settings.create_s + settings.boot_s,
					    0, fault_outcome(&request->fault)),
				 "instance", machine->thing.id);
}

static const struct route routes[] = {
	{"GET", "/zone", "list-regions", exoscale_list_zones, true},
	{"GET", "/instance", "list-machines", list_instances, true},
	{"POST", "/instance", "create", create, false},
	{"GET", "/instance/{}", "get-machine", get_instance, false},
	{"DELETE", "/instance/{}", "delete", act, false},
	{"PUT", "/instance/{}:stop", "stop", act, false},
	{"PUT", "/instance/{}:start", "start", act, false},
	{"POST", "/instance/{}:create-snapshot", "snapshot",
	 exoscale_create_snapshot, false},
	{"GET", "/snapshot", "list-snapshots", exoscale_list_snapshots, true},
	{"GET", "/snapshot/{}", "get-snapshot", exoscale_get_snapshot, false},
	{"DELETE", "/snapshot/{}", "drop-snapshot", exoscale_drop_snapshot,
	 false},
	{"POST", "/snapshot/{}:export", "export", exoscale_export, false},
	{"POST", "/snapshot/{}:promote", "image", exoscale_promote, false},
	{"GET", "/template", "list-images", exoscale_list_templates, true},
	{"POST", "/template", "image", exoscale_register, false},
	{"GET", "/template/{}", "get-image", exoscale_get_template, false},
	{"DELETE", "/template/{}", "drop-image", exoscale_drop_template, false},
	{"POST", "/template/{}", "transfer", exoscale_copy_template, false},
	{"GET", "/operation/{}", "get-task", get_operation, false},
	{"GET", "/private-network", "list-vpcs", exoscale_list_networks, true},
	{"PUT", "/private-network/{}:attach", "attach-network", exoscale_attach,
	 false},
	{"GET", "/security-group", "list-firewalls", exoscale_list_groups,
	 true},
	{"GET", "/instance-type", "list-sizes", exoscale_list_types, true},
	{"GET", "/ssh-key", "list-keys", exoscale_list_keys, true},
	{0},
};

static bool size(const char *name, struct machine *machine)
{
	return size_give(exoscale_types,
			 strncmp(name, "standard.", 9) == 0 ? name + 9 : name,
			 machine);
}

static void adopt(struct machine *machine)
{
	const struct image *image = pile_named(
		&state->images, "Linux Debian 13 (Trixie) 64-bit", NULL);
	const struct thing *network = NULL;

	copy_text(machine->image, sizeof(machine->image), image->thing.id);
	for (size_t i = 0; i < state->networks.count; i++) {
		const struct thing *at = state->networks.at[i];

		if (strcmp(at->region, machine->thing.region) == 0)
			network = at;
	}
	if (network && *machine->private_address)
		json_array_append_new(machine->networks,
				      json_string(network->id));
	if (!json_is_object(machine->tags)) {
		json_decref(machine->tags);
		machine->tags = json_object();
	}
}

const struct cloud exoscale = {
	.id = EXOSCALE,
	.routes = routes,
	.admit = admit,
	.fail = fail,
	.seed = exoscale_seed,
	.size = size,
	.adopt = adopt,
	.default_region = "ch-gva-2",
	.default_size = "tiny",
};
