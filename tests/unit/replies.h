/* replies.h - recorded replies (tests/replies/CLOUD/NAME), read as the engine
 * reads them, whole and damaged. A failed check ends the test. */
#ifndef TESTS_UNIT_REPLIES_H
#define TESTS_UNIT_REPLIES_H

#include "cloud/provider.h"

/* Owned by the caller. */
json_t *replies_load(const struct provider *, const char *name);

/* Adds the rows of a recorded page to the world. */
void replies_observe(const struct provider *, enum list_kind, const char *name,
		     struct world *);

/* Gives the reader of a list, or of a step, the reply with each member of it
 * in turn missing and of every other type. It either reads on or says
 * ERR_PROTOCOL; of the members named in needed (words such as "region.slug",
 * below the row or the reply) it must say so, missing or null. */
void replies_damage_list(const struct provider *, enum list_kind,
			 const char *name, const char *needed);
void replies_damage_step(const struct provider *, enum step,
			 const struct target *, const char *name,
			 const char *needed);

/* The request of a step is "METHOD PATH" or "METHOD PATH BODY", the body
 * compact and with sorted members; only a create, and joining a
 * network, may not be repeated. */
void replies_expect_request(const struct provider *, enum step,
			    const struct target *, const char *want);

#endif
