/* err.c - filling a struct err; see err.h for the contract. */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(struct err *err, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static void append(struct err *err, const char *fmt, va_list args)
{
	size_t used = strlen(err->text);
	size_t room = sizeof(err->text) - used;
	int wanted = vsnprintf(err->text + used, room, fmt, args);

	if (wanted >= 0 && (size_t)wanted >= room)
		memcpy(err->text + sizeof(err->text) - 4, "...", 4);
}

static void appendf(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void appendf(struct err *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	append(err, fmt, args);
	va_end(args);
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	va_list args;

	err->kind = kind;
	err->text[0] = '\0';
	va_start(args, fmt);
	append(err, fmt, args);
	va_end(args);
	return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	const char *why = strerror(errno);
	va_list args;

	err->kind = ERR_SYSTEM;
	err->text[0] = '\0';
	va_start(args, fmt);
	append(err, fmt, args);
	va_end(args);
	appendf(err, ": %s", why);
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char rest[ERR_TEXT_SIZE];
	va_list args;

	memcpy(rest, err->text, sizeof(rest));
	err->text[0] = '\0';
	va_start(args, fmt);
	append(err, fmt, args);
	va_end(args);
	appendf(err, ": %s", rest);
	return -1;
}

int err_suffix(struct err *err, const char *words)
{
	size_t used = strlen(err->text), len = strlen(words);

	assert(len + 4 < sizeof(err->text));
	if (used + len >= sizeof(err->text)) {
		used = sizeof(err->text) - len - 1;
		memcpy(err->text + used - 3, "...", 3);
	}
	memcpy(err->text + used, words, len + 1);
	return -1;
}
