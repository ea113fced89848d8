/* provision.c - see provision.h. */
#include "cloud/provision.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SMALLEST "smallest"

/* Which list tells of which offer, what it is called in a message, and which
 * members of a target are its name and its id. */
static const struct question {
	enum list_kind list;
	enum offer_kind offer;
	const char *what;
	size_t name, id;
} questions[] = {
	{LIST_SIZES, OFFER_SIZE, "size", offsetof(struct target, size),
	 offsetof(struct target, size_id)},
	{LIST_NETWORKS, OFFER_NETWORK, "network", offsetof(struct target, vpc),
	 offsetof(struct target, vpc_id)},
	{LIST_FIREWALLS, OFFER_FIREWALL, "firewall",
	 offsetof(struct target, firewall),
	 offsetof(struct target, firewall_id)},
	{LIST_KEYS, OFFER_KEY, "ssh key", offsetof(struct target, ssh_key),
	 offsetof(struct target, ssh_key_id)},
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

unsigned provision_lists(const struct journal *journal)
{
	unsigned lists = LISTS_WORLD | 1u << LIST_REGIONS;
	size_t i, j;

	for (i = 0; i < journal->count; i++)
		for (j = 0; j < QUESTIONS; j++)
			if (((const char *)&journal
				     ->targets[i])[questions[j].name])
				lists |= 1u << questions[j].list;
	return lists;
}

static int check_image(struct target *target, const struct world *world,
		       const char *region, struct err *err)
{
	const struct image *image = world_image_id(world, target->image);

	if (!image)
		return err_set(err, ERR_REFUSED,
			       "%s: there is no image %s here", target->machine,
			       target->image);
	if (image->state == IMAGE_FAILED || image->state == IMAGE_DELETED)
		return err_set(err, ERR_REFUSED, "%s: image %s %s",
			       target->machine, target->image,
			       image->state == IMAGE_FAILED ? "has failed"
							    : "is deleted");
	if (image->state != IMAGE_READY)
		return err_set(err, ERR_RETRY, "%s: image %s is not ready yet",
			       target->machine, target->image);
	if (region[0] && !world_in(image->region, region))
		return err_set(
			err, ERR_REFUSED, "%s: image %s is in %s, not in %s",
			target->machine, target->image, image->region, region);
	target->disk_gb = image->min_disk_gb;
	return 0;
}

/* Has it less memory, or as much and less disk? */
static bool is_less(const struct offer *offer, const struct offer *least)
{
	if (!least)
		return true;
	return offer->memory_mb != least->memory_mb
		       ? offer->memory_mb < least->memory_mb
		       : offer->disk_gb < least->disk_gb;
}

/* Where sizes have no disk of their own, only the memory tells. */
static bool fits(const struct offer *offer, const struct target *target,
		 unsigned memory_mb, const char *region)
{
	return offer->kind == OFFER_SIZE &&
	       (offer->disk_gb ? offer->disk_gb >= target->disk_gb
			       : offer->memory_mb > 0) &&
	       offer->memory_mb >= memory_mb &&
	       (!region[0] || world_in(offer->region, region));
}

/* "smallest": the least that the image fits on. Its services may not start
 * with less memory than they were set up for: "smallest:SIZE" takes none with
 * less than that size, as far as that is offered. */
static int take_smallest(struct target *target, const struct world *world,
			 const char *region, struct err *err)
{
	const char *like = target->size + strlen(SMALLEST);
	const struct offer *least = NULL, *source = NULL;
	unsigned memory_mb;
	size_t i;

	if (*like)
		source = world_offer(world, OFFER_SIZE, like + 1, "");
	memory_mb = source ? source->memory_mb : 0;
	for (i = 0; i < world->offer_count; i++)
		if (fits(&world->offers[i], target, memory_mb, region) &&
		    is_less(&world->offers[i], least))
			least = &world->offers[i];
	if (!least)
		return err_set(err, ERR_REFUSED,
			       "%s: no size can be told to be the smallest "
			       "that image %s fits; name one",
			       target->machine, target->image);
	snprintf(target->size, sizeof(target->size), "%.63s", least->name);
	return 0;
}

static bool is_smallest(const char *size)
{
	return strncmp(size, SMALLEST, strlen(SMALLEST)) == 0 &&
	       (!size[strlen(SMALLEST)] || size[strlen(SMALLEST)] == ':');
}

/* What the operator called it is looked up, so that a name that means nothing
 * there is refused before anything is created. */
static int look_up(struct target *target, const struct question *question,
		   const struct world *world, const char *region,
		   struct err *err)
{
	const char *name = (char *)target + question->name;
	char *id = (char *)target + question->id;
	const struct offer *offer;
	bool if_there = name[0] == '?';

	if (!name[0])
		return 0;
	name += if_there;
	offer = world_offer(world, question->offer, name, region);
	if (!offer && if_there)
		return 0;
	if (!offer)
		return err_set(err, ERR_REFUSED, "%s: there is no %s %s%s%s",
			       target->machine, question->what, name,
			       region[0] ? " in " : " here", region);
	snprintf(id, ID_SIZE, "%s", offer->id);
	if (question->offer == OFFER_NETWORK)
		snprintf(target->subnet_id, ID_SIZE, "%s", offer->subnet_id);
	if (question->offer == OFFER_SIZE && offer->disk_gb &&
	    offer->disk_gb < target->disk_gb)
		return err_set(
			err, ERR_REFUSED,
			"%s: size %s has a disk of %u GB, image %s needs "
			"%u GB",
			target->machine, name, offer->disk_gb, target->image,
			target->disk_gb);
	return 0;
}

/* What a cloud has several of, one of them must be said. */
static int check_said(const struct target *target,
		      const struct provider *provider, const char *region,
		      struct err *err)
{
	if (provider->lists[LIST_REGIONS].path && !region[0])
		return err_set(
			err, ERR_USAGE,
			"%s wants a region for a new machine: --region R",
			provider->name);
	if (provider->lists[LIST_SIZES].path && !target->size[0])
		return err_set(err, ERR_USAGE,
			       "%s wants a size for a new machine: --size S",
			       provider->name);
	if (provider->needs_root_password && !target->root_password)
		return err_set(err, ERR_USAGE,
			       "%s wants a root password for a new machine: "
			       "--root-password FILE",
			       provider->name);
	return 0;
}

static int prepare(struct target *target, const struct provider *provider,
		   const struct world *world, const char *region,
		   struct err *err)
{
	size_t i;

	if (check_said(target, provider, region, err) < 0)
		return -1;
	if (world_machine(world, target->machine))
		return err_set(err, ERR_REFUSED,
			       "%s: a machine of that name exists already; "
			       "take it down first",
			       target->machine);
	if (check_image(target, world, region, err) < 0)
		return -1;
	if (provider->lists[LIST_REGIONS].path &&
	    !world_offer(world, OFFER_REGION, region, ""))
		return err_set(err, ERR_REFUSED, "%s has no region %s",
			       provider->name, region);
	snprintf(target->region, sizeof(target->region), "%s", region);
	if (is_smallest(target->size)) {
		if (!provider->lists[LIST_SIZES].path)
			target->size[0] = '\0'; /* all fit there */
		else if (take_smallest(target, world, region, err) < 0)
			return -1;
	}
	if (provider->traits.sizes_by_id)
		snprintf(target->machine_size, sizeof(target->machine_size),
			 "%s", target->size);
	for (i = 0; i < QUESTIONS; i++)
		if (provider->lists[questions[i].list].path &&
		    look_up(target, &questions[i], world, region, err) < 0)
			return -1;
	return 0;
}

int provision_prepare(struct journal *journal, const struct provider *provider,
		      const struct world *world, const char *region,
		      struct err *err)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (prepare(&journal->targets[i], provider, world, region,
			    err) < 0)
			return -1;
	return 0;
}
