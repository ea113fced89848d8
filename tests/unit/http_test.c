/* http_test.c - requests to a real server: replies whole, cut, late, lost. */
#include "wire/http.h"

#include "base/clock.h"
#include "check.h"
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct err err;
static char seen[8192];

static const char *answer(const char *request, void *user)
{
	(void)user;
	snprintf(seen, sizeof(seen), "%s", request);
	if (strstr(request, " /cut "))
		return NULL;
	if (strstr(request, " /half "))
		return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
	if (strstr(request, " /late ")) {
		usleep(600000);
		return server_reply(200, "", "late");
	}
	if (strstr(request, " /slow-down "))
		return server_reply(429,
				    "Retry-After: 17\r\n"
				    "RateLimit-Remaining: 3\r\n",
				    "{}");
	if (strstr(request, " /moved "))
		return server_reply(302, "Location: http://127.0.0.1:9/\r\n",
				    "");
	if (strstr(request, " /junk "))
		return "this is not HTTP\r\n\r\n";
	return server_reply(200, "", "{\"a\": 1}");
}

/* Sends one request and waits for its reply. */
static struct http_reply ask(struct http *http, enum http_method method,
			     const char *path, json_t *body, int wait_ms)
{
	struct http_request req;
	struct http_reply reply;
	void *tag = NULL;

	http_request_init(&req);
	req.method = method;
	req.body = body;
	strbuf_adds(&req.path, path);
	strbuf_adds(&req.headers, "X-One: 1\nX-Two: 2\n");
	CHECK(http_start(http, &req, clock_now_ms() + wait_ms, &req, &err) ==
	      0);
	http_request_free(&req);
	CHECK(http_next(http, clock_now_ms() + 10000, &reply, &tag));
	CHECK(tag == &req);
	return reply;
}

static void expect(struct http *http, const char *path, int status, bool sent,
		   const char *words)
{
	struct http_reply reply = ask(http, HTTP_GET, path, NULL, 5000);

	CHECK(reply.status == status);
	CHECK(reply.sent == sent);
	if (words && status)
		CHECK_TEXT(reply.body, words);
	else if (words)
		CHECK(strstr(reply.why, words));
	http_reply_free(&reply);
}

static void replies(struct http *http)
{
	struct http_reply reply;

	expect(http, "/plain", 200, true, "{\"a\": 1}");
	CHECK(strncmp(seen, "GET /plain HTTP/1.1\r\n", 21) == 0);
	CHECK(strstr(seen, "X-One: 1\r\n") && strstr(seen, "X-Two: 2\r\n"));
	CHECK(!strstr(seen, "Content-Type"));
	expect(http, "/cut", 0, true, NULL);
	reply = ask(http, HTTP_GET, "/half", NULL, 300);
	CHECK(reply.status == 0 && reply.sent && reply.why[0]);
	http_reply_free(&reply);
	expect(http, "/junk", 0, true, NULL);
	expect(http, "/moved", 302, true, ""); /* and not followed */

	reply = ask(http, HTTP_GET, "/slow-down", NULL, 5000);
	CHECK(reply.status == 429 && reply.retry_after_s == 17 &&
	      reply.remaining == 3);
	http_reply_free(&reply);

	reply = ask(http, HTTP_GET, "/late", NULL, 100);
	CHECK(reply.status == 0 && reply.sent);
	http_reply_free(&reply);

	reply = ask(http, HTTP_POST, "/made?x=%2F", json_pack("{s:i}", "n", 5),
		    5000);
	CHECK(reply.status == 200 && reply.size == 8);
	CHECK(strncmp(seen, "POST /made?x=%2F HTTP/1.1\r\n", 27) == 0);
	CHECK(strstr(seen, "Content-Type: application/json\r\n"));
	CHECK(strstr(seen, "\r\n\r\n{\"n\":5}"));
	http_reply_free(&reply);

	reply = ask(http, HTTP_DELETE, "/gone", NULL, 5000);
	CHECK(strncmp(seen, "DELETE /gone ", 13) == 0);
	http_reply_free(&reply);
	reply = ask(http, HTTP_PUT, "/put", NULL, 5000);
	CHECK(strncmp(seen, "PUT /put ", 9) == 0);
	CHECK(strstr(seen, "Content-Length: 0\r\n"));
	http_reply_free(&reply);
}

static void many_at_once(struct http *http)
{
	bool got[20] = {false};
	struct http_reply reply;
	size_t i;
	void *tag;

	for (i = 0; i < 20; i++) {
		struct http_request req;

		http_request_init(&req);
		strbuf_addf(&req.path, "/%zu", i);
		CHECK(http_start(http, &req, clock_now_ms() + 10000, &got[i],
				 &err) == 0);
		http_request_free(&req);
	}
	for (i = 0; i < 20; i++) {
		CHECK(http_next(http, clock_now_ms() + 10000, &reply, &tag));
		CHECK(reply.status == 200 && !*(bool *)tag);
		*(bool *)tag = true;
		http_reply_free(&reply);
	}
	CHECK(!http_next(http, clock_now_ms() + 10000, &reply, &tag));
}

/* Nobody listens there: nothing was sent. */
static void nobody(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	struct http_endpoint endpoint = {.socket = ""};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct http *http;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&address, size) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
	snprintf(endpoint.base_url, sizeof(endpoint.base_url),
		 "http://127.0.0.1:%d", ntohs(address.sin_port));
	http = http_new(&endpoint, &err);
	CHECK(http);
	expect(http, "/", 0, false, NULL);
	http_free(http);
	close(fd);
}

static void escaped(void)
{
	struct strbuf path = STRBUF(100);

	http_add_escaped(&path, "private/12 ~a&\xc3\xa4");
	CHECK_TEXT(strbuf_text(&path), "private%2F12%20~a%26%C3%A4");
	strbuf_free(&path);
}

int main(void)
{
	struct server *server = server_start(answer, NULL);
	struct http_endpoint endpoint = {.socket = ""};
	struct http *http;

	snprintf(endpoint.base_url, sizeof(endpoint.base_url), "%s",
		 server_url(server));
	http = http_new(&endpoint, &err);
	CHECK(http);
	replies(http);
	many_at_once(http);
	http_free(http);
	server_stop(server);
	nobody();
	escaped();
	return 0;
}
