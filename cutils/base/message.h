/* message.h - words for people, on stderr; for bin/ alone.
 *
 * Text that came from a cloud or a file reaches a terminal here, so control
 * bytes are shown as "?" and never sent. */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include "base/err.h"

/* The name in front of every message; borrowed, call it first in main(). */
void message_program(const char *name);

/* "PROGRAM: text" on stderr; returns the exit status that err's kind is. */
int report(const struct err *err);

void warn(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Prints one line of text with control bytes masked, to stderr. */
void message_line(const char *text);

#endif
