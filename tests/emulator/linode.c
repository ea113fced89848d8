/* linode.c - Linode API v4: instances and their disks.
 *
 * Source: techdocs.akamai.com/linode-api, section linode instances.
 * Quirks: what is busy answers 400 "Linode busy."; labels are unique; times
 * are UTC without a zone. */
#include "linode.h"

#include "settings.h"
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cloud_state *const state = &states[LINODE];

void linode_fail_field(struct reply *reply, const char *field,
		       const char *reason)
{
	json_t *error = json_pack("{s:s}", "reason", reason);

	if (field)
		json_object_set_new(error, "field", json_string(field));
	reply_json(reply, 400, json_pack("{s:[o]}", "errors", error));
}

static void fail(struct reply *reply, int status, const char *message)
{
	linode_fail_field(reply, NULL, message);
	reply->status = status;
}

static bool admit(const struct request *request, struct reply *reply)
{
	if (bearer_admitted(request))
		return true;
	fail(reply, 401, "Invalid Token");
	return false;
}

static void limit_headers(const struct request *request, struct reply *reply)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", request->limit.limit);
	reply_header(reply, "X-RateLimit-Limit", text);
	snprintf(text, sizeof(text), "%d", request->limit.remaining);
	reply_header(reply, "X-RateLimit-Remaining", text);
	snprintf(text, sizeof(text), "%.0f", request->limit.reset_at);
	reply_header(reply, "X-RateLimit-Reset", text);
}

static const char *status(const struct machine *machine)
{
	static const char *const words[] = {
		[POWER_CREATING] = "provisioning",
		[POWER_STARTING] = "booting",
		[POWER_RUNNING] = "running",
		[POWER_STOPPING] = "shutting_down",
		[POWER_STOPPED] = "offline",
		[POWER_DELETING] = "deleting",
		[POWER_FAILED] = "offline",
	};

	return words[machine_power(machine)];
}

static json_t *instance(const struct request *request,
			const struct thing *thing)
{
	const struct machine *machine = (const struct machine *)thing;
	const char *image = *machine->image ? machine->image : NULL;
	json_t *row = json_pack(
		"{s:I, s:s, s:s, s:s, s:s, s:s?, s:s, s:b, s:o, s:o, s:[s], "
		"s:s, s:O, s:s, s:s, s:b, s:n, s:n, s:[]}",
		"id", (json_int_t)thing->number, "label", thing->name, "region",
		thing->region, "type", machine->size, "status", status(machine),
		"image", image, "group", "", "has_user_data",
		machine->user_data != NULL, "created",
		time_json_no_zone(thing->created), "updated",
		time_json_no_zone(thing->created), "ipv4", machine->address,
		"ipv6", "2001:db8::f03c:91ff:fe24:3a2f/128", "tags",
		machine->tags, "hypervisor", "kvm", "host_uuid",
		"3a3ddd59d9a78bb8de041391075df44de62bfec8", "watchdog_enabled",
		1, "lke_cluster_id", "placement_group", "capabilities");

	(void)request;
	json_object_set_new(row, "specs",
			    json_pack("{s:i, s:i, s:i, s:i, s:i}", "disk",
				      1024 * machine->disk_gb, "memory",
				      machine->memory_mb, "vcpus",
				      machine->vcpus, "gpus", 0, "transfer",
				      1000));
	json_object_set_new(row, "alerts",
			    json_pack("{s:i, s:i, s:i, s:i, s:i}", "cpu", 90,
				      "io", 10000, "network_in", 10,
				      "network_out", 10, "transfer_quota", 80));
	json_object_set_new(row, "backups",
			    json_pack("{s:b, s:b, s:{s:n, s:n}}", "enabled", 0,
				      "available", 0, "schedule", "day",
				      "window"));
	return row;
}

static void list_instances(struct request *request, struct reply *reply)
{
	linode_list(request, reply, &state->machines, false, instance);
}

struct machine *linode_asked(const struct request *request, struct reply *reply)
{
	struct machine *machine = pile_find(&state->machines, request->args[0]);

	if (!machine)
		fail(reply, 404, "Not found");
	return machine;
}

static void get_instance(struct request *request, struct reply *reply)
{
	struct machine *machine = linode_asked(request, reply);

	if (machine)
		reply_json(reply, 200, instance(request, &machine->thing));
}

/* delete, shutdown and boot. */
static void act(struct request *request, struct reply *reply)
{
	struct machine *machine = linode_asked(request, reply);

	if (!machine)
		return;
	if (machine_busy(machine)) {
		fail(reply, 400, "Linode busy.");
		return;
	}
	power_start(LINODE, request, machine);
	reply_json(reply, 200, json_object());
}

/* ---- create ---- */

static const char *check_label(const char *label)
{
	size_t len = strlen(label);

	if (len < 3 || len > 64)
		return "Length must be 3-64 characters";
	if (strstr(label, "--") || strstr(label, "__") || strstr(label, "..") ||
	    label[strspn(label, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")])
		return "Label must begin with a letter and have letters, "
		       "numbers, single dashes, underscores and periods";
	if (pile_named(&state->machines, label, NULL))
		return "Label must be unique among your linodes";
	return NULL;
}

static const char *check_image(const struct request *request,
			       const struct image *image,
			       const struct size *type, const char **field)
{
	const char *root_pass = body_text(request, "root_pass");

	*field = "image";
	if (!image)
		return "image is not valid";
	if (image->state != IMAGE_READY)
		return "image is not available yet";
	if (!image->stock && image->disk_gb * 4 / 5 > type->disk_gb)
		return "The disk of this type is too small for the image";
	*field = "root_pass";
	if (!root_pass && !json_object_get(request->json, "authorized_keys"))
		return "root_pass is required";
	if (root_pass && (strlen(root_pass) < 11 || strlen(root_pass) > 128))
		return "Password does not meet strength requirement";
	return NULL;
}

/* Subnet and firewall of an interface, in the old form (purpose) or the new
 * one (public, vpc, firewall_id). */
static const char *check_interface(const json_t *interface, const char *region,
				   struct machine *machine)
{
	json_t *subnet = json_object_get(interface, "subnet_id");
	json_t *firewall = json_object_get(interface, "firewall_id");
	char id[ID_SIZE];

	if (!subnet)
		subnet = json_object_get(json_object_get(interface, "vpc"),
					 "subnet_id");
	if (json_is_integer(subnet)) {
		const struct thing *vpc;

		snprintf(id, sizeof(id), "%lld",
			 (long long)json_integer_value(subnet));
		vpc = pile_find(&state->vpcs, id);
		if (!vpc || strcmp(vpc->region, region) != 0)
			return "VPC subnet is not in the Linode's region";
		json_array_append_new(machine->vpcs, json_string(id));
	}
	if (json_is_integer(firewall)) {
		snprintf(id, sizeof(id), "%lld",
			 (long long)json_integer_value(firewall));
		if (!pile_find(&state->firewalls, id))
			return "Firewall not found";
		if (!list_has(machine->firewalls, id))
			json_array_append_new(machine->firewalls,
					      json_string(id));
	}
	return NULL;
}

/* Networks first: they are written into the machine; NULL or what is wrong. */
static const char *check_networks(const struct request *request,
				  const char *region, struct machine *machine,
				  const char **field)
{
	json_t *interfaces = json_object_get(request->json, "interfaces");
	json_t *interface;
	const char *why;
	size_t i;

	*field = "interfaces";
	json_array_foreach (interfaces, i, interface) {
		why = check_interface(interface, region, machine);
		if (why)
			return why;
	}
	*field = "firewall_id";
	return check_interface(request->json, region, machine);
}

static void fill(struct machine *machine, const struct request *request,
		 const struct image *image)
{
	json_t *body = request->json;
	json_t *keys = json_object_get(body, "authorized_keys");
	json_t *tags = json_object_get(body, "tags");
	const char *encryption = body_text(request, "disk_encryption");

	if (image)
		machine_from(machine, image);
	keep_user_data(machine, json_string_value(json_object_get(
					json_object_get(body, "metadata"),
					"user_data")));
	machine->root_password = body_text(request, "root_pass") != NULL;
	machine->encrypted = encryption && strcmp(encryption, "enabled") == 0;
	if (json_is_array(keys))
		json_array_extend(machine->keys, keys);
	if (json_is_array(tags))
		json_array_extend(machine->tags, tags);
	linode_default_disks(machine);
}

static void create(struct request *request, struct reply *reply)
{
	const char *region = body_text(request, "region"), *field = NULL;
	const char *type = body_text(request, "type");
	const char *label = body_text(request, "label"), *why = NULL;
	const char *wanted = body_text(request, "image");
	const struct size *size = size_find(linode_types, type);
	struct image *image = linode_image(wanted);
	struct machine *machine;

	if (!region_find(linode_regions, region))
		why = "region is not valid", field = "region";
	else if (!size)
		why = "A valid plan type by that ID was not found",
		field = "type";
	else if (label && (why = check_label(label)))
		field = "label";
	else if (wanted)
		why = check_image(request, image, size, &field);
	if (why) {
		linode_fail_field(reply, field, why);
		return;
	}
	machine = machine_new(LINODE, label ? label : "");
	size_give(linode_types, type, machine);
	copy_text(machine->thing.region, REGION_SIZE, region);
	why = check_networks(request, region, machine, &field);
	if (why) {
		machine_remove(LINODE, machine);
		linode_fail_field(reply, field, why);
		return;
	}
	if (!label)
		snprintf(machine->thing.name, NAME_SIZE, "linode%s",
			 machine->thing.id);
	fill(machine, request, image);
	history_add(machine, "create", "");
	machine->boot_at = machine->thing.created + settings.create_s;
	work_start(LINODE, "create", machine, NULL,
		   settings.create_s + settings.boot_s, 0,
		   fault_outcome(&request->fault));
	reply_json(reply, 200, instance(request, &machine->thing));
}

#define INSTANCES "/v4/linode/instances"
static const struct route routes[] = {
	{"GET", "/v4/profile", "whoami", linode_whoami, false},
	{"GET", INSTANCES, "list-machines", list_instances, true},
	{"POST", INSTANCES, "create", create, false},
	{"GET", INSTANCES "/{}", "get-machine", get_instance, false},
	{"DELETE", INSTANCES "/{}", "delete", act, false},
	{"GET", INSTANCES "/{}/disks", "list-disks", linode_list_disks, true},
	{"POST", INSTANCES "/{}/shutdown", "stop", act, false},
	{"POST", INSTANCES "/{}/boot", "start", act, false},
	{"GET", "/v4/images", "list-images", linode_list_images, true},
	{"POST", "/v4/images", "image", linode_create_image, false},
	{"GET", "/v4/images/{}", "get-image", linode_get_image, false},
	{"PUT", "/v4/images/{}", "rename-image", linode_rename_image, false},
	{"DELETE", "/v4/images/{}", "drop-image", linode_delete_image, false},
	{"POST", "/v4/images/{}/regions", "transfer", linode_replicate, false},
	{"GET", "/v4/account/events", "list-tasks", linode_list_events, true},
	{"GET", "/v4/regions", "list-regions", linode_list_regions, true},
	{"GET", "/v4/linode/types", "list-sizes", linode_list_types, true},
	{"GET", "/v4/vpcs", "list-vpcs", linode_list_vpcs, true},
	{"GET", "/v4/networking/firewalls", "list-firewalls",
	 linode_list_firewalls, true},
	{0},
};

static bool size(const char *name, struct machine *machine)
{
	return size_give(linode_types, name, machine);
}

static void adopt(struct machine *machine)
{
	copy_text(machine->image, sizeof(machine->image), "linode/debian13");
	linode_default_disks(machine);
}

const struct cloud linode = {
	.id = LINODE,
	.routes = routes,
	.admit = admit,
	.fail = fail,
	.limit_headers = limit_headers,
	.seed = linode_seed,
	.size = size,
	.adopt = adopt,
	.default_region = "gb-lon",
	.default_size = "g6-nanode-1",
};
