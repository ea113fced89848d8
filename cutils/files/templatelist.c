/* templatelist.c - all of a template at a glance; see template.h. */
#include "files/template.h"

#include "base/atomicfile.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void add_record(struct strbuf *out, const char *name, const char *value)
{
	strbuf_adds(out, name);
	strbuf_addc(out, '\t');
	for (; *value; value++) {
		if (*value == '\n')
			strbuf_adds(out, "\\n");
		else if (*value == '\t')
			strbuf_adds(out, "\\t");
		else if (*value == '\\')
			strbuf_adds(out, "\\\\");
		else
			strbuf_addc(out, *value);
	}
	strbuf_addc(out, '\n');
}

static int add_member(json_t *object, const char *path, const char *name,
		      const char *value, struct err *err)
{
	json_t *text = json_string(value);

	if (!text)
		return err_set(err, ERR_DATA,
			       "%s: the value of %s is not UTF-8, so not JSON",
			       path, name);
	if (json_object_set_new(object, name, text) < 0)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", path);
	return 0;
}

/* Into object, or where that is NULL into out. */
static int add_variable(const struct template *is,
			const struct template_statement *at, json_t *object,
			struct strbuf *out, struct err *err)
{
	char *name = strndup(is->text + at->name, at->name_len);
	char *value = NULL;
	int rc;

	if (!name)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", is->path);
	rc = template_get(is, name, &value, err);
	if (rc == 0 && object)
		rc = add_member(object, is->path, name, value, err);
	else if (rc == 0)
		add_record(out, name, value);
	if (value)
		explicit_bzero(value, strlen(value));
	free(value);
	free(name);
	return rc;
}

static int add_json(json_t *object, const char *path, struct strbuf *out,
		    struct err *err)
{
	char *text = json_dumps(object, JSON_INDENT(2));

	if (!text)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", path);
	strbuf_adds(out, text);
	strbuf_addc(out, '\n');
	explicit_bzero(text, strlen(text));
	free(text);
	return 0;
}

int template_list(const struct template *is, bool as_json, struct strbuf *out,
		  struct err *err)
{
	json_t *object = as_json ? json_object() : NULL;
	int rc = 0;
	size_t i;

	if (is->problem)
		rc = err_set(err, ERR_DATA, "%s:%u: %s", is->path,
			     is->problem_line, is->problem);
	else if (as_json && !object)
		rc = err_set(err, ERR_SYSTEM, "%s: out of memory", is->path);
	for (i = 0; rc == 0 && i < is->count; i++)
		if (template_counts(is, &is->statements[i]))
			rc = add_variable(is, &is->statements[i], object, out,
					  err);
	if (rc == 0 && as_json)
		rc = add_json(object, is->path, out, err);
	if (rc == 0)
		rc = strbuf_check(out, is->path, err);
	json_decref(object);
	return rc;
}

unsigned template_findings(const struct template *is, struct strbuf *out)
{
	unsigned found = 0;
	size_t i;

	for (i = 0; i < is->count; i++) {
		if (!is->statements[i].foreign)
			continue;
		strbuf_addf(out, "%u\tnot a plain assignment: left alone\n",
			    is->statements[i].line);
		found++;
	}
	if (is->problem) {
		strbuf_addf(out, "%u\t%s\n", is->problem_line, is->problem);
		found++;
	}
	if (is->crlf_line) {
		strbuf_addf(out,
			    "%u\tthis and %u more lines end in CR LF: sh "
			    "takes the CR into the value\n",
			    is->crlf_line, is->crlf_lines - 1);
		found++;
	}
	return found;
}
