/* request.c - from a path to a cloud's answer, and what the clouds share. */
#include "request.h"

#include "base/clock.h"
#include "settings.h"
#include "work.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cloud *const clouds[CLOUD_COUNT] = {
	[DIGITALOCEAN] = &digitalocean,
	[LINODE] = &linode,
	[VULTR] = &vultr,
	[EXOSCALE] = &exoscale,
};

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0'
					 : tolower((unsigned char)c) - 'a' + 10;
}

/* Percent-decodes len bytes. */
static void decode(const char *from, size_t len, char *to, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < len && at + 1 < size; i++) {
		char c = from[i];

		if (c == '%' && i + 2 < len + 0 &&
		    isxdigit((unsigned char)from[i + 1]) &&
		    isxdigit((unsigned char)from[i + 2])) {
			c = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		to[at++] = c;
	}
	to[at] = '\0';
}

static bool matches(const char *pattern, struct request *request)
{
	const char *path = request->path;
	size_t path_len = strcspn(path, "?"), arg = 0, at = 0;

	while (*pattern) {
		if (pattern[0] == '{') {
			size_t len = strcspn(path + at, "/:?");

			if (len == 0 || arg == ARGS_MAX)
				return false;
			decode(path + at, len, request->args[arg++], NAME_SIZE);
			at += len;
			pattern += 2;
		} else if (at < path_len && path[at] == *pattern) {
			at++;
			pattern++;
		} else {
			return false;
		}
	}
	return at == path_len;
}

bool cloud_route(struct request *request)
{
	const char *path = request->target + 1;
	size_t len = strcspn(path, "/?");
	char name[32];

	if (len >= sizeof(name))
		return false;
	memcpy(name, path, len);
	name[len] = '\0';
	int found = cloud_by_name(name);

	if (found < 0)
		return false;
	request->cloud = (enum cloud_id)found;
	path += len;
	copy_text(request->zone, sizeof(request->zone), settings.exoscale_zone);
	if (found == EXOSCALE && strncmp(path, "/zone/", 6) == 0 &&
	    strchr(path + 6, '/')) {
		decode(path + 6, strcspn(path + 6, "/"), request->zone,
		       sizeof(request->zone));
		path = strchr(path + 6, '/');
	}
	request->path = path;
	request->query = strchr(path, '?') ? strchr(path, '?') + 1 : "";
	request->operation = "other";
	for (const struct route *route = clouds[found]->routes; route->method;
	     route++)
		if (strcmp(route->method, request->method) == 0 &&
		    matches(route->pattern, request)) {
			request->route = route;
			request->operation = route->operation;
			if (clouds[found]->operation)
				clouds[found]->operation(request);
			break;
		}
	return true;
}

static void refuse_throttled(struct request *request, struct reply *reply)
{
	const struct cloud *cloud = clouds[request->cloud];
	char seconds[24];

	cloud->fail(reply, 429, "Too many requests");
	snprintf(seconds, sizeof(seconds), "%d", request->limit.retry_after_s);
	if (request->cloud != DIGITALOCEAN || request->limit.burst)
		reply_header(reply, "Retry-After", seconds);
}

static void refuse_by_fault(struct request *request, struct reply *reply)
{
	const struct fault *fault = &request->fault;
	char seconds[24];

	clouds[request->cloud]->fail(reply, fault->status,
				     *fault->text ? fault->text
						  : "as it was told to");
	if (fault->retry_after_s < 0)
		return;
	snprintf(seconds, sizeof(seconds), "%d", fault->retry_after_s);
	reply_header(reply, "Retry-After", seconds);
}

/* What a failed task says, where the fault has words. */
static void give_words(const struct request *request, size_t tasks_before)
{
	const struct pile *tasks = &states[request->cloud].tasks;
	struct task *task;

	if (request->fault.kind != FAULT_ACTION_ERROR ||
	    tasks->count == tasks_before)
		return;
	task = tasks->at[tasks->count - 1];
	copy_text(task->message, sizeof(task->message), request->fault.text);
}

void cloud_answer(struct request *request, struct reply *reply)
{
	const struct cloud *cloud = clouds[request->cloud];
	size_t tasks_before = states[request->cloud].tasks.count;

	work_advance();
	limits_take(request->cloud, request->operation,
		    request->route && request->route->paged, &request->limit);
	if (!cloud->admit(request, reply))
		;
	else if (request->limit.refused)
		refuse_throttled(request, reply);
	else if (request->fault.kind == FAULT_STATUS)
		refuse_by_fault(request, reply);
	else if (!request->route)
		cloud->fail(reply, 404, "Not found");
	else if (*request->body && !request->json)
		cloud->fail(reply, 400, "the body is not JSON");
	else
		request->route->answer(request, reply);
	give_words(request, tasks_before);
	if (cloud->limit_headers)
		cloud->limit_headers(request, reply);
	if (reply->body && (request->fault.kind == FAULT_WRONG_TYPE ||
			    request->fault.kind == FAULT_MISSING_MEMBER))
		fault_spoil(&request->fault, reply->body);
}

void reply_json(struct reply *reply, int status, json_t *body)
{
	reply->status = status;
	json_decref(reply->body);
	reply->body = body;
}

void reply_header(struct reply *reply, const char *name, const char *value)
{
	size_t n = reply->header_count;

	if (n == sizeof(reply->headers) / sizeof(*reply->headers))
		return;
	reply->headers[n].name = name;
	copy_text(reply->headers[n].value, sizeof(reply->headers[n].value),
		  value);
	reply->header_count++;
}

const char *query_text(const struct request *request, const char *name)
{
	static char value[NAME_SIZE];
	const char *at = request->query;
	size_t len = strlen(name);

	while (*at) {
		size_t all = strcspn(at, "&");

		if (strncmp(at, name, len) == 0 && at[len] == '=') {
			decode(at + len + 1, all - len - 1, value,
			       sizeof(value));
			return value;
		}
		at += all + (at[all] == '&');
	}
	return NULL;
}

long query_int(const struct request *request, const char *name, long otherwise)
{
	const char *text = query_text(request, name);
	char *end;
	long n;

	if (!text)
		return otherwise;
	n = strtol(text, &end, 10);
	return *text && !*end ? n : otherwise;
}

const char *body_text(const struct request *request, const char *name)
{
	return json_string_value(json_object_get(request->json, name));
}

bool bearer_admitted(const struct request *request)
{
	return strncmp(request->authorization, "Bearer ", 7) == 0 &&
	       strcmp(request->authorization + 7, settings.token) == 0;
}

json_t *page_rows(const struct pile *pile, struct page *page,
		  const struct request *request,
		  bool (*shown)(const struct request *, const struct thing *),
		  json_t *(*render)(const struct request *,
				    const struct thing *))
{
	json_t *rows = json_array();
	double now = emulated_now();

	page->count = 0;
	for (size_t i = 0; i < pile->count; i++) {
		const struct thing *thing = pile->at[i];

		if (thing->appears_at > now ||
		    (shown && !shown(request, thing)))
			continue;
		if (page->count >= page->first &&
		    page->count - page->first < page->most)
			json_array_append_new(rows, render(request, thing));
		page->count++;
	}
	return rows;
}

json_t *time_json(double seconds)
{
	char text[CLOCK_RFC3339_SIZE];

	clock_rfc3339((int64_t)seconds, text);
	return json_string(text);
}

json_t *time_json_no_zone(double seconds)
{
	char text[CLOCK_RFC3339_SIZE];

	clock_rfc3339((int64_t)seconds, text);
	return json_stringn(text, sizeof(text) - 2);
}

char *base64_decode(const char *text)
{
	size_t len = strlen(text);
	unsigned char *bytes = malloc(len + 4);
	int n;

	if (!bytes)
		abort();
	n = len % 4 ? -1
		    : EVP_DecodeBlock(bytes, (const unsigned char *)text,
				      (int)len);
	if (n < 0) {
		free(bytes);
		return NULL;
	}
	while (len > 0 && text[len - 1] == '=') {
		len--;
		n--;
	}
	bytes[n] = '\0';
	return (char *)bytes;
}

void keep_user_data(struct machine *machine, const char *text)
{
	free(machine->user_data);
	machine->user_data = text ? strdup(text) : NULL;
}

struct image *image_start(enum cloud_id cloud, struct pile *pile,
			  const char *operation, struct machine *machine,
			  const char *name, enum outcome outcome,
			  struct task **task)
{
	struct image *image = image_new(cloud, pile, name);

	copy_text(image->machine, sizeof(image->machine), machine->thing.id);
	copy_text(image->machine_name, sizeof(image->machine_name),
		  machine->thing.name);
	copy_text(image->thing.region, REGION_SIZE, machine->thing.region);
	json_array_append_new(image->regions,
			      json_string(machine->thing.region));
	image->disk_gb = machine->disk_gb;
	memcpy(image->content, machine->content, sizeof(image->content));
	*task = work_start(cloud, operation, machine, image,
			   image_seconds(machine), 0, outcome);
	history_add(machine, operation, "");
	return image;
}

struct task *power_start(enum cloud_id cloud, const struct request *request,
			 struct machine *machine)
{
	const char *operation = request->operation;
	double seconds = strcmp(operation, "start") == 0  ? settings.boot_s
			 : strcmp(operation, "stop") == 0 ? settings.stop_s
							  : settings.delete_s;

	return work_start(cloud, operation, machine, NULL, seconds, 0,
			  fault_outcome(&request->fault));
}

void machine_from(struct machine *machine, const struct image *image)
{
	copy_text(machine->image, sizeof(machine->image), image->thing.id);
	copy_text(machine->image_name, sizeof(machine->image_name),
		  image->thing.name);
	memcpy(machine->content, image->content, sizeof(machine->content));
}
