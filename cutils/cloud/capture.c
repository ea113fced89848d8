/* capture.c - see capture.h. */
#include "cloud/capture.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* FNV-1a, 32 bits: it only has to tell cut names apart. */
static uint32_t hash(const char *text)
{
	uint32_t sum = 2166136261u;

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * 16777619u;
	return sum;
}

void capture_image_name(char *name, size_t size, const char *machine,
			int64_t epoch_s, size_t max)
{
	char stamp[CLOCK_STAMP_SIZE];

	clock_stamp(epoch_s, stamp);
	snprintf(name, size, "%s-%s", machine, stamp);
	if (strlen(name) > max) {
		uint32_t sum = hash(name);

		snprintf(name + max - 7, size - (max - 7), "-%06x",
			 (unsigned)(sum & 0xffffff));
	}
}

/* One of two machines of a name would be a guess. */
static int check_alone(const struct machine *machine, const struct world *world,
		       struct err *err)
{
	const struct machine *other;

	for (other = machine + 1;
	     other < world->machines + world->machine_count; other++)
		if (strcmp(other->name, machine->name) == 0)
			return err_set(err, ERR_REFUSED,
				       "%s: two machines have that name: %s "
				       "and %s; rename or delete one",
				       machine->name, machine->id, other->id);
	return 0;
}

static int prepare(struct target *target, const struct provider *provider,
		   const struct world *world, int64_t now_s, struct err *err)
{
	const struct machine *machine = world_machine(world, target->machine);
	size_t max = provider->image_name_max;

	if (!machine)
		return err_set(err, ERR_NO, "%s: there is no such machine",
			       target->machine);
	if (check_alone(machine, world, err) < 0)
		return -1;
	snprintf(target->machine_id, sizeof(target->machine_id), "%s",
		 machine->id);
	snprintf(target->machine_size, sizeof(target->machine_size), "%s",
		 machine->size);
	target->disk_gb = machine->disk_gb;
	if (max >= sizeof(target->image))
		max = sizeof(target->image) - 1;
	do {
		capture_image_name(target->image, sizeof(target->image),
				   target->machine, now_s++, max);
	} while (world_image(world, target->image) ||
		 world_snapshot(world, target->machine, target->image));
	return 0;
}

int capture_prepare(struct journal *journal, const struct provider *provider,
		    const struct world *world, int64_t now_s, struct err *err)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (prepare(&journal->targets[i], provider, world, now_s, err) <
		    0)
			return -1;
	return 0;
}
