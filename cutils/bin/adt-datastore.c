/* adt-datastore.c - objects in a build's datastores: put, get, list and so on.
 *
 * Which datastores there are comes from a build or from the files of s3cmd,
 * s5cmd or rclone; keys never from the command line or the environment. */
#include "base/clock.h"
#include "base/command.h"
#include "base/message.h"
#include "base/newfile.h"
#include "base/output.h"
#include "base/spool.h"
#include "store/probe.h"
#include "store/s3rows.h"
#include "store/storessource.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEADLINE_S 600
#define MOST_DEADLINE_S (24L * 3600)

struct options {
	const char *settings;
	/* Its number 0: the first, for reading also those after it */
	struct stores_source source;
	long deadline_s, mode;
	struct s3_condition condition;
	bool json;
	char **words; /* what is left of the command line */
	int count;
};

/* ---- the command line ---- */

static int parse_number(const char *word, const char *name, int base, long most,
			long *number, struct err *err)
{
	char *end;

	errno = 0;
	*number = strtol(word, &end, base);
	if (errno || *end || end == word || *number < 1 || *number > most)
		return usage_error(err, "--%s %s: not a number that can be",
				   name, word);
	return 0;
}

static int set_condition(struct options *options, enum s3_when when,
			 const char *etag, struct err *err)
{
	if (etag &&
	    (strlen(etag) >= S3_ETAG_SIZE || !*etag ||
	     strspn(etag, "0123456789abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.+/=") != strlen(etag)))
		return usage_error(err,
				   "--if-match %s: not an etag; give it "
				   "without quotes",
				   etag);
	options->condition = (struct s3_condition){.when = when, .etag = etag};
	return 0;
}

static int parse_option(struct options *options, int option, struct err *err)
{
	switch (option) {
	case 'b':
		options->source.build = optarg;
		return 0;
	case 'c':
		if (options->source.config_count == STORES_MOST)
			return usage_error(err, "--config: too many");
		options->source.config[options->source.config_count++] = optarg;
		return 0;
	case 'C':
		options->source.ca_files = optarg;
		return 0;
	case 's':
		return parse_number(optarg, "store", 10, STORES_MOST,
				    &options->source.number, err);
	case 'S':
		options->settings = optarg;
		return 0;
	case 'd':
		return parse_number(optarg, "deadline", 10, MOST_DEADLINE_S,
				    &options->deadline_s, err);
	case 'm':
		return parse_number(optarg, "mode", 8, 0777, &options->mode,
				    err);
	case 'i':
		return set_condition(options, S3_IF_MATCH, optarg, err);
	case 'n':
		return set_condition(options, S3_IF_ABSENT, NULL, err);
	case 'j':
		options->json = true;
		return 0;
	default:
		return usage_error(err, "unknown or incomplete option");
	}
}

static int parse(int argc, char **argv, int least, int most,
		 struct options *options, struct err *err)
{
	static const struct option long_options[] = {
		{"build", required_argument, NULL, 'b'},
		{"config", required_argument, NULL, 'c'},
		{"ca-file", required_argument, NULL, 'C'},
		{"store", required_argument, NULL, 's'},
		{"settings", required_argument, NULL, 'S'},
		{"deadline", required_argument, NULL, 'd'},
		{"mode", required_argument, NULL, 'm'},
		{"if-match", required_argument, NULL, 'i'},
		{"if-none-match", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct options){.deadline_s = DEADLINE_S, .mode = 0600};
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (parse_option(options, option, err) < 0)
			return -1;
	options->words = argv + optind;
	options->count = argc - optind;
	if (options->count < least || options->count > most)
		return usage_error(err, "%s: wrong number of arguments",
				   argv[0]);
	if (options->condition.when != S3_ALWAYS && strcmp(argv[0], "put") != 0)
		return usage_error(err, "%s: a condition is for put", argv[0]);
	return 0;
}

/* ---- which datastore ---- */

static int load_stores(const struct options *options, struct stores *stores,
		       struct err *err)
{
	struct stores_source source = options->source;
	int rc;

	source.home = getenv("HOME");
	rc = stores_from_source(stores, &source, err);
	if (rc == 0 && stores->loose && !source.build)
		warn("a file with datastore keys may be read by others: "
		     "chmod 600 it");
	return rc;
}

typedef int action(const struct options *, struct s3 *, struct err *);

static int act_on(const struct options *options, const struct s3_store *store,
		  action *act, struct err *err)
{
	struct s3 *s3 =
		s3_open(store, options->words[0],
			clock_now_ms() + options->deadline_s * 1000, err);
	int rc = s3 ? act(options, s3, err) : -1;

	s3_close(s3);
	return rc;
}

/* On the datastore that --store names, or else on the first; where it is only
 * read, on the next if that fails. */
static int on_stores(const struct options *options, bool only_read, action *act,
		     struct err *err)
{
	struct stores stores;
	struct err why;
	size_t i, first = options->source.number
				  ? (size_t)options->source.number - 1
				  : 0;
	int rc;

	if (load_stores(options, &stores, err) < 0)
		return -1;
	rc = act_on(options, &stores.list[first], act, err);
	for (i = 1; rc < 0 && only_read && options->source.number == 0 &&
		    err->kind != ERR_DATA && i < stores.count;
	     i++) {
		if (act_on(options, &stores.list[i], act, &why) == 0) {
			warn("datastore %zu is read: %s", i + 1, err->text);
			rc = 0;
		} else if (err->kind == ERR_NO) {
			*err = why; /* "not there" is no news from a broken one
				     */
		}
	}
	stores_wipe(&stores);
	return rc;
}

static bool is_standard(const struct options *options, int at)
{
	return options->count <= at || strcmp(options->words[at], "-") == 0;
}

/* ---- what is done on one datastore ---- */

static int put(const struct options *options, struct s3 *s3, struct err *err)
{
	const char *path = is_standard(options, 2) ? NULL : options->words[2];
	struct s3_condition condition = options->condition;
	struct http_upload upload = {.fd = -1};
	char etag[S3_ETAG_SIZE];
	int rc;

	upload.fd = spool_open(path, &upload.size_bytes, err);
	if (upload.fd < 0)
		return -1;
	rc = probe_put(s3, options->words[1], &upload, &condition,
		       options->settings, etag, err);
	close(upload.fd);
	if (rc == 0)
		printf("%s\n", etag);
	return rc;
}

static int get_to_stdout(const struct options *options, struct s3 *s3,
			 struct err *err)
{
	struct s3_info info;
	int fd = spool_new(err), rc;

	if (fd < 0)
		return -1;
	rc = s3_get(s3, options->words[1], fd, &info, err);
	if (rc == 0)
		rc = spool_copy(fd, STDOUT_FILENO, "standard output", err);
	close(fd);
	return rc;
}

static int get(const struct options *options, struct s3 *s3, struct err *err)
{
	struct newfile file;
	struct s3_info info;

	if (is_standard(options, 2))
		return get_to_stdout(options, s3, err);
	if (newfile_begin(&file, options->words[2], err) < 0)
		return -1;
	if (s3_get(s3, options->words[1], file.fd, &info, err) < 0) {
		newfile_drop(&file);
		return -1;
	}
	if (newfile_replace(&file, (mode_t)options->mode, err) < 0)
		return -1;
	printf("%s\n", info.etag);
	return 0;
}

static int head(const struct options *options, struct s3 *s3, struct err *err)
{
	struct s3_info info;

	if (s3_head(s3, options->words[1], &info, err) < 0)
		return -1;
	return output_rows(rows_of_head(options->words[1], &info),
			   options->json, err);
}

static int list(const struct options *options, struct s3 *s3, struct err *err)
{
	struct s3_list objects;
	json_t *rows;

	if (s3_list(s3, options->count > 1 ? options->words[1] : "", &objects,
		    NULL, err) < 0)
		return -1;
	rows = rows_of_list(&objects);
	s3_list_free(&objects);
	return output_rows(rows, options->json, err);
}

static int delete (const struct options *options, struct s3 *s3,
		   struct err *err)
{
	int i, rc = 0;

	for (i = 1; i < options->count && rc == 0; i++)
		rc = s3_delete(s3, options->words[i], err);
	return rc;
}

static int make_bucket(const struct options *options, struct s3 *s3,
		       struct err *err)
{
	(void)options;
	return s3_make_bucket(s3, err);
}

static int probe(const struct options *options, struct s3 *s3, struct err *err)
{
	enum s3_conditions conditions;

	if (probe_conditions(s3, &conditions, err) < 0 ||
	    (options->settings && probe_note(options->settings, s3_store_of(s3),
					     conditions, err) < 0))
		return -1;
	printf("%s\n", probe_word(conditions));
	return 0;
}

/* ---- the commands ---- */

static const struct {
	const char *name;
	int least, most; /* words behind the options; 0: any number */
	bool only_reads; /* another datastore may answer as well */
	action *act;
} actions[] = {
	{"put", 2, 3, false, put},
	{"get", 2, 3, true, get},
	{"head", 2, 2, true, head},
	{"list", 1, 2, true, list},
	{"delete", 2, 0, false, delete},
	{"make-bucket", 1, 1, false, make_bucket},
	{"probe", 1, 1, false, probe},
};

static int run(int argc, char **argv, struct err *err)
{
	struct options options;
	size_t i = 0;

	while (strcmp(actions[i].name, argv[0]) != 0)
		i++; /* the table of commands has no others */
	if (parse(argc, argv, actions[i].least,
		  actions[i].most ? actions[i].most : argc, &options, err) < 0)
		return -1;
	return on_stores(&options, actions[i].only_reads, actions[i].act, err);
}

static int list_stores(int argc, char **argv, struct err *err)
{
	struct options options;
	struct stores stores;
	json_t *rows;

	if (parse(argc, argv, 0, 0, &options, err) < 0 ||
	    load_stores(&options, &stores, err) < 0)
		return -1;
	rows = rows_of_stores(&stores);
	stores_wipe(&stores);
	return output_rows(rows, options.json, err);
}

static const struct command commands[] = {
	{"put", "[--if-match ETAG | --if-none-match] BUCKET KEY [FILE]",
	 "put a file as an object; prints its etag", run},
	{"get", "[--mode MODE] BUCKET KEY [FILE]",
	 "get an object, whole or not at all; with FILE prints its etag", run},
	{"head", "[--json] BUCKET KEY",
	 "print an object's key, size, etag, date and SHA-256", run},
	{"list", "[--json] BUCKET [PREFIX]",
	 "print key, size, etag and date of objects, a line each", run},
	{"delete", "BUCKET KEY...", "remove objects", run},
	{"make-bucket", "BUCKET", "make a bucket, unless it is ours already",
	 run},
	{"probe", "[--settings FILE] BUCKET",
	 "find out what the store makes of conditions: bare, quoted, none",
	 run},
	{"stores", "[--json]", "print number, URL and region of each datastore",
	 list_stores},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {
	"adt-datastore", "objects in a build's datastores", commands,
	"Where the datastores are, one of:\n"
	"  --build DIR       DIR/build_environment, its S3_* variables\n"
	"  --config FILE...  files of s3cmd, s5cmd or rclone, one a datastore\n"
	"  (neither)         the same below HOME, numbered -1, -2 and so on\n"
	"--store N takes the Nth; without it the first, and for get, head and "
	"list the\nnext if that fails. --ca-file FILE has the certificates to "
	"trust; FILE|FILE,\nthose of each datastore. --deadline SECONDS, "
	"default 600. "
	"--settings FILE is where it\nis noted what stores make of conditions; "
	"a put under a condition looks there.\n"};

int main(int argc, char **argv)
{
	process_keep_secrets();
	signal(SIGPIPE, SIG_IGN);
	return program_main(&program, argc, argv);
}
