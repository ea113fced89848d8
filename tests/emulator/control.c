/* control.c - machines, faults, clock, settings, log: one function each. */
#include "control.h"

#include "checkpoint.h"
#include "requests.h"
#include "settings.h"
#include "work.h"

#include <string.h>

static void refuse(struct reply *reply, const char *why)
{
	reply_json(reply, 400, json_pack("{s:s}", "error", why));
}

static void done(struct reply *reply)
{
	reply_json(reply, 200, json_object());
}

/* False, and the reply says so, where the query names no cloud of ours. */
static bool asked_cloud(const struct request *request, struct reply *reply,
			int *cloud)
{
	const char *name = query_text(request, "cloud");

	*cloud = name ? cloud_by_name(name) : -1;
	if (name && *cloud < 0)
		refuse(reply, "no such cloud");
	return !name || *cloud >= 0;
}

static void default_disks(enum cloud_id cloud, struct machine *machine,
			  const json_t *disks)
{
	size_t i;
	json_t *disk;

	if (cloud != LINODE)
		return;
	json_array_foreach (disks, i, disk) {
		const char *label = "disk", *filesystem = "ext4";
		const char *status = "ready";
		int size_mb = 1024 * machine->disk_gb;

		json_unpack(disk, "{s?s, s?s, s?i, s?s}", "label", &label,
			    "filesystem", &filesystem, "size_mb", &size_mb,
			    "status", &status);
		json_array_append_new(
			machine->disks,
			json_pack("{s:I, s:s, s:s, s:i, s:s}", "number",
				  (json_int_t)(121000000 + next_number()),
				  "label", label, "filesystem", filesystem,
				  "size_mb", size_mb, "status", status));
	}
}

/* NULL, or what is wrong with the row. */
static const char *make_machine(enum cloud_id id, json_t *row, json_t *made)
{
	const struct cloud *cloud = clouds[id];
	const char *name = NULL, *region = cloud->default_region;
	const char *size = cloud->default_size, *state = "running";
	const char *content = "";
	json_t *tags = NULL, *disks = NULL;
	int disk_gb = 0, private = 1;
	struct machine *machine;
	struct machine sized = {0};
	json_error_t why;

	if (json_unpack_ex(row, &why, 0,
			   "{s:s, s?s, s?s, s?s, s?i, s?o, s?o, s?b, s?s !}",
			   "name", &name, "region", &region, "size", &size,
			   "state", &state, "disk_gb", &disk_gb, "tags", &tags,
			   "disks", &disks, "private", &private, "content",
			   &content) < 0)
		return "a machine has name, region, size, state, disk_gb, "
		       "tags, disks, private, content";
	if (!cloud->size(size, &sized))
		return "no such size";
	machine = machine_new(id, name);
	cloud->size(size, machine);
	copy_text(machine->thing.region, REGION_SIZE, region);
	if (disk_gb > 0)
		machine->disk_gb = disk_gb;
	machine->power =
		strcmp(state, "stopped") == 0 ? POWER_STOPPED : POWER_RUNNING;
	machine->thing.appears_at = 0;
	copy_text(machine->content, sizeof(machine->content), content);
	if (!private)
		machine->private_address[0] = '\0';
	if (tags) {
		json_decref(machine->tags);
		machine->tags = json_incref(tags);
	}
	default_disks(id, machine, disks);
	history_add(machine, "made", "");
	if (cloud->adopt)
		cloud->adopt(machine);
	json_array_append_new(made, json_pack("{s:s, s:s}", "id",
					      machine->thing.id, "name", name));
	return NULL;
}

static void machines(struct request *request, struct reply *reply)
{
	const char *name = body_text(request, "cloud"), *why;
	json_t *rows = json_object_get(request->json, "machines"), *row;
	int cloud = name ? cloud_by_name(name) : -1;
	json_t *made;
	size_t i;

	if (cloud < 0 || !json_is_array(rows)) {
		refuse(reply, "wanted: cloud, machines");
		return;
	}
	made = json_array();
	json_array_foreach (rows, i, row)
		if ((why = make_machine((enum cloud_id)cloud, row, made))) {
			refuse(reply, why);
			json_decref(made);
			return;
		}
	reply_json(reply, 200, json_pack("{s:o}", "machines", made));
}

static void state(struct request *request, struct reply *reply)
{
	json_t *all;
	int cloud;

	if (!asked_cloud(request, reply, &cloud))
		return;
	work_advance();
	if (cloud >= 0) {
		reply_json(reply, 200, view_cloud((enum cloud_id)cloud));
		return;
	}
	all = json_object();
	for (int i = 0; i < CLOUD_COUNT; i++)
		json_object_set_new(all, cloud_names[i],
				    view_cloud((enum cloud_id)i));
	reply_json(reply, 200, all);
}

static void faults_post(struct request *request, struct reply *reply)
{
	struct err err;

	if (faults_add(request->json, &err) < 0)
		refuse(reply, err.text);
	else
		done(reply);
}

static void faults_get(struct request *request, struct reply *reply)
{
	(void)request;
	reply_json(reply, 200, json_pack("{s:o}", "faults", faults_list()));
}

static void faults_delete(struct request *request, struct reply *reply)
{
	(void)request;
	faults_clear();
	done(reply);
}

static void log_get(struct request *request, struct reply *reply)
{
	reply_json(reply, 200,
		   json_pack("{s:o}", "requests",
			     requests_list(query_int(request, "since", 0))));
}

static void log_delete(struct request *request, struct reply *reply)
{
	(void)request;
	requests_clear();
	done(reply);
}

static void stats(struct request *request, struct reply *reply)
{
	int cloud;

	if (asked_cloud(request, reply, &cloud))
		reply_json(reply, 200, requests_stats(cloud));
}

static void clock_get(struct request *request, struct reply *reply)
{
	(void)request;
	reply_json(reply, 200, json_pack("{s:f}", "now", emulated_now()));
}

static void clock_post(struct request *request, struct reply *reply)
{
	json_t *seconds = json_object_get(request->json, "advance_s");

	if (!json_is_number(seconds) || json_number_value(seconds) < 0) {
		refuse(reply, "wanted: advance_s, a number");
		return;
	}
	clock_advance(json_number_value(seconds));
	work_advance();
	clock_get(request, reply);
}

static void settings_post(struct request *request, struct reply *reply)
{
	struct err err;

	work_advance();
	if (settings_apply(request->json, &err) < 0)
		refuse(reply, err.text);
	else
		done(reply);
}

void control_seed(void)
{
	for (int i = 0; i < CLOUD_COUNT; i++)
		clouds[i]->seed();
}

static void reset(struct request *request, struct reply *reply)
{
	(void)request;
	work_clear();
	state_clear();
	faults_clear();
	limits_clear();
	requests_clear();
	settings_reset();
	control_seed();
	done(reply);
}

static void save(struct request *request, struct reply *reply)
{
	(void)request;
	work_advance();
	checkpoint_save();
	done(reply);
}

static void restore(struct request *request, struct reply *reply)
{
	(void)request;
	if (!checkpoint_restore()) {
		refuse(reply, "nothing was saved");
		return;
	}
	faults_clear();
	limits_clear();
	requests_clear();
	work_advance();
	done(reply);
}

static const struct {
	const char *method, *name;
	void (*answer)(struct request *, struct reply *);
} controls[] = {
	{"POST", "machines", machines},
	{"GET", "state", state},
	{"POST", "faults", faults_post},
	{"GET", "faults", faults_get},
	{"DELETE", "faults", faults_delete},
	{"GET", "requests", log_get},
	{"DELETE", "requests", log_delete},
	{"GET", "stats", stats},
	{"GET", "clock", clock_get},
	{"POST", "clock", clock_post},
	{"POST", "settings", settings_post},
	{"POST", "reset", reset},
	{"POST", "save", save},
	{"POST", "restore", restore},
};

void control_answer(struct request *request, struct reply *reply)
{
	const char *name = request->target + strlen("/control/");
	size_t len = strcspn(name, "?");

	request->query = name[len] == '?' ? name + len + 1 : "";
	for (size_t i = 0; i < sizeof(controls) / sizeof(*controls); i++)
		if (strlen(controls[i].name) == len &&
		    strncmp(controls[i].name, name, len) == 0 &&
		    strcmp(controls[i].method, request->method) == 0) {
			controls[i].answer(request, reply);
			return;
		}
	reply_json(
		reply, 404,
		json_pack("{s:s}", "error", "no such control; see README.md"));
}
