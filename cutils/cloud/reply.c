/* reply.c - see reply.h. */
#include "cloud/reply.h"

#include "cloud/request.h"

#include <stdio.h>
#include <string.h>

const char *reply_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

int reply_rows(const json_t *rows, const char *what,
	       int (*read)(json_t *row, struct world *, struct err *),
	       struct world *world, struct err *err)
{
	const char *group;
	json_t *row;
	size_t i;

	json_object_foreach ((json_t *)rows, group, row)
		if (reply_rows(row, group, read, world, err) < 0)
			return -1;
	if (json_is_object(rows))
		return 0;
	if (!json_is_array(rows))
		return err_set(err, ERR_PROTOCOL, "%s: not a list", what);
	json_array_foreach (rows, i, row)
		if (read(row, world, err) < 0)
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

bool reply_next_page(const json_t *reply, char *path, size_t size)
{
	json_int_t page = json_integer_value(json_object_get(reply, "page"));
	json_int_t pages = json_integer_value(json_object_get(reply, "pages"));
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)page + 1);
	return page > 0 && page < pages &&
	       request_set_query(path, size, "page", number);
}

bool reply_next_link(const char *link, char *path, size_t size)
{
	const char *host = strstr(link, "://");
	const char *from = host ? strchr(host + 3, '/') : link;
	size_t i;

	if (!from || from[0] != '/' || strlen(from) >= size)
		return false;
	for (i = 0; from[i]; i++)
		if ((unsigned char)from[i] <= 0x20 || from[i] == 0x7f)
			return false;
	memmove(path, from, i + 1);
	return true;
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
