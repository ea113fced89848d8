/* rows.c - see rows.h. */
#include "cloud/rows.h"

#include <string.h>

static const char *machine_state(enum machine_state state)
{
	static const char *const names[] = {"other", "running", "stopped",
					    "failed"};

	return names[state];
}

static const char *image_state(enum image_state state)
{
	static const char *const names[] = {"pending", "ready", "failed",
					    "deleted"};

	return names[state];
}

/* A list without a row of it would be a lie: it goes, and NULL stays. */
static void add_row(json_t **rows, json_t *row)
{
	if (json_array_append_new(*rows, row) == 0)
		return;
	json_decref(*rows);
	*rows = NULL;
}

json_t *rows_machines(const struct world *world, const char *region)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; rows && i < world->machine_count; i++) {
		const struct machine *machine = &world->machines[i];

		if (region[0] && strcmp(region, machine->region) != 0)
			continue;
		add_row(&rows,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, "
				  "s:s, s:s}",
				  "id", machine->id, "name", machine->name,
				  "state", machine_state(machine->state),
				  "region", machine->region, "size",
				  machine->size, "disk_gb",
				  (int)machine->disk_gb, "public_ipv4",
				  machine->public_ipv4, "private_ipv4",
				  machine->private_ipv4, "created",
				  machine->created, "image", machine->image));
	}
	return rows;
}

json_t *rows_images(const struct world *world)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; rows && i < world->image_count; i++) {
		const struct image *image = &world->images[i];

		add_row(&rows, json_pack("{s:s, s:s, s:s, s:s, s:I, s:i, s:s}",
					 "id", image->id, "name", image->name,
					 "state", image_state(image->state),
					 "region", image->region, "size_bytes",
					 (json_int_t)image->size_bytes,
					 "min_disk_gb", (int)image->min_disk_gb,
					 "created", image->created));
	}
	return rows;
}

static json_t *captured(const struct target *target)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:s}", "label",
		target->label, "id", target->image_id, "name", target->image,
		"machine", target->machine, "machine_id", target->machine_id,
		"region", target->region, "size", target->machine_size,
		"disk_gb", (int)target->disk_gb, "size_bytes",
		(json_int_t)target->size_bytes, "created", target->created);
}

static json_t *provisioned(const struct target *target)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name",
			 target->machine, "id", target->machine_id, "image",
			 target->image, "public_ipv4", target->public_ipv4,
			 "private_ipv4", target->private_ipv4, "size",
			 target->size);
}

static json_t *rows_of(const struct journal *journal, bool all,
		       json_t *(*row)(const struct target *))
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; rows && i < journal->count; i++)
		if (all || journal->targets[i].finished)
			add_row(&rows, row(&journal->targets[i]));
	return rows;
}

json_t *rows_captured(const struct journal *journal, bool all)
{
	return rows_of(journal, all, captured);
}

json_t *rows_provisioned(const struct journal *journal, bool all)
{
	return rows_of(journal, all, provisioned);
}
