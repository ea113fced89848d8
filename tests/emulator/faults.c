/* faults.c - the list of faults, and what they do to JSON. */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum fault_kind kind;
} kinds[] = {
	{"status", FAULT_STATUS},
	{"html", FAULT_HTML},
	{"cut-before", FAULT_CUT_BEFORE},
	{"cut-after", FAULT_CUT_AFTER},
	{"slow", FAULT_SLOW},
	{"truncated", FAULT_TRUNCATED},
	{"oversized", FAULT_OVERSIZED},
	{"invalid-json", FAULT_INVALID_JSON},
	{"wrong-type", FAULT_WRONG_TYPE},
	{"missing-member", FAULT_MISSING_MEMBER},
	{"action-error", FAULT_ACTION_ERROR},
	{"vanish", FAULT_VANISH},
	{"stuck", FAULT_STUCK},
	{"ignored", FAULT_IGNORED},
	{"redirect", FAULT_REDIRECT},
};

#define FAULT_MAX 64
static struct fault faults[FAULT_MAX];
static size_t fault_count;

int faults_add(const json_t *object, struct err *err)
{
	struct fault fault = {.count = 1, .retry_after_s = -1, .mb = 64};
	const char *cloud = "*", *operation = NULL, *name = NULL, *match = "";
	const char *text = "", *member = NULL, *location = NULL;
	json_error_t why;

	if (json_unpack_ex(
		    (json_t *)object, &why, 0,
		    "{s?s, s:s, s:s, s?i, s?i, s?s, s?i, s?i, s?i, s?i, s?s, "
		    "s?s, s?s !}",
		    "cloud", &cloud, "operation", &operation, "fault", &name,
		    "count", &fault.count, "skip", &fault.skip, "match", &match,
		    "status", &fault.status, "retry_after",
		    &fault.retry_after_s, "ms", &fault.ms, "mb", &fault.mb,
		    "message", &text, "member", &member, "location",
		    &location) < 0)
		return err_set(err, ERR_DATA, "fault: %s", why.text);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(name, kinds[i].name) == 0) {
			fault.kind = kinds[i].kind;
			fault.name = kinds[i].name;
		}
	if (fault.kind == FAULT_NONE)
		return err_set(err, ERR_DATA, "fault: no such one: %s", name);
	fault.cloud = strcmp(cloud, "*") == 0 ? -1 : cloud_by_name(cloud);
	if (fault.cloud < 0 && strcmp(cloud, "*") != 0)
		return err_set(err, ERR_DATA, "fault: no such cloud: %s",
			       cloud);
	if (fault.kind == FAULT_STATUS && fault.status < 300)
		return err_set(err, ERR_DATA, "fault: status wants a status");
	if (fault_count == FAULT_MAX)
		return err_set(err, ERR_DATA, "fault: %d are enough",
			       FAULT_MAX);
	copy_text(fault.operation, sizeof(fault.operation), operation);
	copy_text(fault.match, sizeof(fault.match), match);
	copy_text(fault.text, sizeof(fault.text),
		  member     ? member
		  : location ? location
			     : text);
	faults[fault_count++] = fault;
	return 0;
}

static bool strikes(const struct fault *fault, enum cloud_id cloud,
		    const char *operation, const char *target, const char *body)
{
	return fault->count != 0 &&
	       (fault->cloud < 0 || fault->cloud == (int)cloud) &&
	       (strcmp(fault->operation, "*") == 0 ||
		strcmp(fault->operation, operation) == 0) &&
	       (!*fault->match || strstr(target, fault->match) ||
		strstr(body, fault->match));
}

struct fault faults_take(enum cloud_id cloud, const char *operation,
			 const char *target, const char *body)
{
	struct fault taken = {0};

	for (size_t i = 0; i < fault_count; i++) {
		struct fault *fault = &faults[i];

		if (!strikes(fault, cloud, operation, target, body))
			continue;
		if (fault->skip > 0) {
			fault->skip--;
			continue;
		}
		if (fault->count > 0)
			fault->count--;
		return *fault;
	}
	return taken;
}

json_t *faults_list(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < fault_count; i++) {
		const struct fault *fault = &faults[i];

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:i, s:i}", "cloud",
				  fault->cloud < 0 ? "*"
						   : cloud_names[fault->cloud],
				  "operation", fault->operation, "fault",
				  fault->name, "count", fault->count, "skip",
				  fault->skip));
	}
	return list;
}

void faults_clear(void)
{
	fault_count = 0;
}

enum outcome fault_outcome(const struct fault *fault)
{
	switch (fault->kind) {
	case FAULT_ACTION_ERROR:
		return WORK_FAILS;
	case FAULT_VANISH:
		return WORK_VANISHES;
	case FAULT_STUCK:
		return WORK_STUCK;
	case FAULT_IGNORED:
		return WORK_IGNORED;
	default:
		return WORK_SUCCEEDS;
	}
}

static json_t *other_type(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return json_integer(7);
	case JSON_ARRAY:
		return json_object();
	case JSON_OBJECT:
		return json_array();
	default:
		return json_string("seven");
	}
}

/* The object of the first row: into the first list of objects, or the first
 * object, while there is one. */
static json_t *first_row(json_t *body)
{
	const char *name;
	json_t *value;

	json_object_foreach (body, name, value)
		if (json_is_object(json_array_get(value, 0)))
			return json_array_get(value, 0);
	value = json_object_iter_value(json_object_iter(body));
	return json_is_object(value) ? value : body;
}

static json_t *step_into(json_t *at, const char *step)
{
	return json_is_array(at) ? json_array_get(at, strtoul(step, NULL, 10))
				 : json_object_get(at, step);
}

void fault_spoil(const struct fault *fault, json_t *body)
{
	json_t *at = body, *value;
	char path[sizeof(fault->text)];
	char *step = path, *dot;

	copy_text(path, sizeof(path), fault->text);
	while ((dot = strchr(step, '.'))) {
		*dot = '\0';
		at = step_into(at, step);
		step = dot + 1;
	}
	if (!*path) {
		at = first_row(body);
		step = (char *)json_object_iter_key(json_object_iter(at));
	}
	value = step ? json_object_get(at, step) : NULL;
	if (!value)
		return;
	if (fault->kind == FAULT_MISSING_MEMBER)
		json_object_del(at, step);
	else
		json_object_set_new(at, step, other_type(value));
}
