/* progress.h - one line a thing that is being waited for; for bin/ alone.
 *
 * On a terminal the lines are drawn again and again in place, on stderr:
 *
 *	ws-1  making the image   45%   1:10, about 1:25 left
 *
 * As JSON one event a line is written to stderr for each change. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_form { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_JSON };

struct progress_row {
	const char *name;  /* borrowed until the next call */
	const char *doing; /* a text that stays, such as a literal */
	int percent;	   /* -1: not known */
	bool over;
};

/* Chooses by word: "json", "none", "auto" (lines if stderr is a terminal, else
 * none). False for any other word. */
bool progress_form(const char *word, enum progress_form *);

/* elapsed_s is since the start of the run. Rows keep their order and number
 * from call to call. */
void progress_show(enum progress_form, const struct progress_row *,
		   size_t count, int64_t elapsed_s);

#endif
