/* shellsyntax.h - does the shell itself accept a text? */
#ifndef FILES_SHELLSYNTAX_H
#define FILES_SHELLSYNTAX_H

#include "base/err.h"

#include <stddef.h>

/* Gives the text to `/bin/sh -n`, which reads and runs nothing, over a socket
 * and with next to no environment; no file is made. ERR_DATA with the first
 * line of the shell's complaint, ERR_RETRY past wait_ms, ERR_SYSTEM where the
 * shell cannot be run. */
int shell_syntax(const char *text, size_t size, int wait_ms,
		 struct err *err) MUST_CHECK;

#endif
