/* digitalocean_images.c - snapshots, also as images and under their droplet.
 *
 * Source: docs.digitalocean.com/reference/api, sections snapshots and images.
 */
#include "digitalocean.h"

#include <string.h>

static struct cloud_state *const state = &states[DIGITALOCEAN];

json_t *digitalocean_image_row(const struct request *request,
			       const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;
	const char *family =
		json_string_value(json_object_get(thing->more, "family"));
	const char *slug =
		json_string_value(json_object_get(thing->more, "slug"));

	(void)request;
	return json_pack(
		"{s:I, s:s, s:s, s:s, s:s?, s:b, s:O, s:o, s:i, s:f, s:s, "
		"s:O, s:s}",
		"id", (json_int_t)thing->number, "name", thing->name, "type",
		image->stock ? "base" : "snapshot", "distribution",
		family ? family : "Debian", "slug", slug, "public",
		image->stock, "regions", image->regions, "created_at",
		time_json(thing->created), "min_disk_size", image->disk_gb,
		"size_gigabytes", 2.36, "description", "", "tags", image->tags,
		"status", "available");
}

static bool ready(const struct thing *thing)
{
	return ((const struct image *)thing)->state == IMAGE_READY;
}

static bool snapshot_shown(const struct request *request,
			   const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;
	const char *type = query_text(request, "resource_type");

	return !image->stock && ready(thing) &&
	       (!type || strcmp(type, "droplet") == 0);
}

/* Ids are texts in /v2/snapshots, and numbers under a droplet. */
static json_t *snapshot_row(const struct request *request,
			    const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;

	(void)request;
	return json_pack("{s:s, s:s, s:o, s:O, s:i, s:f, s:s, s:s, s:O}", "id",
			 thing->id, "name", thing->name, "created_at",
			 time_json(thing->created), "regions", image->regions,
			 "min_disk_size", image->disk_gb, "size_gigabytes",
			 2.36, "resource_id", image->machine, "resource_type",
			 "droplet", "tags", image->tags);
}

void digitalocean_list_snapshots(struct request *request, struct reply *reply)
{
	digitalocean_list(request, reply, "snapshots", &state->images,
			  snapshot_shown, snapshot_row);
}

static bool of_droplet(const struct request *request, const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;

	return ready(thing) && strcmp(image->machine, request->args[0]) == 0;
}

static json_t *droplet_snapshot_row(const struct request *request,
				    const struct thing *thing)
{
	json_t *row = snapshot_row(request, thing);

	json_object_set_new(row, "id", json_integer(thing->number));
	json_object_set_new(row, "type", json_string("snapshot"));
	json_object_del(row, "resource_id");
	json_object_del(row, "resource_type");
	json_object_del(row, "tags");
	return row;
}

void digitalocean_list_droplet_snapshots(struct request *request,
					 struct reply *reply)
{
	digitalocean_list(request, reply, "snapshots", &state->images,
			  of_droplet, droplet_snapshot_row);
}

static bool image_shown(const struct request *request,
			const struct thing *thing)
{
	const struct image *image = (const struct image *)thing;
	const char *value = query_text(request, "private");
	bool private = value && strcmp(value, "true") == 0;
	const char *type = query_text(request, "type");

	return ready(thing) && (!private || !image->stock) &&
	       (!type || (strcmp(type, "distribution") == 0 && image->stock));
}

void digitalocean_list_images(struct request *request, struct reply *reply)
{
	digitalocean_list(request, reply, "images", &state->images, image_shown,
			  digitalocean_image_row);
}

/* By id or slug; one that is not complete is not there. */
struct image *digitalocean_image(const char *id)
{
	struct image *image = pile_find(&state->images, id);

	for (size_t i = 0; !image && i < state->images.count; i++) {
		struct image *at = state->images.at[i];
		json_t *slug = json_object_get(at->thing.more, "slug");

		if (slug && strcmp(json_string_value(slug), id) == 0)
			image = at;
	}
	return image && ready(&image->thing) ? image : NULL;
}

/* The image that the path names, or NULL and a 404. */
struct image *digitalocean_image_asked(const struct request *request,
				       struct reply *reply)
{
	struct image *image = digitalocean_image(request->args[0]);

	if (!image)
		digitalocean.fail(
			reply, 404,
			"The resource you requested could not be found.");
	return image;
}

void digitalocean_get_snapshot(struct request *request, struct reply *reply)
{
	struct image *image = digitalocean_image_asked(request, reply);

	if (image)
		reply_json(reply, 200,
			   json_pack("{s:o}", "snapshot",
				     snapshot_row(request, &image->thing)));
}

void digitalocean_get_image(struct request *request, struct reply *reply)
{
	struct image *image = digitalocean_image_asked(request, reply);

	if (image)
		reply_json(reply, 200,
			   json_pack("{s:o}", "image",
				     digitalocean_image_row(request,
							    &image->thing)));
}

void digitalocean_delete_image(struct request *request, struct reply *reply)
{
	struct image *image = digitalocean_image_asked(request, reply);

	if (!image)
		return;
	if (image->stock) {
		digitalocean.fail(reply, 403,
				  "You do not have access to this image");
		return;
	}
	image_remove(&state->images, image);
	reply_json(reply, 204, NULL);
}
