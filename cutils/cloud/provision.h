/* provision.h - what a provision asks before it begins. */
#ifndef CLOUD_PROVISION_H
#define CLOUD_PROVISION_H

#include "cloud/journal.h"
#include "cloud/provider.h"

/* The lists that provision_prepare() reads, for engine_observe(). */
unsigned provision_lists(const struct journal *);

/* Checks every target against the world and its offers: no machine of that
 * name, a ready image that can be used in the region, and a region, a size with
 * room for it, a network, a firewall and an ssh key that exist. Notes their
 * ids. ERR_REFUSED names what is wrong, and ERR_RETRY an image that is not
 * ready yet. */
int provision_prepare(struct journal *, const struct provider *,
		      const struct world *, const char *region,
		      struct err *) MUST_CHECK;

#endif
