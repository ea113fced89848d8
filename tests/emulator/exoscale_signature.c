/* exoscale_signature.c - every request is signed, as the vendor's clients do.
 *
 * Source: openapi-v2.exoscale.com, "Signing requests": HMAC-SHA256 over method
 * and path, body, the values of the signed query parameters, nothing, and the
 * time it expires, each followed by a newline but the last. */
#include "exoscale.h"

#include "base/strbuf.h"
#include "settings.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCHEME "EXO2-HMAC-SHA256 "

/* The value of name=value in a list by commas; false where there is none. */
static bool part(const char *header, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);

	while (*header) {
		size_t all = strcspn(header, ",");

		if (strncmp(header, name, len) == 0 && header[len] == '=') {
			size_t n = all - len - 1;

			if (n >= size)
				return false;
			memcpy(value, header + len + 1, n);
			value[n] = '\0';
			return true;
		}
		header += all + (header[all] == ',');
	}
	return false;
}

/* "a;b": the decoded values of these parameters, one after the other. */
static void add_query_values(struct strbuf *message,
			     const struct request *request, const char *names)
{
	char name[64];

	while (*names) {
		size_t len = strcspn(names, ";");
		const char *value;

		if (len < sizeof(name)) {
			memcpy(name, names, len);
			name[len] = '\0';
			value = query_text(request, name);
			strbuf_adds(message, value ? value : "");
		}
		names += len + (names[len] == ';');
	}
}

bool exoscale_signed(const struct request *request)
{
	const char *header = request->authorization;
	char key[64], expires[24], signature[64], names[256] = "";
	char wanted[64];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len;
	struct strbuf message = STRBUF(2u << 20);
	size_t path_len = strcspn(request->path, "?");
	double left;

	if (strncmp(header, SCHEME, strlen(SCHEME)) != 0)
		return false;
	header += strlen(SCHEME);
	if (!part(header, "credential", key, sizeof(key)) ||
	    !part(header, "expires", expires, sizeof(expires)) ||
	    !part(header, "signature", signature, sizeof(signature)) ||
	    strcmp(key, settings.exoscale_key) != 0)
		return false;
	part(header, "signed-query-args", names, sizeof(names));
	left = strtod(expires, NULL) - (client_now() - clock_advanced());
	/* A fast client's clock may be off by what starting took. */
	if (left < (client_is_fast() ? -600 : 0) || left > 3600)
		return false;
	strbuf_addf(&message, "%s /v2%.*s\n%s\n", request->method,
		    (int)path_len, request->path, request->body);
	add_query_values(&message, request, names);
	strbuf_addf(&message, "\n\n%s", expires);
	HMAC(EVP_sha256(), settings.exoscale_secret,
	     (int)strlen(settings.exoscale_secret),
	     (const unsigned char *)strbuf_text(&message), message.len, mac,
	     &mac_len);
	EVP_EncodeBlock((unsigned char *)wanted, mac, (int)mac_len);
	strbuf_free(&message);
	return strcmp(signature, wanted) == 0;
}
