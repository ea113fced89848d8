/* reply.c - see reply.h. */
#include "cloud/reply.h"

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
