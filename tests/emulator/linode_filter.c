/* linode_filter.c - the X-Filter header: which rows it lets through.
 *
 * Source: techdocs.akamai.com/linode-api, "Filtering and sorting". Sorting by
 * +order_by is what the lists do already: by age. */
#include "linode.h"

#include <stdlib.h>
#include <string.h>

/* row's member "entity.type": by member, and then into it. */
static json_t *member(const json_t *row, const char *path)
{
	char name[NAME_SIZE];
	const char *dot = strchr(path, '.');

	if (!dot)
		return json_object_get(row, path);
	copy_text(name, sizeof(name), path);
	name[dot - path < (long)sizeof(name) ? dot - path : 0] = '\0';
	return member(json_object_get(row, name), dot + 1);
}

/* A number may be written as text in a filter. */
static bool equal(const json_t *wanted, const json_t *value)
{
	size_t i;
	json_t *entry;

	if (json_is_array(value)) {
		json_array_foreach (value, i, entry)
			if (equal(wanted, entry))
				return true;
		return false;
	}
	if (json_is_number(value) && json_is_string(wanted))
		return strtod(json_string_value(wanted), NULL) ==
		       json_number_value(value);
	if (json_is_number(value) && json_is_number(wanted))
		return json_number_value(wanted) == json_number_value(value);
	return json_equal(wanted, value);
}

static bool compare(const char *operator, const json_t * wanted,
		    const json_t *value)
{
	const char *text = json_string_value(value);
	const char *other = json_string_value(wanted);
	double a = json_number_value(value), b = json_number_value(wanted);

	if (strcmp(operator, "+contains") == 0)
		return text && other && strstr(text, other);
	if (strcmp(operator, "+neq") == 0)
		return !equal(wanted, value);
	if (text && other) {
		a = strcmp(text, other);
		b = 0;
	}
	if (strcmp(operator, "+gt") == 0)
		return a > b;
	if (strcmp(operator, "+gte") == 0)
		return a >= b;
	if (strcmp(operator, "+lt") == 0)
		return a < b;
	return strcmp(operator, "+lte") == 0 && a <= b;
}

static bool one(const char *name, const json_t *wanted, const json_t *row)
{
	const json_t *value = member(row, name);
	const char *operator;
	json_t *operand;

	if (!value)
		return false;
	if (!json_is_object(wanted))
		return equal(wanted, value);
	json_object_foreach ((json_t *)wanted, operator, operand)
		if (!compare(operator, operand, value))
			return false;
	return true;
}

bool linode_filter(const json_t *filter, const json_t *row)
{
	const char *name;
	json_t *wanted, *entry;
	size_t i;

	json_object_foreach ((json_t *)filter, name, wanted) {
		bool any = false, all = true;

		if (strcmp(name, "+order_by") == 0 ||
		    strcmp(name, "+order") == 0)
			continue;
		if (strcmp(name, "+or") != 0 && strcmp(name, "+and") != 0) {
			if (!one(name, wanted, row))
				return false;
			continue;
		}
		json_array_foreach (wanted, i, entry) {
			bool holds = linode_filter(entry, row);

			any = any || holds;
			all = all && holds;
		}
		if (!(name[1] == 'o' ? any : all))
			return false;
	}
	return true;
}
