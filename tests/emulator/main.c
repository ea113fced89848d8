/* main.c - the emulator of four clouds: options, listening, the end. */
#include "checkpoint.h"
#include "control.h"
#include "http.h"
#include "settings.h"
#include "state.h"
#include "work.h"
#include "requests.h"

#include "base/atomicfile.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct options {
	int port;
	const char *port_file, *pid_file;
	const char *certificate, *key;
};

static void usage(FILE *to)
{
	fputs("usage: emulator --port N [option]...\n"
	      "Serves DigitalOcean, Linode, Vultr and Exoscale on 127.0.0.1.\n"
	      "  --port N         0: any free port\n"
	      "  --port-file FILE written once it listens\n"
	      "  --tls CERT KEY   https with these PEM files\n"
	      "  --speed N        emulated seconds in a real one (1)\n"
	      "  --appear S       emulated seconds until listed (5)\n"
	      "  --no-limits      no rate limits\n"
	      "  --limit-scale N  windows of the limits last 1/N of their "
	      "time\n"
	      "  --exoscale-zone ZONE  of /exoscale/ (ch-gva-2)\n"
	      "  --pid-file FILE  its process id\n"
	      "README.md beside the sources has the rest.\n",
	      to);
}

/* Exits with 64 where the text is no number from 0 on. */
static double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (!*text || *end || value < 0) {
		fprintf(stderr, "emulator: not a number: %s\n", text);
		exit(ERR_USAGE);
	}
	return value;
}

static void parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"port", required_argument, NULL, 'p'},
		{"port-file", required_argument, NULL, 'f'},
		{"pid-file", required_argument, NULL, 'i'},
		{"tls", required_argument, NULL, 't'},
		{"speed", required_argument, NULL, 's'},
		{"appear", required_argument, NULL, 'a'},
		{"no-limits", no_argument, NULL, 'n'},
		{"limit-scale", required_argument, NULL, 'l'},
		{"exoscale-zone", required_argument, NULL, 'z'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1)
		switch (c) {
		case 'p':
			options->port = (int)number(optarg);
			break;
		case 'f':
			options->port_file = optarg;
			break;
		case 'i':
			options->pid_file = optarg;
			break;
		case 't':
			options->certificate = optarg;
			if (optind == argc) {
				usage(stderr);
				exit(ERR_USAGE);
			}
			options->key = argv[optind++];
			break;
		case 's':
			settings.speed = number(optarg);
			break;
		case 'a':
			settings.appear_s = number(optarg);
			break;
		case 'n':
			settings.limits = false;
			break;
		case 'l':
			settings.limit_scale = number(optarg);
			break;
		case 'z':
			copy_text(settings.exoscale_zone,
				  sizeof(settings.exoscale_zone), optarg);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(ERR_USAGE);
		}
	if (optind != argc || options->port < 0 || settings.speed <= 0 ||
	    settings.limit_scale <= 0) {
		usage(stderr);
		exit(ERR_USAGE);
	}
}

static int write_number(const char *path, long n, struct err *err)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", n);

	return path ? file_replace(path, text, (size_t)len, 0644, err) : 0;
}

static int run(const struct options *options, struct err *err)
{
	char *certificate = NULL, *key = NULL;
	size_t size;
	sigset_t signals;
	int port, signal_fd, rc = -1;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (signal_fd < 0)
		return err_sys(err, "signalfd");
	if (options->certificate &&
	    (file_read(options->certificate, &certificate, &size, NULL, err) <
		     0 ||
	     file_read(options->key, &key, &size, NULL, err) < 0))
		goto out;
	if (http_listen(options->port, certificate, key, &port, err) < 0)
		goto out;
	if (write_number(options->pid_file, getpid(), err) == 0 &&
	    write_number(options->port_file, port, err) == 0)
		rc = http_serve(signal_fd, err);
	http_close();
out:
	free(certificate);
	free(key);
	close(signal_fd);
	return rc;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct rlimit files;
	struct err err;
	int rc;

	settings_init();
	parse(argc, argv, &options);
	settings_keep();
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	signal(SIGPIPE, SIG_IGN);
	control_seed();
	rc = run(&options, &err);
	requests_clear();
	work_clear();
	state_clear();
	checkpoint_clear();
	if (rc == 0)
		return 0;
	fprintf(stderr, "emulator: %s\n", err.text);
	return (int)err.kind;
}
