/* seed.h - what an account has from the start, the same in every cloud. */
#ifndef EMULATOR_SEED_H
#define EMULATOR_SEED_H

#include "state.h"

/* Tables end with a nameless row. */
struct region {
	const char *slug, *name, *country, *continent;
};

struct size {
	const char *slug, *label;
	int memory_mb, vcpus, disk_gb;
	double monthly; /* dollars */
};

struct stock {
	const char *id; /* slug, or what the vendor has; NULL: one is made */
	const char *name, *family;
};

extern const char seed_public_key[]; /* of the ssh key there is */

/* VPCs, firewalls, the ssh key. vpc_format: its name, with one %s for the
 * region or none. */
void seed_account(enum cloud_id, const struct region *, const char *vpc_format);

/* An image of the vendor's own, in every region. */
struct image *seed_stock(enum cloud_id, const struct stock *,
			 const struct region *);

/* NULL where there is no such row. */
const struct region *region_find(const struct region *, const char *slug);
const struct size *size_find(const struct size *, const char *slug);

/* Gives the machine what the size has; false: no such size. */
bool size_give(const struct size *, const char *slug, struct machine *);

/* The slugs as a JSON array. */
json_t *region_slugs(const struct region *);
json_t *size_slugs(const struct size *);

#endif
