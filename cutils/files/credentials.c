/* credentials.c - see credentials.h. */
#include "files/credentials.h"

#include "base/atomicfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACE " \t\r"

void credentials_wipe(struct credentials *found)
{
	explicit_bzero(found, sizeof(*found));
}

/* The value behind "NAME", blanks, '=' or ':' in this line: its bounds, with
 * one pair of quotes around it taken off. */
static bool value_of(const char *line, const char *end, const char *name,
		     const char **from, const char **to)
{
	size_t len = strlen(name);

	while (line < end && strchr(SPACE, *line))
		line++;
	if ((size_t)(end - line) <= len || memcmp(line, name, len) != 0)
		return false;
	line += len;
	while (line < end && strchr(SPACE, *line))
		line++;
	if (line == end || (*line != '=' && *line != ':'))
		return false;
	line++;
	while (line < end && strchr(SPACE, *line))
		line++;
	while (end > line && strchr(SPACE, end[-1]))
		end--;
	if (end - line >= 2 && (*line == '"' || *line == '\'') &&
	    end[-1] == *line) {
		line++;
		end--;
	}
	*from = line;
	*to = end;
	return true;
}

static int take(char *to, size_t size, const char *from, const char *end,
		const char *path, struct err *err)
{
	size_t len = (size_t)(end - from), i;

	if (len >= size)
		return err_set(err, ERR_DATA, "%s: a token is longer than %zu",
			       path, size - 1);
	for (i = 0; i < len; i++)
		if ((unsigned char)from[i] <= 0x20 || from[i] == 0x7f)
			return err_set(err, ERR_DATA,
				       "%s: a token holds a blank or a control "
				       "character",
				       path);
	memcpy(to, from, len);
	to[len] = '\0';
	return 0;
}

/* The first line that gives the name a value; *to stays empty without one. */
static int find_member(const char *text, const char *name, char *to,
		       size_t size, const char *path, struct err *err)
{
	const char *from, *end;

	while (*text) {
		const char *line_end = text + strcspn(text, "\n");

		if (value_of(text, line_end, name, &from, &end) && from < end)
			return take(to, size, from, end, path, err);
		text = *line_end ? line_end + 1 : line_end;
	}
	return 0;
}

static bool complete(const char *const names[2],
		     const struct credentials *found)
{
	return found->key[0] && (!names[1] || found->secret[0]);
}

static int read_members(const char *text, const char *const names[2],
			const char *path, struct credentials *found,
			struct err *err)
{
	if (!names[0])
		return 0;
	if (find_member(text, names[0], found->key, sizeof(found->key), path,
			err) < 0)
		return -1;
	return names[1] ? find_member(text, names[1], found->secret,
				      sizeof(found->secret), path, err)
			: 0;
}

/* A file of one word holds the token itself. */
static int read_word(const char *text, const char *path,
		     struct credentials *found, struct err *err)
{
	const char *from = text + strspn(text, SPACE "\n");
	const char *end = from + strcspn(from, SPACE "\n");

	if (from == end || end[strspn(end, SPACE "\n")])
		return 0;
	return take(found->key, sizeof(found->key), from, end, path, err);
}

enum form { FORM_VARIABLES, FORM_WORD, FORM_MEMBERS, FORM_ANY };

static int parse(const struct credential_places *places, const char *text,
		 const char *path, enum form form, struct credentials *found,
		 struct err *err)
{
	int rc = 0;

	if (form == FORM_VARIABLES || form == FORM_ANY)
		rc = read_members(text, places->variables, path, found, err);
	if (rc == 0 && !complete(places->variables, found) &&
	    (form == FORM_MEMBERS || form == FORM_ANY))
		rc = read_members(text, places->members, path, found, err);
	if (rc == 0 && !places->variables[1] && !found->key[0] &&
	    (form == FORM_WORD || form == FORM_ANY))
		rc = read_word(text, path, found, err);
	return rc;
}

int credentials_parse(const struct credential_places *places, const char *text,
		      const char *path, struct credentials *found,
		      struct err *err)
{
	*found = (struct credentials){{0}, {0}};
	if (parse(places, text, path, FORM_ANY, found, err) == 0)
		return 0;
	credentials_wipe(found);
	return -1;
}

/* What this file tells, nothing when there is no such file. */
static int read_file(const struct credential_places *places, const char *path,
		     enum form form, struct credentials *found, struct err *err)
{
	char *text;
	size_t size;
	int rc = form == FORM_VARIABLES
			 ? file_read(path, &text, &size, NULL, err)
			 : file_read_secret(path, &text, &size, err);

	if (rc < 0)
		return err->kind == ERR_NO && form != FORM_ANY ? 0 : -1;
	rc = parse(places, text, path, form, found, err);
	explicit_bzero(text, size);
	free(text);
	return rc;
}

/* One candidate below a folder; *found is whole or empty afterwards. */
static int try_file(const struct credential_places *places, const char *folder,
		    const char *name, enum form form, struct credentials *found,
		    struct err *err)
{
	char path[4096];

	if (!folder || complete(places->variables, found))
		return 0;
	credentials_wipe(found);
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
	    (int)sizeof(path))
		return err_set(err, ERR_DATA, "%s: the name is too long",
			       folder);
	return read_file(places, path, form, found, err);
}

static int try_files(const struct credential_places *places, const char *folder,
		     const char *const *names, struct credentials *found,
		     struct err *err)
{
	for (; names && *names; names++)
		if (try_file(places, folder, *names, FORM_MEMBERS, found, err) <
		    0)
			return -1;
	return 0;
}

int credentials_find(const struct credential_places *places, const char *file,
		     const char *build_dir, struct credentials *found,
		     struct err *err)
{
	char home[4096];

	*found = (struct credentials){{0}, {0}};
	if (file) {
		if (read_file(places, file, FORM_ANY, found, err) < 0)
			goto failed;
		if (!complete(places->variables, found)) {
			err_set(err, ERR_DENIED, "%s: no %s%s%s in it", file,
				places->variables[0],
				places->variables[1] ? " and " : "",
				places->variables[1] ? places->variables[1]
						     : "");
			goto failed;
		}
		return 0;
	}
	/* the build's folder is RT/CLOUD/BUILD, and RT is in the build home */
	snprintf(home, sizeof(home), "%s/../../..", build_dir ? build_dir : "");
	if (try_file(places, build_dir, "build_environment", FORM_VARIABLES,
		     found, err) < 0 ||
	    (places->token_file &&
	     try_file(places, build_dir, "TOKEN", FORM_WORD, found, err) < 0) ||
	    (build_dir &&
	     try_files(places, home, places->home_files, found, err) < 0) ||
	    try_files(places, getenv("HOME"), places->user_files, found, err) <
		    0)
		goto failed;
	if (complete(places->variables, found))
		return 0;
	err_set(err, ERR_DENIED,
		"no credentials: looked for %s in build_environment%s, and in "
		"the vendor client's file; --credentials names a file",
		places->variables[0],
		places->token_file ? ", for the file TOKEN beside it" : "");
failed:
	credentials_wipe(found);
	return -1;
}
