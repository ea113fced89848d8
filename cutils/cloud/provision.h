/* provision.h - a run that starts one machine from each image. */
#ifndef CLOUD_PROVISION_H
#define CLOUD_PROVISION_H

#include "cloud/journal.h"
#include "cloud/world.h"

/* For a fresh run: refuses, before anything is created, a machine whose name
 * is in use and an image that is missing (ERR_REFUSED) or not ready
 * (ERR_RETRY). Notes the image's disk, by which the deadline scales. */
int provision_prepare(struct journal *, const struct world *,
		      struct err *) MUST_CHECK;

#endif
