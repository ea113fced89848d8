/* output.h - rows on stdout; for bin/ alone.
 *
 * Text form: one row a line, fields by tab in the order of the members, no
 * header; a control byte in a field is shown as "?". JSON form: the array. */
#ifndef BASE_OUTPUT_H
#define BASE_OUTPUT_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

/* Prints and releases rows; NULL is ERR_SYSTEM (out of memory). */
int output_rows(json_t *rows, bool as_json, struct err *) MUST_CHECK;

#endif
