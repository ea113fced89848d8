/* command.h - a program is a table of commands; for bin/ alone.
 *
 *	static const struct command commands[] = {
 *		{"get", "FILE NAME", "print one value", get},
 *		{"set", "FILE NAME VALUE", "change one value", set},
 *		{0},
 *	};
 *	static const struct program program = { "adt-template", "...", commands,
 *						"text after the table" };
 *	int main(int argc, char **argv)
 *	{
 *		return program_main(&program, argc, argv);
 *	}
 *
 * program_main() answers --help (stdout, 0) and --version, finds the command,
 * runs it, reports its failure and turns it into the exit status. A command
 * parses its own options with getopt_long and says wrong use with
 * usage_error(). */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include "base/err.h"

struct command {
	const char *name;
	const char *synopsis; /* what follows the name; the man page repeats */
	const char *summary;
	/* argv[0] is the command's name. 0, or -1 with *err. */
	int (*run)(int argc, char **argv, struct err *err);
};

struct program {
	const char *name;
	const char *summary;		/* one line, lower case, no full stop */
	const struct command *commands; /* ends with a nameless one */
	const char *options; /* more help text, ends in newline, or NULL */
};

int program_main(const struct program *, int argc, char **argv);

/* ERR_USAGE, with where to read more; returns -1. */
int usage_error(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* No core file and no ptrace(2) by others: for programs that hold secrets. */
void process_keep_secrets(void);

#endif
