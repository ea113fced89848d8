/* shellassign.h - the names that a statement of sh may give a value. */
#ifndef FILES_SHELLASSIGN_H
#define FILES_SHELLASSIGN_H

#include <stdbool.h>
#include <stddef.h>

/* True where the statement in text (no NUL, no problem) may give `name` another
 * value: NAME=, the argument of unset, read, export and their like, ${NAME:=},
 * $((NAME=)), or a mention in what eval is given. Text in quotes counts only
 * where such a command reads it. */
bool shell_assigns(const char *text, size_t size, const char *name);

/* [A-Za-z_][A-Za-z0-9_]* of at least one byte; how many bytes of text it is. */
size_t shell_name_length(const char *text, size_t size);

#endif
