/* digitalocean_droplets.c - droplets: shown, created, deleted.
 *
 * Source: docs.digitalocean.com/reference/api, section droplets. */
#include "digitalocean.h"

#include "settings.h"
#include "work.h"

#include <stdio.h>
#include <string.h>

static struct cloud_state *const state = &states[DIGITALOCEAN];

static json_t *networks(const struct machine *machine)
{
	json_t *v4 = json_array();

	if (machine_power(machine) != POWER_CREATING) {
		json_array_append_new(
			v4, json_pack("{s:s, s:s, s:s, s:s}", "ip_address",
				      machine->address, "netmask",
				      "255.255.255.0", "gateway",
				      machine->address, "type", "public"));
		if (*machine->private_address)
			json_array_append_new(
				v4,
				json_pack("{s:s, s:s, s:s, s:s}", "ip_address",
					  machine->private_address, "netmask",
					  "255.255.0.0", "gateway", "10.0.0.1",
					  "type", "private"));
	}
	return json_pack("{s:o, s:[]}", "v4", v4, "v6");
}

static json_t *snapshot_ids(const struct machine *machine)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < state->images.count; i++) {
		const struct image *image = state->images.at[i];

		if (strcmp(image->machine, machine->thing.id) == 0 &&
		    image->state == IMAGE_READY)
			json_array_append_new(
				ids, json_integer(image->thing.number));
	}
	return ids;
}

/* The image that it came from, or what is remembered when that is gone. */
static json_t *image_json(const struct request *request,
			  const struct machine *machine)
{
	struct image *image = digitalocean_image(machine->image);

	if (image)
		return digitalocean_image_row(request, &image->thing);
	return json_pack("{s:i, s:s, s:s, s:s, s:n, s:b, s:[], s:s}", "id", 1,
			 "name", machine->image_name, "type", "snapshot",
			 "distribution", "Debian", "slug", "public", 0,
			 "regions", "status", "deleted");
}

static json_t *droplet(const struct request *request, const struct thing *thing)
{
	const struct machine *machine = (const struct machine *)thing;
	enum power power = machine_power(machine);
	const char *status = power == POWER_CREATING ||
					     power == POWER_STARTING ||
					     power == POWER_FAILED
				     ? "new"
			     : power == POWER_STOPPED ? "off"
						      : "active";
	json_t *row = json_pack(
		"{s:I, s:s, s:i, s:i, s:i, s:b, s:s, s:n, s:o, s:[s, s], "
		"s:[], s:n, s:o, s:o, s:[], s:o, s:s, s:o, s:o, s:O}",
		"id", (json_int_t)thing->number, "name", thing->name, "memory",
		machine->memory_mb, "vcpus", machine->vcpus, "disk",
		machine->disk_gb, "locked", machine_busy(machine), "status",
		status, "kernel", "created_at", time_json(thing->created),
		"features", "monitoring", "private_networking", "backup_ids",
		"next_backup_window", "snapshot_ids", snapshot_ids(machine),
		"image", image_json(request, machine), "volume_ids", "size",
		digitalocean_size(machine->size), "size_slug", machine->size,
		"networks", networks(machine), "region",
		digitalocean_region(thing->region), "tags", machine->tags);
	const char *vpc = json_string_value(json_array_get(machine->vpcs, 0));

	if (vpc)
		json_object_set_new(row, "vpc_uuid", json_string(vpc));
	return row;
}

static bool shown(const struct request *request, const struct thing *thing)
{
	const struct machine *machine = (const struct machine *)thing;
	const char *name = query_text(request, "name");

	if (name && strcmp(name, thing->name) != 0)
		return false;
	name = query_text(request, "tag_name");
	return !name || list_has(machine->tags, name);
}

void digitalocean_list_droplets(struct request *request, struct reply *reply)
{
	digitalocean_list(request, reply, "droplets", &state->machines, shown,
			  droplet);
}

void digitalocean_get_droplet(struct request *request, struct reply *reply)
{
	struct machine *machine = digitalocean_droplet_asked(request, reply);

	if (machine)
		reply_json(reply, 200,
			   json_pack("{s:o}", "droplet",
				     droplet(request, &machine->thing)));
}

void digitalocean_delete_droplet(struct request *request, struct reply *reply)
{
	struct machine *machine = digitalocean_droplet_asked(request, reply);

	if (!machine)
		return;
	if (machine_busy(machine)) {
		digitalocean.fail(reply, 422,
				  "Droplet already has a pending event.");
		return;
	}
	work_start(DIGITALOCEAN, "delete", machine, NULL, settings.delete_s, 0,
		   fault_outcome(&request->fault));
	reply_json(reply, 204, NULL);
}

/* A number or a text, as text; "" for neither. */
static void id_text(const json_t *id, char text[ID_SIZE])
{
	if (json_is_integer(id))
		snprintf(text, ID_SIZE, "%lld",
			 (long long)json_integer_value(id));
	else
		copy_text(text, ID_SIZE,
			  json_is_string(id) ? json_string_value(id) : "");
}

static bool name_valid(const char *name)
{
	return name && *name && strlen(name) < 254 &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")];
}

static const char *check_keys(const json_t *keys)
{
	size_t i;
	json_t *key;

	json_array_foreach (keys, i, key) {
		char id[ID_SIZE];

		id_text(key, id);
		if (!pile_find(&state->keys, id) && !strchr(id, ':'))
			return "ssh_keys are invalid key identifiers for "
			       "Droplet creation.";
	}
	return NULL;
}

/* NULL, or why the vendor would not make it. */
static const char *check(const struct request *request,
			 const struct image *image, const struct size *size,
			 const char *region)
{
	const char *vpc = body_text(request, "vpc_uuid");
	const char *user_data = body_text(request, "user_data");
	const struct thing *found;

	if (!name_valid(body_text(request, "name")))
		return "Only valid hostname characters are allowed. "
		       "(a-z, A-Z, 0-9, . and -)";
	if (!size)
		return "You specified an invalid size for Droplet creation.";
	if (!image)
		return "You specified an invalid image for Droplet creation.";
	if (!region_find(digitalocean_regions, region))
		return "You specified an invalid region for Droplet creation.";
	if (!list_has(image->regions, region))
		return "Image is not available in the selected region.";
	if (size->disk_gb < image->disk_gb)
		return "This size cannot be used with this image: its disk is "
		       "smaller than the image's min_disk_size.";
	if (vpc && (!(found = pile_find(&state->vpcs, vpc)) ||
		    strcmp(found->region, region) != 0))
		return "VPC is not in the same region as the Droplet, or does "
		       "not exist.";
	if (user_data && strlen(user_data) > 65536)
		return "User data is too long (maximum is 64 KiB).";
	return check_keys(json_object_get(request->json, "ssh_keys"));
}

static void fill(struct machine *machine, const struct request *request,
		 const struct image *image, const char *region)
{
	json_t *keys = json_object_get(request->json, "ssh_keys"), *key;
	json_t *tags = json_object_get(request->json, "tags");
	const char *vpc = body_text(request, "vpc_uuid");
	size_t i;

	copy_text(machine->thing.region, REGION_SIZE, region);
	machine_from(machine, image);
	keep_user_data(machine, body_text(request, "user_data"));
	json_array_foreach (keys, i, key) {
		char id[ID_SIZE];

		id_text(key, id);
		json_array_append_new(machine->keys, json_string(id));
	}
	if (vpc)
		json_array_append_new(machine->vpcs, json_string(vpc));
	if (json_is_array(tags))
		json_array_extend(machine->tags, tags);
}

void digitalocean_create(struct request *request, struct reply *reply)
{
	const char *region = body_text(request, "region");
	const char *slug = body_text(request, "size"), *why;
	char id[ID_SIZE], href[128];
	struct image *image;
	struct machine *machine;
	struct task *task;

	id_text(json_object_get(request->json, "image"), id);
	image = digitalocean_image(id);
	if (!region && image)
		region = json_string_value(json_array_get(image->regions, 0));
	why = check(request, image, size_find(digitalocean_sizes, slug),
		    region);
	if (why) {
		digitalocean.fail(reply, 422, why);
		return;
	}
	machine = machine_new(DIGITALOCEAN, body_text(request, "name"));
	size_give(digitalocean_sizes, slug, machine);
	fill(machine, request, image, region);
	history_add(machine, "create", "");
	machine->boot_at = machine->thing.created + settings.create_s;
	task = work_start(DIGITALOCEAN, "create", machine, NULL,
			  settings.create_s + settings.boot_s, 0,
			  fault_outcome(&request->fault));
	snprintf(href, sizeof(href),
		 "https://api.digitalocean.com/v2/actions/%s", task->thing.id);
	reply_json(reply, 202,
		   json_pack("{s:o, s:{s:[{s:I, s:s, s:s}]}}", "droplet",
			     droplet(request, &machine->thing), "links",
			     "actions", "id", (json_int_t)task->thing.number,
			     "rel", "create", "href", href));
}
