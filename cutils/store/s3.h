/* s3.h - objects in one bucket of one datastore.
 *
 *	s3 = s3_open(&store, "www-snap", deadline_ms, err);
 *	s3_put(s3, "current", &upload, &condition, etag, err);
 *	s3_close(s3);
 *
 * Requests are signed by libcurl (SigV4) and repeated by retry.h until the
 * deadline, which all calls on one s3 share. A put tells its own success from
 * another's after a lost reply, by a random word kept with the object; an
 * object put by us carries its SHA-256, and s3_get() holds it to that.
 * Source: Amazon S3 API reference, REST; "Conditional requests".
 *
 * Errors of all: ERR_NO no such object or bucket, ERR_DENIED the keys are wrong
 * or have not the right, ERR_REFUSED, ERR_RETRY it cannot be reached in time or
 * a condition did not hold, ERR_PROTOCOL, ERR_DATA a name that cannot be. */
#ifndef STORE_S3_H
#define STORE_S3_H

#include "store/s3list.h"
#include "store/stores.h"
#include "wire/httpbody.h"

#define S3_MOST_PUT_BYTES (5ull << 30) /* of one PUT, by the API */

struct s3;

/* Owned; s3_close() it. Keeps copies of all. */
struct s3 *s3_open(const struct s3_store *, const char *bucket,
		   int64_t deadline_ms, struct err *) MUST_CHECK;
void s3_close(struct s3 *); /* NULL is fine */

/* Which datastore it is on; borrowed. */
const struct s3_store *s3_store_of(const struct s3 *);

enum s3_when { S3_ALWAYS, S3_IF_ABSENT, S3_IF_MATCH };

struct s3_condition {
	enum s3_when when;
	const char *etag; /* bare, for S3_IF_MATCH */
	bool quoted;	  /* send it in quotes: what this store wants */
	bool not_held;	  /* out, on -1: that is why */
};

struct s3_info {
	uint64_t size_bytes;
	char etag[S3_ETAG_SIZE];     /* bare */
	char modified[S3_DATE_SIZE]; /* HTTP date, by the store's clock */
	char date[S3_DATE_SIZE];     /* the store's clock now, HTTP date */
	char sha256[65];	     /* as put by us, else "" */
	char put_word[33];	     /* random word of the put, else "" */
};

/* Puts an object whole, or leaves the one that is there. etag gets the new
 * one's. ERR_RETRY where the condition did not hold: nothing was written. */
int s3_put(struct s3 *, const char *key, const struct http_upload *,
	   struct s3_condition *, char etag[S3_ETAG_SIZE],
	   struct err *) MUST_CHECK;

/* Writes the object to fd from offset 0, and checks it. On -1 what fd holds is
 * worthless. */
int s3_get(struct s3 *, const char *key, int fd, struct s3_info *,
	   struct err *) MUST_CHECK;

int s3_head(struct s3 *, const char *key, struct s3_info *,
	    struct err *) MUST_CHECK;

/* 0 where there was no such object too: S3 does not tell. */
int s3_delete(struct s3 *, const char *key, struct err *) MUST_CHECK;

/* All objects whose keys begin with prefix, in the order of their keys. date,
 * where not NULL, gets the store's clock. Free with s3_list_free(). */
int s3_list(struct s3 *, const char *prefix, struct s3_list *,
	    char date[S3_DATE_SIZE], struct err *) MUST_CHECK;

/* 0 where the bucket is ours already. */
int s3_make_bucket(struct s3 *, struct err *) MUST_CHECK;

#endif
