/* s3send.h - one signed request to a bucket, repeated where that is right; for
 * the modules of store/. */
#ifndef STORE_S3SEND_H
#define STORE_S3SEND_H

#include "store/s3.h"

struct s3 {
	struct s3_store store;
	char bucket[64];
	bool virtual_host;
	int64_t deadline_ms;
	struct http *http;
	char scope[96]; /* for CURLOPT_AWS_SIGV4 */
};

/* SHA-256 of no bytes. */
extern const char s3_hash_of_nothing[];

/* Begins a request for a key, or for the bucket where key is NULL: method,
 * path, signature. sha256 is the body's, in hex. ERR_DATA: not a key. Free it
 * with http_request_free(). */
int s3_request(const struct s3 *, struct http_request *, enum http_method,
	       const char *key, const char *sha256, struct err *) MUST_CHECK;

/* Sends it; 0 with a 2xx reply, which the caller frees. On -1 *status, which
 * may be NULL, is the last reply's, 0 without one; what was asked may have been
 * done all the same, by a try whose reply was lost. */
int s3_send(struct s3 *, const struct http_request *, const char *key,
	    struct http_reply *, int *status, struct err *) MUST_CHECK;

/* "datastore 1 (https://host), bucket/key", for a message. */
void s3_name(const struct s3 *, const char *key, char *text, size_t size);

/* The condition did not hold: says so, in the condition too; returns -1. */
int s3_not_held(const struct s3 *, const char *key, struct s3_condition *,
		struct err *);

#endif
