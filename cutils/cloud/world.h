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
#define REGIONS_SIZE 512

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
	char image[ID_SIZE]; /* it was made from; "": the cloud does not tell */
	char created[32];    /* RFC 3339 */
	char public_ipv4[ADDRESS_SIZE], private_ipv4[ADDRESS_SIZE];
	char networks[REGIONS_SIZE]; /* ids of those it has joined, words */
	enum machine_state state;
	bool busy; /* the cloud says that it works on it */
	unsigned disk_gb;
};

enum image_state {
	IMAGE_PENDING,
	IMAGE_READY,
	IMAGE_FAILED,
	IMAGE_DELETED, /* the cloud still lists it, no more */
};

/* An image a machine can be started from, or (world.snapshots) the
 * intermediate snapshot that some clouds make an image from. */
struct image {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	char machine[NAME_SIZE];   /* snapshots: whose it is, name or id */
	char region[REGIONS_SIZE]; /* where it can be used, words; "": all */
	char created[32];
	enum image_state state;
	int percent; /* -1: not said */
	uint64_t size_bytes;
	unsigned min_disk_gb;
};

enum task_state { TASK_RUNNING, TASK_DONE, TASK_FAILED };

/* Work the cloud is doing, or did. machine names what it is done to, where the
 * cloud says so; a task without one is known only by the id its create
 * answered. Where ids are numbers that grow, number tells a new task from those
 * that were there before. */
struct task {
	char id[ID_SIZE];
	char machine[NAME_SIZE];
	char text[200]; /* why it failed, in the cloud's words */
	enum task_state state;
	bool makes_image;
	int percent;	/* -1: not said */
	int64_t number; /* 0: ids are no numbers */
};

/* What a cloud offers for a new machine. */
enum offer_kind {
	OFFER_REGION,
	OFFER_SIZE,
	OFFER_NETWORK,
	OFFER_FIREWALL,
	OFFER_KEY, /* a public ssh key */
};

struct offer {
	enum offer_kind kind;
	char id[ID_SIZE];
	char name[NAME_SIZE];	   /* by which the operator asks for it */
	char region[REGIONS_SIZE]; /* where it is, words; "": everywhere */
	char subnet_id[ID_SIZE];   /* OFFER_NETWORK, where the cloud has any */
	unsigned disk_gb;	   /* OFFER_SIZE; 0: any */
	unsigned memory_mb;	   /* likewise; 0: not said */
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
	struct offer *offers;
	size_t offer_count;
};

/* Frees what the world holds; it is empty and may be filled again. */
void world_clear(struct world *);

/* A new zeroed row at the end, borrowed until the next one is added; NULL
 * without memory (with *err). percent is -1 already. */
struct machine *world_add_machine(struct world *, struct err *);
struct image *world_add_image(struct world *, struct err *);
struct image *world_add_snapshot(struct world *, struct err *);
struct task *world_add_task(struct world *, struct err *);
struct offer *world_add_offer(struct world *, enum offer_kind, struct err *);

/* Where one address serves one region, machines do not say theirs: they are all
 * in this one. */
void world_place(struct world *, const char *region);

/* Forgets the machines that are elsewhere; nothing may be added after it. */
void world_keep_region(struct world *, const char *region);

/* Borrowed, or NULL: there is none. An image that is deleted is found by its
 * name only where no other has it. */
const struct machine *world_machine(const struct world *, const char *name);
const struct machine *world_machine_id(const struct world *, const char *id);
const struct image *world_image(const struct world *, const char *name);
const struct image *world_image_id(const struct world *, const char *id);
const struct image *world_snapshot(const struct world *, const char *machine,
				   const char *name);
const struct image *world_snapshot_id(const struct world *, const char *id);
const struct task *world_task(const struct world *, const char *id);

/* An offer of this name, or this id, that holds in this region ("": wherever).
 */
const struct offer *world_offer(const struct world *, enum offer_kind,
				const char *name, const char *region);

/* Machines tell the name of their size, the shortest there is, in place of its
 * id; an id that no offer has stays. */
void world_name_sizes(struct world *);

/* Is this snapshot of the machine with that name or that id? */
bool world_is_of(const struct image *snapshot, const char *name,
		 const char *id);

/* Is the cloud working on this machine? */
bool world_busy(const struct world *, const char *machine);

/* The highest number of a task, 0 without any. */
int64_t world_newest_task(const struct world *);

/* Is the word among the words of the list, or the list empty? */
bool world_in(const char *list, const char *word);

#endif
