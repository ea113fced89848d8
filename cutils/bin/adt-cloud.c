/* adt-cloud.c - machines and images of a cloud: list, capture, provision.
 *
 * Parses, hands the wish to cloud/session, prints the rows. A first signal ends
 * a run in good order (power is restored), a second at once. */
#include "base/command.h"
#include "base/message.h"
#include "base/output.h"
#include "base/progress.h"
#include "cloud/arguments.h"
#include "cloud/handout.h"
#include "cloud/rows.h"
#include "cloud/session.h"
#include "cloud/tell.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAME_SIGNAL_MS 1000

static volatile sig_atomic_t signals;
static volatile int64_t signalled_ms;
static enum progress_form progress; /* what the options chose */

/* A closing terminal or a service manager sends several at once: they are one.
 * Nobody is there any more to send a second one after a SIGHUP. */
static void on_signal(int number)
{
	struct timespec now;
	int64_t now_ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	if (signals > 0 &&
	    (number == SIGHUP || now_ms - signalled_ms < SAME_SIGNAL_MS))
		return;
	signalled_ms = now_ms;
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

/* ---- the commands ---- */

typedef int body(struct session *, struct arguments *, struct err *);
static body resume_body, machines_body;

/* Parses, opens, runs the body, and gives everything back. */
static int with_session(int argc, char **argv, enum goal goal, body *run,
			struct err *err)
{
	struct arguments options;
	struct session session = {.journal = {.lock = -1}};
	int rc = arguments_parse(argc, argv, goal, &options, err);

	if (rc == 0 && !progress_form(options.progress, &progress))
		rc = usage_error(err, "--progress %s: not auto, json or none",
				 options.progress);
	if (rc == 0 && options.abandon && run != resume_body)
		rc = usage_error(err, "--abandon is for resume");
	if (rc == 0 && options.access.all_regions && run != machines_body)
		rc = usage_error(err, "--all-regions is for machines");
	if (rc == 0)
		rc = session_open(&session, &options.access, stopped_hard, err);
	if (rc == 0)
		rc = run(&session, &options, err);
	session_close(&session);
	arguments_free(&options);
	return rc;
}

static int no_targets(const struct arguments *options, struct err *err)
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

static int run_targets(struct session *session, const struct arguments *options,
		       const char *journal, struct err *err)
{
	const struct run run = {
		.journal = journal,
		.targets = options->targets.rows,
		.count = options->targets.count,
		.root_password = options->root_password,
		.deadline_s = options->deadline_s,
		.dry = options->dry,
		.abandon = options->abandon,
		.stopped = stopped,
		.progress = show_progress,
	};
	if (session_run(session, &run, err) == 0)
		return 0;
	report_others(&session->journal);
	return -1;
}

static int whoami_body(struct session *session, struct arguments *options,
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

/* For another machine that is to ask this cloud: for a pipe, never a screen. */
static int credentials_body(struct session *session, struct arguments *options,
			    struct err *err)
{
	struct strbuf text = STRBUF(65536);
	int rc = no_targets(options, err);

	if (rc == 0)
		rc = handout_write(session, &options->access, &text, err);
	if (rc == 0 && isatty(STDOUT_FILENO))
		rc = usage_error(err, "credentials are not shown on a "
				      "terminal: give them to a pipe");
	if (rc == 0)
		fputs(strbuf_text(&text), stdout);
	strbuf_free(&text);
	return rc;
}

static int machines_body(struct session *session, struct arguments *options,
			 struct err *err)
{
	if (no_targets(options, err) < 0 ||
	    session_observe(session, 1u << LIST_MACHINES, err) < 0)
		return -1;
	return output_rows(rows_machines(&session->world,
					 options->access.all_regions
						 ? ""
						 : options->access.region),
			   options->json, err);
}

static int images_body(struct session *session, struct arguments *options,
		       struct err *err)
{
	if (no_targets(options, err) < 0 ||
	    session_observe(session, 1u << LIST_IMAGES, err) < 0)
		return -1;
	return output_rows(rows_images(&session->world), options->json, err);
}

static void put_lines(struct strbuf *words, FILE *to)
{
	const char *line;

	for (line = strbuf_text(words); *line; line += strcspn(line, "\n") + 1)
		fprintf(to, "%.*s\n", (int)strcspn(line, "\n"), line);
	strbuf_free(words);
}

static void put_plan(const struct session *session)
{
	struct strbuf words = STRBUF(1u << 20);

	tell_plan(&session->journal, &session->world, &words);
	put_lines(&words, stderr);
}

static int journaled(struct session *session, struct arguments *options,
		     json_t *(*rows)(const struct journal *, bool all),
		     struct err *err)
{
	if (!options->journal)
		return usage_error(err, "--journal FILE is wanted: an "
					"unfinished run is remembered there");
	if (run_targets(session, options, options->journal, err) < 0)
		return -1;
	if (options->dry)
		put_plan(session);
	return output_rows(rows(&session->journal, options->dry), options->json,
			   err);
}

static int capture_body(struct session *session, struct arguments *options,
			struct err *err)
{
	return journaled(session, options, rows_captured, err);
}

static int provision_body(struct session *session, struct arguments *options,
			  struct err *err)
{
	return journaled(session, options, rows_provisioned, err);
}

/* Whatever the run in the journal is about. */
static int resume_body(struct session *session, struct arguments *options,
		       struct err *err)
{
	const struct journal *journal = &session->journal;
	struct strbuf words = STRBUF(1u << 20);

	if (no_targets(options, err) < 0)
		return -1;
	if (!options->journal)
		return usage_error(err, "--journal FILE is wanted");
	if (run_targets(session, options, options->journal, err) < 0)
		return -1;
	if (options->dry) {
		tell_run(journal, &words);
		put_lines(&words, stdout);
		return 0;
	}
	if (options->abandon) {
		tell_abandoned(journal, &words);
		put_lines(&words, stderr);
		return 0;
	}
	return output_rows(journal->targets[0].goal == GOAL_MACHINE
				   ? rows_provisioned(journal, false)
				   : rows_captured(journal, false),
			   options->json, err);
}

/* Goals that need no journal: asking twice does no more than once. */
static int plain_body(struct session *session, struct arguments *options,
		      struct err *err)
{
	if (options->targets.count == 0)
		return usage_error(err, "which one? An id is wanted");
	if (run_targets(session, options, NULL, err) < 0)
		return -1;
	if (!options->dry)
		return 0;
	if (session_observe(session,
			    1u << (options->model.goal == GOAL_NO_IMAGE
					   ? LIST_IMAGES
					   : LIST_MACHINES),
			    err) < 0)
		return -1;
	put_plan(session);
	return 0;
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
		{"credentials", GOAL_ON, credentials_body},
		{"machines", GOAL_ON, machines_body},
		{"images", GOAL_ON, images_body},
		{"capture", GOAL_IMAGE, capture_body},
		{"provision", GOAL_MACHINE, provision_body},
		{"resume", GOAL_IMAGE, resume_body},
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
	{"credentials", "OPTIONS",
	 "print what was found of them, for --credentials on another machine",
	 simple},
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
	{"resume", "OPTIONS [--abandon]",
	 "finish the run in --journal, or give it up and remove what it made;\n"
	 "      --dry-run says what was under way",
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
	"  --cloud C         digitalocean, exoscale, linode, lxd or vultr\n"
	"  --region R        only what is there; where new machines go\n"
	"  --all-regions     machines: those of the other regions, too\n"
	"  --build DIR       folder of the build, where credentials are found\n"
	"  --credentials FILE  or in this file\n"
	"  --api-url URL     https://..., http://... or unix:/path; default: "
	"ADT_API_URL\n"
	"  --ca-file FILE    certificates to trust; default: ADT_CA_FILE, the "
	"system's\n"
	"  --journal FILE    where an unfinished run is remembered\n"
	"  --deadline MIN    give up after so many minutes (30, and 2 for each "
	"GB)\n"
	"  --progress WORD   auto, json or none, on stderr\n"
	"  --login-user U    capture: who logs in where the image is used "
	"(Exoscale)\n"
	"  --power-off       capture: stop the machine first, start it after\n"
	"  --at-once N       capture: so many of a kind may be off (1); "
	"webserver-1\n"
	"                    and webserver-2 are of one kind\n"
	"  --root-password FILE  provision: one line, - for standard input\n"
	"  --size S, --vpc V, --firewall F, --ssh-key K, --tag T, --user-data "
	"FILE\n"
	"                    provision: hold for the targets after them\n"
	"  --dry-run         look, choose and refuse; change nothing\n"
	"  --json            rows as JSON\n"};

int main(int argc, char **argv)
{
	process_keep_secrets();
	catch_signals();
	return program_main(&program, argc, argv);
}
