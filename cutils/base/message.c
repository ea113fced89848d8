/* message.c - see message.h. */
#include "base/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *program = "adt";

void message_program(const char *name)
{
	program = name;
}

static void put_masked(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		fputc(c < 0x20 || c == 0x7f ? '?' : c, stderr);
	}
}

int report(const struct err *err)
{
	fprintf(stderr, "%s: ", program);
	put_masked(err->text);
	fputc('\n', stderr);
	return (int)err->kind;
}

void warn(const char *fmt, ...)
{
	char text[ERR_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "%s: warning: ", program);
	put_masked(text);
	fputc('\n', stderr);
}

void message_line(const char *text)
{
	put_masked(text);
	fputc('\n', stderr);
}
