/* linode_images.c - disks, images of them, and the events that tell how they
 * come along.
 *
 * Source: techdocs.akamai.com/linode-api, sections images and events.
 * Quirks: there is no failed state, a failed image vanishes and the event says
 * failed; ids are "private/N"; regions left out of a replication are removed.
 */
#include "linode.h"

#include "settings.h"
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cloud_state *const state = &states[LINODE];

/* An image holds what was used of the disk, say four fifths. */
static int size_mb(const struct image *image)
{
	return image->stock ? 1500 : image->disk_gb * 1024 / 5 * 4;
}

static json_t *region_rows(const struct image *image)
{
	json_t *rows = json_array(), *region;
	bool ready = image->state == IMAGE_READY;
	size_t i;

	json_array_foreach (image->regions, i, region)
		json_array_append_new(
			rows,
			json_pack("{s:O, s:s}", "region", region, "status",
				  ready ? "available" : "creating"));
	json_array_foreach (json_object_get(image->thing.more, "wanted"), i,
			    region)
		if (!list_has(image->regions, json_string_value(region)))
			json_array_append_new(rows,
					      json_pack("{s:O, s:s}", "region",
							region, "status",
							"pending replication"));
	return rows;
}

static json_t *image_row(const struct request *request,
			 const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;
	bool ready = image->state == IMAGE_READY;
	json_t *description = json_object_get(thing->more, "description");
	json_t *cloud_init = json_object_get(thing->more, "cloud_init");
	size_t copies = json_array_size(image->regions);
	json_t *row = json_pack(
		"{s:s, s:s, s:s?, s:s, s:s, s:b, s:b, s:s, s:s?, s:n, s:n, "
		"s:i, s:I, s:O, s:o, s:o, s:o, s:[]}",
		"id", thing->id, "label", thing->name, "description",
		json_string_value(description), "created_by",
		image->stock ? "linode" : "demo", "status",
		ready ? "available" : "creating", "is_public", image->stock,
		"deprecated", 0, "type", "manual", "vendor",
		image->stock ? json_string_value(
				       json_object_get(thing->more, "family"))
			     : NULL,
		"expiry", "eol", "size", ready ? size_mb(image) : 0,
		"total_size",
		(json_int_t)(ready ? (size_t)size_mb(image) * copies : 0),
		"tags", image->tags, "created",
		time_json_no_zone(thing->created), "updated",
		time_json_no_zone(thing->created), "regions",
		image->stock ? json_array() : region_rows(image),
		"capabilities");

	(void)request;
	if (image->stock || json_is_true(cloud_init))
		json_array_append_new(json_object_get(row, "capabilities"),
				      json_string("cloud-init"));
	return row;
}

struct image *linode_image(const char *id)
{
	return id ? pile_find(&state->images, id) : NULL;
}

/* The one that the path names, or NULL and a 404. */
static struct image *asked(const struct request *request, struct reply *reply)
{
	struct image *image = linode_image(request->args[0]);

	if (!image)
		linode.fail(reply, 404, "Not found");
	return image;
}

void linode_list_images(struct request *request, struct reply *reply)
{
	linode_list(request, reply, &state->images, false, image_row);
}

static void reply_image(const struct request *request, struct reply *reply,
			const struct image *image)
{
	reply_json(reply, 200, image_row(request, &image->thing));
}

void linode_get_image(struct request *request, struct reply *reply)
{
	struct image *image = asked(request, reply);

	if (image)
		reply_image(request, reply, image);
}

/* ---- disks ---- */

void linode_default_disks(struct machine *machine)
{
	if (json_array_size(machine->disks))
		return;
	json_array_append_new(
		machine->disks,
		json_pack("{s:I, s:s, s:s, s:i, s:s}", "number",
			  (json_int_t)(121000000 + next_number()), "label",
			  "Debian 13 Disk", "filesystem", "ext4", "size_mb",
			  1024 * machine->disk_gb - 512, "status", "ready"));
	json_array_append_new(machine->disks,
			      json_pack("{s:I, s:s, s:s, s:i, s:s}", "number",
					(json_int_t)(121000000 + next_number()),
					"label", "512 MB Swap Image",
					"filesystem", "swap", "size_mb", 512,
					"status", "ready"));
}

void linode_list_disks(struct request *request, struct reply *reply)
{
	struct machine *machine = linode_asked(request, reply);
	json_t *rows, *disk;
	size_t i;

	if (!machine)
		return;
	rows = json_array();
	json_array_foreach (machine->disks, i, disk)
		json_array_append_new(
			rows,
			json_pack("{s:O, s:O, s:O, s:O, s:O, s:o, s:o}", "id",
				  json_object_get(disk, "number"), "label",
				  json_object_get(disk, "label"), "filesystem",
				  json_object_get(disk, "filesystem"), "size",
				  json_object_get(disk, "size_mb"), "status",
				  json_object_get(disk, "status"), "created",
				  time_json_no_zone(machine->thing.created),
				  "updated",
				  time_json_no_zone(machine->thing.created)));
	reply_json(reply, 200,
		   json_pack("{s:o, s:i, s:i, s:I}", "data", rows, "page", 1,
			     "pages", 1, "results",
			     (json_int_t)json_array_size(rows)));
}

/* The machine that has the disk, and the disk. */
static struct machine *disk_owner(json_int_t number, json_t **disk)
{
	for (size_t i = 0; i < state->machines.count; i++) {
		struct machine *machine = state->machines.at[i];
		size_t j;

		json_array_foreach (machine->disks, j, *disk)
			if (json_integer_value(
				    json_object_get(*disk, "number")) == number)
				return machine;
	}
	return NULL;
}

static size_t own_images(void)
{
	size_t own = 0;

	for (size_t i = 0; i < state->images.count; i++)
		own += !((struct image *)state->images.at[i])->stock;
	return own;
}

/* NULL, or what is wrong with the field. */
static const char *check_image(const struct request *request,
			       const struct machine *machine,
			       const json_t *disk, const char **field)
{
	const char *label = body_text(request, "label");
	const char *status = json_string_value(json_object_get(disk, "status"));
	const char *filesystem =
		json_string_value(json_object_get(disk, "filesystem"));

	*field = "label";
	if (label && (!*label || strlen(label) > 50))
		return "Length must be 1-50 characters";
	*field = "disk_id";
	if (!machine)
		return "Disk not found";
	if (strcmp(filesystem, "ext4") != 0 && strcmp(filesystem, "ext3") != 0)
		return "Only ext3 and ext4 disks can be imagized";
	*field = NULL;
	if (settings.image_quota &&
	    own_images() >= (size_t)settings.image_quota)
		return "Image limit reached";
	if (machine_busy(machine) || strcmp(status, "ready") != 0)
		return "Linode busy.";
	return NULL;
}

void linode_create_image(struct request *request, struct reply *reply)
{
	json_t *body = request->json, *disk = NULL;
	json_t *tags = json_object_get(body, "tags");
	const char *label = body_text(request, "label"), *field, *why;
	struct machine *machine = disk_owner(
		json_integer_value(json_object_get(body, "disk_id")), &disk);
	struct image *image;
	struct task *task;

	why = check_image(request, machine, disk, &field);
	if (why) {
		linode_fail_field(reply, field, why);
		return;
	}
	image = image_start(LINODE, &state->images, "image", machine,
			    label ? label : "", fault_outcome(&request->fault),
			    &task);
	image->thing.number = 30000000 + next_number();
	snprintf(image->thing.id, ID_SIZE, "private/%lld", image->thing.number);
	copy_text(task->image, sizeof(task->image), image->thing.id);
	image->disk_gb =
		(int)(json_integer_value(json_object_get(disk, "size_mb")) /
		      1024);
	if (json_object_get(body, "description"))
		json_object_set(image->thing.more, "description",
				json_object_get(body, "description"));
	if (json_object_get(body, "cloud_init"))
		json_object_set(image->thing.more, "cloud_init",
				json_object_get(body, "cloud_init"));
	if (json_is_array(tags))
		json_array_extend(image->tags, tags);
	reply_image(request, reply, image);
}

void linode_rename_image(struct request *request, struct reply *reply)
{
	struct image *image = asked(request, reply);
	const char *label = body_text(request, "label");
	json_t *description = json_object_get(request->json, "description");

	if (!image)
		return;
	if (image->stock) {
		linode.fail(reply, 403, "Unauthorized");
		return;
	}
	if (label)
		copy_text(image->thing.name, sizeof(image->thing.name), label);
	if (description)
		json_object_set(image->thing.more, "description", description);
	reply_image(request, reply, image);
}

void linode_delete_image(struct request *request, struct reply *reply)
{
	struct image *image = asked(request, reply);

	if (!image)
		return;
	if (image->stock) {
		linode.fail(reply, 403, "Unauthorized");
		return;
	}
	image_remove(&state->images, image);
	reply_json(reply, 200, json_object());
}

void linode_replicate(struct request *request, struct reply *reply)
{
	struct image *image = asked(request, reply);
	json_t *wanted = json_object_get(request->json, "regions"), *region;
	json_t *kept;
	size_t i;

	if (!image)
		return;
	json_array_foreach (wanted, i, region)
		if (!region_find(linode_regions, json_string_value(region))) {
			linode_fail_field(reply, "regions", "Invalid region");
			return;
		}
	kept = json_array();
	json_array_foreach (image->regions, i, region)
		if (list_has(wanted, json_string_value(region)))
			json_array_append(kept, region);
	if (image->state != IMAGE_READY || json_array_size(kept) == 0) {
		json_decref(kept);
		linode_fail_field(reply, "regions",
				  "At least one available region must remain");
		return;
	}
	json_decref(image->regions);
	image->regions = kept;
	json_object_set(image->thing.more, "wanted", wanted);
	json_array_foreach (wanted, i, region) {
		struct task *task;

		if (list_has(image->regions, json_string_value(region)))
			continue;
		task = work_start(LINODE, "transfer", NULL, image,
				  settings.transfer_s, 0,
				  fault_outcome(&request->fault));
		copy_text(task->region, REGION_SIZE, json_string_value(region));
	}
	reply_image(request, reply, image);
}

/* ---- events ---- */

static const char *action(const struct task *task)
{
	static const struct {
		const char *operation, *action;
	} actions[] = {
		{"image", "disk_imagize"},   {"create", "linode_create"},
		{"start", "linode_boot"},    {"stop", "linode_shutdown"},
		{"delete", "linode_delete"}, {"transfer", "image_update"},
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(task->operation, actions[i].operation) == 0)
			return actions[i].action;
	return "linode_update";
}

static json_t *event_row(const struct request *request,
			 const struct thing *thing)
{
	static const char *const words[] = {
		[TASK_PENDING] = "started",
		[TASK_DONE] = "finished",
		[TASK_FAILED] = "failed",
	};
	const struct task *task = (const struct task *)thing;
	enum task_state at = task_state(task);
	bool machine = *task->machine;
	const char *slash = strchr(task->image, '/');
	double took = (at == TASK_PENDING ? emulated_now() : task->done_at) -
		      thing->created;
	const struct machine *owner =
		pile_find(&state->machines, task->machine);
	const char *url = machine ? "/v4/linode/instances/" : "/v4/images/";
	json_t *row = json_pack(
		"{s:I, s:s, s:s, s:o, s:f, s:i, s:b, s:b, s:s?, s:n, s:n, s:s, "
		"s:{s:I, s:s, s:s, s:o}}",
		"id", (json_int_t)thing->number, "action", action(task),
		"status",
		at == TASK_PENDING && took < 1 ? "scheduled" : words[at],
		"created", time_json_no_zone(thing->created), "duration", took,
		"percent_complete", task_percent(task), "read", 0, "seen", 0,
		"message",
		at == TASK_FAILED && *task->message ? task->message : NULL,
		"rate", "time_remaining", "username", "demo", "entity", "id",
		(json_int_t)strtoll(machine ? task->machine
				    : slash ? slash + 1
					    : "0",
				    NULL, 10),
		"label", owner ? owner->thing.name : "", "type",
		machine ? "linode" : "image", "url",
		json_sprintf("%s%s", url,
			     machine ? task->machine : task->image));

	(void)request;
	if (machine && *task->image)
		json_object_set_new(
			row, "secondary_entity",
			json_pack("{s:s, s:s, s:s, s:o}", "id", task->image,
				  "label", "", "type", "image", "url",
				  json_sprintf("/v4/images/%s", task->image)));
	return row;
}

void linode_list_events(struct request *request, struct reply *reply)
{
	linode_list(request, reply, &state->tasks, true, event_row);
}
