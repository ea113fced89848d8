/* userdata.c - see userdata.h.
 *
 * The text is walked line by line; what a place becomes is decided by its form,
 * so no value can end the scalar it stands in. */
#include "files/userdata.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MOST 64

enum form { FORM_PLAIN, FORM_QUOTED, FORM_BASE64 };

struct place {
	char name[NAME_MOST + 1];
	enum form form;
	unsigned line;
};

/* Who walks the template gets its text and its places in order. */
struct walker {
	const char *path;
	int (*text)(void *, const char *bytes, size_t size, struct err *);
	int (*place)(void *, const struct place *, struct err *);
	void *self;
};

static bool name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static int malformed(const char *path, unsigned line, struct err *err)
{
	return err_set(err, ERR_DATA,
		       "%s:%u: not @{NAME}, @{NAME:quoted} or @{NAME:base64}",
		       path, line);
}

/* At "@{": reads the place up to its brace, before end. */
static int read_place(const char *path, const char **at, const char *end,
		      struct place *place, struct err *err)
{
	static const struct {
		const char *word;
		enum form form;
	} forms[] = {{"}", FORM_PLAIN},
		     {":quoted}", FORM_QUOTED},
		     {":base64}", FORM_BASE64}};
	const char *name = *at + 2, *after = name;
	size_t i;

	while (after < end && name_byte(*after))
		after++;
	if (after == name || (size_t)(after - name) > NAME_MOST)
		return malformed(path, place->line, err);
	memcpy(place->name, name, (size_t)(after - name));
	place->name[after - name] = '\0';
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t size = strlen(forms[i].word);

		if ((size_t)(end - after) < size ||
		    memcmp(after, forms[i].word, size) != 0)
			continue;
		place->form = forms[i].form;
		*at = after + size;
		return 0;
	}
	return malformed(path, place->line, err);
}

static const char *find_place(const char *at, const char *end)
{
	for (; at + 1 < end; at++)
		if (at[0] == '@' && at[1] == '{')
			return at;
	return NULL;
}

static bool for_readers(const char *line, const char *end)
{
	while (line < end && (*line == ' ' || *line == '\t'))
		line++;
	return end - line >= 2 && line[0] == '#' && line[1] == '#';
}

static int walk_line(const struct walker *walker, const char *at,
		     const char *end, unsigned line, struct err *err)
{
	const char *found;

	while ((found = find_place(at, end)) != NULL) {
		struct place place = {.line = line};

		if (walker->text(walker->self, at, (size_t)(found - at), err) <
			    0 ||
		    read_place(walker->path, &found, end, &place, err) < 0 ||
		    walker->place(walker->self, &place, err) < 0)
			return -1;
		at = found;
	}
	return walker->text(walker->self, at, (size_t)(end - at), err);
}

static int walk(const struct walker *walker, const char *text, size_t size,
		struct err *err)
{
	const char *at = text, *end = text + size;
	unsigned line = 1;

	if (memchr(text, '\0', size))
		return err_set(err, ERR_DATA, "%s holds a NUL byte",
			       walker->path);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop + 1 : end;
		if (!for_readers(at, stop) &&
		    walk_line(walker, at, stop, line, err) < 0)
			return -1;
		at = stop;
		line++;
	}
	return 0;
}

/* ---- filling in ---- */

struct filling {
	const char *path;
	const struct userdata_value *values;
	size_t count;
	bool *used;
	struct strbuf *out;
	struct strbuf missing; /* names, by blanks */
};

static int add_plain(struct strbuf *out, const struct userdata_value *value)
{
	size_t i;

	if (value->size == 0 || value->bytes[0] == '-')
		return -1;
	for (i = 0; i < value->size; i++) {
		char c = value->bytes[i];

		if (!name_byte(c) && !(c >= 'a' && c <= 'z') &&
		    !(c && strchr("./+=-", c)))
			return -1;
	}
	strbuf_add(out, value->bytes, value->size);
	return 0;
}

/* A JSON string is a YAML double-quoted scalar. */
static int add_quoted(struct strbuf *out, const struct userdata_value *value)
{
	json_t *string = json_stringn(value->bytes, value->size);
	char *text = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

	json_decref(string);
	if (!text)
		return -1;
	strbuf_adds(out, text);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return 0;
}

static int add_base64(struct strbuf *out, const struct userdata_value *value)
{
	unsigned char text[65];
	size_t at;

	for (at = 0; at < value->size; at += 48) {
		size_t left = value->size - at, size = left < 48 ? left : 48;
		int length = EVP_EncodeBlock(
			text, (const unsigned char *)value->bytes + at,
			(int)size);

		strbuf_add(out, text, (size_t)length);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return 0;
}

static int fill_text(void *self, const char *bytes, size_t size,
		     struct err *err)
{
	struct filling *filling = self;

	(void)err;
	strbuf_add(filling->out, bytes, size);
	return 0;
}

static void list_missing(struct filling *filling, const char *name)
{
	const char *listed = strbuf_text(&filling->missing);
	size_t length = strlen(name);
	const char *at = listed;

	while ((at = strstr(at, name)) != NULL) {
		if ((at == listed || at[-1] == ' ') &&
		    (at[length] == ' ' || !at[length]))
			return;
		at += length;
	}
	strbuf_addf(&filling->missing, "%s%s", *listed ? " " : "", name);
}

static int fill_place(void *self, const struct place *place, struct err *err)
{
	static const struct {
		int (*add)(struct strbuf *, const struct userdata_value *);
		const char *why;
	} forms[] = {
		[FORM_PLAIN] = {add_plain,
				"is not one plain word: the "
				"template wants @{NAME:quoted} here"},
		[FORM_QUOTED] = {add_quoted, "is not UTF-8 text"},
		[FORM_BASE64] = {add_base64, ""},
	};
	struct filling *filling = self;
	size_t i;

	for (i = 0; i < filling->count; i++)
		if (strcmp(filling->values[i].name, place->name) == 0)
			break;
	if (i == filling->count) {
		list_missing(filling, place->name);
		return 0;
	}
	filling->used[i] = true;
	if (forms[place->form].add(filling->out, &filling->values[i]) == 0)
		return 0;
	return err_set(err, ERR_DATA, "%s:%u: the value of %s %s",
		       filling->path, place->line, place->name,
		       forms[place->form].why);
}

static int check_names(struct filling *filling, struct err *err)
{
	struct strbuf unknown = STRBUF(400);
	int rc = 0;
	size_t i;

	for (i = 0; i < filling->count; i++)
		if (!filling->used[i])
			strbuf_addf(&unknown, "%s%s", unknown.len ? " " : "",
				    filling->values[i].name);
	if (filling->missing.len)
		rc = err_set(err, ERR_DATA, "%s: no value was given for: %s",
			     filling->path, strbuf_text(&filling->missing));
	else if (unknown.len || unknown.too_long)
		rc = err_set(err, ERR_DATA, "%s: it has no place for: %s",
			     filling->path, strbuf_text(&unknown));
	strbuf_free(&unknown);
	return rc;
}

static int check_size(const struct strbuf *out, size_t was, const char *path,
		      struct err *err)
{
	if (strbuf_check(out, path, err) < 0)
		return -1;
	if (out->len - was <= USERDATA_MAX_BYTES)
		return 0;
	return err_set(err, ERR_DATA,
		       "%s: filled in it has %zu bytes, at most %d may be sent",
		       path, out->len - was, USERDATA_MAX_BYTES);
}

int userdata_render(const char *path, const char *text, size_t size,
		    const struct userdata_value *values, size_t count,
		    struct strbuf *out, struct err *err)
{
	struct filling filling = {.path = path,
				  .values = values,
				  .count = count,
				  .used = calloc(count + 1, sizeof(bool)),
				  .out = out,
				  .missing = STRBUF(400)};
	const struct walker walker = {.path = path,
				      .text = fill_text,
				      .place = fill_place,
				      .self = &filling};
	size_t was = out->len;
	int rc = -1;

	if (!filling.used)
		err_set(err, ERR_SYSTEM, "user data: out of memory");
	else if (walk(&walker, text, size, err) == 0 &&
		 check_names(&filling, err) == 0)
		rc = check_size(out, was, path, err);
	free(filling.used);
	strbuf_free(&filling.missing);
	return rc;
}

/* ---- listing ---- */

static int skip_text(void *self, const char *bytes, size_t size,
		     struct err *err)
{
	(void)self;
	(void)bytes;
	(void)size;
	(void)err;
	return 0;
}

static int list_place(void *self, const struct place *place, struct err *err)
{
	struct strbuf *out = self;
	size_t length = strlen(place->name);
	const char *at = strbuf_text(out);

	(void)err;
	for (; *at; at = strchr(at, '\n') + 1)
		if (strncmp(at, place->name, length) == 0 && at[length] == '\n')
			return 0;
	strbuf_addf(out, "%s\n", place->name);
	return 0;
}

int userdata_names(const char *path, const char *text, size_t size,
		   struct strbuf *out, struct err *err)
{
	const struct walker walker = {.path = path,
				      .text = skip_text,
				      .place = list_place,
				      .self = out};

	if (walk(&walker, text, size, err) < 0)
		return -1;
	return strbuf_check(out, path, err);
}
