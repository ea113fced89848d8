/* provision.c - see provision.h. */
#include "cloud/provision.h"

static int prepare(struct target *target, const struct world *world,
		   struct err *err)
{
	const struct image *image = world_image_id(world, target->image);

	if (world_machine(world, target->machine))
		return err_set(err, ERR_REFUSED,
			       "%s: a machine of that name exists already; "
			       "take it down first",
			       target->machine);
	if (!image)
		return err_set(err, ERR_REFUSED,
			       "%s: there is no image %s here", target->machine,
			       target->image);
	if (image->state == IMAGE_FAILED)
		return err_set(err, ERR_REFUSED, "%s: image %s has failed",
			       target->machine, target->image);
	if (image->state != IMAGE_READY)
		return err_set(err, ERR_RETRY, "%s: image %s is not ready yet",
			       target->machine, target->image);
	target->disk_gb = image->min_disk_gb;
	return 0;
}

int provision_prepare(struct journal *journal, const struct world *world,
		      struct err *err)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (prepare(&journal->targets[i], world, err) < 0)
			return -1;
	return 0;
}
