/* exo2.h - what all requests and replies of Exoscale's API have in common: the
 * signature EXO2-HMAC-SHA256, the operation, the error.
 *
 * Source: openapi-v2.exoscale.com, and the vendor's SDKs for the signature. The
 * credential is a pair of key and secret, and what is signed is
 *	METHOD " " PATH "\n" BODY "\n" VALUES "\n" HEADERS "\n" EXPIRES
 * PATH is as it is sent, without its query; VALUES are those of the query,
 * decoded, in the order of their names, those of names given twice left out;
 * HEADERS is empty. */
#ifndef CLOUD_EXO2_H
#define CLOUD_EXO2_H

#include "cloud/target.h"
#include "files/credentials.h"
#include "wire/http.h"

/* Adds the Authorization header to req->proof. prefix is what the server sees
 * before req->path; expires_s is the second (since 1970) at which the signature
 * stops being good. */
int exo2_sign(const struct credentials *, const char *prefix,
	      struct http_request *, int64_t expires_s,
	      struct err *) MUST_CHECK;

/* authorize() of provider.h: good for ten minutes, and below /v2. */
int exo2_authorize(const struct credentials *, struct http_request *,
		   int64_t epoch_s, struct err *) MUST_CHECK;

/* explain() of provider.h: a message, an error, or a problem (RFC 9457). */
void exo2_explain(const json_t *reply, char *text, size_t size);

/* busy() of provider.h. 409 is another operation on the same thing, which
 * ends, or a name that is taken, which does not. */
bool exo2_busy(int status, const json_t *reply);

/* Reads an operation: task_reply() the one that a write began, ask_reply() what
 * became of it. */
int exo2_task_reply(const json_t *reply, struct target *,
		    struct err *) MUST_CHECK;
int exo2_ask_reply(const json_t *reply, struct target *,
		   struct err *) MUST_CHECK;

#endif
