/* spool.h - bytes that are to be read twice, or whose size must be known first:
 * a file as it is, a stream by way of memory.
 *
 * Nothing of a stream reaches a disk: it may be a secret. */
#ifndef BASE_SPOOL_H
#define BASE_SPOOL_H

#include "base/err.h"

#include <stdint.h>

/* A descriptor of an empty file in memory, to be closed; -1 with *err. */
int spool_new(struct err *) MUST_CHECK;

/* Opens the file at path, or takes in all of standard input where path is NULL;
 * a descriptor to be closed. ERR_DATA: no such file, or not a regular one. */
int spool_open(const char *path, uint64_t *size_bytes, struct err *) MUST_CHECK;

/* Writes all of the file `from`, from its beginning, to `to`, called name. */
int spool_copy(int from, int to, const char *name, struct err *) MUST_CHECK;

#endif
