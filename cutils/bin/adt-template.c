/* adt-template.c - read and edit the variables of a build template. */
#include "base/atomicfile.h"
#include "base/command.h"
#include "base/message.h"
#include "files/shellsyntax.h"
#include "files/template.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void warn_crlf(const struct template *is)
{
	if (is->crlf_line)
		warn("%s:%u: the line ends in CR LF, and sh takes the CR into "
		     "the value; mend the file with: sed -i 's/\\r$//' %s",
		     is->path, is->crlf_line, is->path);
}

/* Options with a leading "+" end at the first other word: a value may begin
 * with a minus sign. Returns how many words are left, or -1. */
static int options(int argc, char **argv, const char *name, bool *is_set,
		   struct err *err)
{
	const struct option known[] = {
		{name ? name : "", no_argument, NULL, 'x'}, {0}};
	int c;

	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, "+", name ? known : known + 1,
				NULL)) != -1) {
		if (c != 'x' || !is_set)
			return usage_error(err, "unknown option %s",
					   argv[optind - 1]);
		*is_set = true;
	}
	return argc - optind;
}

static int get(int argc, char **argv, struct err *err)
{
	struct template is;
	char *value = NULL;
	int rc, left = options(argc, argv, NULL, NULL, err);

	if (left < 0)
		return -1;
	if (left != 2)
		return usage_error(err, "get wants FILE NAME");
	if (template_read(&is, argv[optind], err) < 0)
		return -1;
	rc = template_get(&is, argv[optind + 1], &value, err);
	if (rc == 0) {
		warn_crlf(&is);
		puts(value);
	}
	free_secret(value);
	template_free(&is);
	return rc;
}

static int read_stdin(char **value, struct err *err)
{
	size_t size;

	if (file_read_open(STDIN_FILENO, "standard input", value, &size, err) <
	    0)
		return -1;
	if (memchr(*value, '\0', size)) {
		explicit_bzero(*value, size);
		free(*value);
		*value = NULL;
		return err_set(err, ERR_DATA,
			       "the value holds a NUL byte, which sh cannot");
	}
	if (size > 0 && (*value)[size - 1] == '\n')
		warn("the value ends in a line feed, as standard input did; "
		     "printf %%s adds none");
	return 0;
}

static int need_distinct(const struct template_value *values, size_t count,
			 struct err *err)
{
	size_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < i; k++)
			if (strcmp(values[i].name, values[k].name) == 0)
				return usage_error(err, "%s is given twice",
						   values[i].name);
	return 0;
}

/* The warning needs no lock: it is about how the file was found. */
static int change(const char *path, const struct template_value *values,
		  size_t count, const char *gone, struct err *err)
{
	struct template is;

	if (template_read(&is, path, err) < 0)
		return -1;
	if (!is.problem)
		warn_crlf(&is);
	template_free(&is);
	return values ? template_set(path, values, count, err)
		      : template_unset(path, gone, err);
}

static int set(int argc, char **argv, struct err *err)
{
	bool from_stdin = false;
	int left = options(argc, argv, "stdin", &from_stdin, err), rc = -1;
	struct template_value *values;
	char *secret = NULL;
	size_t count, i;

	if (left < 0)
		return -1;
	if (from_stdin ? left != 2 : left < 3 || left % 2 == 0)
		return usage_error(err, "set wants FILE NAME VALUE..., or "
					"--stdin FILE NAME");
	argv += optind;
	count = from_stdin ? 1 : (size_t)(left - 1) / 2;
	values = calloc(count, sizeof(*values));
	if (!values)
		return err_set(err, ERR_SYSTEM, "out of memory");
	for (i = 0; i < count; i++)
		values[i].name = argv[1 + 2 * i];
	if (from_stdin) {
		if (template_check_name(values[0].name, err) < 0 ||
		    read_stdin(&secret, err) < 0)
			goto out;
		values[0].value = secret;
	} else {
		for (i = 0; i < count; i++)
			values[i].value = argv[2 + 2 * i];
	}
	if (need_distinct(values, count, err) == 0)
		rc = change(argv[0], values, count, NULL, err);
out:
	free_secret(secret);
	free(values);
	return rc;
}

static int unset(int argc, char **argv, struct err *err)
{
	int left = options(argc, argv, NULL, NULL, err);

	if (left < 0)
		return -1;
	if (left != 2)
		return usage_error(err, "unset wants FILE NAME");
	return change(argv[optind], NULL, 0, argv[optind + 1], err);
}

static int list(int argc, char **argv, struct err *err)
{
	struct strbuf out = STRBUF(2 * FILE_MAX_BYTES);
	struct template is;
	bool as_json = false;
	int rc, left = options(argc, argv, "json", &as_json, err);

	if (left == 2 && strcmp(argv[optind + 1], "--json") == 0) {
		as_json = true;
		left--;
	}
	if (left < 0)
		return -1;
	if (left != 1)
		return usage_error(err, "list wants [--json] FILE");
	if (template_read(&is, argv[optind], err) < 0)
		return -1;
	rc = template_list(&is, as_json, &out, err);
	if (rc == 0) {
		warn_crlf(&is);
		fputs(strbuf_text(&out), stdout);
	}
	strbuf_free(&out);
	template_free(&is);
	return rc;
}

static int check(int argc, char **argv, struct err *err)
{
	struct strbuf out = STRBUF(2 * FILE_MAX_BYTES);
	struct template is;
	int rc, left = options(argc, argv, NULL, NULL, err);
	unsigned found;

	if (left < 0)
		return -1;
	if (left != 1)
		return usage_error(err, "check wants FILE");
	if (template_read(&is, argv[optind], err) < 0)
		return -1;
	found = template_findings(&is, &out);
	fputs(strbuf_text(&out), stdout);
	rc = shell_syntax(is.text, is.size, TEMPLATE_WAIT_MS, err);
	if (rc < 0)
		err_prefix(err, "%s", is.path);
	else if (found > 0)
		rc = err_set(err, ERR_DATA,
			     "%s: not only plain assignments: %u findings",
			     is.path, found);
	strbuf_free(&out);
	template_free(&is);
	return rc;
}

static const struct command commands[] = {
	{"get", "FILE NAME", "print one value", get},
	{"set",
	 "FILE NAME VALUE [NAME VALUE]...\n"
	 "  adt-template set --stdin FILE NAME",
	 "change or add values, all at once or none; --stdin reads the value,\n"
	 "      every byte of it, so that no secret is in the process list",
	 set},
	{"unset", "FILE NAME", "remove the assignments of one name", unset},
	{"list", "[--json] FILE",
	 "print NAME<TAB>VALUE lines (\\n \\t \\\\ in values), or JSON", list},
	{"check", "FILE",
	 "print LINE<TAB>REASON for what is no plain assignment; run sh -n",
	 check},
	{0},
};

static const struct program program = {
	"adt-template",
	"read and edit the variables of a build template",
	commands,
	"Only values change: comments, order, mode and line ends stay.\n"
	"Values the shell would compute, and what is not a plain assignment,\n"
	"are refused, not guessed.\n",
};

int main(int argc, char **argv)
{
	process_keep_secrets();
	return program_main(&program, argc, argv);
}
