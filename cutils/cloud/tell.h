/* tell.h - what a run was about, in words for the operator. */
#ifndef CLOUD_TELL_H
#define CLOUD_TELL_H

#include "base/strbuf.h"
#include "cloud/journal.h"

/* Adds a line: which cloud, since when; then one for each target: what it is,
 * how far it came, and what is owed. */
void tell_run(const struct journal *, struct strbuf *);

/* Adds what the run would do in this world, a line for each target. */
void tell_plan(const struct journal *, const struct world *, struct strbuf *);

/* Adds what was done to give a run up, a line for each target. */
void tell_abandoned(const struct journal *, struct strbuf *);

#endif
