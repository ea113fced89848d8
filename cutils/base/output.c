/* output.c - see output.h. */
#include "base/output.h"

#include <stdio.h>
#include <stdlib.h>

static void put_field(const json_t *value)
{
	const char *text = json_string_value(value);

	if (json_is_integer(value))
		printf("%lld", (long long)json_integer_value(value));
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;

		putchar(c < 0x20 || c == 0x7f ? '?' : c);
	}
}

int output_rows(json_t *rows, bool as_json, struct err *err)
{
	const char *name;
	json_t *row, *value;
	char *text;
	size_t i;

	if (!rows)
		return err_set(err, ERR_SYSTEM, "output: out of memory");
	if (as_json) {
		text = json_dumps(rows, JSON_INDENT(1));
		json_decref(rows);
		if (!text)
			return err_set(err, ERR_SYSTEM,
				       "output: out of memory");
		puts(text);
		free(text);
		return 0;
	}
	json_array_foreach (rows, i, row) {
		bool first = true;

		json_object_foreach (row, name, value) {
			if (!first)
				putchar('\t');
			first = false;
			put_field(value);
		}
		putchar('\n');
	}
	json_decref(rows);
	return 0;
}
