/* adt-seal.c - seal and open files under the key of this build machine.
 *
 * Secrets come and go on standard input and output or in files, never as
 * arguments. Nothing is written before all of the input is proved. */
#include "base/atomicfile.h"
#include "base/command.h"
#include "base/message.h"
#include "files/cryptomemory.h"
#include "files/seal.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_ESCROW 16

struct options {
	const char *key, *old_key, *site, *kind;
	const char *escrow[MOST_ESCROW];
	size_t escrow_count;
	char **words; /* what is no option */
	int count;
};

static int parse(int argc, char **argv, struct options *options,
		 struct err *err)
{
	static const struct option table[] = {
		{"key", required_argument, NULL, 'k'},
		{"old-key", required_argument, NULL, 'o'},
		{"site", required_argument, NULL, 's'},
		{"kind", required_argument, NULL, 't'},
		{"escrow", required_argument, NULL, 'e'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct options){.key = NULL};
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == 'k')
			options->key = optarg;
		else if (option == 'o')
			options->old_key = optarg;
		else if (option == 's')
			options->site = optarg;
		else if (option == 't')
			options->kind = optarg;
		else if (option == 'e' && options->escrow_count < MOST_ESCROW)
			options->escrow[options->escrow_count++] = optarg;
		else
			return usage_error(err,
					   "%s: unknown, incomplete or "
					   "once too often",
					   argv[optind - 1]);
	}
	options->key = seal_key_path(options->key);
	options->words = argv + optind;
	options->count = argc - optind;
	return 0;
}

static bool is_standard(const struct options *options, int word)
{
	return options->count <= word || strcmp(options->words[word], "-") == 0;
}

static const char *input_name(const struct options *options)
{
	return is_standard(options, 0) ? "standard input" : options->words[0];
}

static int read_input(const struct options *options, char **bytes, size_t *size,
		      struct err *err)
{
	return is_standard(options, 0)
		       ? file_read_open(STDIN_FILENO, "standard input", bytes,
					size, err)
		       : file_read(options->words[0], bytes, size, NULL, err);
}

static int write_output(const struct options *options, const void *bytes,
			size_t size, struct err *err)
{
	if (!is_standard(options, 1))
		return file_replace(options->words[1], bytes, size, 0600, err);
	if (fwrite(bytes, 1, size, stdout) == size && fflush(stdout) == 0)
		return 0;
	return err_sys(err, "cannot write to standard output");
}

static void wipe(char *bytes, size_t size)
{
	if (bytes)
		explicit_bzero(bytes, size);
	free(bytes);
}

/* --site and --kind are there, and IN and OUT at most. */
static int check_use(const struct options *options, struct err *err)
{
	if (!options->site || !options->kind)
		return usage_error(err, "--site and --kind are wanted");
	if (options->count > 2)
		return usage_error(err, "IN and OUT at most");
	return 0;
}

static int keygen(int argc, char **argv, struct err *err)
{
	struct options options;

	if (parse(argc, argv, &options, err) < 0)
		return -1;
	if (options.count > 1)
		return usage_error(err, "keygen wants one file at most");
	return seal_key_make(options.count ? options.words[0] : options.key,
			     err);
}

static int seal(int argc, char **argv, struct err *err)
{
	struct options options;
	struct seal_key key;
	char *plain = NULL, *pem = NULL;
	size_t size = 0;
	int rc = -1;

	if (parse(argc, argv, &options, err) < 0 ||
	    check_use(&options, err) < 0 ||
	    seal_key_load(options.key, &key, err) < 0)
		return -1;
	if (read_input(&options, &plain, &size, err) == 0 &&
	    seal_seal(plain, size, options.site, options.kind, &key,
		      options.escrow, options.escrow_count, &pem, err) == 0)
		rc = write_output(&options, pem, strlen(pem), err);
	free(pem);
	wipe(plain, size);
	seal_key_wipe(&key);
	return rc;
}

static int open_sealed(int argc, char **argv, struct err *err)
{
	struct options options;
	struct seal_key key;
	struct seal_plain plain;
	char *pem;
	size_t size;
	int rc;

	if (parse(argc, argv, &options, err) < 0 ||
	    check_use(&options, err) < 0 ||
	    seal_key_load(options.key, &key, err) < 0)
		return -1;
	rc = read_input(&options, &pem, &size, err);
	if (rc == 0) {
		rc = seal_open(pem, size, input_name(&options), &key, &plain,
			       err);
		wipe(pem, size);
	}
	seal_key_wipe(&key);
	if (rc != 0)
		return -1;
	rc = seal_expect(&plain, input_name(&options), options.site,
			 options.kind, err);
	if (rc == 0)
		rc = write_output(&options, plain.bytes, plain.size, err);
	seal_plain_free(&plain);
	return rc;
}

/* One file, under its lock: as it was, or sealed under the new key. One that
 * the new key opens already is left alone, so that a rewrap can be repeated. */
static int rewrap_file(const char *path, const struct options *options,
		       const struct seal_key *old_key,
		       const struct seal_key *new_key, struct err *err)
{
	struct seal_plain plain = {.bytes = NULL};
	char *pem = NULL, *again = NULL;
	size_t size = 0;
	bool done = false;
	int lock = file_lock(path, 10000, err), rc = -1;

	if (lock < 0)
		return -1;
	if (file_read(path, &pem, &size, NULL, err) < 0 ||
	    seal_is_for(pem, size, path, new_key, &done, err) < 0)
		goto out;
	if (done) {
		rc = 0;
		goto out;
	}
	if (seal_open(pem, size, path, old_key, &plain, err) == 0 &&
	    seal_seal(plain.bytes, plain.size, plain.site, plain.kind, new_key,
		      options->escrow, options->escrow_count, &again, err) == 0)
		rc = file_replace(path, again, strlen(again), 0600, err);
out:
	seal_plain_free(&plain);
	free(again);
	free(pem);
	file_unlock(lock);
	return rc;
}

static int rewrap(int argc, char **argv, struct err *err)
{
	struct seal_key old_key, new_key;
	struct options options;
	int i, rc = 0;

	if (parse(argc, argv, &options, err) < 0)
		return -1;
	if (!options.old_key || options.count == 0)
		return usage_error(err, "rewrap wants --old-key and files");
	if (seal_key_load(options.old_key, &old_key, err) < 0)
		return -1;
	if (seal_key_load(options.key, &new_key, err) < 0) {
		seal_key_wipe(&old_key);
		return -1;
	}
	for (i = 0; i < options.count && rc == 0; i++)
		rc = rewrap_file(options.words[i], &options, &old_key, &new_key,
				 err);
	seal_key_wipe(&old_key);
	seal_key_wipe(&new_key);
	return rc;
}

/* What needs no key, and where the key is there and fits, site and kind. */
static int inspect(int argc, char **argv, struct err *err)
{
	struct seal_plain plain;
	struct seal_key key;
	struct options options;
	char *pem, *text;
	size_t size;
	int rc;

	if (parse(argc, argv, &options, err) < 0)
		return -1;
	if (options.count > 1)
		return usage_error(err, "inspect wants one file");
	if (read_input(&options, &pem, &size, err) < 0)
		return -1;
	rc = seal_inspect(pem, size, input_name(&options), &text, err);
	if (rc == 0) {
		struct err unused;

		fputs(text, stdout);
		free(text);
		if (seal_key_load(options.key, &key, &unused) == 0) {
			if (seal_open(pem, size, "", &key, &plain, &unused) ==
			    0) {
				printf("site: %s\nkind: %s\nsize: %zu\n",
				       plain.site, plain.kind, plain.size);
				seal_plain_free(&plain);
			}
			seal_key_wipe(&key);
		}
	}
	free(pem);
	return rc;
}

static const struct command commands[] = {
	{"keygen", "[FILE]", "make a new sealing key; never replaces one",
	 keygen},
	{"seal", "--site SITE --kind KIND [--escrow CERT]... [IN [OUT]]",
	 "seal a file for this key, and for the certificates' holders", seal},
	{"open", "--site SITE --kind KIND [IN [OUT]]",
	 "open a sealed file of this site and kind", open_sealed},
	{"rewrap", "--old-key FILE [--escrow CERT]... FILE...",
	 "seal files anew under the present key", rewrap},
	{"inspect", "[FILE]", "say for whom a file is sealed, and what it is",
	 inspect},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {
	"adt-seal", "seal and open files of a build machine", commands,
	"IN and OUT are standard input and output where left out or \"-\".\n"
	"--key FILE names the key; default: ADT_SEAL_KEY, then " SEAL_KEY_FILE
	".\n"};

static void no_memory(void)
{
	static const struct err err = {ERR_SYSTEM, "out of memory"};

	_exit(report(&err));
}

int main(int argc, char **argv)
{
	struct err err;

	message_program(program.name);
	process_keep_secrets();
	if (crypto_memory(no_memory, &err) < 0)
		return report(&err);
	return program_main(&program, argc, argv);
}
