/* httpbody_test.c - reply headers: any case, the last of its name, the last
 * reply's, and never one that does not fit. */
#include "wire/httpbody.h"

#include "check.h"

static void add(struct strbuf *headers, const char *line)
{
	http_header_add(headers, line, strlen(line));
}

int main(void)
{
	struct strbuf headers = STRBUF(HTTP_MAX_HEADERS);
	struct http_reply reply = {.status = 200};
	char value[16];
	struct err err;

	CHECK(!http_reply_header(&reply, "etag", value, sizeof(value)));
	add(&headers, "HTTP/1.1 100 Continue\r\n");
	add(&headers, "X-Interim: yes\r\n");
	add(&headers, "\r\n");
	add(&headers, "HTTP/1.1 200 OK\r\n");
	add(&headers, "ETag:  \"abc\" \r\n");
	add(&headers, "etagged: no\r\n");
	add(&headers, "Empty:\r\n");
	add(&headers, "Twice: first\r\n");
	add(&headers, "TWICE: second\r\n");
	add(&headers, "Long: 1234567890123456\r\n");
	add(&headers, "\r\n");
	CHECK(strbuf_take(&headers, "headers", &reply.headers, &err) == 0);
	CHECK(http_reply_header(&reply, "etag", value, sizeof(value)));
	CHECK_TEXT(value, "\"abc\"");
	CHECK(http_reply_header(&reply, "empty", value, sizeof(value)));
	CHECK_TEXT(value, "");
	CHECK(http_reply_header(&reply, "twice", value, sizeof(value)));
	CHECK_TEXT(value, "second");
	CHECK(!http_reply_header(&reply, "long", value, sizeof(value)));
	CHECK(!http_reply_header(&reply, "x-interim", value, sizeof(value)));
	CHECK(!http_reply_header(&reply, "eta", value, sizeof(value)));
	http_reply_free(&reply);
	return 0;
}
