/* adt-userdata.c - template and values in, a machine's user data out. */
#include "base/atomicfile.h"
#include "base/command.h"
#include "files/userdata.h"

#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A value whose bytes are ours came from a file or standard input. */
struct given {
	struct userdata_value *values;
	char **names, **owned;
	size_t count;
};

static void given_free(struct given *given)
{
	size_t i;

	for (i = 0; i < given->count; i++) {
		free(given->names[i]);
		if (given->owned[i])
			OPENSSL_clear_free(given->owned[i],
					   given->values[i].size);
	}
	free(given->values);
	free(given->names);
	free(given->owned);
}

static int given_init(struct given *given, size_t most, struct err *err)
{
	given->count = 0;
	given->values = calloc(most + 1, sizeof(*given->values));
	given->names = calloc(most + 1, sizeof(*given->names));
	given->owned = calloc(most + 1, sizeof(*given->owned));
	if (given->values && given->names && given->owned)
		return 0;
	return err_set(err, ERR_SYSTEM, "out of memory");
}

/* Reads FILE, or standard input for "-". */
static int read_value(const char *file, char **bytes, size_t *size,
		      struct err *err)
{
	if (strcmp(file, "-") == 0)
		return file_read_open(STDIN_FILENO, "standard input", bytes,
				      size, err);
	if (file_read(file, bytes, size, NULL, err) == 0)
		return 0;
	if (err->kind == ERR_NO)
		err->kind = ERR_DATA;
	return -1;
}

/* NAME=VALUE or NAME@FILE. A message never holds the value. */
static int add_given(struct given *given, const char *word, struct err *err)
{
	struct userdata_value *value = &given->values[given->count];
	size_t length = strcspn(word, "=@"), i;
	char *name;

	if (length == 0 || !word[length])
		return usage_error(err, "NAME=VALUE or NAME@FILE is wanted, "
					"not a word without = and @");
	name = strndup(word, length);
	if (!name)
		return err_set(err, ERR_SYSTEM, "out of memory");
	given->names[given->count++] = name;
	value->name = name;
	for (i = 0; i + 1 < given->count; i++)
		if (strcmp(given->names[i], name) == 0)
			return usage_error(err, "%s is given twice", name);
	if (word[length] == '@') {
		char **owned = &given->owned[given->count - 1];

		if (read_value(word + length + 1, owned, &value->size, err) < 0)
			return -1;
		value->bytes = *owned;
		return 0;
	}
	value->bytes = word + length + 1;
	value->size = strlen(value->bytes);
	return 0;
}

static int read_template(const char *path, char **text, size_t *size,
			 struct err *err)
{
	if (file_read(path, text, size, NULL, err) == 0)
		return 0;
	if (err->kind == ERR_NO)
		err->kind = ERR_DATA;
	return -1;
}

static int render(int argc, char **argv, struct err *err)
{
	struct strbuf out = STRBUF(FILE_MAX_BYTES * 2);
	struct given given;
	char *text = NULL;
	size_t size;
	int i, rc = -1;

	if (argc < 2)
		return usage_error(err, "render wants TEMPLATE");
	if (given_init(&given, (size_t)argc, err) < 0)
		goto out;
	for (i = 2; i < argc; i++)
		if (add_given(&given, argv[i], err) < 0)
			goto out;
	if (read_template(argv[1], &text, &size, err) < 0 ||
	    userdata_render(argv[1], text, size, given.values, given.count,
			    &out, err) < 0)
		goto out;
	fputs(strbuf_text(&out), stdout);
	rc = 0;
out:
	free(text);
	given_free(&given);
	strbuf_free(&out);
	return rc;
}

static int names(int argc, char **argv, struct err *err)
{
	struct strbuf out = STRBUF(65536);
	char *text;
	size_t size;
	int rc;

	if (argc != 2)
		return usage_error(err, "names wants TEMPLATE");
	if (read_template(argv[1], &text, &size, err) < 0)
		return -1;
	rc = userdata_names(argv[1], text, size, &out, err);
	if (rc == 0)
		fputs(strbuf_text(&out), stdout);
	free(text);
	strbuf_free(&out);
	return rc;
}

static const struct command commands[] = {
	{"render", "TEMPLATE [NAME=VALUE | NAME@FILE]...",
	 "print the template with its places filled in", render},
	{"names", "TEMPLATE", "print the names of its places, a line each",
	 names},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {
	"adt-userdata", "fill in the text that a machine reads at first boot",
	commands,
	"A place in the template is @{NAME}, @{NAME:quoted} or "
	"@{NAME:base64}.\n"
	"NAME@FILE takes the value from a file, NAME@- from standard input: "
	"so\n"
	"must a secret, since everybody on this machine can read arguments.\n"};

int main(int argc, char **argv)
{
	process_keep_secrets();
	return program_main(&program, argc, argv);
}
