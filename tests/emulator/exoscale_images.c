/* exoscale_images.c - snapshots, and the templates made of them.
 *
 * Source: openapi-v2.exoscale.com.
 * Quirks: an instance takes its snapshots with it, a template stays; a
 * template is there when it is ready, in the zones it was copied to. */
#include "exoscale.h"

#include "settings.h"
#include "work.h"

#include <stdio.h>
#include <string.h>

static struct cloud_state *const state = &states[EXOSCALE];

/* ---- snapshots ---- */

static bool snapshot_shown(const struct request *request,
			   const struct thing *thing)
{
	return strcmp(thing->region, request->zone) == 0;
}

/* 32 digits that stand for the bytes that were exported. */
static void md5_of(const struct image *snapshot, char text[33])
{
	size_t n = 0;

	for (const char *at = snapshot->thing.id; *at && n < 32; at++)
		if (*at != '-')
			text[n++] = *at;
	text[n] = '\0';
}

static const char *snapshot_word(const struct image *snapshot)
{
	if (json_object_get(snapshot->thing.more, "deleting"))
		return "deleting";
	if (snapshot->state == IMAGE_PENDING)
		return "snapshotting";
	if (snapshot->state == IMAGE_FAILED)
		return "error";
	if (snapshot->exported)
		return "exported";
	return json_object_get(snapshot->thing.more, "exporting") ? "exporting"
								  : "ready";
}

static json_t *snapshot_row(const struct request *request,
			    const struct thing *thing)
{
	const struct image *snapshot = (const struct image *)thing;
	json_t *row = json_pack("{s:s, s:s, s:o, s:s, s:i, s:{s:s}, s:b}", "id",
				thing->id, "name", thing->name, "created-at",
				time_json(thing->created), "state",
				snapshot_word(snapshot), "size",
				snapshot->disk_gb, "instance", "id",
				snapshot->machine, "application-consistent", 0);
	char md5[33];

	if (snapshot->exported) {
		md5_of(snapshot, md5);
		json_object_set_new(
			row, "export",
			json_pack("{s:o, s:s}", "presigned-url",
				  json_sprintf("https://sos-%s.exo.io/exports/"
					       "%s.qcow2?X-Amz-Expires=3600",
					       request->zone, thing->id),
				  "md5sum", md5));
	}
	return row;
}

void exoscale_list_snapshots(struct request *request, struct reply *reply)
{
	exoscale_list(request, reply, "snapshots", &state->snapshots,
		      snapshot_shown, snapshot_row);
}

static struct image *snapshot_asked(const struct request *request,
				    struct reply *reply)
{
	struct image *image = pile_find(&state->snapshots, request->args[0]);

	if (!image || strcmp(image->thing.region, request->zone) != 0) {
		exoscale.fail(reply, 404, "Snapshot not found");
		return NULL;
	}
	return image;
}

/* As snapshot_asked(), and something can be made of it. */
static struct image *snapshot_ready(const struct request *request,
				    struct reply *reply)
{
	struct image *image = snapshot_asked(request, reply);

	if (image && image->state != IMAGE_READY) {
		exoscale.fail(reply, 409, "Snapshot is not ready");
		return NULL;
	}
	return image;
}

void exoscale_get_snapshot(struct request *request, struct reply *reply)
{
	struct image *image = snapshot_asked(request, reply);

	if (image)
		reply_json(reply, 200, snapshot_row(request, &image->thing));
}

void exoscale_create_snapshot(struct request *request, struct reply *reply)
{
	struct machine *machine = exoscale_asked(request, reply);
	char name[NAME_SIZE];
	struct image *image;
	struct task *task;

	if (!machine)
		return;
	if (machine_busy(machine)) {
		exoscale.fail(reply, 409, "Instance is busy");
		return;
	}
	snprintf(name, sizeof(name), "%.200s_%.0f", machine->thing.name,
		 emulated_now());
	image = image_start(EXOSCALE, &state->snapshots, "snapshot", machine,
			    name, fault_outcome(&request->fault), &task);
	exoscale_reply_operation(reply, task, "snapshot", image->thing.id);
}

void exoscale_drop_snapshot(struct request *request, struct reply *reply)
{
	struct image *image = snapshot_asked(request, reply);

	if (!image)
		return;
	json_object_set_new(image->thing.more, "deleting", json_true());
	exoscale_reply_operation(reply,
				 work_start(EXOSCALE, "drop-snapshot", NULL,
					    image, settings.drop_s, 0,
					    fault_outcome(&request->fault)),
				 "snapshot", image->thing.id);
}

void exoscale_export(struct request *request, struct reply *reply)
{
	struct image *image = snapshot_ready(request, reply);

	if (!image)
		return;
	json_object_set_new(image->thing.more, "exporting", json_true());
	exoscale_reply_operation(reply,
				 work_start(EXOSCALE, "export", NULL, image,
					    settings.promote_s, 0,
					    fault_outcome(&request->fault)),
				 "snapshot", image->thing.id);
}

/* ---- templates ---- */

static size_t own_templates(void)
{
	size_t own = 0;

	for (size_t i = 0; i < state->images.count; i++)
		own += !((struct image *)state->images.at[i])->stock;
	return own;
}

/* A template from a snapshot, on its way. */
static void make_template(struct request *request, struct reply *reply,
			  const struct image *snapshot)
{
	const char *name = body_text(request, "name");
	const char *user = body_text(request, "default-user");
	struct image *image;
	struct task *task;
	bool by_snapshot = settings.promote_answers_snapshot &&
			   strstr(request->route->pattern, ":promote");

	if (settings.image_quota &&
	    own_templates() >= (size_t)settings.image_quota) {
		exoscale.fail(reply, 409, "Template limit reached");
		return;
	}
	image = image_new(EXOSCALE, &state->images, name);
	image->disk_gb = snapshot->disk_gb;
	memcpy(image->content, snapshot->content, sizeof(image->content));
	copy_text(image->thing.region, REGION_SIZE, request->zone);
	copy_text(image->machine, sizeof(image->machine), snapshot->machine);
	copy_text(image->machine_name, sizeof(image->machine_name),
		  snapshot->machine_name);
	copy_text(image->snapshot, sizeof(image->snapshot), snapshot->thing.id);
	json_array_append_new(image->regions, json_string(request->zone));
	if (user)
		json_object_set_new(image->thing.more, "default-user",
				    json_string(user));
	task = work_start(EXOSCALE, "image", NULL, image, settings.promote_s, 0,
			  fault_outcome(&request->fault));
	image->thing.appears_at = task->done_at + settings.task_lag_s;
	exoscale_reply_operation(
		reply, task, by_snapshot ? "snapshot" : "template",
		by_snapshot ? snapshot->thing.id : image->thing.id);
}

void exoscale_promote(struct request *request, struct reply *reply)
{
	struct image *image = snapshot_ready(request, reply);

	if (!image)
		return;
	if (!body_text(request, "name"))
		exoscale.fail(reply, 400, "name is required");
	else
		make_template(request, reply, image);
}

/* The snapshot that was exported to this address, or NULL. */
static struct image *exported(const char *url)
{
	for (size_t i = 0; i < state->snapshots.count; i++) {
		struct image *snapshot = state->snapshots.at[i];

		if (snapshot->exported && strstr(url, snapshot->thing.id))
			return snapshot;
	}
	return NULL;
}

void exoscale_register(struct request *request, struct reply *reply)
{
	const char *url = body_text(request, "url");
	const char *checksum = body_text(request, "checksum");
	struct image *snapshot = url ? exported(url) : NULL;
	char md5[33];

	if (!url || !checksum || !body_text(request, "name") ||
	    !json_is_boolean(
		    json_object_get(request->json, "ssh-key-enabled")) ||
	    !json_is_boolean(
		    json_object_get(request->json, "password-enabled"))) {
		exoscale.fail(reply, 400,
			      "name, url, checksum, ssh-key-enabled and "
			      "password-enabled are required");
		return;
	}
	if (snapshot)
		md5_of(snapshot, md5);
	if (!snapshot || strcmp(md5, checksum) != 0)
		exoscale.fail(reply, 400, "url or checksum is not valid");
	else
		make_template(request, reply, snapshot);
}

static bool template_shown(const struct request *request,
			   const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;
	const char *visibility = query_text(request, "visibility");
	bool stock = visibility && strcmp(visibility, "private") != 0;

	/* Without the parameter the vendor lists the public ones. */
	if (!visibility)
		stock = true;
	return image->stock == stock && image->state == IMAGE_READY &&
	       list_has(image->regions, request->zone);
}

static json_t *template_row(const struct request *request,
			    const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;
	json_t *family = json_object_get(thing->more, "family");
	json_t *user = json_object_get(thing->more, "default-user");

	(void)request;
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:b, s:s, s:s, s:O, s:o}",
		"id", thing->id, "name", thing->name, "description", "",
		"family", family ? json_string_value(family) : "other",
		"default-user",
		user	 ? json_string_value(user)
		: family ? json_string_value(family)
			 : "debian",
		"size", (json_int_t)image->disk_gb << 30, "ssh-key-enabled", 1,
		"password-enabled", 0, "boot-mode", "legacy", "visibility",
		image->stock ? "public" : "private", "zones", image->regions,
		"created-at", time_json(thing->created));
}

void exoscale_list_templates(struct request *request, struct reply *reply)
{
	exoscale_list(request, reply, "templates", &state->images,
		      template_shown, template_row);
}

struct image *exoscale_template(const char *id, const char *zone)
{
	struct image *image = id ? pile_find(&state->images, id) : NULL;

	return image && image->state == IMAGE_READY &&
			       list_has(image->regions, zone)
		       ? image
		       : NULL;
}

static struct image *template_asked(const struct request *request,
				    struct reply *reply)
{
	struct image *image =
		exoscale_template(request->args[0], request->zone);

	if (!image)
		exoscale.fail(reply, 404, "Template not found");
	return image;
}

void exoscale_get_template(struct request *request, struct reply *reply)
{
	struct image *image = template_asked(request, reply);

	if (image)
		reply_json(reply, 200, template_row(request, &image->thing));
}

void exoscale_drop_template(struct request *request, struct reply *reply)
{
	struct image *image = template_asked(request, reply);

	if (!image)
		return;
	if (image->stock) {
		exoscale.fail(reply, 403, "Not your template");
		return;
	}
	exoscale_reply_operation(reply,
				 work_start(EXOSCALE, "drop-image", NULL, image,
					    settings.drop_s, 0,
					    fault_outcome(&request->fault)),
				 "template", image->thing.id);
}

void exoscale_copy_template(struct request *request, struct reply *reply)
{
	struct image *image = template_asked(request, reply);
	const char *zone = json_string_value(json_object_get(
		json_object_get(request->json, "target-zone"), "name"));
	struct task *task;

	if (!image)
		return;
	if (!region_find(exoscale_zones, zone)) {
		exoscale.fail(reply, 400, "target-zone is not valid");
		return;
	}
	task = work_start(EXOSCALE, "transfer", NULL, image,
			  settings.transfer_s, 0,
			  fault_outcome(&request->fault));
	copy_text(task->region, REGION_SIZE, zone);
	exoscale_reply_operation(reply, task, "template", image->thing.id);
}
