/* template.h - the build template: export NAME="value" lines that sh sources.
 *
 * Format: comment lines, blank lines, and one assignment a line, `export` or
 * not, in any quoting of sh, over several lines inside quotes, with an optional
 * #comment behind it. The last assignment of a name counts. Every other
 * statement is foreign: it is kept, never edited, and a name it may assign is
 * neither read nor changed. A change keeps every byte but the values:
 *
 *	template_read(&is, path, err);     what is there, for reading
 *	template_get(&is, "REGION", ...);
 *	template_free(&is);
 *
 *	template_set(path, values, count, err);   lock, change, sh -n, replace
 *
 * Malformed text is ERR_DATA with path and line. No text of a file but names
 * reaches an err, but for what sh -n says. */
#ifndef FILES_TEMPLATE_H
#define FILES_TEMPLATE_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One name is searched for from statement to statement. */
#define TEMPLATE_STATEMENTS_MAX 10000

/* How long a change waits for others, and for sh -n. */
#define TEMPLATE_WAIT_MS 30000

struct template_statement {
	size_t start, end; /* whole lines, with the last line's end */
	unsigned line;
	bool foreign;  /* no single assignment: what follows is not set */
	bool computed; /* the shell works the value out; it cannot be read */
	size_t name, name_len;
	size_t value, value_end; /* with its quotes */
};

struct template
{
	const char *path; /* borrowed; for messages */
	char *text;	  /* owned; wiped when freed */
	size_t size;
	mode_t mode; /* of the file; 0 where parsed from memory */
	struct template_statement *statements;
	size_t count;
	unsigned crlf_line;  /* the first that ends in CR LF; or 0 */
	unsigned crlf_lines; /* how many do */
	bool all_crlf;	     /* so an added line does, too */
	const char *problem; /* why the text is no sh at all; or NULL */
	unsigned problem_line;
};

struct template_value {
	const char *name;
	const char *value; /* no NUL inside, being a C string */
};

/* 0, or ERR_DATA: not [A-Za-z_][A-Za-z0-9_]*. */
int template_check_name(const char *name, struct err *err) MUST_CHECK;

/* Both fill *is; template_free() it after 0. A text with a problem is no
 * failure here: the functions below refuse it. No such file is ERR_DATA: 1
 * would be "no such variable". template_parse() copies text. */
int template_read(struct template *is, const char *path,
		  struct err *err) MUST_CHECK;
int template_parse(struct template *is, const char *path, const char *text,
		   size_t size, struct err *err) MUST_CHECK;
void template_free(struct template *);

/* The value, as sh would have it: owned, a secret perhaps, the caller's to
 * wipe. ERR_NO where nothing assigns it; ERR_DATA for a computed value, a
 * foreign statement that may assign it, or a text with a problem. */
int template_get(const struct template *, const char *name, char **value,
		 struct err *err) MUST_CHECK;

/* True for the assignment that a later one does not overrule. */
bool template_counts(const struct template *,
		     const struct template_statement *);

/* Appends the text with these values, each in all assignments of its name, or
 * in a new last line; and without any assignment of the name (ERR_NO if there
 * is none). *changed may stay false: the text is the same then. */
int template_edit(const struct template *, const struct template_value *,
		  size_t count, struct strbuf *out, bool *changed,
		  struct err *err) MUST_CHECK;
int template_cut(const struct template *, const char *name, struct strbuf *out,
		 struct err *err) MUST_CHECK;

/* Appends NAME<TAB>VALUE lines, in the order of the assignments that count; in
 * a value \n, \t and \\ stand for line feed, tab and backslash. Or one JSON
 * object. Fails as template_get() would for any of the names; *out holds
 * secrets, and after -1 a part. */
int template_list(const struct template *, bool as_json, struct strbuf *out,
		  struct err *err) MUST_CHECK;

/* Appends LINE<TAB>REASON for every foreign statement, for the problem and for
 * the first CR LF; returns how many lines. */
unsigned template_findings(const struct template *, struct strbuf *out);

/* template_edit() and template_cut() in the file, under file_lock(), whole or
 * not at all, mode kept; what a symbolic link at path points to is changed and
 * the link stays. The result passes sh -n, or nothing is written; nothing is
 * either where all is so already. */
int template_set(const char *path, const struct template_value *, size_t count,
		 struct err *err) MUST_CHECK;
int template_unset(const char *path, const char *name,
		   struct err *err) MUST_CHECK;

#endif
