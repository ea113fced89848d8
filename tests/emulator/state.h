/* state.h - what there is: machines, images, tasks and what they refer to.
 *
 * One model for the four clouds; each cloud's file shows it as its vendor does.
 * Everything here belongs to the state: pointers stay good until the thing is
 * removed, which only happens in state_remove() and state_reset(). Times are
 * emulated seconds since 1970 (settings.h). */
#ifndef EMULATOR_STATE_H
#define EMULATOR_STATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum cloud_id { DIGITALOCEAN, LINODE, VULTR, EXOSCALE, CLOUD_COUNT };

#define ID_SIZE 64
#define NAME_SIZE 256
#define REGION_SIZE 24

enum power {
	POWER_CREATING, /* until boot_at, then starting */
	POWER_STARTING,
	POWER_RUNNING,
	POWER_STOPPING,
	POWER_STOPPED,
	POWER_DELETING,
	POWER_FAILED,
};

/* What every thing has; it comes first in each of them. */
struct thing {
	char id[ID_SIZE];
	long long number; /* where the vendor's ids are numbers */
	char name[NAME_SIZE];
	char region[REGION_SIZE];
	double created;
	double appears_at; /* not in lists before it */
	json_t *more;	   /* an object: what only this vendor has */
};

struct machine {
	struct thing thing;
	char size[48];
	int disk_gb, memory_mb, vcpus;
	enum power power;
	double boot_at;	   /* creating until then, starting after it */
	double busy_until; /* one event at a time */
	char image[ID_SIZE], image_name[NAME_SIZE];
	char address[16], private_address[16];
	char *user_data; /* as sent, or NULL */
	bool root_password, encrypted;
	char content[128]; /* of its disk, as far as a test wrote it */
	json_t *tags;	   /* texts, or Exoscale's object of labels */
	json_t *keys, *vpcs, *firewalls, *networks; /* ids, texts */
	json_t *disks; /* number label filesystem size_mb status */
	json_t *history;
};

enum image_state { IMAGE_PENDING, IMAGE_READY, IMAGE_FAILED };

/* An image, or an intermediate snapshot of Exoscale's. */
struct image {
	struct thing thing;
	enum image_state state;
	bool stock;    /* the vendor's own */
	bool exported; /* a snapshot that can be fetched */
	int disk_gb;   /* smallest disk it can be put on */
	char content[128];
	char machine[ID_SIZE], machine_name[NAME_SIZE];
	char snapshot[ID_SIZE]; /* it was made from */
	json_t *regions, *tags; /* texts */
};

enum outcome {
	WORK_SUCCEEDS,
	WORK_FAILS,
	WORK_VANISHES,
	WORK_STUCK,
	WORK_IGNORED,
};

struct task {
	struct thing thing;
	enum cloud_id cloud;
	const char *operation;
	char machine[ID_SIZE], image[ID_SIZE];
	char region[REGION_SIZE]; /* of a transfer */
	char message[160];
	double done_at;	  /* says done from then on */
	double effect_at; /* not before done_at */
	enum outcome outcome;
	bool applied;
};

struct pile {
	void **at;
	size_t count, room;
};

struct cloud_state {
	/* struct machine; struct image twice; struct task; struct thing */
	struct pile machines, images, snapshots, tasks;
	struct pile vpcs, keys, firewalls, networks;
};

extern struct cloud_state states[CLOUD_COUNT];

extern const char *const cloud_names[CLOUD_COUNT];

/* -1 where there is no such cloud. */
int cloud_by_name(const char *name);

void pile_add(struct pile *, void *);

/* By id, or by name the first; NULL where there is none. */
void *pile_find(const struct pile *, const char *id);
void *pile_named(const struct pile *, const char *name, const char *region);

/* New, with an id that was never used before, in its pile. Out of memory ends
 * the program: this is a test's tool. */
struct machine *machine_new(enum cloud_id, const char *name);
struct image *image_new(enum cloud_id, struct pile *, const char *name);
struct task *task_new(enum cloud_id);
struct thing *thing_new(enum cloud_id, struct pile *, const char *name,
			const char *region);

/* Takes it out of its pile and frees it. */
void machine_remove(enum cloud_id, struct machine *);
void image_remove(struct pile *, struct image *);

/* Deletes everything of one; everything everywhere: the clouds then seed it
 * again. */
void cloud_state_clear(struct cloud_state *);
void state_clear(void);

/* A number never given before; a UUID (RFC 9562, version 4) made of one. */
long long next_number(void);
void next_uuid(char id[ID_SIZE]);

/* Copies, cut where it must be. */
void copy_text(char *to, size_t size, const char *text);

bool listed(const struct thing *);
bool list_has(const json_t *list, const char *text);
void history_add(struct machine *, const char *what, const char *how);

#endif
