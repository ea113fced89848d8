/* shelltoken.h - what an sh text is read into: see shellscan.h.
 *
 * Source: POSIX.1-2017, XCU 2.3 token recognition. */
#ifndef FILES_SHELLTOKEN_H
#define FILES_SHELLTOKEN_H

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* The text holds no NUL byte. A problem moves `at` to the end. */
struct shell_scan {
	const char *text; /* borrowed */
	size_t size;
	size_t at;
	unsigned line;	     /* of text[at]; the first is 1 */
	unsigned lf_lines;   /* line ends outside quotes so far */
	unsigned crlf_lines; /* the same, with a carriage return */
	unsigned crlf_first; /* line of the first of those */
	unsigned depth;	     /* of expansions inside expansions */
	const char *problem; /* why no sense can be made of it; or NULL */
	unsigned problem_line;
};

enum shell_kind { SHELL_END, SHELL_NEWLINE, SHELL_OPERATOR, SHELL_WORD };

struct shell_token {
	enum shell_kind kind;
	unsigned line;	   /* where it begins */
	size_t start, end; /* its bytes in the text, quotes included */
	bool quoted;	   /* in part at least: it is no reserved word */
	bool computed;	   /* an unescaped $ or `, or a ~ that expands */
	bool pattern;	   /* an unquoted * ? [ or {: expands in arguments */
	bool continued;	   /* goes on over a backslash at a line's end */
};

/* Ends the scan; the first problem stays. `why` is a literal. */
void shell_problem(struct shell_scan *, unsigned line, const char *why);

/* True where it is this word, unquoted, as reserved words are. */
bool shell_token_is(const struct shell_scan *, const struct shell_token *,
		    const char *word);

/* Appends value in double quotes, so that any sh reads just these bytes. */
void shell_quote(struct strbuf *, const char *value, size_t size);

#endif
