/* request.c - see request.h. */
#include "cloud/request.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int request_bearer(const struct credentials *credentials,
		   struct http_request *req, int64_t epoch_s, struct err *err)
{
	(void)epoch_s; /* a token is not bound to a time */
	strbuf_adds(&req->proof, "Authorization: Bearer ");
	strbuf_adds(&req->proof, credentials->key);
	strbuf_addc(&req->proof, '\n');
	return strbuf_check(&req->proof, "authorization", err);
}

void request_add_segment(struct http_request *req, const char *text)
{
	strbuf_addc(&req->path, '/');
	http_add_escaped(&req->path, text);
}

json_t *request_id(const char *id)
{
	size_t len = strlen(id);

	if (len > 0 && len <= 18 && strspn(id, "0123456789") == len)
		return json_integer(strtoll(id, NULL, 10));
	return json_string(id);
}

json_t *request_base64(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	unsigned char *coded;
	json_t *value;

	if (len == 0 || len > INT_MAX / 2)
		return NULL;
	coded = malloc(4 * ((len + 2) / 3) + 1);
	if (!coded)
		return NULL;
	EVP_EncodeBlock(coded, (const unsigned char *)text, (int)len);
	value = json_string((const char *)coded);
	explicit_bzero(coded, strlen((const char *)coded));
	free(coded);
	return value;
}

json_t *request_array(json_t *item)
{
	return item ? json_pack("[o]", item) : NULL;
}

bool request_set_query(char *path, size_t size, const char *name,
		       const char *value)
{
	size_t len = strlen(name);
	struct strbuf made = STRBUF(size - 1);
	char *at = strchr(path, '?');
	bool good;

	/* the member begins behind '?' or '&' and ends before '&' */
	while (at && (strncmp(at + 1, name, len) != 0 || at[len + 1] != '='))
		at = strchr(at + 1, '&');
	if (at) {
		const char *rest = at + 1 + strcspn(at + 1, "&");

		strbuf_add(&made, path, (size_t)(at + 1 - path));
		strbuf_addf(&made, "%s=%s%s", name, value, rest);
	} else {
		strbuf_addf(&made, "%s%c%s=%s", path,
			    strchr(path, '?') ? '&' : '?', name, value);
	}
	good = !made.too_long && !made.no_memory;
	if (good)
		snprintf(path, size, "%s", strbuf_text(&made));
	strbuf_free(&made);
	return good;
}
