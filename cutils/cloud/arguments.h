/* arguments.h - the command line of a program that speaks to a cloud; for bin/.
 *
 * What is no option is a target of the goal. Options that say how a target is
 * to be (targets.h) hold for the targets after them. */
#ifndef CLOUD_ARGUMENTS_H
#define CLOUD_ARGUMENTS_H

#include "cloud/session.h"
#include "cloud/targets.h"

struct arguments {
	struct access access;
	const char *journal, *root_password;
	const char *progress; /* how it is shown: a word, "auto" if not said */
	unsigned deadline_s;
	bool json, dry, abandon;
	struct targets targets;
	struct target model; /* what the options so far say of a target */
};

/* Texts are borrowed from argv and the environment (ADT_API_URL, ADT_CA_FILE).
 * ERR_USAGE says what is wrong; arguments_free() either way. */
int arguments_parse(int argc, char **argv, enum goal, struct arguments *,
		    struct err *) MUST_CHECK;
void arguments_free(struct arguments *);

#endif
