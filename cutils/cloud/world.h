/* world.h - what a cloud has, as last observed: machines, images, tasks.
 *
 * Filled by a provider's reply readers, read by the plan. The fields are
 * every cloud's common ground; an empty text or a zero means "not said". */
#ifndef CLOUD_WORLD_H
#define CLOUD_WORLD_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_SIZE 128
#define NAME_SIZE 160
#define ADDRESS_SIZE 46

enum machine_state {
	MACHINE_OTHER, /* on its way somewhere, or none of the below */
	MACHINE_RUNNING,
	MACHINE_STOPPED,
	MACHINE_FAILED,
};

struct machine {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	char region[64];
	char size[64];
	char created[32]; /* RFC 3339 */
	char public_ipv4[ADDRESS_SIZE], private_ipv4[ADDRESS_SIZE];
	enum machine_state state;
	unsigned disk_gb;
};

enum image_state { IMAGE_PENDING, IMAGE_READY, IMAGE_FAILED };

/* An image a machine can be started from, or (world.snapshots) the
 * intermediate snapshot that some clouds make an image from. */
struct image {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	char machine[NAME_SIZE]; /* snapshots: whose it is */
	char region[64];
	char created[32];
	enum image_state state;
	int percent; /* -1: not said */
	uint64_t size_bytes;
	unsigned min_disk_gb;
};

enum task_state { TASK_RUNNING, TASK_DONE, TASK_FAILED };

/* Work the cloud is doing. machine names what it is done to, where the cloud
 * says so; a task without one is known only by the id its create answered. */
struct task {
	char id[ID_SIZE];
	char machine[NAME_SIZE];
	char text[200]; /* why it failed, in the cloud's words */
	enum task_state state;
	bool makes_image;
	int percent;	   /* -1: not said */
	int64_t created_s; /* epoch, 0: not said */
};

struct world {
	struct machine *machines;
	size_t machine_count;
	struct image *images;
	size_t image_count;
	struct image *snapshots;
	size_t snapshot_count;
	struct task *tasks;
	size_t task_count;
};

/* Frees what the world holds; it is empty and may be filled again. */
void world_clear(struct world *);

/* A new zeroed row at the end, borrowed until the next one is added; NULL
 * without memory (with *err). percent is -1 already. */
struct machine *world_add_machine(struct world *, struct err *);
struct image *world_add_image(struct world *, struct err *);
struct image *world_add_snapshot(struct world *, struct err *);
struct task *world_add_task(struct world *, struct err *);

/* Borrowed, or NULL: there is none. */
const struct machine *world_machine(const struct world *, const char *name);
const struct machine *world_machine_id(const struct world *, const char *id);
const struct image *world_image(const struct world *, const char *name);
const struct image *world_image_id(const struct world *, const char *id);
const struct image *world_snapshot(const struct world *, const char *machine,
				   const char *name);
const struct task *world_task(const struct world *, const char *id);

/* A running task on this machine, or NULL. */
const struct task *world_busy(const struct world *, const char *machine);

#endif
