/* targets.c - see targets.h. */
#include "cloud/targets.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int copy(char *to, size_t size, const char *from, const char *what,
		struct err *err)
{
	size_t len = strlen(from), i;

	if (len >= size)
		return err_set(err, ERR_USAGE, "%.60s...: too long for a %s",
			       from, what);
	for (i = 0; i < len; i++)
		if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f)
			return err_set(err, ERR_USAGE,
				       "a %s holds a control character", what);
	memcpy(to, from, len + 1);
	return 0;
}

/* Splits "LEFT=RIGHT"; neither may be empty. */
static int split(const char *word, char left[NAME_SIZE], char right[NAME_SIZE],
		 const char *form, struct err *err)
{
	const char *equals = strchr(word, '=');

	if (!equals || equals == word || !equals[1] ||
	    equals - word >= NAME_SIZE)
		return err_set(err, ERR_USAGE, "%s: not of the form %s", word,
			       form);
	snprintf(left, NAME_SIZE, "%.*s", (int)(equals - word), word);
	return copy(right, NAME_SIZE, equals + 1, "name", err);
}

static int parse(struct target *target, const char *word, struct err *err)
{
	char label[NAME_SIZE];

	switch (target->goal) {
	case GOAL_IMAGE:
		if (split(word, label, target->machine, "LABEL=MACHINE", err) <
		    0)
			return -1;
		return copy(target->label, sizeof(target->label), label,
			    "label", err);
	case GOAL_MACHINE:
		return split(word, target->machine, target->image, "NAME=IMAGE",
			     err);
	case GOAL_NO_IMAGE:
		return copy(target->image, sizeof(target->image), word,
			    "image's id", err);
	default:
		return copy(target->machine, sizeof(target->machine), word,
			    "machine's id", err);
	}
}

int targets_option(struct target *model, const char *name, const char *value,
		   bool *known, struct err *err)
{
#define OPTION(word, field, what)                           \
	{                                                   \
		word, what, offsetof(struct target, field), \
			sizeof(((struct target *)0)->field) \
	}
	static const struct {
		const char *name, *what;
		size_t offset, size;
	} options[] = {
		OPTION("size", size, "size"),
		OPTION("vpc", vpc, "network"),
		OPTION("firewall", firewall, "firewall"),
		OPTION("ssh-key", ssh_key, "key's name"),
		OPTION("tag", tag, "tag"),
		OPTION("login-user", login_user, "user's name"),
		OPTION("user-data", user_data_file, "file name"),
	};
#undef OPTION
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		*known = strcmp(options[i].name, name) == 0;
		if (*known)
			return copy((char *)model + options[i].offset,
				    options[i].size, value, options[i].what,
				    err);
	}
	return 0;
}

/* One thing is asked for once: a name or an id, and a label. */
static bool clash(const struct target *a, const struct target *b)
{
	if (a->goal == GOAL_NO_IMAGE)
		return strcmp(a->image, b->image) == 0;
	return strcmp(a->machine, b->machine) == 0 ||
	       (a->label[0] && strcmp(a->label, b->label) == 0);
}

int targets_add(struct targets *targets, const struct target *model,
		const char *word, struct err *err)
{
	struct target *rows =
		reallocarray(targets->rows, targets->count + 1, sizeof(*rows));
	size_t i;

	if (!rows)
		return err_set(err, ERR_SYSTEM, "arguments: out of memory");
	targets->rows = rows;
	rows[targets->count] = *model;
	if (parse(&rows[targets->count], word, err) < 0)
		return -1;
	for (i = 0; i < targets->count; i++)
		if (clash(&rows[i], &rows[targets->count]))
			return err_set(err, ERR_USAGE, "%s: asked for twice",
				       word);
	targets->count++;
	return 0;
}
