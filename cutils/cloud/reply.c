/* reply.c - see reply.h. */
#include "cloud/reply.h"

#include "cloud/provider.h"
#include "cloud/request.h"

#include <stdio.h>
#include <string.h>

const char *reply_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static int read_rows(const struct list *list, const json_t *rows,
		     struct world *world, struct err *err)
{
	json_t *row;
	size_t i;

	if (!json_is_array(rows))
		return err_set(err, ERR_PROTOCOL, "%s: \"%s\" is not a list",
			       list->path, list->rows);
	json_array_foreach (rows, i, row)
		if (list->read(row, world, err) < 0)
			return -1;
	return 0;
}

int reply_rows(const struct list *list, const json_t *reply,
	       struct world *world, struct err *err)
{
	json_t *rows = json_object_get(reply, list->rows), *group;
	const char *name;

	if (!list->grouped || !json_is_object(rows))
		return read_rows(list, rows, world, err);
	json_object_foreach (rows, name, group)
		if (read_rows(list, group, world, err) < 0)
			return -1;
	return 0;
}

int reply_id(const json_t *object, const char *name, char *to, size_t size,
	     struct err *err)
{
	const json_t *id = json_object_get(object, name);
	char number[24] = "";

	if (json_integer_value(id) > 0)
		snprintf(number, sizeof(number), "%lld",
			 (long long)json_integer_value(id));
	else if (!json_is_string(id) || !json_string_length(id))
		return err_set(err, ERR_PROTOCOL, "\"%s\" is not an id", name);
	return copy_text(to, size, number[0] ? number : json_string_value(id),
			 name, err);
}

int reply_offer_row(enum offer_kind kind, const json_t *row, const char *id,
		    const char *name, const char *region, struct world *world,
		    struct err *err)
{
	char text[ID_SIZE];
	struct offer *offer;

	if (reply_id(row, id, text, sizeof(text), err) < 0)
		return -1;
	offer = reply_offer(kind, text, reply_text(row, name),
			    region ? reply_text(row, region) : "", world, err);
	if (!offer)
		return -1;
	offer->memory_mb =
		(unsigned)json_integer_value(json_object_get(row, "memory"));
	return 0;
}

int reply_address(struct machine *machine, const char *address, struct err *err)
{
	unsigned a = 0, b = 0;
	int parts = sscanf(address, "%3u.%3u.", &a, &b);
	bool private =
		parts == 2 && (a == 10 || (a == 172 && b >= 16 && b < 32) ||
			       (a == 192 && b == 168));
	char *to = private ? machine->private_ipv4 : machine->public_ipv4;

	return to[0] ? 0 : copy_text(to, ADDRESS_SIZE, address, "address", err);
}

int reply_words(const json_t *array, const char *what, char *to, size_t size,
		struct err *err)
{
	struct strbuf words = STRBUF(size - 1);
	json_t *item;
	size_t i;
	int rc = 0;

	if (!json_is_array(array))
		return err_set(err, ERR_PROTOCOL, "%s: not a list", what);
	json_array_foreach (array, i, item) {
		if (!json_is_string(item))
			rc = err_set(err, ERR_PROTOCOL,
				     "%s: not a list of "
				     "texts",
				     what);
		else
			strbuf_addf(&words, "%s%s", i ? " " : "",
				    json_string_value(item));
	}
	if (rc == 0 && (words.too_long || words.no_memory))
		rc = err_set(err, ERR_PROTOCOL, "%s is longer than %zu bytes",
			     what, size - 1);
	if (rc == 0)
		rc = copy_text(to, size, strbuf_text(&words), what, err);
	strbuf_free(&words);
	return rc;
}

int reply_next_page(const json_t *reply, char *path, size_t size, bool *more,
		    struct err *err)
{
	const json_t *page = json_object_get(reply, "page");
	const json_t *pages = json_object_get(reply, "pages");
	char number[24];

	if (!json_is_integer(page) || !json_is_integer(pages))
		return err_set(err, ERR_PROTOCOL,
			       "%s: which page is it? \"page\" of \"pages\" is "
			       "missing",
			       path);
	snprintf(number, sizeof(number), "%lld",
		 (long long)json_integer_value(page) + 1);
	*more = json_integer_value(page) > 0 &&
		json_integer_value(page) < json_integer_value(pages);
	if (*more && !request_set_query(path, size, "page", number))
		return err_set(err, ERR_PROTOCOL,
			       "%s: page %s cannot be asked for", path, number);
	return 0;
}

int reply_next_link(const char *link, char *path, size_t size, struct err *err)
{
	const char *host = strstr(link, "://");
	const char *from = host ? strchr(host + 3, '/') : link;
	size_t i;

	for (i = 0; from && from[i]; i++)
		if ((unsigned char)from[i] <= 0x20 || from[i] == 0x7f)
			from = NULL;
	if (!from || from[0] != '/' || strlen(from) >= size)
		return err_set(err, ERR_PROTOCOL,
			       "%s: its link to the next page is none", path);
	memmove(path, from, strlen(from) + 1);
	return 0;
}

int reply_last_page(const json_t *reply, const char *path, struct err *err)
{
	const json_t *total =
		json_object_get(json_object_get(reply, "meta"), "total");
	const char *name;
	json_t *rows;

	json_object_foreach ((json_t *)reply, name, rows)
		if (json_is_array(rows) && json_is_integer(total) &&
		    (json_int_t)json_array_size(rows) >=
			    json_integer_value(total))
			return 0;
	return err_set(err, ERR_PROTOCOL,
		       "%s: is there a next page? The link is missing", path);
}

int copy_text(char *to, size_t to_size, const char *from, const char *what,
	      struct err *err)
{
	size_t len = strlen(from), i;

	if (len >= to_size)
		return err_set(err, ERR_PROTOCOL, "%s is longer than %zu bytes",
			       what, to_size - 1);
	for (i = 0; i < len; i++)
		if ((unsigned char)from[i] < 0x20 || from[i] == 0x7f)
			return err_set(err, ERR_PROTOCOL,
				       "%s holds a control character", what);
	memcpy(to, from, len + 1);
	return 0;
}

struct offer *reply_offer(enum offer_kind kind, const char *id,
			  const char *name, const char *region,
			  struct world *world, struct err *err)
{
	struct offer *offer = world_add_offer(world, kind, err);

	if (!offer)
		return NULL;
	if (!id[0] || !name[0]) {
		err_set(err, ERR_PROTOCOL, "what is offered has no name or id");
		return NULL;
	}
	if (COPY(offer->id, id, err) < 0 || COPY(offer->name, name, err) < 0 ||
	    COPY(offer->region, region, err) < 0)
		return NULL;
	return offer;
}
