/* state.c - memory, ids and piles; no cloud and no clock but the one. */
#include "state.h"

#include "settings.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cloud_state states[CLOUD_COUNT];

const char *const cloud_names[CLOUD_COUNT] = {"digitalocean", "linode", "vultr",
					      "exoscale"};

/* Where the numbers of each vendor are about. */
static const long long first_number[CLOUD_COUNT] = {
	[DIGITALOCEAN] = 512000000,
	[LINODE] = 61000000,
};

int cloud_by_name(const char *name)
{
	for (int i = 0; i < CLOUD_COUNT; i++)
		if (strcmp(name, cloud_names[i]) == 0)
			return i;
	return -1;
}

static void *zeroed(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		abort();
	return memory;
}

void copy_text(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		len = size - 1;
	memcpy(to, text, len);
	to[len] = '\0';
}

long long next_number(void)
{
	static long long last;

	return ++last;
}

/* Steele and others, "Fast splittable pseudorandom number generators". */
static uint64_t scatter(uint64_t n)
{
	n *= 0x9e3779b97f4a7c15u;
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9u;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
	return n ^ (n >> 31);
}

void next_uuid(char id[ID_SIZE])
{
	uint64_t n = (uint64_t)next_number();
	uint64_t a = scatter(2 * n), b = scatter(2 * n + 1);

	snprintf(id, ID_SIZE,
		 "%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-%04" PRIx64
		 "-%012" PRIx64,
		 a >> 32, a >> 16 & 0xffff, a & 0xfff,
		 (b >> 48 & 0x3fff) | 0x8000, b & 0xffffffffffff);
}

void pile_add(struct pile *pile, void *thing)
{
	if (pile->count == pile->room) {
		pile->room = pile->room ? 2 * pile->room : 16;
		pile->at = realloc(pile->at, pile->room * sizeof(*pile->at));
		if (!pile->at)
			abort();
	}
	pile->at[pile->count++] = thing;
}

/* From the newest: that is what is asked for. */
void *pile_find(const struct pile *pile, const char *id)
{
	for (size_t i = pile->count; i > 0; i--) {
		struct thing *thing = pile->at[i - 1];

		if (strcmp(thing->id, id) == 0)
			return thing;
	}
	return NULL;
}

void *pile_named(const struct pile *pile, const char *name, const char *region)
{
	for (size_t i = 0; i < pile->count; i++) {
		struct thing *thing = pile->at[i];

		if (strcmp(thing->name, name) == 0 &&
		    (!region || strcmp(thing->region, region) == 0))
			return thing;
	}
	return NULL;
}

static void pile_take(struct pile *pile, const void *thing)
{
	for (size_t i = 0; i < pile->count; i++)
		if (pile->at[i] == thing) {
			pile->count--;
			memmove(pile->at + i, pile->at + i + 1,
				(pile->count - i) * sizeof(*pile->at));
			return;
		}
}

static void thing_init(struct thing *thing, enum cloud_id cloud,
		       const char *name)
{
	if (first_number[cloud]) {
		thing->number = first_number[cloud] + next_number();
		snprintf(thing->id, sizeof(thing->id), "%lld", thing->number);
	} else {
		next_uuid(thing->id);
		thing->number = next_number();
	}
	copy_text(thing->name, sizeof(thing->name), name);
	thing->created = emulated_now();
	thing->appears_at = thing->created + settings.appear_s;
	thing->more = json_object();
}

struct machine *machine_new(enum cloud_id cloud, const char *name)
{
	struct machine *machine = zeroed(sizeof(*machine));
	long long n;

	thing_init(&machine->thing, cloud, name);
	n = machine->thing.number;
	/* RFC 5737's three blocks, and a private one. */
	snprintf(machine->address, sizeof(machine->address), "%s.%d",
		 n / 250 % 3 == 0   ? "192.0.2"
		 : n / 250 % 3 == 1 ? "198.51.100"
				    : "203.0.113",
		 (int)(n % 250) + 2);
	snprintf(machine->private_address, sizeof(machine->private_address),
		 "10.0.%d.%d", (int)(n / 250 % 250), (int)(n % 250) + 2);
	machine->tags = json_array();
	machine->keys = json_array();
	machine->vpcs = json_array();
	machine->firewalls = json_array();
	machine->networks = json_array();
	machine->disks = json_array();
	machine->history = json_array();
	pile_add(&states[cloud].machines, machine);
	return machine;
}

struct image *image_new(enum cloud_id cloud, struct pile *pile,
			const char *name)
{
	struct image *image = zeroed(sizeof(*image));

	thing_init(&image->thing, cloud, name);
	image->regions = json_array();
	image->tags = json_array();
	pile_add(pile, image);
	return image;
}

struct task *task_new(enum cloud_id cloud)
{
	struct task *task = zeroed(sizeof(*task));

	thing_init(&task->thing, cloud, "");
	task->cloud = cloud;
	task->thing.appears_at = 0;
	pile_add(&states[cloud].tasks, task);
	return task;
}

struct thing *thing_new(enum cloud_id cloud, struct pile *pile,
			const char *name, const char *region)
{
	struct thing *thing = zeroed(sizeof(*thing));

	thing_init(thing, cloud, name);
	copy_text(thing->region, sizeof(thing->region), region);
	thing->appears_at = thing->created;
	pile_add(pile, thing);
	return thing;
}

static void machine_free(struct machine *machine)
{
	json_decref(machine->thing.more);
	json_decref(machine->tags);
	json_decref(machine->keys);
	json_decref(machine->vpcs);
	json_decref(machine->firewalls);
	json_decref(machine->networks);
	json_decref(machine->disks);
	json_decref(machine->history);
	free(machine->user_data);
	free(machine);
}

static void image_free(struct image *image)
{
	json_decref(image->thing.more);
	json_decref(image->regions);
	json_decref(image->tags);
	free(image);
}

void machine_remove(enum cloud_id cloud, struct machine *machine)
{
	pile_take(&states[cloud].machines, machine);
	machine_free(machine);
}

void image_remove(struct pile *pile, struct image *image)
{
	pile_take(pile, image);
	image_free(image);
}

static void pile_clear(struct pile *pile)
{
	for (size_t i = 0; i < pile->count; i++) {
		struct thing *thing = pile->at[i];

		json_decref(thing->more);
		free(thing);
	}
	free(pile->at);
	*pile = (struct pile){0};
}

static void images_clear(struct pile *pile)
{
	while (pile->count)
		image_free(pile->at[--pile->count]);
	pile_clear(pile);
}

void cloud_state_clear(struct cloud_state *state)
{
	while (state->machines.count)
		machine_free(state->machines.at[--state->machines.count]);
	pile_clear(&state->machines);
	images_clear(&state->images);
	images_clear(&state->snapshots);
	pile_clear(&state->tasks);
	pile_clear(&state->vpcs);
	pile_clear(&state->keys);
	pile_clear(&state->firewalls);
	pile_clear(&state->networks);
}

void state_clear(void)
{
	for (int i = 0; i < CLOUD_COUNT; i++)
		cloud_state_clear(&states[i]);
}

bool listed(const struct thing *thing)
{
	return thing->appears_at <= emulated_now();
}

bool list_has(const json_t *list, const char *text)
{
	size_t i;
	json_t *entry;

	json_array_foreach (list, i, entry)
		if (json_is_string(entry) &&
		    strcmp(json_string_value(entry), text) == 0)
			return true;
	return false;
}

void history_add(struct machine *machine, const char *what, const char *how)
{
	json_array_append_new(
		machine->history,
		json_sprintf("%s%s%s", what, *how ? " " : "", how));
}
