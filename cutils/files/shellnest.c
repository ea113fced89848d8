/* shellnest.c - see shellnest.h. */
#include "files/shellnest.h"

#include <string.h>

static const struct keyword {
	const char *word;
	enum shell_closer opens, closes;
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

static void nest_open(struct shell_scan *scan, struct shell_nest *nest,
		      enum shell_closer closer)
{
	if (nest->count == SHELL_NEST_MAX) {
		shell_problem(scan, scan->line, "commands nested too deep");
		return;
	}
	nest->open[nest->count].closer = closer;
	nest->open[nest->count].step = closer == ESAC ? SUBJECT : COMMANDS;
	nest->open[nest->count].line = scan->line;
	nest->count++;
}

static void nest_close(struct shell_scan *scan, struct shell_nest *nest,
		       enum shell_closer closer)
{
	if (nest->count > 0 && nest->open[nest->count - 1].closer == closer)
		nest->count--;
	else
		shell_problem(scan, scan->line,
			      "the end of a command that has no beginning");
}

/* Not COMMANDS only right inside a case. */
static enum shell_case_step step_of(const struct shell_nest *nest)
{
	return nest->count > 0 ? nest->open[nest->count - 1].step : COMMANDS;
}

static void set_step(struct shell_nest *nest, enum shell_case_step step)
{
	nest->open[nest->count - 1].step = step;
}

static void see_case_word(struct shell_scan *scan, struct shell_nest *nest,
			  const struct shell_token *token)
{
	if (step_of(nest) == SUBJECT) {
		set_step(nest, IN);
	} else if (step_of(nest) == IN) {
		set_step(nest, PATTERN);
		if (!shell_token_is(scan, token, "in"))
			shell_problem(scan, scan->line, "case without in");
	} else if (shell_token_is(scan, token, "esac")) {
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

static void see_word(struct shell_scan *scan, struct shell_nest *nest,
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
	if (shell_token_is(scan, token, "function") ||
	    shell_token_is(scan, token, "select"))
		shell_problem(scan, scan->line,
			      "function or select, which sh does not have");
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (!shell_token_is(scan, token, keywords[i].word))
			continue;
		if (keywords[i].opens)
			nest_open(scan, nest, keywords[i].opens);
		if (keywords[i].closes)
			nest_close(scan, nest, keywords[i].closes);
		nest->command = keywords[i].then_command;
		return;
	}
}

static void see_close(struct shell_scan *scan, struct shell_nest *nest,
		      bool after_open)
{
	if (step_of(nest) == PATTERN) {
		set_step(nest, COMMANDS);
	} else {
		nest_close(scan, nest, PAREN);
		nest->goes_on = after_open; /* f(): its body comes */
	}
}

static void see_operator(struct shell_scan *scan, struct shell_nest *nest,
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

void shell_nest_see(struct shell_scan *scan, struct shell_nest *nest,
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

void shell_nest_ended(struct shell_scan *scan, const struct shell_nest *nest)
{
	if (nest->count > 0)
		shell_problem(scan, nest->open[nest->count - 1].line,
			      "a compound command or $( that does not end");
}
