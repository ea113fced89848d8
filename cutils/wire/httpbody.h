/* httpbody.h - bodies that are bytes, not JSON, and what came in the headers.
 *
 * An upload comes from memory or from a descriptor, and a reply's body can go
 * to a descriptor: neither is then held whole in memory. The first half is for
 * every caller of http.h, the second for http.c alone. */
#ifndef WIRE_HTTPBODY_H
#define WIRE_HTTPBODY_H

#include "wire/http.h"

#include <curl/curl.h>

struct http_upload {
	const void *bytes; /* all of it, or NULL: read it from fd */
	int fd;		   /* read from offset 0; its position is not used */
	uint64_t size_bytes;
};

/* Copies the value of the last header of that name (any case, no colon) into
 * value; false where there is none or it does not fit. */
bool http_reply_header(const struct http_reply *, const char *name, char *value,
		       size_t size);

/* ---- for http.c ---- */

#define HTTP_MAX_HEADERS (64u << 10) /* bytes kept of one reply's headers */

struct http_upload_state {
	const struct http_upload *source; /* NULL: there is none */
	uint64_t done_bytes;
	int errno_saved; /* not 0: the source could not be read */
};

struct http_save_state {
	int fd; /* -1: bodies go to memory */
	uint64_t size_bytes;
	int errno_saved; /* not 0: it could not be written */
};

/* Method, size and reader of an upload. */
void http_upload_options(struct http_upload_state *, CURL *);

/* SigV4 by libcurl; false where this libcurl cannot. */
bool http_sign_options(const struct http_request *, CURL *);

/* Does this reply's body go to the descriptor? An error's body does not. */
bool http_save_wanted(const struct http_save_state *, CURL *);

/* Bytes taken: all, or 0 with errno_saved, which ends the transfer. */
size_t http_save(struct http_save_state *, const char *bytes, size_t size);

/* Keeps a header line; a status line drops those of an interim reply. */
void http_header_add(struct strbuf *, const char *line, size_t len);

/* Says which of our own files failed, where one did. */
void http_body_why(const struct http_save_state *,
		   const struct http_upload_state *, char *why, size_t size);

#endif
