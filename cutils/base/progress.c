/* progress.c - see progress.h. */
#include "base/progress.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SHORT_ESTIMATE_S 3 /* too early to say how long it takes */

/* What was shown last, a row each; since is when its doing began. */
static struct shown {
	const char *doing;
	int percent;
	int64_t since_s, ended_s;
} * shown;
static size_t shown_count;

bool progress_form(const char *word, enum progress_form *form)
{
	if (strcmp(word, "json") == 0)
		*form = PROGRESS_JSON;
	else if (strcmp(word, "none") == 0)
		*form = PROGRESS_NONE;
	else if (strcmp(word, "auto") == 0)
		*form = isatty(STDERR_FILENO) ? PROGRESS_LINES : PROGRESS_NONE;
	else
		return false;
	return true;
}

static unsigned terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

static void put_line(const struct progress_row *row, const struct shown *was,
		     int64_t elapsed_s, unsigned width)
{
	int64_t taken_s = elapsed_s - was->since_s;
	int64_t total_s = row->over ? was->ended_s : elapsed_s;
	char percent[16] = "", left[64] = "", line[512];

	if (row->percent >= 0 && !row->over) {
		snprintf(percent, sizeof(percent), "%d%%", row->percent);
		if (taken_s >= SHORT_ESTIMATE_S && row->percent > 0) {
			int64_t left_s =
				taken_s * (100 - row->percent) / row->percent;

			snprintf(left, sizeof(left), ", about %lld:%02lld left",
				 (long long)left_s / 60,
				 (long long)left_s % 60);
		}
	}
	snprintf(line, sizeof(line), "%-32s %-22s %4s %3lld:%02lld%s",
		 row->name, row->doing, percent, (long long)total_s / 60,
		 (long long)total_s % 60, left);
	fprintf(stderr, "\r\033[K%.*s\n", (int)width - 1, line);
}

static void put_event(const struct progress_row *row, int64_t elapsed_s)
{
	json_t *event = json_pack("{s:s, s:s, s:b, s:I}", "name", row->name,
				  "doing", row->doing, "over", row->over,
				  "elapsed_s", (json_int_t)elapsed_s);

	if (event && row->percent >= 0)
		json_object_set_new(event, "percent",
				    json_integer(row->percent));
	if (event) {
		json_dumpf(event, stderr, JSON_COMPACT);
		fputc('\n', stderr);
	}
	json_decref(event);
}

static void note(const struct progress_row *row, struct shown *was,
		 int64_t elapsed_s)
{
	if (was->doing != row->doing)
		was->since_s = elapsed_s;
	if (row->over && was->ended_s < 0)
		was->ended_s = elapsed_s;
	was->doing = row->doing;
	was->percent = row->percent;
}

static bool begin(size_t count)
{
	size_t i;

	if (shown_count == count)
		return true;
	free(shown);
	shown = calloc(count, sizeof(*shown));
	shown_count = shown ? count : 0;
	for (i = 0; i < shown_count; i++)
		shown[i].ended_s = -1;
	return shown != NULL;
}

void progress_show(enum progress_form form, const struct progress_row *rows,
		   size_t count, int64_t elapsed_s)
{
	bool again = shown_count == count && count > 0;
	unsigned width;
	size_t i;

	if (form == PROGRESS_NONE || count == 0 || !begin(count))
		return;
	width = terminal_width();
	if (form == PROGRESS_LINES && again)
		fprintf(stderr, "\033[%zuA", count);
	for (i = 0; i < count; i++) {
		bool news = rows[i].doing != shown[i].doing ||
			    rows[i].percent != shown[i].percent;

		note(&rows[i], &shown[i], elapsed_s);
		if (form == PROGRESS_LINES)
			put_line(&rows[i], &shown[i], elapsed_s, width);
		else if (news)
			put_event(&rows[i], elapsed_s);
	}
	fflush(stderr);
}
