/* shellstatement.h - where the statements of an sh text begin and end.
 *
 *	struct shell_scan scan = {.text = text, .size = size, .line = 1};
 *
 *	while (shell_statement(&scan, &statement))
 *		... statement.first[0] ...
 *	if (scan.problem)
 *		... scan.problem_line ... */
#ifndef FILES_SHELLSTATEMENT_H
#define FILES_SHELLSTATEMENT_H

#include "files/shelltoken.h"

struct shell_statement {
	size_t start, end;	     /* whole lines */
	unsigned line;		     /* of its first word */
	unsigned tokens;	     /* words and operators */
	struct shell_token first[2]; /* of the tokens */
};

/* Steps over lines until a statement has ended: at the end of its line, or of
 * the line on which its compound command ends. False when there is none. */
bool shell_statement(struct shell_scan *, struct shell_statement *);

#endif
