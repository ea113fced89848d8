/* s3list.h - the XML of an S3 store: a page of a list, or an error document.
 *
 * The only XML this project reads. It comes from outside: a document type
 * declaration (and so every entity of its own) is refused, keys and tokens are
 * bounded, and nothing is taken from a document that does not end well.
 * Source: Amazon S3 API reference, ListObjectsV2 and "Error responses". */
#ifndef STORE_S3LIST_H
#define STORE_S3LIST_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S3_KEY_MOST 1024 /* bytes of UTF-8 in a key */
#define S3_ETAG_SIZE 80
#define S3_DATE_SIZE 40

struct s3_object {
	char *key; /* owned by the list */
	uint64_t size_bytes;
	char etag[S3_ETAG_SIZE];     /* bare, without its quotes */
	char modified[S3_DATE_SIZE]; /* RFC 3339, by the store's clock */
};

struct s3_list {
	struct s3_object *objects; /* owned */
	size_t count, room;
	bool more;		     /* another page follows */
	char token[4 * S3_KEY_MOST]; /* that asks for it */
};

#define S3_LIST_EMPTY           \
	{                       \
		.objects = NULL \
	}

/* Appends the objects of one page; sets more and token. On -1 (ERR_PROTOCOL:
 * not such a document; ERR_SYSTEM: no memory) the list holds what it held. */
int s3_list_read(struct s3_list *, const char *xml, size_t size,
		 struct err *) MUST_CHECK;
void s3_list_free(struct s3_list *);

struct s3_words {
	char code[64];	   /* such as NoSuchKey; "" where there is none */
	char message[200]; /* the store's own words, or "" */
};

/* Reads an error document; both are "" where it is none. */
void s3_words_read(struct s3_words *, const char *xml, size_t size);

#endif
