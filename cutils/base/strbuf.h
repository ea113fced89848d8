/* strbuf.h - a growing string with a ceiling.
 *
 * Appending cannot report failure: the buffer remembers it, and the one check
 * is at strbuf_take() or strbuf_check(). The ceiling bounds what a peer can
 * make us hold. Memory given back is wiped first, so a buffer may hold a
 * secret. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *text;    /* NUL-terminated once anything was added, or NULL */
	size_t len;    /* bytes before the NUL */
	size_t room;   /* bytes allocated */
	size_t max;    /* most bytes it may hold, the NUL not counted */
	bool too_long; /* an addition went past max: it was left out whole */
	bool no_memory;
};

#define STRBUF(ceiling)          \
	{                        \
		.max = (ceiling) \
	}

void strbuf_add(struct strbuf *, const void *bytes, size_t len);
void strbuf_adds(struct strbuf *, const char *text);
void strbuf_addc(struct strbuf *, char c);
void strbuf_addf(struct strbuf *, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The text so far, "" where nothing was added; borrowed until the next call. */
const char *strbuf_text(const struct strbuf *);

/* 0, or -1 where an addition was lost: ERR_DATA past the ceiling, ERR_SYSTEM
 * without memory. `what` names the text in the message. */
int strbuf_check(const struct strbuf *, const char *what,
		 struct err *) MUST_CHECK;

/* Checks, then hands the text over: owned by the caller, never NULL on 0. The
 * buffer is empty afterwards, on failure too. */
int strbuf_take(struct strbuf *, const char *what, char **text,
		struct err *) MUST_CHECK;

/* Wipes and frees; the buffer is empty and may be used again. */
void strbuf_free(struct strbuf *);

#endif
