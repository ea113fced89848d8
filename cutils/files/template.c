/* template.c - reading and editing the text of a template; see template.h. */
#include "files/template.h"

#include "base/atomicfile.h"
#include "files/shellassign.h"
#include "files/shellscan.h"
#include "files/shellstatement.h"

#include <stdlib.h>
#include <string.h>

int template_check_name(const char *name, struct err *err)
{
	size_t len = strlen(name);

	if (len == 0 || len > 255 || shell_name_length(name, len) != len)
		return err_set(err, ERR_DATA,
			       "not the name of a variable: '%.80s'", name);
	return 0;
}

/* NAME=... or export NAME=..., and nothing else. */
static void take_assignment(const struct template *is,
			    const struct shell_statement *found,
			    struct template_statement *statement)
{
	const struct shell_token *word = &found->first[found->tokens - 1];
	size_t len = word->end - word->start;
	size_t name_len = shell_name_length(is->text + word->start, len);
	bool is_argument = found->tokens == 2;
	const struct shell_token *first = &found->first[0];

	if (is_argument && (first->quoted || first->end - first->start != 6 ||
			    memcmp(is->text + first->start, "export", 6) != 0))
		return;
	if (word->kind != SHELL_WORD || name_len == 0 || name_len == len ||
	    is->text[word->start + name_len] != '=')
		return;
	statement->foreign = false;
	statement->computed = word->computed || (is_argument && word->pattern);
	statement->name = word->start;
	statement->name_len = name_len;
	statement->value = word->start + name_len + 1;
	statement->value_end = word->end;
}

static int add_statement(struct template *is, size_t *room,
			 const struct shell_statement *found, struct err *err)
{
	struct template_statement *statement;

	if (is->count == TEMPLATE_STATEMENTS_MAX)
		return err_set(err, ERR_DATA, "%s: more than %d statements",
			       is->path, TEMPLATE_STATEMENTS_MAX);
	if (is->count == *room) {
		size_t more = *room ? *room * 2 : 128;

		statement = realloc(is->statements, more * sizeof(*statement));
		if (!statement)
			return err_set(err, ERR_SYSTEM, "%s: out of memory",
				       is->path);
		is->statements = statement;
		*room = more;
	}
	statement = &is->statements[is->count++];
	*statement = (struct template_statement){
		.start = found->start,
		.end = found->end,
		.line = found->line,
		.foreign = true,
	};
	if (found->tokens <= 2)
		take_assignment(is, found, statement);
	return 0;
}

static unsigned line_of(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

static int parse(struct template *is, struct err *err)
{
	struct shell_scan scan = {
		.text = is->text, .size = is->size, .line = 1};
	const char *nul = memchr(is->text, '\0', is->size);
	struct shell_statement found;
	size_t room = 0;

	if (nul) {
		is->problem = "a NUL byte";
		is->problem_line = line_of(is->text, nul);
		return 0;
	}
	while (shell_statement(&scan, &found))
		if (add_statement(is, &room, &found, err) < 0)
			return -1;
	is->crlf_line = scan.crlf_first;
	is->crlf_lines = scan.crlf_lines;
	is->all_crlf = scan.crlf_lines > 0 && scan.lf_lines == 0;
	is->problem = scan.problem;
	is->problem_line = scan.problem_line;
	return 0;
}

int template_parse(struct template *is, const char *path, const char *text,
		   size_t size, struct err *err)
{
	*is = (struct template){.path = path, .size = size};
	is->text = calloc(1, size + 1);
	if (!is->text)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", path);
	if (size > 0)
		memcpy(is->text, text, size);
	if (parse(is, err) == 0)
		return 0;
	template_free(is);
	return -1;
}

int template_read(struct template *is, const char *path, struct err *err)
{
	*is = (struct template){.path = path};
	if (file_read(path, &is->text, &is->size, &is->mode, err) < 0) {
		if (err->kind == ERR_NO)
			err->kind = ERR_DATA;
		return -1;
	}
	if (parse(is, err) == 0)
		return 0;
	template_free(is);
	return -1;
}

void template_free(struct template *is)
{
	if (is->text)
		explicit_bzero(is->text, is->size);
	free(is->text);
	free(is->statements);
	*is = (struct template){0};
}

static bool names(const struct template *is,
		  const struct template_statement *statement, const char *name)
{
	return !statement->foreign && strlen(name) == statement->name_len &&
	       memcmp(is->text + statement->name, name, statement->name_len) ==
		       0;
}

/* 0 where the text can be understood, and name has one meaning in it. */
static int need_plain(const struct template *is, const char *name,
		      struct err *err)
{
	size_t i;

	if (template_check_name(name, err) < 0)
		return -1;
	if (is->problem)
		return err_set(err, ERR_DATA, "%s:%u: %s", is->path,
			       is->problem_line, is->problem);
	for (i = 0; i < is->count; i++) {
		const struct template_statement *at = &is->statements[i];

		if (!(at->foreign || at->computed) || names(is, at, name) ||
		    !shell_assigns(is->text + at->start, at->end - at->start,
				   name))
			continue;
		return err_set(err, ERR_DATA,
			       "%s:%u: this may set %s, and is not a plain "
			       "assignment: edit it by hand",
			       is->path, at->line, name);
	}
	return 0;
}

/* Appends what sh would read; not for a computed value. */
static void add_value(const struct template *is,
		      const struct template_statement *statement,
		      struct strbuf *value)
{
	struct shell_scan scan = {
		.text = is->text, .size = is->size, .at = statement->name};
	struct strbuf said = STRBUF(FILE_MAX_BYTES);

	shell_next(&scan, &said);
	if (said.no_memory || said.len <= statement->name_len)
		value->no_memory = true;
	else
		strbuf_add(value, said.text + statement->name_len + 1,
			   said.len - statement->name_len - 1);
	strbuf_free(&said);
}

static const struct template_statement *find_last(const struct template *is,
						  const char *name)
{
	size_t i;

	for (i = is->count; i > 0; i--)
		if (names(is, &is->statements[i - 1], name))
			return &is->statements[i - 1];
	return NULL;
}

bool template_counts(const struct template *is,
		     const struct template_statement *statement)
{
	const struct template_statement *end = is->statements + is->count, *at;

	if (statement->foreign)
		return false;
	for (at = statement + 1; at < end; at++)
		if (!at->foreign && at->name_len == statement->name_len &&
		    memcmp(is->text + at->name, is->text + statement->name,
			   at->name_len) == 0)
			return false;
	return true;
}

int template_get(const struct template *is, const char *name, char **value,
		 struct err *err)
{
	struct strbuf text = STRBUF(FILE_MAX_BYTES);
	const struct template_statement *last;

	if (need_plain(is, name, err) < 0)
		return -1;
	last = find_last(is, name);
	if (!last)
		return err_set(err, ERR_NO, "%s: %s: no such variable",
			       is->path, name);
	if (last->computed)
		return err_set(err, ERR_DATA,
			       "%s:%u: the shell would compute the value of "
			       "%s: it cannot be read without running it",
			       is->path, last->line, name);
	add_value(is, last, &text);
	return strbuf_take(&text, name, value, err);
}

/* Is this the value? *no_memory becomes true where that could not be told. */
static bool has_value(const struct template *is,
		      const struct template_statement *statement,
		      const char *value, bool *no_memory)
{
	struct strbuf text = STRBUF(FILE_MAX_BYTES);
	bool same;

	if (statement->computed)
		return false;
	add_value(is, statement, &text);
	*no_memory = *no_memory || text.no_memory;
	same = !text.no_memory && strcmp(strbuf_text(&text), value) == 0;
	strbuf_free(&text);
	return same;
}

static const struct template_value *
value_for(const struct template *is, const struct template_statement *statement,
	  const struct template_value *values, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (names(is, statement, values[i].name))
			return &values[i];
	return NULL;
}

static void append_line(const struct template *is,
			const struct template_value *value, struct strbuf *out)
{
	const char *line_end = is->all_crlf ? "\r\n" : "\n";
	char last = out->len > 0 ? out->text[out->len - 1] : '\n';

	if (last != '\n')
		strbuf_adds(out, last == '\r' ? "\n" : line_end);
	strbuf_adds(out, "export ");
	strbuf_adds(out, value->name);
	strbuf_addc(out, '=');
	shell_quote(out, value->value, strlen(value->value));
	strbuf_adds(out, line_end);
}

/* Reads the new text back: a safety net below the rules above. */
static int verify(const struct template *is,
		  const struct template_value *values, size_t count,
		  size_t statements, const struct strbuf *out, struct err *err)
{
	struct template now;
	size_t i;
	bool good, no_memory = false;

	if (strbuf_check(out, is->path, err) < 0 ||
	    template_parse(&now, is->path, strbuf_text(out), out->len, err) < 0)
		return -1;
	good = !now.problem && now.count == statements;
	for (i = 0; good && i < count; i++) {
		const struct template_statement *last =
			find_last(&now, values[i].name);

		good = last &&
		       has_value(&now, last, values[i].value, &no_memory);
	}
	template_free(&now);
	if (no_memory)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", is->path);
	if (!good)
		return err_set(err, ERR_DATA,
			       "%s: the change would not read back as it was "
			       "asked for; is there a backslash at the end?",
			       is->path);
	return 0;
}

int template_edit(const struct template *is,
		  const struct template_value *values, size_t count,
		  struct strbuf *out, bool *changed, struct err *err)
{
	size_t i, done = 0, statements = is->count;
	bool no_memory = false;

	*changed = false;
	for (i = 0; i < count; i++)
		if (need_plain(is, values[i].name, err) < 0)
			return -1;
	for (i = 0; i < is->count; i++) {
		const struct template_statement *at = &is->statements[i];
		const struct template_value *value =
			value_for(is, at, values, count);

		if (!value || has_value(is, at, value->value, &no_memory))
			continue;
		strbuf_add(out, is->text + done, at->value - done);
		shell_quote(out, value->value, strlen(value->value));
		done = at->value_end;
		*changed = true;
	}
	strbuf_add(out, is->text + done, is->size - done);
	for (i = 0; i < count; i++) {
		if (find_last(is, values[i].name))
			continue;
		append_line(is, &values[i], out);
		statements++;
		*changed = true;
	}
	if (no_memory)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", is->path);
	return verify(is, values, count, statements, out, err);
}

int template_cut(const struct template *is, const char *name,
		 struct strbuf *out, struct err *err)
{
	size_t i, done = 0, left = is->count;

	if (need_plain(is, name, err) < 0)
		return -1;
	for (i = 0; i < is->count; i++) {
		const struct template_statement *at = &is->statements[i];

		if (!names(is, at, name))
			continue;
		strbuf_add(out, is->text + done, at->start - done);
		done = at->end;
		left--;
	}
	if (left == is->count)
		return err_set(err, ERR_NO, "%s: %s: no such variable",
			       is->path, name);
	strbuf_add(out, is->text + done, is->size - done);
	return verify(is, NULL, 0, left, out, err);
}
