/* seed.c - VPCs, firewalls and a key under the toolkit's own names. */
#include "seed.h"

#include <stdio.h>
#include <string.h>

const char seed_public_key[] =
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEmulatorKeyOfNobodyAtAllXXXXXXXX"
	"XXXXXXXX demo-build";

static const char *const types[] = {"authenticator", "reverseproxy",
				    "autoscaler", "webserver", "database"};

void seed_account(enum cloud_id cloud, const struct region *regions,
		  const char *vpc_format)
{
	struct cloud_state *state = &states[cloud];
	char name[NAME_SIZE];

	for (const struct region *at = regions; at->slug; at++) {
		const char *mark = strstr(vpc_format, "%s");

		snprintf(name, sizeof(name), "%.*s%s",
			 mark ? (int)(mark - vpc_format)
			      : (int)strlen(vpc_format),
			 vpc_format, mark ? at->slug : "");
		thing_new(cloud,
			  cloud == EXOSCALE ? &state->networks : &state->vpcs,
			  name, at->slug);
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		snprintf(name, sizeof(name), "adt-%s-demo-build", types[i]);
		thing_new(cloud, &state->firewalls, name, "");
	}
	thing_new(cloud, &state->keys, "AGILE_TOOLKIT_PUBLIC_KEY-demo-build",
		  "");
}

struct image *seed_stock(enum cloud_id cloud, const struct stock *stock,
			 const struct region *regions)
{
	struct image *image =
		image_new(cloud, &states[cloud].images, stock->name);

	image->stock = true;
	image->state = IMAGE_READY;
	image->disk_gb = 8;
	image->thing.appears_at = 0;
	json_decref(image->regions);
	image->regions = region_slugs(regions);
	json_object_set_new(image->thing.more, "family",
			    json_string(stock->family));
	if (stock->id)
		json_object_set_new(image->thing.more, "slug",
				    json_string(stock->id));
	return image;
}

const struct region *region_find(const struct region *regions, const char *slug)
{
	for (; regions->slug; regions++)
		if (slug && strcmp(regions->slug, slug) == 0)
			return regions;
	return NULL;
}

const struct size *size_find(const struct size *sizes, const char *slug)
{
	for (; sizes->slug; sizes++)
		if (slug && strcmp(sizes->slug, slug) == 0)
			return sizes;
	return NULL;
}

bool size_give(const struct size *sizes, const char *slug,
	       struct machine *machine)
{
	const struct size *size = size_find(sizes, slug);

	if (!size)
		return false;
	copy_text(machine->size, sizeof(machine->size), slug);
	machine->memory_mb = size->memory_mb;
	machine->vcpus = size->vcpus;
	machine->disk_gb = size->disk_gb;
	return true;
}

json_t *region_slugs(const struct region *regions)
{
	json_t *slugs = json_array();

	for (; regions->slug; regions++)
		json_array_append_new(slugs, json_string(regions->slug));
	return slugs;
}

json_t *size_slugs(const struct size *sizes)
{
	json_t *slugs = json_array();

	for (; sizes->slug; sizes++)
		json_array_append_new(slugs, json_string(sizes->slug));
	return slugs;
}
