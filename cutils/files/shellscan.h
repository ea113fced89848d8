/* shellscan.h - the words and operators of an sh text.
 *
 * Source: POSIX.1-2017, XCU 2.2 quoting, 2.3 token recognition, 2.6 expansions.
 * Nothing is run or expanded: a word says whether the shell would have to. What
 * shells do not agree about (a quote inside "${...}", $'\''), and
 * here-documents, are a problem, not a guess.
 *
 * A carriage return right before the end of a line counts as part of that end:
 * the shell itself would take it into the last word. */
#ifndef FILES_SHELLSCAN_H
#define FILES_SHELLSCAN_H

#include "files/shelltoken.h"

/* The next token; comments, blanks and continuations are stepped over. `said`,
 * which may be NULL, gets the word as the shell would see it without its
 * quotes; what a computed word says is of no use. */
struct shell_token shell_next(struct shell_scan *, struct strbuf *said);

#endif
