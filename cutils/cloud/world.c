/* world.c - see world.h. */
#include "cloud/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void world_clear(struct world *world)
{
	free(world->machines);
	free(world->images);
	free(world->snapshots);
	free(world->tasks);
	free(world->offers);
	*world = (struct world){0};
}

/* Makes room for one more row of size bytes; the count is a power of two when
 * the room is used up. */
static void *add_row(void *rows, size_t *count, size_t size, void **row,
		     struct err *err)
{
	if ((*count & (*count - 1)) == 0) {
		size_t room = *count ? *count * 2 : 1;
		void *more = reallocarray(rows, room, size);

		if (!more) {
			err_set(err, ERR_SYSTEM, "reply: out of memory");
			*row = NULL;
			return rows;
		}
		rows = more;
	}
	*row = (char *)rows + *count * size;
	memset(*row, 0, size);
	++*count;
	return rows;
}

struct machine *world_add_machine(struct world *world, struct err *err)
{
	void *row;

	world->machines = add_row(world->machines, &world->machine_count,
				  sizeof(struct machine), &row, err);
	return row;
}

struct image *world_add_image(struct world *world, struct err *err)
{
	void *row;

	world->images = add_row(world->images, &world->image_count,
				sizeof(struct image), &row, err);
	if (row)
		((struct image *)row)->percent = -1;
	return row;
}

struct image *world_add_snapshot(struct world *world, struct err *err)
{
	void *row;

	world->snapshots = add_row(world->snapshots, &world->snapshot_count,
				   sizeof(struct image), &row, err);
	if (row)
		((struct image *)row)->percent = -1;
	return row;
}

struct task *world_add_task(struct world *world, struct err *err)
{
	void *row;

	world->tasks = add_row(world->tasks, &world->task_count,
			       sizeof(struct task), &row, err);
	if (row)
		((struct task *)row)->percent = -1;
	return row;
}

struct offer *world_add_offer(struct world *world, enum offer_kind kind,
			      struct err *err)
{
	void *row;

	world->offers = add_row(world->offers, &world->offer_count,
				sizeof(struct offer), &row, err);
	if (row)
		((struct offer *)row)->kind = kind;
	return row;
}

void world_place(struct world *world, const char *region)
{
	size_t i;

	for (i = 0; i < world->machine_count; i++)
		if (!world->machines[i].region[0])
			snprintf(world->machines[i].region,
				 sizeof(world->machines[i].region), "%s",
				 region);
}

void world_keep_region(struct world *world, const char *region)
{
	size_t kept = 0, i;

	for (i = 0; i < world->machine_count; i++)
		if (strcmp(world->machines[i].region, region) == 0)
			world->machines[kept++] = world->machines[i];
	world->machine_count = kept;
}

const struct machine *world_machine(const struct world *world, const char *name)
{
	size_t i;

	for (i = 0; i < world->machine_count; i++)
		if (strcmp(world->machines[i].name, name) == 0)
			return &world->machines[i];
	return NULL;
}

const struct machine *world_machine_id(const struct world *world,
				       const char *id)
{
	size_t i;

	for (i = 0; i < world->machine_count; i++)
		if (strcmp(world->machines[i].id, id) == 0)
			return &world->machines[i];
	return NULL;
}

const struct image *world_image(const struct world *world, const char *name)
{
	const struct image *deleted = NULL;
	size_t i;

	for (i = 0; i < world->image_count; i++) {
		const struct image *image = &world->images[i];

		if (strcmp(image->name, name) != 0)
			continue;
		if (image->state != IMAGE_DELETED)
			return image;
		deleted = image;
	}
	return deleted;
}

const struct image *world_image_id(const struct world *world, const char *id)
{
	size_t i;

	for (i = 0; i < world->image_count; i++)
		if (strcmp(world->images[i].id, id) == 0)
			return &world->images[i];
	return NULL;
}

const struct image *world_snapshot(const struct world *world,
				   const char *machine, const char *name)
{
	size_t i;

	for (i = 0; i < world->snapshot_count; i++)
		if (strcmp(world->snapshots[i].machine, machine) == 0 &&
		    strcmp(world->snapshots[i].name, name) == 0)
			return &world->snapshots[i];
	return NULL;
}

const struct image *world_snapshot_id(const struct world *world, const char *id)
{
	size_t i;

	for (i = 0; i < world->snapshot_count; i++)
		if (strcmp(world->snapshots[i].id, id) == 0)
			return &world->snapshots[i];
	return NULL;
}

const struct task *world_task(const struct world *world, const char *id)
{
	size_t i;

	for (i = 0; i < world->task_count; i++)
		if (strcmp(world->tasks[i].id, id) == 0)
			return &world->tasks[i];
	return NULL;
}

const struct offer *world_offer(const struct world *world, enum offer_kind kind,
				const char *name, const char *region)
{
	size_t i;

	for (i = 0; i < world->offer_count; i++) {
		const struct offer *offer = &world->offers[i];

		if (offer->kind == kind &&
		    (strcmp(offer->name, name) == 0 ||
		     strcmp(offer->id, name) == 0) &&
		    (!region[0] || world_in(offer->region, region)))
			return offer;
	}
	return NULL;
}

void world_name_sizes(struct world *world)
{
	size_t i, j;

	for (i = 0; i < world->machine_count; i++) {
		struct machine *machine = &world->machines[i];
		const struct offer *best = NULL;

		for (j = 0; j < world->offer_count; j++) {
			const struct offer *offer = &world->offers[j];

			if (offer->kind == OFFER_SIZE &&
			    strcmp(offer->id, machine->size) == 0 &&
			    (!best || strlen(offer->name) < strlen(best->name)))
				best = offer;
		}
		if (best)
			snprintf(machine->size, sizeof(machine->size), "%.*s",
				 (int)sizeof(machine->size) - 1, best->name);
	}
}

bool world_is_of(const struct image *snapshot, const char *name, const char *id)
{
	return strcmp(snapshot->machine, name) == 0 ||
	       (id[0] && strcmp(snapshot->machine, id) == 0);
}

bool world_busy(const struct world *world, const char *machine)
{
	const struct machine *is = world_machine(world, machine);
	size_t i;

	for (i = 0; i < world->task_count; i++)
		if (world->tasks[i].state == TASK_RUNNING &&
		    strcmp(world->tasks[i].machine, machine) == 0)
			return true;
	return is && is->busy;
}

int64_t world_newest_task(const struct world *world)
{
	int64_t newest = 0;
	size_t i;

	for (i = 0; i < world->task_count; i++)
		if (world->tasks[i].number > newest)
			newest = world->tasks[i].number;
	return newest;
}

bool world_in(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *at = list;

	if (!list[0])
		return true;
	while ((at = strstr(at, word))) {
		if ((at == list || at[-1] == ' ') &&
		    (!at[len] || at[len] == ' '))
			return true;
		at += len ? len : 1;
	}
	return false;
}
