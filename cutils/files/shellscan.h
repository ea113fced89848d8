/* shellscan.h - where the words and statements of an sh text begin and end.
 *
 * Source: POSIX.1-2017, XCU 2.2 quoting, 2.3 token recognition, 2.4 reserved
 * words, 2.6 expansions. Nothing is run or expanded: a word says whether the
 * shell would have to. What shells do not agree about (a quote inside "${...}",
 * $'\''), and here-documents, are a problem, not a guess.
 *
 *	struct shell_scan scan = {.text = text, .size = size, .line = 1};
 *
 *	while (shell_statement(&scan, &statement))
 *		... statement.first[0] ...
 *	if (scan.problem)
 *		... scan.problem_line ...
 *
 * A carriage return right before the end of a line counts as part of that end:
 * the shell itself would take it into the last word. */
#ifndef FILES_SHELLSCAN_H
#define FILES_SHELLSCAN_H

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

struct shell_statement {
	size_t start, end;	     /* whole lines */
	unsigned line;		     /* of its first word */
	unsigned tokens;	     /* words and operators */
	struct shell_token first[2]; /* of the tokens */
};

/* The next token; comments, blanks and continuations are stepped over. `said`,
 * which may be NULL, gets the word as the shell would see it without its
 * quotes; what a computed word says is of no use. */
struct shell_token shell_next(struct shell_scan *, struct strbuf *said);

/* Steps over lines until a statement has ended: at the end of its line, or of
 * the line on which its compound command ends. False when there is none. */
bool shell_statement(struct shell_scan *, struct shell_statement *);

/* True where the statement in text (no NUL, no problem) may give `name` another
 * value: NAME=, the argument of unset, read, export and their like, ${NAME:=},
 * $((NAME=)), or a mention in what eval is given. Text in quotes counts only
 * where such a command reads it. */
bool shell_assigns(const char *text, size_t size, const char *name);

/* Appends value in double quotes, so that any sh reads just these bytes. */
void shell_quote(struct strbuf *, const char *value, size_t size);

/* [A-Za-z_][A-Za-z0-9_]* of at least one byte; how many bytes of text it is. */
size_t shell_name_length(const char *text, size_t size);

#endif
