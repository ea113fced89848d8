/* digitalocean.c - DigitalOcean API v2: droplets, actions, snapshots, images.
 *
 * Source: docs.digitalocean.com/reference/api.
 * Quirks: an action never names the snapshot it makes; a snapshot is listed
 * only when it is complete; one event at a time for a droplet; an action may
 * say completed before the droplet shows it. */
#include "digitalocean.h"

#include "settings.h"
#include "work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cloud_state *const state = &states[DIGITALOCEAN];

static void fail(struct reply *reply, int status, const char *message)
{
	const char *id = status == 400	 ? "bad_request"
			 : status == 401 ? "unauthorized"
			 : status == 403 ? "forbidden"
			 : status == 404 ? "not_found"
			 : status == 422 ? "unprocessable_entity"
			 : status == 429 ? "too_many_requests"
			 : status == 503 ? "service_unavailable"
					 : "server_error";
	char request_id[ID_SIZE];

	next_uuid(request_id);
	if (status == 429)
		message = "API rate limit exceeded.";
	reply_json(reply, status,
		   json_pack("{s:s, s:s, s:s}", "id", id, "message", message,
			     "request_id", request_id));
}

static bool admit(const struct request *request, struct reply *reply)
{
	if (bearer_admitted(request))
		return true;
	fail(reply, 401, "Unable to authenticate you");
	return false;
}

static void limit_headers(const struct request *request, struct reply *reply)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", request->limit.limit);
	reply_header(reply, "ratelimit-limit", text);
	snprintf(text, sizeof(text), "%d", request->limit.remaining);
	reply_header(reply, "ratelimit-remaining", text);
	snprintf(text, sizeof(text), "%.0f", request->limit.reset_at);
	reply_header(reply, "ratelimit-reset", text);
}

/* ---- actions ---- */

json_t *digitalocean_action(const struct task *task)
{
	static const char *const words[] = {
		[TASK_PENDING] = "in-progress",
		[TASK_DONE] = "completed",
		[TASK_FAILED] = "errored",
	};
	static const struct {
		const char *operation, *type;
	} types[] = {
		{"image", "snapshot"},	  {"stop", "shutdown"},
		{"kill", "power_off"},	  {"start", "power_on"},
		{"delete", "destroy"},	  {"create", "create"},
		{"transfer", "transfer"},
	};
	enum task_state at = task_state(task);
	const char *type = task->operation;
	bool droplet = strcmp(type, "transfer") != 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(task->operation, types[i].operation) == 0)
			type = types[i].type;
	return json_pack(
		"{s:I, s:s, s:s, s:o, s:o, s:I, s:s, s:o, s:s}", "id",
		(json_int_t)task->thing.number, "status", words[at], "type",
		type, "started_at", time_json(task->thing.created),
		"completed_at",
		at == TASK_PENDING ? json_null() : time_json(task->done_at),
		"resource_id",
		(json_int_t)strtoll(droplet ? task->machine : task->image, NULL,
				    10),
		"resource_type", droplet ? "droplet" : "image", "region",
		digitalocean_region(task->region), "region_slug", task->region);
}

static void reply_action(struct reply *reply, int status,
			 const struct task *task)
{
	reply_json(reply, status,
		   json_pack("{s:o}", "action", digitalocean_action(task)));
}

/* The action is the last part of both paths. */
static void get_action(struct request *request, struct reply *reply)
{
	const char *id =
		*request->args[1] ? request->args[1] : request->args[0];
	struct task *task = pile_find(&state->tasks, id);

	if (task)
		reply_action(reply, 200, task);
	else
		fail(reply, 404,
		     "The resource you requested could not be found.");
}

static void transfer(struct request *request, struct reply *reply)
{
	struct image *image = digitalocean_image_asked(request, reply);
	const char *type = body_text(request, "type");
	const char *region = body_text(request, "region");
	struct task *task;

	if (!image)
		return;
	if (!type || strcmp(type, "transfer") != 0 ||
	    !region_find(digitalocean_regions, region)) {
		fail(reply, 422, "You specified an invalid region.");
		return;
	}
	task = work_start(DIGITALOCEAN, "transfer", NULL, image,
			  settings.transfer_s, 0,
			  fault_outcome(&request->fault));
	copy_text(task->region, REGION_SIZE, region);
	reply_action(reply, 201, task);
}

struct machine *digitalocean_droplet_asked(const struct request *request,
					   struct reply *reply)
{
	struct machine *machine = pile_find(&state->machines, request->args[0]);

	if (!machine)
		fail(reply, 404,
		     "The resource you requested could not be found.");
	return machine;
}

static const struct {
	const char *type, *operation;
} action_types[] = {
	{"snapshot", "image"},
	{"shutdown", "stop"},
	{"power_off", "kill"},
	{"power_on", "start"},
};

/* What POST .../actions does is in its body. */
static void operation(struct request *request)
{
	const char *type = body_text(request, "type");

	if (strcmp(request->operation, "action") != 0)
		return;
	request->operation = "other";
	for (size_t i = 0;
	     type && i < sizeof(action_types) / sizeof(*action_types); i++)
		if (strcmp(type, action_types[i].type) == 0)
			request->operation = action_types[i].operation;
}

static void take_snapshot(struct request *request, struct reply *reply,
			  struct machine *machine)
{
	const char *name = body_text(request, "name");
	struct image *image;
	struct task *task;
	char made[NAME_SIZE];

	snprintf(made, sizeof(made), "%.200s-%.0f", machine->thing.name,
		 emulated_now());
	image = image_start(DIGITALOCEAN, &state->images, "image", machine,
			    name && *name ? name : made,
			    fault_outcome(&request->fault), &task);
	json_object_set_new(image->thing.more, "family", json_string("Debian"));
	image->thing.appears_at = task->done_at + settings.task_lag_s;
	reply_action(reply, 201, task);
}

static void act(struct request *request, struct reply *reply)
{
	struct machine *machine = digitalocean_droplet_asked(request, reply);
	const char *operation = request->operation;
	enum outcome outcome = fault_outcome(&request->fault);

	if (!machine)
		return;
	if (strcmp(operation, "other") == 0) {
		fail(reply, 422, "Type is not one that is emulated.");
	} else if (machine_busy(machine)) {
		fail(reply, 422, "Droplet already has a pending event.");
	} else if (strcmp(operation, "image") == 0) {
		take_snapshot(request, reply, machine);
	} else if (strcmp(operation, "start") == 0) {
		reply_action(reply, 201,
			     work_start(DIGITALOCEAN, "start", machine, NULL,
					settings.boot_s, settings.task_lag_s,
					outcome));
	} else {
		bool kill = strcmp(operation, "kill") == 0;

		reply_action(
			reply, 201,
			work_start(DIGITALOCEAN, kill ? "kill" : "stop",
				   machine, NULL,
				   kill ? settings.kill_s : settings.stop_s,
				   settings.task_lag_s, outcome));
	}
}

#define ANSWER(name) digitalocean_##name
static const struct route routes[] = {
	{"GET", "/v2/account", "whoami", ANSWER(whoami), false},
	{"GET", "/v2/account/keys", "list-keys", ANSWER(list_keys), true},
	{"POST", "/v2/account/keys", "add-key", ANSWER(add_key), false},
	{"GET", "/v2/actions/{}", "get-task", get_action, false},
	{"GET", "/v2/droplets", "list-machines", ANSWER(list_droplets), true},
	{"POST", "/v2/droplets", "create", ANSWER(create), false},
	{"GET", "/v2/droplets/{}", "get-machine", ANSWER(get_droplet), false},
	{"DELETE", "/v2/droplets/{}", "delete", ANSWER(delete_droplet), false},
	{"POST", "/v2/droplets/{}/actions", "action", act, false},
	{"GET", "/v2/droplets/{}/actions/{}", "get-task", get_action, false},
	{"GET", "/v2/droplets/{}/snapshots", "list-images",
	 ANSWER(list_droplet_snapshots), true},
	{"GET", "/v2/snapshots", "list-images", ANSWER(list_snapshots), true},
	{"GET", "/v2/snapshots/{}", "get-image", ANSWER(get_snapshot), false},
	{"DELETE", "/v2/snapshots/{}", "drop-image", ANSWER(delete_image),
	 false},
	{"GET", "/v2/images", "list-images", ANSWER(list_images), true},
	{"GET", "/v2/images/{}", "get-image", ANSWER(get_image), false},
	{"DELETE", "/v2/images/{}", "drop-image", ANSWER(delete_image), false},
	{"POST", "/v2/images/{}/actions", "transfer", transfer, false},
	{"GET", "/v2/vpcs", "list-vpcs", ANSWER(list_vpcs), true},
	{"GET", "/v2/regions", "list-regions", ANSWER(list_regions), true},
	{"GET", "/v2/sizes", "list-sizes", ANSWER(list_sizes), true},
	{"GET", "/v2/firewalls", "list-firewalls", ANSWER(list_firewalls),
	 true},
	{"POST", "/v2/firewalls/{}/droplets", "attach-firewall",
	 ANSWER(attach_firewall), false},
	{0},
};

static bool size(const char *name, struct machine *machine)
{
	return size_give(digitalocean_sizes, name, machine);
}

static void adopt(struct machine *machine)
{
	struct image *image = digitalocean_image("debian-13-x64");

	copy_text(machine->image, sizeof(machine->image), image->thing.id);
}

const struct cloud digitalocean = {
	.id = DIGITALOCEAN,
	.routes = routes,
	.operation = operation,
	.admit = admit,
	.fail = fail,
	.limit_headers = limit_headers,
	.seed = digitalocean_seed,
	.size = size,
	.adopt = adopt,
	.default_region = "lon1",
	.default_size = "s-1vcpu-1gb",
};
