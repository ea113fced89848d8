/* requests.c - rows in a ring, sums by operation and status, and how many came
 * in each real second. */
#include "requests.h"

#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pile rows; /* json_t *, the oldest first */
static long long last_number;

/* cloud -> operation -> status -> count */
static json_t *sums;

static struct seconds {
	double began;
	unsigned *count; /* of each second since then */
	size_t used, room;
	unsigned long requests, throttled;
} seconds[CLOUD_COUNT];

static bool has_secret(const char *text)
{
	return strstr(text, settings.token) ||
	       strstr(text, settings.exoscale_secret);
}

/* The body without passwords, and with long user data by its size only. */
static json_t *masked(json_t *body)
{
	json_t *copy = json_deep_copy(body);
	json_t *metadata = json_object_get(copy, "metadata");
	const char *const names[] = {"user_data", "user-data"};

	if (json_object_get(copy, "root_pass"))
		json_object_set_new(copy, "root_pass", json_string("***"));
	for (int i = 0; i < 4; i++) {
		json_t *at = i < 2 ? copy : metadata;
		json_t *data = json_object_get(at, names[i % 2]);

		if (data)
			json_object_set_new(
				at, names[i % 2],
				json_sprintf("%zu bytes",
					     json_string_length(data)));
	}
	return copy;
}

static void count_second(struct seconds *at)
{
	double now = client_now();
	size_t second;

	if (!at->used)
		at->began = now;
	second = (size_t)(now - at->began);
	if (second >= at->room) {
		size_t room = 2 * second + 64;

		at->count = realloc(at->count, room * sizeof(*at->count));
		if (!at->count)
			abort();
		memset(at->count + at->room, 0,
		       (room - at->room) * sizeof(*at->count));
		at->room = room;
	}
	at->count[second]++;
	if (second >= at->used)
		at->used = second + 1;
}

static void count_sum(const struct request *request, int status)
{
	const char *cloud = cloud_names[request->cloud];
	char text[8];
	json_t *at;

	snprintf(text, sizeof(text), "%d", status);
	if (!sums)
		sums = json_object();
	if (!json_object_get(sums, cloud))
		json_object_set_new(sums, cloud, json_object());
	at = json_object_get(sums, cloud);
	if (!json_object_get(at, request->operation))
		json_object_set_new(at, request->operation, json_object());
	at = json_object_get(at, request->operation);
	json_object_set_new(
		at, text,
		json_integer(json_integer_value(json_object_get(at, text)) +
			     1));
}

void requests_add(const struct request *request, int status)
{
	struct seconds *at = &seconds[request->cloud];
	size_t path_len = strcspn(request->target, "?");
	size_t scheme_len = strcspn(request->authorization, " ");
	char *path = strndup(request->target, path_len);
	json_t *row = json_pack(
		"{s:I, s:s, s:s, s:s, s:s, s:s, s:i, s:f, s:s, s:s, s:b, s:b, "
		"s:b, s:s#}",
		"number", (json_int_t)++last_number, "cloud",
		cloud_names[request->cloud], "method", request->method, "path",
		path, "query", request->query, "operation", request->operation,
		"status", status, "time", emulated_now(), "host", request->host,
		"fault",
		request->fault.kind == FAULT_NONE ? "" : request->fault.name,
		"token_in_path", has_secret(path), "token_in_query",
		has_secret(request->query), "token_in_body",
		has_secret(request->body), "authorization",
		request->authorization, (int)scheme_len);

	free(path);
	if (request->json)
		json_object_set_new(row, "body", masked(request->json));
	if (*request->filter)
		json_object_set_new(row, "filter",
				    json_string(request->filter));
	pile_add(&rows, row);
	if (rows.count > (size_t)settings.request_log + 1000) {
		size_t gone = rows.count - (size_t)settings.request_log;

		for (size_t i = 0; i < gone; i++)
			json_decref(rows.at[i]);
		rows.count -= gone;
		memmove(rows.at, rows.at + gone, rows.count * sizeof(*rows.at));
	}
	at->requests++;
	if (status == 429)
		at->throttled++;
	count_second(at);
	count_sum(request, status);
}

json_t *requests_list(long long since)
{
	json_t *list = json_array();

	for (size_t i = 0; i < rows.count; i++) {
		json_t *number = json_object_get(rows.at[i], "number");

		if (json_integer_value(number) > since)
			json_array_append(list, rows.at[i]);
	}
	return list;
}

/* Most requests in any `length` seconds that follow each other. */
static unsigned most_within(const struct seconds *at, size_t length)
{
	unsigned now = 0, most = 0;

	for (size_t i = 0; i < at->used; i++) {
		now += at->count[i];
		if (i >= length)
			now -= at->count[i - length];
		if (now > most)
			most = now;
	}
	return most;
}

static json_t *stats_of(int cloud)
{
	const struct seconds *at = &seconds[cloud];
	json_t *operations = json_object_get(sums, cloud_names[cloud]);

	return json_pack("{s:I, s:I, s:i, s:i, s:i, s:O}", "requests",
			 (json_int_t)at->requests, "throttled",
			 (json_int_t)at->throttled, "most_in_a_second",
			 (int)most_within(at, 1), "most_in_a_minute",
			 (int)most_within(at, 60), "most_in_an_hour",
			 (int)most_within(at, 3600), "operations",
			 operations ? operations : json_object());
}

json_t *requests_stats(int cloud)
{
	json_t *all;

	if (cloud >= 0)
		return stats_of(cloud);
	all = json_object();
	for (int i = 0; i < CLOUD_COUNT; i++)
		json_object_set_new(all, cloud_names[i], stats_of(i));
	return all;
}

void requests_clear(void)
{
	for (size_t i = 0; i < rows.count; i++)
		json_decref(rows.at[i]);
	free(rows.at);
	rows = (struct pile){0};
	json_decref(sums);
	sums = NULL;
	for (int i = 0; i < CLOUD_COUNT; i++) {
		free(seconds[i].count);
		seconds[i] = (struct seconds){0};
	}
}
