/* shellassign.c - see shellassign.h. */
#define _GNU_SOURCE /* memmem */
#include "files/shellassign.h"

#include "files/shellscan.h"

#include <string.h>

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
	       (c >= '0' && c <= '9');
}

size_t shell_name_length(const char *text, size_t size)
{
	size_t len = 0;

	if (size > 0 && text[0] >= '0' && text[0] <= '9')
		return 0;
	while (len < size && is_name_byte(text[len]))
		len++;
	return len;
}

/* The next place where name stands alone in text[*at..size). */
static bool find_name(const char *text, size_t size, const char *name,
		      size_t *at)
{
	size_t len = strlen(name), i;

	for (i = *at; i + len <= size; i++) {
		if (memcmp(text + i, name, len) != 0 ||
		    (i > 0 && is_name_byte(text[i - 1])) ||
		    (i + len < size && is_name_byte(text[i + len])))
			continue;
		*at = i;
		return true;
	}
	return false;
}

/* word is NAME=..., NAME+=... or NAME[...]... */
static bool begins_assignment(const char *word, size_t size, const char *name)
{
	size_t len = strlen(name);

	if (size <= len || memcmp(word, name, len) != 0)
		return false;
	return word[len] == '=' || word[len] == '[' ||
	       (word[len] == '+' && size > len + 1 && word[len + 1] == '=');
}

/* NAME at `at` of a word with $((...)) in it: NAME=, NAME+=, NAME++, --NAME */
static bool counts_name(const char *word, size_t size, size_t at, size_t len)
{
	size_t end = at + len;

	if (at >= 2 && word[at - 1] == word[at - 2] &&
	    (word[at - 1] == '+' || word[at - 1] == '-'))
		return true;
	while (end < size && (word[end] == ' ' || word[end] == '\t'))
		end++;
	if (end + 1 < size && word[end] == word[end + 1] &&
	    (word[end] == '+' || word[end] == '-'))
		return true;
	while (end < size && strchr("+-*/%<>&^|", word[end]))
		end++;
	return end < size && word[end] == '=';
}

/* ${NAME=...}, ${NAME:=...} or an assignment in $((...)). */
static bool expansion_assigns(const char *word, size_t size, const char *name)
{
	size_t at = 0, len = strlen(name);
	bool counts = memmem(word, size, "$((", 3);

	for (; find_name(word, size, name, &at); at++) {
		size_t end = at + len;

		if (counts && counts_name(word, size, at, len))
			return true;
		if (at < 2 || word[at - 1] != '{' || word[at - 2] != '$')
			continue;
		if (end < size && word[end] == ':')
			end++;
		if (end < size && word[end] == '=')
			return true;
	}
	return false;
}

static bool is_word_of(const char *list, const char *word)
{
	size_t at = 0;

	return *word && find_name(list, strlen(list), word, &at);
}

bool shell_assigns(const char *text, size_t size, const char *name)
{
	struct shell_scan scan = {.text = text, .size = size, .line = 1};
	bool reads_names = false, evaluates = false, found = false;
	struct shell_token token = {.kind = SHELL_NEWLINE};

	while (!found && token.kind != SHELL_END) {
		struct strbuf said = STRBUF(size);
		const char *raw, *word;
		size_t len, at = 0;

		token = shell_next(&scan, &said);
		raw = text + token.start;
		len = token.end - token.start;
		word = strbuf_text(&said);
		found = said.no_memory || begins_assignment(raw, len, name) ||
			(token.computed && expansion_assigns(raw, len, name)) ||
			(reads_names &&
			 (strcmp(word, name) == 0 ||
			  begins_assignment(word, said.len, name))) ||
			(evaluates && find_name(raw, len, name, &at));
		reads_names |= is_word_of("export readonly unset read for "
					  "getopts local declare typeset let "
					  "printf mapfile readarray",
					  word);
		evaluates |= is_word_of("eval alias trap", word);
		strbuf_free(&said);
	}
	return found;
}
