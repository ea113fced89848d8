/* strbuf.c - see strbuf.h. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* realloc(3) would leave the old bytes behind unwiped. */
static bool grow(struct strbuf *buf, size_t need)
{
	size_t room = buf->room ? buf->room : 64;
	char *text;

	while (room < need)
		room *= 2;
	text = malloc(room);
	if (!text) {
		buf->no_memory = true;
		return false;
	}
	if (buf->text) {
		memcpy(text, buf->text, buf->len + 1);
		explicit_bzero(buf->text, buf->room);
		free(buf->text);
	}
	buf->text = text;
	buf->room = room;
	return true;
}

static bool make_room(struct strbuf *buf, size_t len)
{
	if (len > buf->max || buf->len > buf->max - len) {
		buf->too_long = true;
		return false;
	}
	return buf->len + len + 1 <= buf->room || grow(buf, buf->len + len + 1);
}

void strbuf_add(struct strbuf *buf, const void *bytes, size_t len)
{
	if (!make_room(buf, len))
		return;
	if (len > 0)
		memcpy(buf->text + buf->len, bytes, len);
	buf->len += len;
	buf->text[buf->len] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char c)
{
	strbuf_add(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0) {
		buf->no_memory = true;
		return;
	}
	if (!make_room(buf, (size_t)len))
		return;
	va_start(args, fmt);
	vsnprintf(buf->text + buf->len, (size_t)len + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)len;
}

const char *strbuf_text(const struct strbuf *buf)
{
	return buf->text ? buf->text : "";
}

int strbuf_check(const struct strbuf *buf, const char *what, struct err *err)
{
	if (buf->no_memory)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", what);
	if (buf->too_long)
		return err_set(err, ERR_DATA, "%s: longer than %zu bytes", what,
			       buf->max);
	return 0;
}

int strbuf_take(struct strbuf *buf, const char *what, char **text,
		struct err *err)
{
	strbuf_add(buf, "", 0); /* so that an empty text is "" and not NULL */
	if (strbuf_check(buf, what, err) < 0) {
		strbuf_free(buf);
		return -1;
	}
	*text = buf->text;
	*buf = (struct strbuf)STRBUF(buf->max);
	return 0;
}

void strbuf_free(struct strbuf *buf)
{
	if (buf->text) {
		explicit_bzero(buf->text, buf->room);
		free(buf->text);
	}
	*buf = (struct strbuf)STRBUF(buf->max);
}
