/* lxd.c - LXD and Incus: system containers and virtual machines of one's own.
 *
 * Source: the LXD REST API, documentation.ubuntu.com/lxd/en/latest/rest-api,
 * and Incus', linuxcontainers.org/incus/docs/main/rest-api; the same in both.
 * Quirks: an image has no name: ours is a property of it. A running machine is
 * captured by a stateless snapshot, published as an image. Writes answer an
 * operation, forgotten five seconds after it ended; one that publishes does not
 * say of which machine. A new one is off; without a cluster it is "local". */
#include "cloud/provider.h"
#include "cloud/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_STOPPED 102 /* instance and operation codes of the API */
#define STATUS_RUNNING 103
#define STATUS_ERROR 112
#define STATUS_SUCCESS 200
#define STOP_TIMEOUT_S 60 /* ends before the plan takes the power away */

static void explain(const json_t *reply, char *text, size_t size)
{
	snprintf(text, size, "%s", reply_text(reply, "error"));
}

static void whoami_request(struct http_request *req)
{
	strbuf_adds(&req->path, "/1.0");
}

static int whoami_reply(const json_t *reply, char *text, size_t size,
			struct err *err)
{
	json_t *about = json_object_get(reply, "metadata");
	const char *server, *version, *name; /* borrowed from reply */
	json_error_t why;

	if (strcmp(reply_text(about, "auth"), "untrusted") == 0)
		return err_set(err, ERR_DENIED,
			       "it does not trust us: join its group, or let "
			       "it trust our certificate");
	if (json_unpack_ex(about, &why, 0, "{s:{s:s, s:s, s:s}}", "environment",
			   "server", &server, "server_version", &version,
			   "server_name", &name) < 0)
		return err_set(err, ERR_PROTOCOL, "server: %s", why.text);
	snprintf(text, size, "%s %s on %s", server, version, name);
	return 0;
}

/* ---- observing ---- */

static enum machine_state machine_state(json_int_t status_code)
{
	return status_code == STATUS_RUNNING   ? MACHINE_RUNNING
	       : status_code == STATUS_STOPPED ? MACHINE_STOPPED
	       : status_code == STATUS_ERROR   ? MACHINE_FAILED
					       : MACHINE_OTHER;
}

/* The first global IPv4 address of any interface but the loopback. */
static int read_address(const json_t *row, struct machine *machine,
			struct err *err)
{
	const json_t *networks =
		json_object_get(json_object_get(row, "state"), "network");
	const char *device;
	json_t *network, *address;
	size_t i;

	json_object_foreach ((json_t *)networks, device, network) {
		if (strcmp(device, "lo") == 0)
			continue;
		json_array_foreach (json_object_get(network, "addresses"), i,
				    address) {
			if (strcmp(reply_text(address, "family"), "inet") !=
				    0 ||
			    strcmp(reply_text(address, "scope"), "global") != 0)
				continue;
			return COPY(machine->private_ipv4,
				    reply_text(address, "address"), err);
		}
	}
	return 0;
}

/* "10GiB" of the root disk, where one was set; without, it is the pool's. */
static unsigned root_gb(const json_t *row)
{
	const char *size = reply_text(
		json_object_get(json_object_get(row, "expanded_devices"),
				"root"),
		"size");
	char *unit;
	unsigned long number = strtoul(size, &unit, 10);

	return strncmp(unit, "GiB", 3) == 0 || strncmp(unit, "GB", 2) == 0
		       ? (unsigned)number
		       : 0;
}

static int read_snapshots(const json_t *row, const char *machine,
			  struct world *world, struct err *err)
{
	json_t *entry;
	size_t i;

	json_array_foreach (json_object_get(row, "snapshots"), i, entry) {
		struct image *snapshot = world_add_snapshot(world, err);
		const char *name = reply_text(entry, "name");
		const char *slash = strrchr(name, '/');

		if (!snapshot)
			return -1;
		snapshot->state = IMAGE_READY; /* listed when it is taken */
		if (COPY(snapshot->name, slash ? slash + 1 : name, err) < 0 ||
		    COPY(snapshot->machine, machine, err) < 0)
			return -1;
	}
	return 0;
}

static int read_machine(json_t *row, struct world *world, struct err *err)
{
	struct machine *machine = world_add_machine(world, err);
	const json_t *config = json_object_get(row, "config");
	const char *name, *created, *location; /* borrowed from row */
	json_int_t status_code;
	json_error_t why;

	if (!machine)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:I, s:s, s:s}", "name", &name,
			   "status_code", &status_code, "created_at", &created,
			   "location", &location) < 0)
		return err_set(err, ERR_PROTOCOL, "instance: %s", why.text);
	machine->state = machine_state(status_code);
	machine->disk_gb = root_gb(row);
	if (COPY(machine->id, name, err) < 0 ||
	    COPY(machine->name, name, err) < 0 ||
	    COPY(machine->region, /* "none": not a cluster */
		 strcmp(location, "none") == 0 ? "local" : location, err) < 0 ||
	    COPY(machine->size, reply_text(config, "user.adt-size"), err) < 0 ||
	    COPY(machine->image, reply_text(config, "volatile.base_image"),
		 err) < 0 ||
	    read_address(row, machine, err) < 0)
		return -1;
	snprintf(machine->created, sizeof(machine->created), "%.19sZ", created);
	return read_snapshots(row, name, world, err);
}

static int read_image(json_t *row, struct world *world, struct err *err)
{
	struct image *image = world_add_image(world, err);
	const char *fingerprint, *uploaded; /* borrowed from row */
	json_int_t size_bytes;
	json_error_t why;

	if (!image)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:s, s:I}", "fingerprint",
			   &fingerprint, "uploaded_at", &uploaded, "size",
			   &size_bytes) < 0)
		return err_set(err, ERR_PROTOCOL, "image: %s", why.text);
	image->state = IMAGE_READY; /* listed when it is whole */
	image->size_bytes = (uint64_t)size_bytes;
	snprintf(image->region, sizeof(image->region), "local");
	snprintf(image->created, sizeof(image->created), "%.19sZ", uploaded);
	if (COPY(image->id, fingerprint, err) < 0)
		return -1;
	return COPY(image->name,
		    reply_text(json_object_get(row, "properties"), "name"),
		    err);
}

/* The machine an operation works on: its first "/1.0/instances/NAME...", or,
 * with the API extension operation_metadata_entity_url, what metadata names. */
static int read_resource(const json_t *row, struct task *task, struct err *err)
{
	const json_t *resources = json_object_get(row, "resources");
	const char *path = json_string_value(
		json_array_get(json_object_get(resources, "instances"), 0));
	char name[NAME_SIZE];

	if (!path)
		path = reply_text(json_object_get(row, "metadata"),
				  "entity_url");
	return sscanf(path, "/1.0/instances/%159[^/?]", name) == 1
		       ? COPY(task->machine, name, err)
		       : 0;
}

/* Progress is a text such as "Image pack: 45% (12.3MB/s)". */
static int read_percent(const json_t *row)
{
	const char *key;
	json_t *value;
	int percent;

	json_object_foreach (json_object_get(row, "metadata"), key, value) {
		const char *text = json_string_value(value);

		if (text && strstr(key, "progress") &&
		    sscanf(text, "%*[^0-9]%3d%%", &percent) == 1 &&
		    percent <= 100)
			return percent;
	}
	return -1;
}

static int read_task(json_t *row, struct world *world, struct err *err)
{
	struct task *task = world_add_task(world, err);
	const char *id, *text; /* borrowed from row */
	json_int_t status_code;
	json_error_t why;

	if (!task)
		return -1;
	if (json_unpack_ex(row, &why, 0, "{s:s, s:I, s:s}", "id", &id,
			   "status_code", &status_code, "err", &text) < 0)
		return err_set(err, ERR_PROTOCOL, "operation: %s", why.text);
	task->state = status_code < STATUS_SUCCESS    ? TASK_RUNNING
		      : status_code == STATUS_SUCCESS ? TASK_DONE
						      : TASK_FAILED;
	task->percent = read_percent(row);
	task->makes_image = strcmp(reply_text(row, "description"),
				   "Downloading image") == 0;
	snprintf(task->text, sizeof(task->text), "%s", text);
	if (COPY(task->id, id, err) < 0)
		return -1;
	return read_resource(row, task, err);
}

static int read_network(json_t *row, struct world *world, struct err *err)
{
	const char *name = reply_text(row, "name");

	return reply_offer(OFFER_NETWORK, name, name, "", world, err) ? 0 : -1;
}

/* ---- acting ---- */

/* The operation that a write started; some answer at once and start none. */
static int task_reply(const json_t *reply, struct target *target,
		      struct err *err)
{
	const char *id = reply_text(json_object_get(reply, "metadata"), "id");

	if (strcmp(reply_text(reply, "type"), "async") != 0)
		return 0;
	return id[0] ? COPY(target->task_id, id, err)
		     : err_set(err, ERR_PROTOCOL, "operation: it has no id");
}

static void instance_path(const struct target *target, enum http_method method,
			  struct http_request *req)
{
	req->method = method;
	strbuf_adds(&req->path, "/1.0/instances/");
	http_add_escaped(&req->path, target->machine_id);
}

static void state_request(const struct target *target, const char *action,
			  bool force, struct http_request *req)
{
	instance_path(target, HTTP_PUT, req);
	strbuf_adds(&req->path, "/state");
	req->body = json_pack("{s:s, s:i, s:b}", "action", action, "timeout",
			      STOP_TIMEOUT_S, "force", force);
}

static void stop_request(const struct target *target, struct http_request *req)
{
	state_request(target, "stop", false, req);
}

static void kill_request(const struct target *target, struct http_request *req)
{
	state_request(target, "stop", true, req);
}

static void start_request(const struct target *target, struct http_request *req)
{
	state_request(target, "start", false, req);
}

static void snapshot_request(const struct target *target,
			     struct http_request *req)
{
	instance_path(target, HTTP_POST, req);
	strbuf_adds(&req->path, "/snapshots");
	req->may_repeat = false; /* it would clash with the first */
	req->body = json_pack("{s:s, s:b}", "name", target->image, "stateful",
			      false);
}

static void image_request(const struct target *target, struct http_request *req)
{
	char source[2 * NAME_SIZE];

	snprintf(source, sizeof(source), "%s/%s", target->machine,
		 target->image);
	req->method = HTTP_POST;
	req->may_repeat = false; /* a second POST is a second image */
	strbuf_adds(&req->path, "/1.0/images");
	req->body = json_pack("{s:{s:s, s:s}, s:{s:s, s:s, s:s}}", "source",
			      "type", "snapshot", "name", source, "properties",
			      "name", target->image, "adt-machine",
			      target->machine, "adt-label", target->label);
}

static void drop_snapshot_request(const struct target *target,
				  struct http_request *req)
{
	instance_path(target, HTTP_DELETE, req);
	strbuf_adds(&req->path, "/snapshots/");
	http_add_escaped(&req->path, target->image);
}

static void drop_image_request(const struct target *target,
			       struct http_request *req)
{
	req->method = HTTP_DELETE;
	strbuf_adds(&req->path, "/1.0/images/");
	http_add_escaped(&req->path, target->image_id);
}

static void make_request(const struct target *target, struct http_request *req)
{
	const char *size = target->size[0] ? target->size : NULL;
	json_t *devices = NULL;

	if (target->vpc_id[0])
		devices =
			json_pack("{s:{s:s, s:s, s:s}}", "eth0", "type", "nic",
				  "name", "eth0", "network", target->vpc_id);
	req->method = HTTP_POST;
	req->may_repeat = false; /* it would clash with the first */
	strbuf_adds(&req->path, "/1.0/instances");
	req->body = json_pack("{s:s, s:s*, s:{s:s, s:s}, s:{s:s*, s:s*}, s:o*}",
			      "name", target->machine, "instance_type", size,
			      "source", "type", "image", "fingerprint",
			      target->image, "config", "user.user-data",
			      target->user_data, "user.adt-size", size,
			      "devices", devices);
}

static void gone_request(const struct target *target, struct http_request *req)
{
	instance_path(target, HTTP_DELETE, req);
}

static const char *const sockets[] = {
	"$LXD_DIR/unix.socket",	      "$INCUS_DIR/unix.socket",
	"/var/lib/lxd/unix.socket",   "/var/snap/lxd/common/lxd/unix.socket",
	"/var/lib/incus/unix.socket", NULL,
};

static const char *const clients[] = {".config/incus", ".config/lxc",
				      "snap/lxd/common/config", NULL};

const struct provider lxd_provider = {
	.name = "lxd",
	.base_url = "",
	.sockets = sockets,
	.client_folders = clients,
	.image_name_max = 63,
	.traits = {.image_from_snapshot = true,
		   .stop_before_delete = true,
		   .appears_within_s = 10,
		   .poll_first_ms = 500,
		   .poll_most_ms = 2000},
	.explain = explain,
	.whoami_request = whoami_request,
	.whoami_reply = whoami_reply,
	.lists = {[LIST_MACHINES] = {.path = "/1.0/instances?recursion=2",
				     .rows = "metadata",
				     .read = read_machine},
		  [LIST_IMAGES] = {.path = "/1.0/images?recursion=1",
				   .rows = "metadata",
				   .read = read_image},
		  [LIST_TASKS] = {.path = "/1.0/operations?recursion=1",
				  .rows = "metadata",
				  .grouped = true,
				  .read = read_task},
		  [LIST_NETWORKS] = {.path = "/1.0/networks?recursion=1",
				     .rows = "metadata",
				     .read = read_network}},
	.actions = {[STEP_STOP] = {.request = stop_request},
		    [STEP_KILL] = {.request = kill_request},
		    [STEP_START] = {.request = start_request},
		    [STEP_SNAPSHOT] = {snapshot_request, task_reply},
		    [STEP_IMAGE] = {image_request, task_reply},
		    [STEP_DROP_SNAPSHOT] = {.request = drop_snapshot_request},
		    [STEP_DROP_IMAGE] = {.request = drop_image_request},
		    [STEP_CREATE] = {make_request, task_reply},
		    [STEP_DELETE] = {.request = gone_request}},
};
