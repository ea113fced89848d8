/* shelltoken.c - see shelltoken.h. */
#include "files/shelltoken.h"

#include <string.h>

void shell_problem(struct shell_scan *scan, unsigned line, const char *why)
{
	if (!scan->problem) {
		scan->problem = why;
		scan->problem_line = line;
	}
	scan->at = scan->size;
}

bool shell_token_is(const struct shell_scan *scan,
		    const struct shell_token *token, const char *word)
{
	size_t len = strlen(word);

	return !token->quoted && token->end - token->start == len &&
	       memcmp(scan->text + token->start, word, len) == 0;
}

void shell_quote(struct strbuf *out, const char *value, size_t size)
{
	size_t i;

	strbuf_addc(out, '"');
	for (i = 0; i < size; i++) {
		if (value[i] && strchr("\"$`\\", value[i]))
			strbuf_addc(out, '\\');
		strbuf_addc(out, value[i]);
	}
	strbuf_addc(out, '"');
}
