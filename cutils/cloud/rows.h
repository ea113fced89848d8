/* rows.h - what was observed or done, as JSON rows for a caller to read.
 *
 * Each returns a new array (owned by the caller) of objects, or NULL without
 * memory. The members' names and order are the programs' output format:
 * adt-cloud(1) documents them. */
#ifndef CLOUD_ROWS_H
#define CLOUD_ROWS_H

#include "cloud/journal.h"
#include "cloud/world.h"

/* region "" takes every machine, else only those that are there. */
json_t *rows_machines(const struct world *, const char *region);
json_t *rows_images(const struct world *);

/* The targets of a capture or a provision: all of them, of which some have no
 * ids yet, or the finished ones. */
json_t *rows_captured(const struct journal *, bool all);
json_t *rows_provisioned(const struct journal *, bool all);

#endif
