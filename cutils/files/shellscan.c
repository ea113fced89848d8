/* shellscan.c - words and operators of an sh text; see shellscan.h. */
#include "files/shellscan.h"

#include "files/shellnest.h"

#include <string.h>

#define DEPTH_MAX 32

static int peek(const struct shell_scan *scan, size_t ahead)
{
	return ahead < scan->size - scan->at
		       ? (unsigned char)scan->text[scan->at + ahead]
		       : -1;
}

static int take(struct shell_scan *scan)
{
	int c = peek(scan, 0);

	if (c >= 0)
		scan->at++;
	if (c == '\n')
		scan->line++;
	return c;
}

static void take_to(struct shell_scan *scan, struct strbuf *said)
{
	int c = take(scan);

	if (said && c >= 0)
		strbuf_addc(said, (char)c);
}

static bool is_one_of(int c, const char *set)
{
	return c > 0 && strchr(set, c);
}

static bool at_line_end(const struct shell_scan *scan)
{
	int c = peek(scan, 0), next = peek(scan, 1);

	return c == '\n' || (c == '\r' && (next == '\n' || next < 0));
}

static void skip_dollar(struct shell_scan *scan, bool in_quotes);

static void skip_backquotes(struct shell_scan *scan)
{
	unsigned line = scan->line;
	int c;

	take(scan);
	while ((c = take(scan)) != '`') {
		if (c == '\\')
			take(scan);
		if (c < 0) {
			shell_problem(scan, line, "no closing backquote");
			return;
		}
	}
}

static void read_single(struct shell_scan *scan, struct strbuf *said)
{
	unsigned line = scan->line;

	take(scan);
	while (peek(scan, 0) != '\'') {
		if (peek(scan, 0) < 0) {
			shell_problem(scan, line, "no closing single quote");
			return;
		}
		take_to(scan, said);
	}
	take(scan);
}

/* Returns true where the shell would have to compute a part. */
static bool read_double(struct shell_scan *scan, struct strbuf *said)
{
	unsigned line = scan->line;
	bool computed = false;
	int c;

	take(scan);
	while ((c = peek(scan, 0)) != '"') {
		if (c < 0) {
			shell_problem(scan, line, "no closing double quote");
			return computed;
		}
		if (c == '$' || c == '`') {
			computed = true;
			if (c == '$')
				skip_dollar(scan, true);
			else
				skip_backquotes(scan);
		} else if (c == '\\' && peek(scan, 1) == '\n') {
			take(scan);
			take(scan);
		} else {
			if (c == '\\' && is_one_of(peek(scan, 1), "$`\"\\"))
				take(scan);
			take_to(scan, said);
		}
	}
	take(scan);
	return computed;
}

static void skip_braces(struct shell_scan *scan, bool in_quotes)
{
	unsigned line = scan->line;
	int c;

	take(scan);
	while ((c = peek(scan, 0)) != '}') {
		if (c < 0) {
			shell_problem(scan, line, "no closing brace of ${");
			return;
		}
		if (in_quotes && is_one_of(c, "'\"")) {
			shell_problem(scan, scan->line,
				      "a quote inside ${...} inside quotes, "
				      "where shells differ");
			return;
		}
		if (c == '\'') {
			read_single(scan, NULL);
		} else if (c == '"') {
			read_double(scan, NULL);
		} else if (c == '$') {
			skip_dollar(scan, in_quotes);
		} else if (c == '`') {
			skip_backquotes(scan);
		} else {
			if (c == '\\')
				take(scan);
			take(scan);
		}
	}
	take(scan);
}

static void skip_arithmetic(struct shell_scan *scan)
{
	unsigned line = scan->line, open = 0;

	do {
		int c = peek(scan, 0);

		if (c < 0 || is_one_of(c, "\n'\"")) {
			shell_problem(scan, line,
				      "no end of $((...)) on its line, or a "
				      "quote inside");
			return;
		}
		if (c == '$') {
			skip_dollar(scan, true);
			continue;
		}
		if (c == '`') {
			skip_backquotes(scan);
			continue;
		}
		open += c == '(';
		open -= c == ')';
		take(scan);
	} while (open > 0);
}

/* At the ( of $(: steps over the commands up to the ) that ends them. */
static void skip_substitution(struct shell_scan *scan)
{
	struct shell_nest nest = SHELL_NEST_NONE;
	struct shell_token token = shell_next(scan, NULL); /* the ( itself */

	while (token.kind != SHELL_END) {
		shell_nest_see(scan, &nest, &token);
		if (nest.count == 0)
			return;
		token = shell_next(scan, NULL);
	}
	shell_nest_ended(scan, &nest);
}

/* $'...' of some shells: for the others the quote ends at a \' inside. */
static void skip_dollar_quote(struct shell_scan *scan)
{
	unsigned line = scan->line;
	size_t start = scan->at;

	read_single(scan, NULL);
	if (memchr(scan->text + start, '\\', scan->at - start))
		shell_problem(scan, line,
			      "a backslash inside $'...', where "
			      "shells differ");
}

static void skip_dollar(struct shell_scan *scan, bool in_quotes)
{
	take(scan);
	if (++scan->depth > DEPTH_MAX) {
		shell_problem(scan, scan->line, "expansions nested too deep");
		return;
	}
	if (peek(scan, 0) == '{')
		skip_braces(scan, in_quotes);
	else if (peek(scan, 0) == '(' && peek(scan, 1) == '(')
		skip_arithmetic(scan);
	else if (peek(scan, 0) == '(')
		skip_substitution(scan);
	else if (peek(scan, 0) == '\'' && !in_quotes)
		skip_dollar_quote(scan);
	scan->depth--;
}

static void read_escape(struct shell_scan *scan, struct shell_token *token,
			struct strbuf *said)
{
	unsigned line = scan->line;

	take(scan);
	if (peek(scan, 0) == '\n') {
		token->continued = true;
		take(scan);
	} else if (peek(scan, 0) < 0) {
		shell_problem(scan, line, "a backslash ends the file");
	} else if (at_line_end(scan)) {
		shell_problem(scan, line,
			      "a backslash before CR LF: the shell does not "
			      "go on with the next line");
	} else {
		token->quoted = true;
		take_to(scan, said);
	}
}

/* A ~ expands at the beginning of a word, of a value, and behind a colon. */
static bool expands_tilde(const struct shell_scan *scan, size_t start)
{
	return scan->at == start || is_one_of(scan->text[scan->at - 1], "=:");
}

static void read_word(struct shell_scan *scan, struct shell_token *token,
		      struct strbuf *said)
{
	int c;

	while ((c = peek(scan, 0)) >= 0 && !is_one_of(c, " \t;&|()<>") &&
	       !at_line_end(scan)) {
		if (c == '\'') {
			token->quoted = true;
			read_single(scan, said);
		} else if (c == '"') {
			token->quoted = true;
			token->computed |= read_double(scan, said);
		} else if (c == '\\') {
			read_escape(scan, token, said);
		} else if (c == '$') {
			token->computed = true;
			skip_dollar(scan, false);
		} else if (c == '`') {
			token->computed = true;
			skip_backquotes(scan);
		} else {
			if (c == '~' && expands_tilde(scan, token->start))
				token->computed = true;
			token->pattern |= is_one_of(c, "*?[{");
			take_to(scan, said);
		}
	}
}

static void read_operator(struct shell_scan *scan)
{
	int c = take(scan), next = peek(scan, 0);

	if (c == '<' && next == '<')
		shell_problem(scan, scan->line, "a here-document");
	else if ((c == ';' && is_one_of(next, ";&")) ||
		 (c == '&' && next == '&') ||
		 (c == '|' && is_one_of(next, "|&")) ||
		 (c == '<' && is_one_of(next, "&>")) ||
		 (c == '>' && is_one_of(next, ">&|")))
		take(scan);
	if (c == ';' && next == ';' && peek(scan, 0) == '&')
		take(scan);
}

static void skip_blanks(struct shell_scan *scan)
{
	for (;;) {
		int c = peek(scan, 0);

		if (c == '\\' && peek(scan, 1) == '\n')
			take(scan);
		else if (!is_one_of(c, " \t"))
			break;
		take(scan);
	}
	if (peek(scan, 0) == '#')
		while (peek(scan, 0) >= 0 && !at_line_end(scan))
			take(scan);
}

static void take_line_end(struct shell_scan *scan)
{
	if (peek(scan, 0) != '\r') {
		scan->lf_lines++;
	} else {
		if (scan->crlf_lines++ == 0)
			scan->crlf_first = scan->line;
		take(scan);
	}
	take(scan);
}

struct shell_token shell_next(struct shell_scan *scan, struct strbuf *said)
{
	struct shell_token token = {.kind = SHELL_END};

	skip_blanks(scan);
	token.start = scan->at;
	token.line = scan->line;
	if (at_line_end(scan)) {
		token.kind = SHELL_NEWLINE;
		take_line_end(scan);
	} else if (is_one_of(peek(scan, 0), ";&|()<>")) {
		token.kind = SHELL_OPERATOR;
		read_operator(scan);
	} else if (scan->at < scan->size) {
		token.kind = SHELL_WORD;
		read_word(scan, &token, said);
	}
	token.end = scan->at;
	return token;
}
