/* s3list.c - any bytes as a store's answer: a page of a list gives keys that
 * can be, or nothing at all; an error document gives bounded words. */
#include "store/s3list.h"

#include "fuzz.h"

#include <string.h>

static void check(const struct s3_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		PROMISE(list->objects[i].key && *list->objects[i].key);
		PROMISE(strlen(list->objects[i].key) <= S3_KEY_MOST);
		PROMISE(strlen(list->objects[i].etag) < S3_ETAG_SIZE);
		PROMISE(strlen(list->objects[i].modified) < S3_DATE_SIZE);
	}
	PROMISE(!list->more || list->token[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct s3_list list = S3_LIST_EMPTY;
	struct s3_words words;
	struct err err;
	size_t count;

	if (s3_list_read(&list, (const char *)bytes, size, &err) == 0)
		check(&list);
	else
		PROMISE(list.count == 0 && err.kind == ERR_PROTOCOL);
	count = list.count;
	/* the same page again: it adds as many, or none */
	if (s3_list_read(&list, (const char *)bytes, size, &err) == 0)
		PROMISE(list.count == 2 * count);
	else
		PROMISE(list.count == count);
	s3_list_free(&list);
	s3_words_read(&words, (const char *)bytes, size);
	PROMISE(strlen(words.message) < sizeof(words.message));
	PROMISE(words.code[0] == '\0' || size > 0);
	return 0;
}
