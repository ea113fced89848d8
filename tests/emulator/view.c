/* view.c - the state of a cloud in one form for all, for assertions. */
#include "control.h"

#include "settings.h"
#include "work.h"

#include <math.h>
#include <string.h>

static const char *power_word(enum power power)
{
	static const char *const words[] = {
		[POWER_CREATING] = "creating", [POWER_STARTING] = "starting",
		[POWER_RUNNING] = "running",   [POWER_STOPPING] = "stopping",
		[POWER_STOPPED] = "stopped",   [POWER_DELETING] = "deleting",
		[POWER_FAILED] = "failed",
	};

	return words[power];
}

/* User data as the machine would read it: JSON text, or null where it is not
 * UTF-8. */
static json_t *user_data(enum cloud_id cloud, const char *sent)
{
	char *decoded;
	json_t *text;

	if (!sent)
		return json_string("");
	if (cloud == DIGITALOCEAN)
		return json_string(sent);
	decoded = base64_decode(sent);
	text = decoded ? json_string(decoded) : NULL;
	free(decoded);
	return text ? text : json_null();
}

static json_t *machine_view(enum cloud_id cloud, const struct machine *machine)
{
	const struct thing *thing = &machine->thing;
	json_t *view = json_pack(
		"{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:s, s:b, s:b, "
		"s:b, s:s}",
		"id", thing->id, "name", thing->name, "region", thing->region,
		"size", machine->size, "disk_gb", machine->disk_gb, "memory_mb",
		machine->memory_mb, "state", power_word(machine_power(machine)),
		"image", machine->image, "address", machine->address,
		"private_address", machine->private_address, "listed",
		listed(thing), "root_password_sent", machine->root_password,
		"encrypted", machine->encrypted, "content", machine->content);

	json_object_set_new(view, "created", time_json(thing->created));
	json_object_set_new(view, "user_data",
			    user_data(cloud, machine->user_data));
	json_object_set_new(
		view, "user_data_sent",
		json_string(machine->user_data ? machine->user_data : ""));
	json_object_set(view, "tags", machine->tags);
	json_object_set(view, "ssh_keys", machine->keys);
	json_object_set(view, "vpcs", machine->vpcs);
	json_object_set(view, "firewalls", machine->firewalls);
	json_object_set(view, "networks", machine->networks);
	json_object_set(view, "disks", machine->disks);
	json_object_set(view, "history", machine->history);
	return view;
}

static json_t *image_view(const struct image *image)
{
	static const char *const words[] = {
		[IMAGE_PENDING] = "pending",
		[IMAGE_READY] = "ready",
		[IMAGE_FAILED] = "failed",
	};
	const struct thing *thing = &image->thing;
	json_t *view = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:b}", "id",
		thing->id, "name", thing->name, "state", words[image->state],
		"machine", image->machine, "machine_name", image->machine_name,
		"snapshot", image->snapshot, "disk_gb", image->disk_gb,
		"listed", listed(thing), "stock", image->stock);

	json_object_set_new(view, "created", time_json(thing->created));
	json_object_set(view, "regions", image->regions);
	json_object_set(view, "tags", image->tags);
	json_object_set(view, "more", thing->more);
	return view;
}

static json_t *task_view(const struct task *task)
{
	static const char *const words[] = {
		[TASK_PENDING] = "pending",
		[TASK_DONE] = "done",
		[TASK_FAILED] = "failed",
	};
	enum task_state at = task_state(task);
	json_t *view =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "id",
			  task->thing.id, "operation", task->operation,
			  "machine", task->machine, "image", task->image,
			  "state", words[at], "progress", task_percent(task));

	json_object_set_new(view, "started", time_json(task->thing.created));
	json_object_set_new(view, "finished",
			    at == TASK_PENDING ? json_null()
					       : time_json(task->done_at));
	return view;
}

static json_t *things(const struct pile *pile)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pile->count; i++) {
		const struct thing *thing = pile->at[i];
		json_t *view =
			json_pack("{s:s, s:s, s:s}", "id", thing->id, "name",
				  thing->name, "region", thing->region);

		json_object_update_missing(view, thing->more);
		json_array_append_new(list, view);
	}
	return list;
}

/* Images that the vendor brings along are not what a test looks for. */
static json_t *images(const struct pile *pile, bool stock)
{
	json_t *list = json_array();

	for (size_t i = 0; i < pile->count; i++) {
		const struct image *image = pile->at[i];

		if (image->stock == stock)
			json_array_append_new(list, image_view(image));
	}
	return list;
}

json_t *view_cloud(enum cloud_id cloud)
{
	const struct cloud_state *state = &states[cloud];
	json_t *view = json_object();
	json_t *machines = json_array(), *tasks = json_array();

	for (size_t i = 0; i < state->machines.count; i++)
		json_array_append_new(
			machines, machine_view(cloud, state->machines.at[i]));
	for (size_t i = 0; i < state->tasks.count; i++)
		json_array_append_new(tasks, task_view(state->tasks.at[i]));
	json_object_set_new(view, "machines", machines);
	json_object_set_new(view, "images", images(&state->images, false));
	json_object_set_new(view, "stock_images", images(&state->images, true));
	json_object_set_new(view, "snapshots",
			    images(&state->snapshots, false));
	json_object_set_new(view, "tasks", tasks);
	json_object_set_new(view, "vpcs", things(&state->vpcs));
	json_object_set_new(view, "keys", things(&state->keys));
	json_object_set_new(view, "firewalls", things(&state->firewalls));
	json_object_set_new(view, "networks", things(&state->networks));
	json_object_set_new(view, "now", json_real(emulated_now()));
	return view;
}
