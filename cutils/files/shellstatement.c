/* shellstatement.c - where a statement ends, and what it may assign.
 *
 * A line inside if, case, a loop, a function or a subshell looks like any
 * other. So compound commands are followed by their reserved words, which count
 * only where a command may begin (XCU 2.4), and end only when all are closed.
 * A word that closes what is not open is a problem: better to refuse a text
 * than to take a line inside a condition for one that always runs. */
#define _GNU_SOURCE /* memmem */
#include "files/shellstatement.h"

#include <string.h>

#define NEST_MAX 64

enum closer { NOTHING, FI, DONE, ESAC, BRACE, PAREN };

/* What a word of case is; the others stay at COMMANDS. */
enum case_step { COMMANDS, SUBJECT, IN, PATTERN };

struct nest {
	struct {
		enum closer closer;
		enum case_step step;
		unsigned line;
	} open[NEST_MAX];
	size_t count;
	bool command;	 /* a command, so a reserved word, may stand here */
	bool goes_on;	 /* a line end ends nothing: after && || | and f() */
	bool file_name;	 /* the next word belongs to a redirection */
	bool after_open; /* the last token was ( */
};

static const struct keyword {
	const char *word;
	enum closer opens, closes;
	bool then_command;
} keywords[] = {
	{"if", FI, NOTHING, true},	  {"while", DONE, NOTHING, true},
	{"until", DONE, NOTHING, true},	  {"for", DONE, NOTHING, false},
	{"case", ESAC, NOTHING, false},	  {"{", BRACE, NOTHING, true},
	{"fi", NOTHING, FI, true},	  {"done", NOTHING, DONE, true},
	{"esac", NOTHING, ESAC, true},	  {"}", NOTHING, BRACE, true},
	{"then", NOTHING, NOTHING, true}, {"else", NOTHING, NOTHING, true},
	{"elif", NOTHING, NOTHING, true}, {"do", NOTHING, NOTHING, true},
	{"!", NOTHING, NOTHING, true},	  {"time", NOTHING, NOTHING, true},
};

static bool token_is(const struct shell_scan *scan,
		     const struct shell_token *token, const char *word)
{
	size_t len = strlen(word);

	return !token->quoted && token->end - token->start == len &&
	       memcmp(scan->text + token->start, word, len) == 0;
}

static void nest_open(struct shell_scan *scan, struct nest *nest,
		      enum closer closer)
{
	if (nest->count == NEST_MAX) {
		shell_problem(scan, scan->line, "commands nested too deep");
		return;
	}
	nest->open[nest->count].closer = closer;
	nest->open[nest->count].step = closer == ESAC ? SUBJECT : COMMANDS;
	nest->open[nest->count].line = scan->line;
	nest->count++;
}

static void nest_close(struct shell_scan *scan, struct nest *nest,
		       enum closer closer)
{
	if (nest->count > 0 && nest->open[nest->count - 1].closer == closer)
		nest->count--;
	else
		shell_problem(scan, scan->line,
			      "the end of a command that has no beginning");
}

/* Not COMMANDS only right inside a case. */
static enum case_step step_of(const struct nest *nest)
{
	return nest->count > 0 ? nest->open[nest->count - 1].step : COMMANDS;
}

static void set_step(struct nest *nest, enum case_step step)
{
	nest->open[nest->count - 1].step = step;
}

static void see_case_word(struct shell_scan *scan, struct nest *nest,
			  const struct shell_token *token)
{
	if (step_of(nest) == SUBJECT) {
		set_step(nest, IN);
	} else if (step_of(nest) == IN) {
		set_step(nest, PATTERN);
		if (!token_is(scan, token, "in"))
			shell_problem(scan, scan->line, "case without in");
	} else if (token_is(scan, token, "esac")) {
		nest_close(scan, nest, ESAC);
		nest->command = true;
	}
}

/* i\<newline>f is if, too. */
static bool is_cut_keyword(const struct shell_scan *scan,
			   const struct shell_token *token)
{
	const char *text = scan->text + token->start;
	const char *cut = memchr(text, '\\', token->end - token->start);

	return token->continued && cut && !memchr(text, '=', cut - text);
}

static void see_word(struct shell_scan *scan, struct nest *nest,
		     const struct shell_token *token)
{
	bool command = nest->command && !nest->file_name;
	size_t i;

	if (step_of(nest) != COMMANDS) {
		see_case_word(scan, nest, token);
		return;
	}
	nest->command = nest->file_name = false;
	if (!command)
		return;
	if (is_cut_keyword(scan, token))
		shell_problem(scan, scan->line,
			      "the name of a command goes on over a line end");
	if (token_is(scan, token, "function") ||
	    token_is(scan, token, "select"))
		shell_problem(scan, scan->line,
			      "function or select, which sh does not have");
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (!token_is(scan, token, keywords[i].word))
			continue;
		if (keywords[i].opens)
			nest_open(scan, nest, keywords[i].opens);
		if (keywords[i].closes)
			nest_close(scan, nest, keywords[i].closes);
		nest->command = keywords[i].then_command;
		return;
	}
}

static void see_close(struct shell_scan *scan, struct nest *nest,
		      bool after_open)
{
	if (step_of(nest) == PATTERN) {
		set_step(nest, COMMANDS);
	} else {
		nest_close(scan, nest, PAREN);
		nest->goes_on = after_open; /* f(): its body comes */
	}
}

static void see_operator(struct shell_scan *scan, struct nest *nest,
			 const struct shell_token *token)
{
	bool after_open = nest->after_open;
	bool is_double = token->end - token->start > 1;
	char c = scan->text[token->start];

	nest->file_name = c == '<' || c == '>';
	nest->after_open = c == '(';
	if (nest->file_name)
		return;
	nest->command = true;
	if (c == '(' && step_of(nest) != PATTERN)
		nest_open(scan, nest, PAREN);
	else if (c == ')')
		see_close(scan, nest, after_open);
	else if (c == ';' && is_double && nest->count > 0 &&
		 nest->open[nest->count - 1].closer == ESAC)
		set_step(nest, PATTERN);
	else if (c == '|' || (c == '&' && is_double))
		nest->goes_on = true;
}

static void see_token(struct shell_scan *scan, struct nest *nest,
		      const struct shell_token *token)
{
	if (token->kind == SHELL_NEWLINE) {
		nest->command = true;
		return;
	}
	nest->goes_on = false;
	if (token->kind == SHELL_OPERATOR) {
		see_operator(scan, nest, token);
		return;
	}
	nest->after_open = false;
	see_word(scan, nest, token);
}

static void need_closed(struct shell_scan *scan, const struct nest *nest)
{
	if (nest->count > 0)
		shell_problem(scan, nest->open[nest->count - 1].line,
			      "a compound command or $( that does not end");
}

void shell_substitution(struct shell_scan *scan)
{
	struct nest nest = {.command = true};
	struct shell_token token = shell_next(scan, NULL); /* the ( itself */

	while (token.kind != SHELL_END) {
		see_token(scan, &nest, &token);
		if (nest.count == 0)
			return;
		token = shell_next(scan, NULL);
	}
	need_closed(scan, &nest);
}

bool shell_statement(struct shell_scan *scan, struct shell_statement *is)
{
	struct nest nest = {.command = true};

	memset(is, 0, sizeof(*is));
	for (;;) {
		size_t before = scan->at;
		struct shell_token token = shell_next(scan, NULL);

		if (is->tokens == 0) {
			is->start = before;
			is->line = token.line;
		}
		if (token.kind == SHELL_END) {
			need_closed(scan, &nest);
			break;
		}
		if (token.kind != SHELL_NEWLINE) {
			if (is->tokens < 2)
				is->first[is->tokens] = token;
			is->tokens++;
		} else if (is->tokens > 0 && nest.count == 0 && !nest.goes_on) {
			break;
		}
		see_token(scan, &nest, &token);
	}
	is->end = scan->at;
	return is->tokens > 0 && !scan->problem;
}

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
