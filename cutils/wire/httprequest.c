/* httprequest.c - what a request is made of; see http.h. */
#include "wire/http.h"

#include <string.h>

void http_request_init(struct http_request *req)
{
	*req = (struct http_request){
		.method = HTTP_GET,
		.path = STRBUF(2048),
		.headers = STRBUF(4096),
		.proof = STRBUF(4096),
		.may_repeat = true,
		.save_fd = -1,
	};
}

void http_request_free(struct http_request *req)
{
	strbuf_free(&req->path);
	strbuf_free(&req->headers);
	strbuf_free(&req->proof);
	json_decref(req->body);
	req->body = NULL;
}

char *http_body_text(const struct http_request *req)
{
	return req->body ? json_dumps(req->body, JSON_COMPACT) : strdup("");
}

const char *http_method_name(enum http_method method)
{
	static const char *const names[] = {"GET", "POST", "PUT", "DELETE",
					    "HEAD"};

	return names[method];
}

void http_add_escaped(struct strbuf *path, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c))
			strbuf_addc(path, (char)c);
		else
			strbuf_addf(path, "%%%02X", c);
	}
}
