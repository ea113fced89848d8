/* command.c - see command.h. */
#include "base/command.h"

#include "base/message.h"
#include "base/version.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void print_help(const struct program *program)
{
	const struct command *command;

	printf("%s - %s\n\n", program->name, program->summary);
	for (command = program->commands; command->name; command++)
		printf("  %s %s %s\n      %s\n", program->name, command->name,
		       command->synopsis, command->summary);
	if (program->options)
		printf("\n%s", program->options);
	printf("\nExit status: 0 done, 1 there is none, 64 usage, 65 malformed "
	       "file or name,\n69 refused, 71 system, 75 try later, 76 "
	       "protocol, 77 denied: adt(7).\n");
}

static const struct command *find(const struct program *program,
				  const char *name)
{
	const struct command *command;

	for (command = program->commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

int usage_error(struct err *err, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return err_set(err, ERR_USAGE, "%s; see --help", text);
}

void process_keep_secrets(void)
{
	static const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	umask(077);
}

static int run(const struct program *program, int argc, char **argv,
	       struct err *err)
{
	const struct command *command;

	if (argc < 2)
		return usage_error(err, "a command is wanted");
	command = find(program, argv[1]);
	if (!command)
		return usage_error(err, "no such command: %s", argv[1]);
	return command->run(argc - 1, argv + 1, err);
}

/* All that was printed has arrived, or the status says that it has not. */
static int end(void)
{
	struct err err;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	err_sys(&err, "cannot write to standard output");
	return report(&err);
}

int program_main(const struct program *program, int argc, char **argv)
{
	struct err err;
	int i;

	message_program(program->name);
	for (i = 1; i < argc && i < 3; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    (i == 1 && strcmp(argv[i], "-h") == 0)) {
			print_help(program);
			return end();
		}
		if (i == 1 && strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", program->name, ADT_VERSION);
			return end();
		}
	}
	if (run(program, argc, argv, &err) < 0) {
		fflush(stdout);
		return report(&err);
	}
	return end();
}
