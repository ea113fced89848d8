/* http.h - requests to one server, many at a time, over curl_multi.
 *
 *	http = http_new(&endpoint, err);
 *	http_start(http, &request, deadline_ms, tag, err);   any number
 *	while (http_next(http, until_ms, &reply, &tag))
 *		...                            finished ones, in any order
 *	http_free(http);
 *
 * A request has a deadline, not a timeout per try. Replies are bounded. https
 * certificates are always checked and redirects never followed, since a token
 * travels with the request. Retrying is not done here: see retry.h. Bodies that
 * are not JSON, of any size, and reply headers: see httpbody.h. */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include "base/err.h"
#include "base/strbuf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define HTTP_MAX_REPLY_BYTES (32u << 20)

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_HEAD };

struct http_upload;

struct http_endpoint {
	char base_url[256]; /* no trailing slash */
	char socket[108];   /* unix socket, "" for TCP */
	/* For https, PEM files or "". */
	char ca_file[1024]; /* certificates to trust, "": the system's */
	char client_certificate[1024], client_key[1024]; /* who we are */
};

struct http_request {
	enum http_method method;
	struct strbuf path;    /* with its query; begins with '/' */
	struct strbuf headers; /* "Name: value\n" each */
	struct strbuf proof;   /* the same, for what proves our identity:
				* made anew for each sending */
	json_t *body;	       /* owned by the request, or NULL */
	bool may_repeat;       /* sending it twice does no more than once */
	/* Sent instead of body, or NULL; borrowed until the reply. */
	const struct http_upload *upload;
	int save_fd; /* takes the body of a 2xx reply, from offset 0; or -1 */
	/* Signs by AWS SigV4: "aws:amz:REGION:s3" and the two keys, borrowed
	 * while http_start() runs; sigv4 is NULL for no signature. Needs an
	 * x-amz-content-sha256 header, a path and query percent-encoded and a
	 * sorted query: older libcurl signs them as they are. */
	const char *sigv4, *access_key, *secret_key;
};

/* Makes an empty GET, which may be repeated. */
void http_request_init(struct http_request *);
void http_request_free(struct http_request *);

/* The bytes of the body as they are sent, for whoever signs them: owned by the
 * caller, "" where there is none; NULL without memory. */
char *http_body_text(const struct http_request *);

const char *http_method_name(enum http_method);

/* Adds text with everything but the unreserved characters of RFC 3986 as %XX:
 * one path segment or one query value. */
void http_add_escaped(struct strbuf *, const char *text);

struct http_reply {
	int status;    /* 0: there was no whole reply, and why says why */
	bool sent;     /* the request may have reached the server */
	bool local;    /* our own file could not be read or written */
	bool impostor; /* nothing was sent: the server did not prove that it
			* is the one we want */
	char *body;    /* owned, NUL-terminated, never NULL where status > 0 */
	size_t size;   /* bytes in body, or saved to save_fd */
	char *headers; /* owned; what http_reply_header() reads, may be NULL */
	char why[160];
	int64_t retry_after_s; /* from the header, -1 without */
	int64_t remaining;     /* requests left in the window, -1 unknown */
};

void http_reply_free(struct http_reply *);

struct http; /* one endpoint, its connections, what is under way */

/* Owned; http_free() it. Borrows nothing. Errors of the endpoint's files: see
 * tls.h. */
struct http *http_new(const struct http_endpoint *, struct err *) MUST_CHECK;

/* Drops what is under way and closes the connections. NULL is fine. */
void http_free(struct http *);

/* Sends a request; the request may be freed at once. tag comes back with the
 * reply. deadline_ms is on clock_now_ms(). */
int http_start(struct http *, const struct http_request *, int64_t deadline_ms,
	       void *tag, struct err *) MUST_CHECK;

/* Waits until a reply is there or until_ms has passed or a signal came. True
 * with *reply (owned by the caller) and *tag; false when there is none. */
bool http_next(struct http *, int64_t until_ms, struct http_reply *,
	       void **tag);

#endif
