/* s3list.c - see s3list.h. One expat pass; text is gathered for the few
 * elements that are wanted and dropped for all others. */
#include "store/s3list.h"

#include "base/strbuf.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DEPTH 16
#define MOST_TEXT (4 * S3_KEY_MOST - 1)
#define MOST_OBJECTS 1000000 /* in one list: an endless one is a fault */

/* Which elements are read, by the path from the root. */
struct field {
	const char *path;
	/* false: the text is not what it must be */
	bool (*take)(void *into, char *text);
};

struct reader {
	XML_Parser parser;
	const struct field *fields;
	size_t field_count;
	void *into;
	const char *root; /* the only root element that is accepted */
	void (*begin)(void *into, const char *path);
	char path[256];
	unsigned depth;
	const struct field *field; /* whose text is gathered, or NULL */
	struct strbuf text;
	const char *wrong; /* why the document is refused, or NULL */
};

static void refuse(struct reader *reader, const char *why)
{
	if (!reader->wrong)
		reader->wrong = why;
	XML_StopParser(reader->parser, XML_FALSE);
}

static void on_doctype(void *user, const XML_Char *name, const XML_Char *system,
		       const XML_Char *public, int has_subset)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_subset;
	refuse(user, "it has a document type declaration");
}

static void on_start(void *user, const XML_Char *name, const XML_Char **unused)
{
	struct reader *reader = user;
	size_t len = strlen(reader->path), more = strlen(name), i;

	(void)unused;
	if (reader->wrong)
		return;
	if (reader->depth == 0 && strcmp(name, reader->root) != 0) {
		refuse(reader, "it is another kind of document");
		return;
	}
	if (++reader->depth > MOST_DEPTH ||
	    len + 1 + more >= sizeof(reader->path)) {
		refuse(reader, "it is nested too deep");
		return;
	}
	reader->path[len] = '/';
	memcpy(reader->path + len + 1, name, more + 1);
	strbuf_free(&reader->text);
	reader->field = NULL;
	for (i = 0; i < reader->field_count; i++)
		if (strcmp(reader->path, reader->fields[i].path) == 0)
			reader->field = &reader->fields[i];
	if (reader->begin)
		reader->begin(reader->into, reader->path);
}

static void on_text(void *user, const XML_Char *text, int len)
{
	struct reader *reader = user;

	if (!reader->field || reader->wrong)
		return;
	strbuf_add(&reader->text, text, (size_t)len);
	if (reader->text.too_long || reader->text.no_memory)
		refuse(reader, "a text in it is too long");
}

static void on_end(void *user, const XML_Char *name)
{
	struct reader *reader = user;
	char empty[1] = "";

	(void)name;
	if (reader->wrong) /* expat ends the element it is in all the same */
		return;
	if (reader->field &&
	    !reader->field->take(reader->into,
				 reader->text.text ? reader->text.text : empty))
		refuse(reader, "a value in it is not what it must be");
	reader->field = NULL;
	reader->depth--;
	*strrchr(reader->path, '/') = '\0';
}

/* 0, or -1 with why the document is none of the wanted kind. */
static int parse(struct reader *reader, const char *xml, size_t size)
{
	int rc = -1;

	reader->text = (struct strbuf)STRBUF(MOST_TEXT);
	reader->parser = XML_ParserCreate("UTF-8");
	if (!reader->parser) {
		reader->wrong = "out of memory";
		return -1;
	}
	XML_SetUserData(reader->parser, reader);
	XML_SetElementHandler(reader->parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader->parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
	if (size > INT32_MAX / 2)
		reader->wrong = "it is too large";
	else if (XML_Parse(reader->parser, xml, (int)size, XML_TRUE) ==
		 XML_STATUS_OK)
		rc = 0;
	else if (!reader->wrong)
		reader->wrong =
			XML_ErrorString(XML_GetErrorCode(reader->parser));
	XML_ParserFree(reader->parser);
	strbuf_free(&reader->text);
	return rc;
}

/* ---- a page of a list ---- */

struct page {
	struct s3_list *list;
	bool url_encoded, no_memory;
	bool more;
	char token[sizeof(((struct s3_list *)0)->token)];
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Undoes encoding-type=url in place; false where it is malformed. */
static bool decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		int high, low;

		if (*text != '%') {
			*to++ = *text == '+' ? ' ' : *text;
			continue;
		}
		high = hex_digit(text[1]);
		low = high < 0 ? -1 : hex_digit(text[2]);
		if (low < 0 || high * 16 + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		text += 2;
	}
	*to = '\0';
	return true;
}

/* A new object begins with its element, not with its key. */
static void begin_object(void *into, const char *path)
{
	struct page *page = into;
	struct s3_list *list = page->list;
	struct s3_object *more;

	if (strcmp(path, "/ListBucketResult/Contents") != 0 || page->no_memory)
		return;
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;

		more = room <= MOST_OBJECTS
			       ? realloc(list->objects, room * sizeof(*more))
			       : NULL;
		if (!more) {
			page->no_memory = true;
			return;
		}
		list->objects = more;
		list->room = room;
	}
	list->objects[list->count++] = (struct s3_object){.key = NULL};
}

static struct s3_object *last(struct page *page)
{
	if (page->no_memory || page->list->count == 0)
		return NULL;
	return &page->list->objects[page->list->count - 1];
}

static bool take_encoding(void *into, char *text)
{
	struct page *page = into;

	page->url_encoded = strcmp(text, "url") == 0;
	return true;
}

static bool take_key(void *into, char *text)
{
	struct page *page = into;
	struct s3_object *object = last(page);

	if (!object || object->key || !*text)
		return false;
	object->key = strdup(text); /* decoded once the page is whole */
	return object->key != NULL;
}

static bool take_number(void *into, char *text)
{
	struct s3_object *object = last(into);
	char *end;

	if (!object || *text < '0' || *text > '9' || strlen(text) > 18)
		return false;
	object->size_bytes = strtoull(text, &end, 10);
	return *end == '\0';
}

static bool copy(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		return false;
	memcpy(to, text, len + 1);
	return true;
}

static bool take_etag(void *into, char *text)
{
	struct s3_object *object = last(into);
	size_t len = strlen(text);

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text[len - 1] = '\0';
		text++;
	}
	return object && copy(object->etag, sizeof(object->etag), text);
}

static bool take_modified(void *into, char *text)
{
	struct s3_object *object = last(into);

	return object && copy(object->modified, sizeof(object->modified), text);
}

static bool take_truncated(void *into, char *text)
{
	struct page *page = into;

	page->more = strcmp(text, "true") == 0;
	return page->more || strcmp(text, "false") == 0;
}

static bool take_token(void *into, char *text)
{
	struct page *page = into;

	return copy(page->token, sizeof(page->token), text);
}

static const struct field list_fields[] = {
	{"/ListBucketResult/EncodingType", take_encoding},
	{"/ListBucketResult/IsTruncated", take_truncated},
	{"/ListBucketResult/NextContinuationToken", take_token},
	{"/ListBucketResult/Contents/Key", take_key},
	{"/ListBucketResult/Contents/Size", take_number},
	{"/ListBucketResult/Contents/ETag", take_etag},
	{"/ListBucketResult/Contents/LastModified", take_modified},
};

static void cut_back(struct s3_list *list, size_t count)
{
	while (list->count > count)
		free(list->objects[--list->count].key);
}

/* Every object of the page has a key, and it can be told. */
static const char *finish_keys(struct page *page, size_t first)
{
	size_t i;

	for (i = first; i < page->list->count; i++) {
		char *key = page->list->objects[i].key;

		if (!key)
			return "an object in it has no key";
		if (page->url_encoded && !decode(key))
			return "a key in it is encoded wrongly";
		if (strlen(key) > S3_KEY_MOST)
			return "a key in it is too long";
	}
	return page->more && !page->token[0] ? "it does not say how to go on"
					     : NULL;
}

int s3_list_read(struct s3_list *list, const char *xml, size_t size,
		 struct err *err)
{
	struct page page = {.list = list};
	struct reader reader = {
		.fields = list_fields,
		.field_count = sizeof(list_fields) / sizeof(list_fields[0]),
		.into = &page,
		.root = "ListBucketResult",
		.begin = begin_object,
	};
	size_t first = list->count;

	if (parse(&reader, xml, size) == 0)
		reader.wrong = finish_keys(&page, first);
	if (!reader.wrong && !page.no_memory) {
		list->more = page.more;
		memcpy(list->token, page.token, sizeof(list->token));
		return 0;
	}
	cut_back(list, first);
	if (page.no_memory)
		return err_set(err, ERR_SYSTEM,
			       "a list: too many objects, or out of memory");
	return err_set(err, ERR_PROTOCOL, "not a list of objects: %s",
		       reader.wrong);
}

void s3_list_free(struct s3_list *list)
{
	cut_back(list, 0);
	free(list->objects);
	*list = (struct s3_list)S3_LIST_EMPTY;
}

/* ---- an error ---- */

static bool take_code(void *into, char *text)
{
	struct s3_words *words = into;

	return copy(words->code, sizeof(words->code), text);
}

static bool take_message(void *into, char *text)
{
	struct s3_words *words = into;

	if (strlen(text) >= sizeof(words->message))
		text[sizeof(words->message) - 1] = '\0';
	return copy(words->message, sizeof(words->message), text);
}

static const struct field error_fields[] = {
	{"/Error/Code", take_code},
	{"/Error/Message", take_message},
};

void s3_words_read(struct s3_words *words, const char *xml, size_t size)
{
	struct reader reader = {
		.fields = error_fields,
		.field_count = sizeof(error_fields) / sizeof(error_fields[0]),
		.into = words,
		.root = "Error",
	};

	*words = (struct s3_words){.code = ""};
	if (parse(&reader, xml, size) < 0)
		*words = (struct s3_words){.code = ""};
}
