/* request_test.c - the parts that providers write requests with. */
#include "cloud/reply.h"
#include "cloud/request.h"

#include "check.h"

static void set_query(void)
{
	static const struct {
		const char *path, *name, *value, *want;
	} rows[] = {
		{"/v4/images?page=1&page_size=500", "page", "2",
		 "/v4/images?page=2&page_size=500"},
		{"/v4/images?page_size=500", "page", "2",
		 "/v4/images?page_size=500&page=2"},
		{"/v4/images?page_size=500&page=9", "page", "10",
		 "/v4/images?page_size=500&page=10"},
		{"/snapshots", "cursor",
		 "bmV4dA==", "/snapshots?cursor=bmV4dA=="},
	};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(path, sizeof(path), "%s", rows[i].path);
		CHECK(request_set_query(path, sizeof(path), rows[i].name,
					rows[i].value));
		CHECK_TEXT(path, rows[i].want);
	}
	snprintf(path, sizeof(path), "/v4/images");
	CHECK(!request_set_query(path, 12, "page", "2"));
	CHECK_TEXT(path, "/v4/images");
}

static void next_page(void)
{
	static const struct {
		const char *reply, *want; /* NULL: it is the last */
		bool wrong;
	} rows[] = {
		{"{\"page\": 1, \"pages\": 3}", "/x?page=2", false},
		{"{\"page\": 2, \"pages\": 3}", "/x?page=3", false},
		{"{\"page\": 3, \"pages\": 3}", NULL, false},
		{"{\"page\": 1, \"pages\": \"3\"}", NULL, true},
		{"{\"pages\": 3}", NULL, true},
		{"{\"page\": 1}", NULL, true},
		{"[]", NULL, true},
	};
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *reply = json_loads(rows[i].reply, 0, NULL);
		char path[64] = "/x?page=1";
		bool more = false;

		CHECK(reply_next_page(reply, path, sizeof(path), &more, &err) ==
		      (rows[i].wrong ? -1 : 0));
		CHECK(!rows[i].wrong || err.kind == ERR_PROTOCOL);
		CHECK(rows[i].wrong || more == !!rows[i].want);
		CHECK_TEXT(path, rows[i].want ? rows[i].want : "/x?page=1");
		json_decref(reply);
	}
}

static void next_link(void)
{
	static const char *const bad[] = {"", "https://api.example.com",
					  "https://h/a b",
					  "https://h/a\nHost: x", "next"};
	struct err err;
	char path[64];
	size_t i;

	CHECK(reply_next_link("https://api.example.com/v2/x?page=2&per_page=9",
			      path, sizeof(path), &err) == 0);
	CHECK_TEXT(path, "/v2/x?page=2&per_page=9");
	CHECK(reply_next_link("/v2/x?page=3", path, sizeof(path), &err) == 0);
	CHECK_TEXT(path, "/v2/x?page=3");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(reply_next_link(bad[i], path, sizeof(path), &err) < 0);
		CHECK(err.kind == ERR_PROTOCOL);
		CHECK_TEXT(path, "/v2/x?page=3");
	}
	CHECK(reply_next_link("https://h/0123456789", path, 8, &err) < 0);
}

/* Without its links a page is the last only if it says that it has all. */
static void last_page(void)
{
	static const struct {
		const char *reply;
		int want;
	} rows[] = {
		{"{\"rows\": [1, 2], \"meta\": {\"total\": 2}}", 0},
		{"{\"rows\": [], \"meta\": {\"total\": 0}}", 0},
		{"{\"rows\": [1, 2], \"meta\": {\"total\": 3}}", -1},
		{"{\"rows\": [1, 2], \"meta\": {\"total\": \"2\"}}", -1},
		{"{\"rows\": [1, 2]}", -1},
		{"{\"meta\": {\"total\": 0}}", -1},
		{"[]", -1},
	};
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *reply = json_loads(rows[i].reply, 0, NULL);

		err.kind = ERR_PROTOCOL;
		CHECK(reply_last_page(reply, "/x", &err) == rows[i].want);
		CHECK(err.kind == ERR_PROTOCOL);
		json_decref(reply);
	}
}

static void ids_and_texts(void)
{
	json_t *value = request_id("6372321");

	CHECK(json_integer_value(value) == 6372321);
	json_decref(value);
	value = request_id("debian-13-x64");
	CHECK_TEXT(json_string_value(value), "debian-13-x64");
	json_decref(value);
	value = request_base64("#cloud-config\n");
	CHECK_TEXT(json_string_value(value), "I2Nsb3VkLWNvbmZpZwo=");
	json_decref(value);
	CHECK(!request_base64(NULL) && !request_base64(""));
	CHECK(!request_array(NULL));
}

static void words(void)
{
	struct err err;
	json_t *array = json_loads("[\"nyc3\", \"sfo3\"]", 0, NULL);
	char text[16];

	CHECK(reply_words(array, "regions", text, sizeof(text), &err) == 0);
	CHECK_TEXT(text, "nyc3 sfo3");
	CHECK(reply_words(array, "regions", text, 9, &err) < 0);
	CHECK(err.kind == ERR_PROTOCOL);
	json_array_append_new(array, json_integer(1));
	CHECK(reply_words(array, "regions", text, sizeof(text), &err) < 0);
	json_decref(array);
	CHECK(reply_words(NULL, "regions", text, sizeof(text), &err) < 0);
	CHECK_TEXT(err.text, "regions: not a list");
}

static void bearer(void)
{
	struct credentials credentials = {"secret-token", ""};
	struct http_request req;
	struct err err;

	http_request_init(&req);
	CHECK(request_bearer(&credentials, &req, 0, &err) == 0);
	CHECK_TEXT(strbuf_text(&req.proof),
		   "Authorization: Bearer secret-token\n");
	CHECK_TEXT(strbuf_text(&req.headers), "");
	http_request_free(&req);
}

int main(void)
{
	set_query();
	next_page();
	next_link();
	last_page();
	ids_and_texts();
	words();
	bearer();
	return 0;
}
