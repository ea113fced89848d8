/* shellnest.h - which compound commands are open after each token.
 *
 * A line inside if, case, a loop, a function or a subshell looks like any
 * other. So compound commands are followed by their reserved words, which count
 * only where a command may begin (POSIX.1-2017, XCU 2.4), and end only when all
 * are closed. A word that closes what is not open is a problem: better to
 * refuse a text than to take a line inside a condition for one that always
 * runs. */
#ifndef FILES_SHELLNEST_H
#define FILES_SHELLNEST_H

#include "files/shelltoken.h"

#define SHELL_NEST_MAX 64

enum shell_closer { NOTHING, FI, DONE, ESAC, BRACE, PAREN };

/* What a word of case is; the others stay at COMMANDS. */
enum shell_case_step { COMMANDS, SUBJECT, IN, PATTERN };

struct shell_nest {
	struct {
		enum shell_closer closer;
		enum shell_case_step step;
		unsigned line;
	} open[SHELL_NEST_MAX];
	size_t count;
	bool command;	 /* a command, so a reserved word, may stand here */
	bool goes_on;	 /* a line end ends nothing: after && || | and f() */
	bool file_name;	 /* the next word belongs to a redirection */
	bool after_open; /* the last token was ( */
};

#define SHELL_NEST_NONE ((struct shell_nest){.command = true})

/* Follows one token of the scan; a problem is the scan's. */
void shell_nest_see(struct shell_scan *, struct shell_nest *,
		    const struct shell_token *);

/* At the end of what was to be closed: what is open is a problem. */
void shell_nest_ended(struct shell_scan *, const struct shell_nest *);

#endif
