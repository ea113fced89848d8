/* tls.h - https: which server is the right one, and who we are.
 *
 * The certificates to trust are a file's, or the system's. A file that holds
 * nothing but one certificate, and one that may sign no other, names a single
 * server: that server must show this very key, and its name is not looked at,
 * for such a server (LXD, Incus) signs for itself and is reached by any
 * address. So do their own clients with what they keep in servercerts.
 *
 * Source: RFC 5280 4.2.1.9 (basic constraints), RFC 7469 2.4 (the pin);
 * documentation.ubuntu.com/lxd/en/latest/authentication. */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include "wire/http.h"

#include <curl/curl.h>

struct tls {
	char ca_file[1024]; /* "": the system's */
	char pin[64];	    /* as CURLOPT_PINNEDPUBLICKEY wants it, or "" */
	/* PEM, owned; NULL where we have none to show. The key is wiped. */
	char *certificate, *key;
	size_t certificate_size, key_size;
};

/* Reads the files that the endpoint names, where it is an https one. Ones that
 * are missing, not PEM, or not a pair are ERR_DATA; a key that others may read,
 * or that wants a pass phrase, is ERR_DENIED. Free *tls also after -1. */
int tls_load(struct tls *, const struct http_endpoint *,
	     struct err *) MUST_CHECK;
void tls_free(struct tls *);

/* Borrows *tls while the handle lives. False where libcurl refuses. */
bool tls_options(const struct tls *, CURL *easy);

/* Did this end because the server's certificate, or its key, is not one that we
 * trust? Then nothing was sent to it. */
bool tls_is_impostor(CURLcode);

#endif
