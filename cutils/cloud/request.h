/* request.h - the few things several providers do with a request. */
#ifndef CLOUD_REQUEST_H
#define CLOUD_REQUEST_H

#include "files/credentials.h"
#include "wire/http.h"

/* authorize() of a cloud that takes a bearer token (RFC 6750 2.1). */
int request_bearer(const struct credentials *, struct http_request *,
		   int64_t epoch_s, struct err *) MUST_CHECK;

/* Adds "/" and the text, escaped as one path segment. */
void request_add_segment(struct http_request *, const char *text);

/* An id as JSON: a number where it is one and the cloud wants it so. Owned. */
json_t *request_id(const char *id);

/* The text in base64 (RFC 4648 section 4), owned; NULL for NULL, "" and
 * without memory. */
json_t *request_base64(const char *text);

/* An array of this one item, which it takes over; NULL for NULL. */
json_t *request_array(json_t *item);

/* Writes into path, which is that of a page, the value of its query member
 * `name`, in place of the one it has. False where it does not fit. */
bool request_set_query(char *path, size_t size, const char *name,
		       const char *value) MUST_CHECK;

#endif
