/* targets.h - the targets that somebody asks for, in words. */
#ifndef CLOUD_TARGETS_H
#define CLOUD_TARGETS_H

#include "cloud/target.h"

struct targets {
	struct target *rows; /* owned; free(3) it */
	size_t count;
};

/* Adds one: like the model, and by its goal
 *	GOAL_IMAGE    "LABEL=MACHINE"
 *	GOAL_MACHINE  "NAME=IMAGE"
 *	the others    "ID"
 * ERR_USAGE for another form, a text that does not fit, or a second target for
 * the same thing. */
int targets_add(struct targets *, const struct target *model, const char *word,
		struct err *) MUST_CHECK;

/* Copies one argument; ERR_USAGE where it is too long or holds a control
 * character. what names it. */
int targets_copy(char *to, size_t size, const char *from, const char *what,
		 struct err *) MUST_CHECK;

#endif
