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

/* Sets what an option says of the targets after it: size, vpc, firewall,
 * ssh-key, tag, user-data. *known is false for any other name. ERR_USAGE for a
 * text that does not fit or holds a control character. */
int targets_option(struct target *model, const char *name, const char *value,
		   bool *known, struct err *) MUST_CHECK;

#endif
