/* parts.h - a setting that holds one value for each datastore. */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include <stddef.h>

/* Copies the n-th part, from 1, of a value split on "|": the whole of a value
 * without one. 1; 0 where there is no such part, and to is ""; -1 where it does
 * not fit, and to is "". */
int parts_copy(const char *value, unsigned n, char *to, size_t size);

#endif
