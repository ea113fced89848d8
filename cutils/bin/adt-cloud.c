/* adt-cloud.c - machines and images of a cloud: list, capture, provision.
 *
 * Parses, hands the wish to cloud/session, prints the rows. A first signal ends
 * a run in good order (power is restored), a second at once. */
#include "base/command.h"
#include "base/message.h"
#include "base/output.h"
#include "base/progress.h"
#include "cloud/rows.h"
#include "cloud/session.h"
#include "cloud/targets.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DEADLINE_MIN (7 * 24 * 60)

struct options {
	const char *cloud, *region, *api_url, *journal;
	unsigned deadline_s;
	bool json, dry;
	struct targets targets;
	struct target model; /* what the options so far say of a target */
};

static volatile sig_atomic_t signals;
static enum progress_form progress;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static bool stopped(void)
{
	return signals > 0;
}

static bool stopped_hard(void)
{
	return signals > 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void show_progress(const struct journal *journal, int64_t elapsed_s)
{
	struct progress_row *rows = calloc(journal->count, sizeof(*rows));
	size_t i;

	for (i = 0; rows && i < journal->count; i++) {
		const struct target *target = &journal->targets[i];

		rows[i].name =
			target->machine[0] ? target->machine : target->image;
		rows[i].doing = target->doing;
		rows[i].percent = target->percent;
		rows[i].over = target->finished || target->failed;
	}
	if (rows)
		progress_show(progress, rows, journal->count, elapsed_s);
	free(rows);
}

/* ---- the command line ---- */

static int parse_minutes(const char *word, unsigned *seconds, struct err *err)
{
	char *end;
	unsigned long minutes = strtoul(word, &end, 10);

	if (*end || end == word || minutes == 0 || minutes > MOST_DEADLINE_MIN)
		return usage_error(err, "--deadline %s: minutes, 1 to %d", word,
				   MOST_DEADLINE_MIN);
	*seconds = (unsigned)minutes * 60;
	return 0;
}

static int parse_option(struct options *options, int option, struct err *err)
{
	struct target *model = &options->model;

	switch (option) {
	case 'c':
		options->cloud = optarg;
		return 0;
	case 'r':
		options->region = optarg;
		return 0;
	case 'b': /* where credentials are looked for; LXD needs none */
		return 0;
	case 'u':
		options->api_url = optarg;
		return 0;
	case 'J':
		options->journal = optarg;
		return 0;
	case 'p':
		model->power_off = true;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'n':
		options->dry = true;
		return 0;
	case 'd':
		return parse_minutes(optarg, &options->deadline_s, err);
	case 'P':
		return progress_form(optarg, &progress)
			       ? 0
			       : usage_error(err,
					     "--progress %s: not auto, "
					     "json or none",
					     optarg);
	case 's':
		return targets_copy(model->size, sizeof(model->size), optarg,
				    "size", err);
	case 'v':
		return targets_copy(model->vpc, sizeof(model->vpc), optarg,
				    "network", err);
	case 'D':
		return targets_copy(model->user_data_file,
				    sizeof(model->user_data_file), optarg,
				    "file name", err);
	default:
		return usage_error(err, "unknown or incomplete option");
	}
}

/* What is no option is a target of this goal. An option holds for the targets
 * after it. */
static int parse(int argc, char **argv, enum goal goal, struct options *options,
		 struct err *err)
{
	static const struct option table[] = {
		{"cloud", required_argument, NULL, 'c'},
		{"region", required_argument, NULL, 'r'},
		{"build", required_argument, NULL, 'b'},
		{"api-url", required_argument, NULL, 'u'},
		{"journal", required_argument, NULL, 'J'},
		{"deadline", required_argument, NULL, 'd'},
		{"progress", required_argument, NULL, 'P'},
		{"power-off", no_argument, NULL, 'p'},
		{"dry-run", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{"size", required_argument, NULL, 's'},
		{"vpc", required_argument, NULL, 'v'},
		{"user-data", required_argument, NULL, 'D'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*options = (struct options){.region = "", .model = {.goal = goal}};
	options->api_url = getenv("ADT_API_URL");
	if (options->api_url && !options->api_url[0])
		options->api_url = NULL;
	progress_form("auto", &progress);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "-", table, NULL)) != -1)
		if ((option == 1 ? targets_add(&options->targets,
					       &options->model, optarg, err)
				 : parse_option(options, option, err)) < 0)
			return -1;
	for (; optind < argc; optind++) /* behind "--" */
		if (targets_add(&options->targets, &options->model,
				argv[optind], err) < 0)
			return -1;
	if (!options->cloud)
		return usage_error(err, "--cloud is wanted");
	return 0;
}

/* ---- the commands ---- */

typedef int body(struct session *, struct options *, struct err *);

/* Parses, opens, runs the body, and gives everything back. */
static int with_session(int argc, char **argv, enum goal goal, body *run,
			struct err *err)
{
	struct options options;
	struct session session = {.journal = {.lock = -1}};
	int rc = parse(argc, argv, goal, &options, err);

	if (rc == 0)
		rc = session_open(&session, options.cloud, options.api_url,
				  stopped_hard, err);
	if (rc == 0)
		rc = run(&session, &options, err);
	session_close(&session);
	free(options.targets.rows);
	return rc;
}

static int no_targets(const struct options *options, struct err *err)
{
	return options->targets.count == 0
		       ? 0
		       : usage_error(err, "no names are wanted here");
}

/* Every target that failed says so; program_main() reports the first. */
static void report_others(const struct journal *journal)
{
	bool first = true;
	size_t i;

	for (i = 0; i < journal->count; i++) {
		if (!journal->targets[i].failed)
			continue;
		if (!first)
			report(&journal->targets[i].err);
		first = false;
	}
}

static int run_targets(struct session *session, const struct options *options,
		       const char *journal, struct err *err)
{
	const struct run run = {
		.journal = journal,
		.targets = options->targets.rows,
		.count = options->targets.count,
		.deadline_s = options->deadline_s,
		.dry = options->dry,
		.stopped = stopped,
		.progress = show_progress,
	};
	if (session_run(session, &run, err) == 0)
		return 0;
	report_others(&session->journal);
	return -1;
}

static int whoami_body(struct session *session, struct options *options,
		       struct err *err)
{
	char text[256];

	if (no_targets(options, err) < 0 ||
	    session_whoami(session, text, sizeof(text), err) < 0)
		return -1;
	return output_rows(json_pack("[{s:s, s:s}]", "cloud",
				     session->provider->name, "account", text),
			   options->json, err);
}

static int machines_body(struct session *session, struct options *options,
			 struct err *err)
{
	if (no_targets(options, err) < 0 || session_observe(session, err) < 0)
		return -1;
	return output_rows(rows_machines(&session->world, options->region),
			   options->json, err);
}

static int images_body(struct session *session, struct options *options,
		       struct err *err)
{
	if (no_targets(options, err) < 0 || session_observe(session, err) < 0)
		return -1;
	return output_rows(rows_images(&session->world), options->json, err);
}

static int journaled(struct session *session, struct options *options,
		     json_t *(*rows)(const struct journal *), struct err *err)
{
	size_t i;

	if (!options->journal)
		return usage_error(err, "--journal FILE is wanted: an "
					"unfinished run is remembered there");
	if (run_targets(session, options, options->journal, err) < 0)
		return -1;
	for (i = 0; options->dry && i < session->journal.count; i++) {
		const struct target *target = &session->journal.targets[i];
		bool image = target->goal == GOAL_IMAGE;

		fprintf(stderr, "would make %s of %s\n",
			image ? target->image : target->machine,
			image ? target->machine : target->image);
	}
	return options->dry ? 0
			    : output_rows(rows(&session->journal),
					  options->json, err);
}

static int capture_body(struct session *session, struct options *options,
			struct err *err)
{
	return journaled(session, options, rows_captured, err);
}

static int provision_body(struct session *session, struct options *options,
			  struct err *err)
{
	return journaled(session, options, rows_provisioned, err);
}

/* Goals that need no journal: asking twice does no more than once. */
static int plain_body(struct session *session, struct options *options,
		      struct err *err)
{
	if (options->targets.count == 0)
		return usage_error(err, "which one? An id is wanted");
	return run_targets(session, options, NULL, err);
}

/* The commands that are a goal and a body and no more, by name. */
static int simple(int argc, char **argv, struct err *err)
{
	static const struct {
		const char *name;
		enum goal goal;
		body *run;
	} wishes[] = {
		{"whoami", GOAL_ON, whoami_body},
		{"machines", GOAL_ON, machines_body},
		{"images", GOAL_ON, images_body},
		{"capture", GOAL_IMAGE, capture_body},
		{"provision", GOAL_MACHINE, provision_body},
		{"delete-machine", GOAL_GONE, plain_body},
		{"delete-image", GOAL_NO_IMAGE, plain_body},
	};
	size_t i = 0;

	while (strcmp(wishes[i].name, argv[0]) != 0)
		i++;
	return with_session(argc, argv, wishes[i].goal, wishes[i].run, err);
}

static int power(int argc, char **argv, struct err *err)
{
	if (argc < 2 ||
	    (strcmp(argv[1], "on") != 0 && strcmp(argv[1], "off") != 0))
		return usage_error(err, "power on or power off?");
	return with_session(argc - 1, argv + 1,
			    strcmp(argv[1], "on") == 0 ? GOAL_ON : GOAL_OFF,
			    plain_body, err);
}

static const struct command commands[] = {
	{"whoami", "OPTIONS", "say which account or server answers", simple},
	{"machines", "OPTIONS", "list machines", simple},
	{"images", "OPTIONS", "list images a machine can start from", simple},
	{"capture", "OPTIONS [LABEL=MACHINE]...",
	 "make an image of each machine; without targets finish the run in "
	 "--journal",
	 simple},
	{"provision", "OPTIONS [NAME=IMAGE]...",
	 "start a machine from each image; without targets finish the run in "
	 "--journal",
	 simple},
	{"power", "on|off OPTIONS ID...", "start or stop machines", power},
	{"delete-machine", "OPTIONS ID...", "delete machines, wait until gone",
	 simple},
	{"delete-image", "OPTIONS ID...", "delete images, wait until gone",
	 simple},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {
	"adt-cloud", "machines and images of a cloud", commands,
	"Options:\n"
	"  --cloud C         lxd\n"
	"  --region R        machines: only those there\n"
	"  --build DIR       folder of the build, where credentials are found\n"
	"  --api-url URL     https://..., http://... or unix:/path; default: "
	"ADT_API_URL\n"
	"  --journal FILE    where an unfinished run is remembered\n"
	"  --deadline MIN    give up after so many minutes (30, and 2 for each "
	"GB)\n"
	"  --progress WORD   auto, json or none, on stderr\n"
	"  --power-off       capture: stop the machine first, start it after\n"
	"  --size S, --vpc V, --user-data FILE\n"
	"                    provision: hold for the targets after them\n"
	"  --dry-run         look, choose and refuse; change nothing\n"
	"  --json            rows as JSON\n"};

int main(int argc, char **argv)
{
	process_keep_secrets();
	catch_signals();
	return program_main(&program, argc, argv);
}
