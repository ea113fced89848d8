/* s3rows.c - see s3rows.h. */
#include "store/s3rows.h"

json_t *rows_of_head(const char *key, const struct s3_info *info)
{
	return json_pack("[{s:s, s:I, s:s, s:s, s:s}]", "key", key, "size",
			 (json_int_t)info->size_bytes, "etag", info->etag,
			 "modified", info->modified, "sha256", info->sha256);
}

/* Appends row, which is kept; NULL if that, or row itself, did not work. */
static json_t *with(json_t *rows, json_t *row)
{
	if (rows && json_array_append_new(rows, row) == 0)
		return rows;
	json_decref(rows);
	return NULL;
}

/* A key need not be UTF-8, and JSON must be. */
static json_t *key_text(const char *key)
{
	json_t *text = json_string(key);
	char clean[S3_KEY_MOST + 1];
	size_t i;

	for (i = 0; !text && key[i]; i++)
		clean[i] = (unsigned char)key[i] < 0x80 ? key[i] : '?';
	if (text)
		return text;
	clean[i] = '\0';
	return json_string(clean);
}

json_t *rows_of_list(const struct s3_list *list)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; rows && i < list->count; i++) {
		const struct s3_object *object = &list->objects[i];

		rows = with(rows, json_pack("{s:o, s:I, s:s, s:s}", "key",
					    key_text(object->key), "size",
					    (json_int_t)object->size_bytes,
					    "etag", object->etag, "modified",
					    object->modified));
	}
	return rows;
}

json_t *rows_of_stores(const struct stores *stores)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; rows && i < stores->count; i++)
		rows = with(rows, json_pack("{s:i, s:s, s:s}", "store",
					    (int)stores->list[i].number, "url",
					    stores->list[i].base_url, "region",
					    stores->list[i].region));
	return rows;
}
