/* arguments.c - see arguments.h. */
#include "cloud/arguments.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DEADLINE_MIN (7 * 24 * 60)
#define MOST_AT_ONCE 1000

static int parse_minutes(const char *word, unsigned *seconds, struct err *err)
{
	char *end;
	unsigned long minutes = strtoul(word, &end, 10);

	if (*end || end == word || minutes == 0 || minutes > MOST_DEADLINE_MIN)
		return err_set(err, ERR_USAGE,
			       "--deadline %s: minutes, 1 to %d", word,
			       MOST_DEADLINE_MIN);
	*seconds = (unsigned)minutes * 60;
	return 0;
}

static int parse_at_once(const char *word, unsigned *count, struct err *err)
{
	char *end;
	unsigned long number = strtoul(word, &end, 10);

	if (*end || *word < '0' || *word > '9' || number == 0 ||
	    number > MOST_AT_ONCE)
		return err_set(err, ERR_USAGE, "--at-once %s: 1 to %d", word,
			       MOST_AT_ONCE);
	*count = (unsigned)number;
	return 0;
}

static int parse_option(struct arguments *options, const char *name,
			struct err *err)
{
	const struct {
		const char *name, **to;
	} texts[] = {
		{"cloud", &options->access.cloud},
		{"region", &options->access.region},
		{"api-url", &options->access.api_url},
		{"ca-file", &options->access.ca_file},
		{"credentials", &options->access.credentials},
		{"build", &options->access.build},
		{"journal", &options->journal},
		{"root-password", &options->root_password},
		{"progress", &options->progress},
	};
	bool known;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].name, name) == 0) {
			*texts[i].to = optarg;
			return 0;
		}
	if (strcmp(name, "power-off") == 0)
		options->model.power_off = true;
	else if (strcmp(name, "json") == 0)
		options->json = true;
	else if (strcmp(name, "dry-run") == 0)
		options->dry = true;
	else if (strcmp(name, "all-regions") == 0)
		options->access.all_regions = true;
	else if (strcmp(name, "abandon") == 0)
		options->abandon = true;
	else if (strcmp(name, "at-once") == 0)
		return parse_at_once(optarg, &options->model.at_once, err);
	else if (strcmp(name, "deadline") == 0)
		return parse_minutes(optarg, &options->deadline_s, err);
	else
		return targets_option(&options->model, name, optarg, &known,
				      err);
	return 0;
}

/* The environment's word, where no option says another. */
static void from_environment(const char **to, const char *name)
{
	const char *value = getenv(name);

	*to = value && value[0] ? value : NULL;
}

int arguments_parse(int argc, char **argv, enum goal goal,
		    struct arguments *options, struct err *err)
{
	static const struct option table[] = {
		{"cloud", required_argument, NULL, 'o'},
		{"region", required_argument, NULL, 'o'},
		{"all-regions", no_argument, NULL, 'o'},
		{"build", required_argument, NULL, 'o'},
		{"credentials", required_argument, NULL, 'o'},
		{"api-url", required_argument, NULL, 'o'},
		{"ca-file", required_argument, NULL, 'o'},
		{"journal", required_argument, NULL, 'o'},
		{"deadline", required_argument, NULL, 'o'},
		{"progress", required_argument, NULL, 'o'},
		{"root-password", required_argument, NULL, 'o'},
		{"power-off", no_argument, NULL, 'o'},
		{"at-once", required_argument, NULL, 'o'},
		{"abandon", no_argument, NULL, 'o'},
		{"dry-run", no_argument, NULL, 'o'},
		{"json", no_argument, NULL, 'o'},
		{"size", required_argument, NULL, 'o'},
		{"vpc", required_argument, NULL, 'o'},
		{"firewall", required_argument, NULL, 'o'},
		{"ssh-key", required_argument, NULL, 'o'},
		{"tag", required_argument, NULL, 'o'},
		{"login-user", required_argument, NULL, 'o'},
		{"user-data", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	int option, which = 0, rc = 0;

	*options = (struct arguments){.access = {.region = ""},
				      .progress = "auto",
				      .model = {.goal = goal}};
	from_environment(&options->access.api_url, "ADT_API_URL");
	from_environment(&options->access.ca_file, "ADT_CA_FILE");
	opterr = 0;
	while (rc == 0 &&
	       (option = getopt_long(argc, argv, "-", table, &which)) != -1) {
		if (option == 1)
			rc = targets_add(&options->targets, &options->model,
					 optarg, err);
		else if (option == 'o')
			rc = parse_option(options, table[which].name, err);
		else
			rc = err_set(err, ERR_USAGE,
				     "unknown or incomplete option");
	}
	if (rc < 0)
		return -1;
	for (; optind < argc; optind++) /* behind "--" */
		if (targets_add(&options->targets, &options->model,
				argv[optind], err) < 0)
			return -1;
	if (!options->access.cloud)
		return err_set(err, ERR_USAGE, "--cloud is wanted");
	return 0;
}

void arguments_free(struct arguments *options)
{
	free(options->targets.rows);
	options->targets = (struct targets){0};
}
