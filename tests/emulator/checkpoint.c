/* checkpoint.c - copies that share nothing with what they are of. */
#include "checkpoint.h"

#include "state.h"
#include "work.h"

#include <stdlib.h>
#include <string.h>

static struct cloud_state saved[CLOUD_COUNT];
static bool any;

static void *memory_copy(const void *from, size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		abort();
	memcpy(memory, from, size);
	return memory;
}

static void own(json_t **member)
{
	*member = json_deep_copy(*member);
	if (!*member)
		abort();
}

static void *thing_copy(const void *from, size_t size)
{
	struct thing *thing = memory_copy(from, size);

	own(&thing->more);
	return thing;
}

static void *plain_copy(const void *from)
{
	return thing_copy(from, sizeof(struct thing));
}

/* Its operation is a literal. */
static void *task_copy(const void *from)
{
	return thing_copy(from, sizeof(struct task));
}

static void *image_copy(const void *from)
{
	struct image *image = thing_copy(from, sizeof(*image));

	own(&image->regions);
	own(&image->tags);
	return image;
}

static void *machine_copy(const void *from)
{
	struct machine *machine = thing_copy(from, sizeof(*machine));

	own(&machine->tags);
	own(&machine->keys);
	own(&machine->vpcs);
	own(&machine->firewalls);
	own(&machine->networks);
	own(&machine->disks);
	own(&machine->history);
	if (machine->user_data)
		machine->user_data = memory_copy(
			machine->user_data, strlen(machine->user_data) + 1);
	return machine;
}

static void pile_copy(struct pile *to, const struct pile *from,
		      void *(*copy)(const void *))
{
	for (size_t i = 0; i < from->count; i++)
		pile_add(to, copy(from->at[i]));
}

/* Each `to` is empty. */
static void copy_all(struct cloud_state *to, const struct cloud_state *from)
{
	for (int i = 0; i < CLOUD_COUNT; i++, to++, from++) {
		pile_copy(&to->machines, &from->machines, machine_copy);
		pile_copy(&to->images, &from->images, image_copy);
		pile_copy(&to->snapshots, &from->snapshots, image_copy);
		pile_copy(&to->tasks, &from->tasks, task_copy);
		pile_copy(&to->vpcs, &from->vpcs, plain_copy);
		pile_copy(&to->keys, &from->keys, plain_copy);
		pile_copy(&to->firewalls, &from->firewalls, plain_copy);
		pile_copy(&to->networks, &from->networks, plain_copy);
	}
}

void checkpoint_clear(void)
{
	for (int i = 0; i < CLOUD_COUNT; i++)
		cloud_state_clear(&saved[i]);
	any = false;
}

void checkpoint_save(void)
{
	checkpoint_clear();
	copy_all(saved, states);
	any = true;
}

bool checkpoint_restore(void)
{
	if (!any)
		return false;
	work_clear();
	state_clear();
	copy_all(states, saved);
	work_take_up();
	return true;
}
