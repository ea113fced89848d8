/* work.c - tasks in the order of their time, and their effects. */
#include "work.h"

#include "settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct pile pending; /* tasks whose effect is yet to come */
static double next_at = INFINITY;

double image_seconds(const struct machine *machine)
{
	return settings.image_s + settings.image_gb_s * machine->disk_gb;
}

static struct pile *images_of(struct task *task)
{
	struct cloud_state *state = &states[task->cloud];

	return pile_find(&state->snapshots, task->image) ? &state->snapshots
							 : &state->images;
}

/* A snapshot of Exoscale's does not outlive its instance. */
static void machine_gone(enum cloud_id cloud, struct machine *machine)
{
	struct pile *snapshots = &states[cloud].snapshots;

	for (size_t i = snapshots->count; i > 0; i--) {
		struct image *snapshot = snapshots->at[i - 1];

		if (strcmp(snapshot->machine, machine->thing.id) == 0)
			image_remove(snapshots, snapshot);
	}
	machine_remove(cloud, machine);
}

static void machine_effect(struct task *task, struct machine *machine)
{
	bool failed = task->outcome == WORK_FAILS;

	if (strcmp(task->operation, "delete") == 0) {
		if (failed)
			machine->power = POWER_STOPPED;
		else
			machine_gone(task->cloud, machine);
	} else if (strcmp(task->operation, "create") == 0) {
		if (task->outcome == WORK_VANISHES)
			machine_gone(task->cloud, machine);
		else
			machine->power = failed ? POWER_FAILED : POWER_RUNNING;
	} else if (strcmp(task->operation, "start") == 0) {
		machine->power = failed ? POWER_STOPPED : POWER_RUNNING;
		history_add(machine, "start", failed ? "failed" : "");
	} else if (strcmp(task->operation, "stop") == 0 ||
		   strcmp(task->operation, "kill") == 0) {
		machine->power = failed ? POWER_RUNNING : POWER_STOPPED;
		history_add(machine, task->operation, failed ? "failed" : "");
	}
}

/* What becomes of an image whose making failed: DigitalOcean's was never
 * there, Linode's vanishes, the others are shown as failed. */
static void image_failed(struct task *task, struct pile *pile,
			 struct image *image)
{
	if (task->outcome == WORK_VANISHES || task->cloud == DIGITALOCEAN ||
	    task->cloud == LINODE ||
	    (task->cloud == EXOSCALE && pile == &states[EXOSCALE].images))
		image_remove(pile, image);
	else
		image->state = IMAGE_FAILED;
}

static void image_effect(struct task *task, struct pile *pile,
			 struct image *image)
{
	const char *operation = task->operation;

	if (strcmp(operation, "image") == 0 ||
	    strcmp(operation, "snapshot") == 0) {
		if (task->outcome != WORK_SUCCEEDS)
			image_failed(task, pile, image);
		else
			image->state = IMAGE_READY;
	} else if (task->outcome != WORK_SUCCEEDS) {
		return;
	} else if (strncmp(operation, "drop-", 5) == 0) {
		image_remove(pile, image);
	} else if (strcmp(operation, "transfer") == 0) {
		if (!list_has(image->regions, task->region))
			json_array_append_new(image->regions,
					      json_string(task->region));
	} else if (strcmp(operation, "export") == 0) {
		image->exported = true;
	}
}

static void apply(struct task *task)
{
	struct machine *machine =
		pile_find(&states[task->cloud].machines, task->machine);
	struct pile *pile = images_of(task);
	struct image *image = pile_find(pile, task->image);

	task->applied = true;
	if (machine && task->outcome == WORK_IGNORED)
		history_add(machine, task->operation, "ignored");
	else if (machine && !image)
		machine_effect(task, machine);
	if (image && task->outcome != WORK_IGNORED)
		image_effect(task, pile, image);
}

/* Applied ones leave `pending`. */
static void tidy(void)
{
	size_t kept = 0;

	next_at = INFINITY;
	for (size_t i = 0; i < pending.count; i++) {
		struct task *task = pending.at[i];

		if (task->applied)
			continue;
		pending.at[kept++] = task;
		if (task->effect_at < next_at)
			next_at = task->effect_at;
	}
	pending.count = kept;
}

void work_advance(void)
{
	double now = emulated_now();

	while (next_at <= now) {
		for (size_t i = 0; i < pending.count; i++) {
			struct task *task = pending.at[i];

			if (task->effect_at <= next_at)
				apply(task);
		}
		tidy();
	}
}

/* What was done, but does not show yet, shows before the next thing is. */
static void settle(const struct machine *machine)
{
	double now = emulated_now();

	for (size_t i = 0; i < pending.count; i++) {
		struct task *task = pending.at[i];

		if (task->done_at <= now &&
		    strcmp(task->machine, machine->thing.id) == 0)
			apply(task);
	}
	tidy();
}

static void show_beginning(struct task *task, struct machine *machine)
{
	static const struct {
		const char *operation;
		enum power power;
	} meanwhile[] = {
		{"create", POWER_CREATING}, {"start", POWER_STARTING},
		{"stop", POWER_STOPPING},   {"kill", POWER_STOPPING},
		{"delete", POWER_DELETING},
	};

	machine->busy_until = task->done_at;
	if (task->outcome == WORK_IGNORED)
		return;
	for (size_t i = 0; i < sizeof(meanwhile) / sizeof(*meanwhile); i++)
		if (strcmp(task->operation, meanwhile[i].operation) == 0)
			machine->power = meanwhile[i].power;
}

struct task *work_start(enum cloud_id cloud, const char *operation,
			struct machine *machine, struct image *image,
			double seconds, double lag, enum outcome outcome)
{
	struct task *task;

	if (machine)
		settle(machine);
	task = task_new(cloud);
	task->operation = operation;
	task->outcome = outcome;
	task->done_at = outcome == WORK_STUCK ? INFINITY
					      : task->thing.created + seconds;
	task->effect_at = task->done_at + lag;
	if (image)
		copy_text(task->image, sizeof(task->image), image->thing.id);
	if (machine) {
		copy_text(task->machine, sizeof(task->machine),
			  machine->thing.id);
		copy_text(task->region, sizeof(task->region),
			  machine->thing.region);
		show_beginning(task, machine);
	}
	pile_add(&pending, task);
	if (task->effect_at < next_at)
		next_at = task->effect_at;
	return task;
}

void work_clear(void)
{
	free(pending.at);
	pending = (struct pile){0};
	next_at = INFINITY;
}

void work_take_up(void)
{
	for (int i = 0; i < CLOUD_COUNT; i++) {
		const struct pile *tasks = &states[i].tasks;

		for (size_t j = 0; j < tasks->count; j++)
			pile_add(&pending, tasks->at[j]);
	}
	tidy();
}

enum task_state task_state(const struct task *task)
{
	if (emulated_now() < task->done_at)
		return TASK_PENDING;
	if (task->outcome == WORK_FAILS ||
	    (task->outcome == WORK_VANISHES && task->cloud == LINODE))
		return TASK_FAILED;
	return TASK_DONE;
}

int task_percent(const struct task *task)
{
	double done = emulated_now() - task->thing.created;
	double all = task->done_at - task->thing.created;

	if (isinf(all))
		return 42;
	return done >= all ? 100 : (int)(100 * done / all);
}

bool machine_busy(const struct machine *machine)
{
	return emulated_now() < machine->busy_until;
}

enum power machine_power(const struct machine *machine)
{
	if (machine->power == POWER_CREATING &&
	    machine->boot_at <= emulated_now())
		return POWER_STARTING;
	return machine->power;
}
