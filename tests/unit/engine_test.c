/* engine_test.c - calls to a real server: repeated, paged, refused in words. */
#include "cloud/engine.h"

#include "base/clock.h"
#include "check.h"
#include "cloud/reply.h"
#include "server.h"

static struct err err;
static const struct credentials nobody;
static int asked; /* requests that the server got */

static int read_machine(json_t *row, struct world *world, struct err *why)
{
	struct machine *machine = world_add_machine(world, why);

	return machine ? COPY(machine->name, reply_text(row, "name"), why) : -1;
}

static int next_page(const json_t *reply, char *path, size_t size, bool *more,
		     struct err *why)
{
	(void)why;
	snprintf(path, size, "%s", reply_text(reply, "next"));
	*more = path[0] != '\0';
	return 0;
}

static void explain(const json_t *reply, char *text, size_t size)
{
	snprintf(text, size, "%s", reply_text(reply, "message"));
}

static const struct provider cloud = {
	.name = "cloud",
	.base_url = "",
	.explain = explain,
	.lists = {[LIST_MACHINES] = {.path = "/machines",
				     .rows = "machines",
				     .read = read_machine,
				     .next = next_page}},
};

static struct engine open_engine(struct server *server)
{
	struct http_endpoint endpoint = {.socket = ""};
	struct engine engine;

	snprintf(endpoint.base_url, sizeof(endpoint.base_url), "%s",
		 server_url(server));
	CHECK(engine_init(&engine, &cloud, &endpoint, &nobody, "", &err) == 0);
	asked = 0;
	return engine;
}

/* ---- single calls ---- */

static const char *answer(const char *request, void *user)
{
	int status = 0;
	const char *at = strstr(request, " /status/");

	(void)user;
	asked++;
	if (strstr(request, " /once-"))
		status = asked == 1 ? (int)strtol(strstr(request, "-") + 1,
						  NULL, 10)
				    : 200;
	if (at)
		status = (int)strtol(at + 9, NULL, 10);
	if (strstr(request, " /lost "))
		return NULL;
	if (strstr(request, " /lost-once "))
		return asked == 1 ? NULL : server_reply(200, "", "{\"n\": 2}");
	if (strstr(request, " /page "))
		return server_reply(200, "", "<html>no JSON</html>");
	if (strstr(request, " /empty "))
		return server_reply(204, "", "");
	if (status >= 400)
		return server_reply(status, "Retry-After: 0\r\n",
				    "{\"message\": \"the cloud's words\"}");
	return server_reply(200, "", "{\"n\": 1}");
}

struct expectation {
	enum http_method method;
	const char *path;
	bool may_repeat;
	int want; /* 0, or the err's kind */
	int requests;
	const char *words;
};

static void single_calls(void)
{
	static const struct expectation rows[] = {
		{HTTP_GET, "/plain", true, 0, 1, NULL},
		{HTTP_GET, "/empty", true, 0, 1, NULL},
		{HTTP_GET, "/lost-once", true, 0, 2, NULL},
		{HTTP_POST, "/lost-once", false, ERR_RETRY, 1, "POST /lost"},
		{HTTP_GET, "/once-503", true, 0, 2, NULL},
		{HTTP_POST, "/once-503", false, ERR_RETRY, 1, "cloud's words"},
		{HTTP_POST, "/once-429", false, 0, 2, NULL},
		{HTTP_GET, "/status/401", true, ERR_DENIED, 1, "cloud's words"},
		{HTTP_GET, "/status/403", true, ERR_DENIED, 1, "cloud's words"},
		{HTTP_GET, "/status/404", true, ERR_NO, 1, "cloud's words"},
		{HTTP_GET, "/status/422", true, ERR_REFUSED, 1,
		 "cloud: the cloud's words"},
		{HTTP_GET, "/page", true, ERR_PROTOCOL, 1, "not JSON"},
	};
	struct server *server = server_start(answer, NULL);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct engine engine = open_engine(server);
		struct call call;

		call_init(&call);
		call.request.method = rows[i].method;
		call.request.may_repeat = rows[i].may_repeat;
		strbuf_adds(&call.request.path, rows[i].path);
		engine_run(&engine, &call, 1, clock_now_ms() + 20000);
		CHECK(call.over && call.failed == (rows[i].want != 0));
		CHECK(asked == rows[i].requests);
		CHECK((int)engine.requests == asked);
		if (call.failed) {
			CHECK((int)call.err.kind == rows[i].want);
			CHECK(strstr(call.err.text, rows[i].words));
			CHECK(!call.reply);
		}
		call_free(&call);
		engine_free(&engine);
	}
	server_stop(server);
}

static bool stop_now(void)
{
	return true;
}

/* Past the deadline, and after a signal, nothing is sent. */
static void nothing_sent(void)
{
	struct server *server = server_start(answer, NULL);
	struct engine engine = open_engine(server);
	struct call call;

	call_init(&call);
	strbuf_adds(&call.request.path, "/plain");
	engine_run(&engine, &call, 1, clock_now_ms() - 1);
	CHECK(call.failed && call.err.kind == ERR_RETRY && call.undone);
	CHECK(strstr(call.err.text, "before the deadline"));
	call_free(&call);

	call_init(&call);
	strbuf_adds(&call.request.path, "/plain");
	engine.stopped = stop_now;
	engine_run(&engine, &call, 1, clock_now_ms() + 10000);
	CHECK(call.failed && strstr(call.err.text, "interrupted"));
	CHECK(asked == 0);
	call_free(&call);
	engine_free(&engine);
	server_stop(server);
}

/* A cloud that repeats our token does not get it shown. */
static void masked(void)
{
	static const struct credentials ours = {"cloud's", "words"};
	struct server *server = server_start(answer, NULL);
	struct engine engine = open_engine(server);
	struct call call;

	engine.credentials = ours;
	call_init(&call);
	strbuf_adds(&call.request.path, "/status/422");
	engine_run(&engine, &call, 1, clock_now_ms() + 20000);
	CHECK_TEXT(call.err.text, "cloud: the ******* ***** "
				  "(GET /status/422: status 422)");
	CHECK(!call.undone);
	call_free(&call);
	engine_free(&engine);
	server_stop(server);
}

/* ---- lists ---- */

static const char *pages(const char *request, void *user)
{
	const char *last = user;

	asked++;
	if (strstr(request, "page=2"))
		return server_reply(200, "", last);
	return server_reply(200, "",
			    "{\"machines\": [{\"name\": \"a\"}, {\"name\": "
			    "\"b\"}], \"next\": \"/machines?page=2\"}");
}

static void observe(const char *last, int want, size_t count, const char *words)
{
	static char text[1024];
	struct world world = {0};
	struct server *server;
	struct engine engine;
	int rc;

	snprintf(text, sizeof(text), "%s", last);
	server = server_start(pages, text);
	engine = open_engine(server);
	rc = engine_observe(&engine, LISTS_WORLD, &world,
			    clock_now_ms() + 20000, &err);
	CHECK((rc < 0) == (want != 0));
	CHECK(world.machine_count == count);
	if (want) {
		CHECK((int)err.kind == want);
		CHECK(strstr(err.text, words));
	} else {
		CHECK(world_machine(&world, "a") && world_machine(&world, "c"));
	}
	world_clear(&world);
	engine_free(&engine);
	server_stop(server);
}

int main(void)
{
	single_calls();
	nothing_sent();
	masked();
	observe("{\"machines\": [{\"name\": \"c\"}], \"next\": \"\"}", 0, 3,
		NULL);
	observe("{\"machines\": [{\"name\": \"c\\u0007\"}]}", ERR_PROTOCOL, 0,
		"control character");
	observe("{\"others\": []}", ERR_PROTOCOL, 0, "not a list");
	observe("{\"machines\": [], \"next\": \"/machines?page=2\"}",
		ERR_PROTOCOL, 0, "no last page");
	return 0;
}
