/* readings.h - tables of recorded replies (tests/replies/CLOUD/NAME) and what
 *is read in them, of requests and how they are written: the tests of every
 *cloud.
 *
 * A reading is text, a line for each thing:
 *   machine STATE[ busy] NAME|id|region|size|image|public address|private
 *	address|created|networks|disk in GB
 *   image STATE NAME|id|region|created|percent|bytes|least disk in GB|of
 *machine task STATE id|machine|number|percent|makes an image|text offer
 *NAME|id|region|subnet|disk in GB|memory in MB An answer is the words it adds
 *to the target. A failed check ends the test, and shows what was read. */
#ifndef TESTS_UNIT_READINGS_H
#define TESTS_UNIT_READINGS_H

#include "cloud/provider.h"

/* The last two arguments of those below, for an array. */
#define ROWS(array) (array), sizeof(array) / sizeof((array)[0])

/* A page of a list, and the members it cannot do without: as those of
 * replies_damage_list(); NULL: it is not damaged. */
struct listed {
	enum list_kind kind;
	const char *name, *needed, *want;
};
void readings_lists(const struct provider *, const struct listed *,
		    size_t count);

/* The answer to a step; needed as above; task: what was asked about, or NULL.
 */
struct answered {
	enum step step;
	const char *name, *needed, *want, *task;
};
void readings_answers(const struct provider *, const struct answered *,
		      size_t count);

/* A refusal, its sentence, and whether with that status it means "busy". No
 * reply at all never does. */
struct refused {
	const char *name;
	int status;
	bool busy;
	const char *want;
};
void readings_refusals(const struct provider *, const struct refused *,
		       size_t count);

/* Whom the reply says that we are; no reply is ERR_PROTOCOL. */
void readings_whoami(const struct provider *, const char *name,
		     const char *want);

/* As replies_expect_request(), of one target. */
struct written {
	enum step step;
	const char *want;
};
void readings_requests(const struct provider *, const struct target *,
		       const struct written *, size_t count);

#endif
