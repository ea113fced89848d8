/* userdata.h - fills in the text that a machine reads at its first boot.
 *
 * A template is cloud-init text with places:
 *
 *	@{NAME}         the value, which is one plain word: A-Z a-z 0-9 . _ / +
 *= and, but not in front, -
 *	@{NAME:quoted}  the value as a double-quoted YAML scalar; it is UTF-8
 *	@{NAME:base64}  any bytes, as base64 in one line (RFC 4648)
 *
 * NAME is of A-Z 0-9 and _. A line whose first word begins with ## is for the
 * template's readers and is left out. "@{" anywhere else is an error, and so
 * are a place without a value and a value without a place: what was misspelt
 * must not reach a machine. */
#ifndef FILES_USERDATA_H
#define FILES_USERDATA_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stddef.h>

/* What every cloud we know takes; most of them refuse more. */
#define USERDATA_MAX_BYTES 16384

struct userdata_value {
	const char *name;  /* borrowed */
	const char *bytes; /* borrowed; a secret perhaps */
	size_t size;
};

/* Appends the filled text to out, whose ceiling does not matter: ERR_DATA past
 * USERDATA_MAX_BYTES. path is the template's, for messages; they hold names and
 * never a value. ERR_DATA also for a malformed place, for names that the
 * template has and values has not, or the other way round (all are listed), and
 * for a value that may not stand where it would. After -1 out holds a part. */
int userdata_render(const char *path, const char *text, size_t size,
		    const struct userdata_value *values, size_t count,
		    struct strbuf *out, struct err *err) MUST_CHECK;

/* Appends the names of the places, each once, a line each, in their order. */
int userdata_names(const char *path, const char *text, size_t size,
		   struct strbuf *out, struct err *err) MUST_CHECK;

#endif
