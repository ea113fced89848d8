/* probe_test.c - conditional puts on stores of every kind: that honour them,
 * want quotes, ignore or refuse them, or whose answer is lost. */
#define _GNU_SOURCE /* strcasestr */
#include "store/probe.h"

#include "base/clock.h"

#include "check.h"
#include "server.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#define OBJECTS 64

enum kind { BARE, QUOTED, IGNORES, ONLY_ABSENT, REFUSES };

static struct store {
	enum kind kind;
	int lose;     /* answers to puts under a condition that get lost */
	int puts;     /* puts of "current" that were done */
	int versions; /* of all objects: makes etags */
	struct object {
		char key[128]; /* "" where there is none */
		char etag[40], meta[200], body[64];
	} objects[OBJECTS];
} store;

static struct object *find(const char *key, bool make)
{
	struct object *room = NULL;
	size_t i;

	for (i = 0; i < OBJECTS; i++) {
		if (strcmp(store.objects[i].key, key) == 0)
			return &store.objects[i];
		if (!store.objects[i].key[0] && !room)
			room = &store.objects[i];
	}
	if (!make)
		return NULL;
	CHECK(room);
	snprintf(room->key, sizeof(room->key), "%s", key);
	return room;
}

/* The value of a header, "" without. */
static const char *header(const char *request, const char *name)
{
	static char value[128];
	const char *line = strcasestr(request, name);

	value[0] = '\0';
	if (line)
		sscanf(line + strlen(name), "%127[^\r\n]", value);
	return value;
}

static bool holds(const char *request, const struct object *object)
{
	const char *absent = header(request, "\r\nif-none-match: ");
	char want[64];

	if (*absent)
		return store.kind == IGNORES || !object;
	absent = header(request, "\r\nif-match: ");
	if (!*absent || store.kind == IGNORES || store.kind == ONLY_ABSENT)
		return true;
	snprintf(want, sizeof(want), store.kind == QUOTED ? "\"%s\"" : "%s",
		 object ? object->etag : "-");
	return strcmp(absent, want) == 0;
}

static const char *put(const char *request, const char *key)
{
	bool conditional = strcasestr(request, "\r\nif-") != NULL;
	const char *body = strstr(request, "\r\n\r\n") + 4;
	struct object *object;
	char head[64];

	if (conditional && store.kind == REFUSES)
		return server_reply(501, "",
				    "<Error><Code>NotImplemented</Code>"
				    "</Error>");
	if (!holds(request, find(key, false)))
		return server_reply(412, "", "");
	object = find(key, true);
	snprintf(object->etag, sizeof(object->etag), "e%d", ++store.versions);
	snprintf(object->meta, sizeof(object->meta), "%s",
		 header(request, "\r\nx-amz-meta-adt-put: "));
	snprintf(object->body, sizeof(object->body), "%s", body);
	store.puts += strcmp(key, "current") == 0;
	if (conditional && store.lose > 0) {
		store.lose--;
		return NULL;
	}
	snprintf(head, sizeof(head), "ETag: \"%s\"\r\n", object->etag);
	return server_reply(200, head, "");
}

static const char *list(const char *prefix)
{
	static char xml[32768];
	char date[64];
	time_t now = (time_t)clock_epoch_s();
	struct tm parts;
	size_t i, len;

	gmtime_r(&now, &parts);
	strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
		 &parts);
	len = (size_t)snprintf(xml, sizeof(xml),
			       "<ListBucketResult><IsTruncated>false"
			       "</IsTruncated>");
	for (i = 0; i < OBJECTS; i++)
		if (store.objects[i].key[0] &&
		    strncmp(store.objects[i].key, prefix, strlen(prefix)) == 0)
			len += (size_t)snprintf(
				xml + len, sizeof(xml) - len,
				"<Contents><Key>%s</Key><Size>1</Size>"
				"<LastModified>2099-01-01T00:00:00Z"
				"</LastModified></Contents>",
				store.objects[i].key);
	snprintf(xml + len, sizeof(xml) - len, "</ListBucketResult>");
	return server_reply(200, date, xml);
}

/* Keys of these tests need no decoding, but for the "/" of a prefix. */
static const char *answer(const char *request, void *user)
{
	char method[16], path[512], key[128] = "", prefix[128] = "", head[400];
	struct object *object;
	char *slash;

	(void)user;
	CHECK(sscanf(request, "%15s %511s", method, path) == 2);
	CHECK(strcasestr(request, "\r\nauthorization: AWS4-HMAC-SHA256 "));
	sscanf(path, "/bucket/%127[^? ]", key);
	if (!key[0]) {
		sscanf(strstr(path, "prefix="), "prefix=%127s", prefix);
		slash = strstr(prefix, "%2F");
		if (slash)
			memcpy(slash, "/", 2);
		return list(prefix);
	}
	if (strcmp(method, "PUT") == 0)
		return put(request, key);
	object = find(key, false);
	if (strcmp(method, "DELETE") == 0) {
		if (object)
			object->key[0] = '\0';
		return server_reply(204, "", "");
	}
	if (!object)
		return server_reply(404, "", "");
	snprintf(head, sizeof(head),
		 "ETag: \"%s\"\r\nx-amz-meta-adt-put: %s\r\n", object->etag,
		 object->meta);
	return server_reply(200, head,
			    strcmp(method, "HEAD") ? object->body : "");
}

static struct s3_store where;

static struct s3 *opened(void)
{
	struct err err;
	struct s3 *s3 = s3_open(&where, "bucket", clock_now_ms() + 60000, &err);

	CHECK(s3);
	return s3;
}

static void begin(enum kind kind)
{
	store = (struct store){.kind = kind};
}

static size_t object_count(void)
{
	size_t i, count = 0;

	for (i = 0; i < OBJECTS; i++)
		count += store.objects[i].key[0] != '\0';
	return count;
}

static void find_out(void)
{
	static const struct {
		enum kind kind;
		enum s3_conditions found;
	} cases[] = {
		{BARE, S3_CONDITIONS_BARE},
		{QUOTED, S3_CONDITIONS_QUOTED},
		{IGNORES, S3_CONDITIONS_NONE},
		{ONLY_ABSENT, S3_CONDITIONS_NONE},
		{REFUSES, S3_CONDITIONS_NONE},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum s3_conditions found = S3_CONDITIONS_UNKNOWN;
		struct s3 *s3 = opened();
		struct err err = {.text = ""};

		begin(cases[i].kind);
		if (cases[i].kind == REFUSES)
			store.lose = 0;
		CHECK(probe_conditions(s3, &found, &err) == 0);
		printf("kind %zu: %s\n", i, probe_word(found));
		CHECK(found == cases[i].found);
		CHECK(object_count() == 0);
		s3_close(s3);
	}
}

/* The answer to a put is lost: it is found to be ours all the same, and was
 * done once. Another's is told from it. */
static void lose_answers(void)
{
	struct http_upload text = {.bytes = "mine", .size_bytes = 4};
	struct s3_condition absent = {.when = S3_IF_ABSENT};
	struct s3_condition match = {.when = S3_IF_MATCH};
	char etag[S3_ETAG_SIZE], again[S3_ETAG_SIZE];
	struct s3 *s3 = opened();
	struct err err = {.text = ""};

	begin(BARE);
	store.lose = 1;
	CHECK(s3_put(s3, "current", &text, &absent, etag, &err) == 0);
	CHECK_TEXT(etag, "e1");
	CHECK(store.puts == 1 && store.lose == 0);
	store.lose = 1;
	match.etag = etag;
	CHECK(s3_put(s3, "current", &text, &match, again, &err) == 0);
	CHECK_TEXT(again, "e2");
	CHECK(store.puts == 2);
	CHECK(s3_put(s3, "current", &text, &match, again, &err) < 0);
	CHECK(err.kind == ERR_RETRY && match.not_held);
	CHECK(s3_put(s3, "current", &text, &absent, again, &err) < 0);
	CHECK(err.kind == ERR_RETRY && absent.not_held);
	CHECK(store.puts == 2);
	s3_close(s3);
}

static char settings[64];

static void *race(void *user)
{
	struct http_upload text = {.bytes = "mine", .size_bytes = 4};
	struct s3_condition absent = {.when = S3_IF_ABSENT};
	char etag[S3_ETAG_SIZE];
	struct s3 *s3 = opened();
	struct err err = {.text = ""};
	int rc = probe_put(s3, "current", &text, &absent, settings, etag, &err);

	if (rc < 0)
		CHECK(err.kind == ERR_RETRY && absent.not_held);
	*(bool *)user = rc == 0;
	s3_close(s3);
	return NULL;
}

/* On a store that ignores conditions a lease keeps writers apart. */
static void race_by_lease(void)
{
	pthread_t threads[8];
	bool won[8] = {false};
	int i, winners = 0;

	begin(IGNORES);
	for (i = 0; i < 8; i++)
		CHECK(pthread_create(&threads[i], NULL, race, &won[i]) == 0);
	for (i = 0; i < 8; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		winners += won[i];
	}
	CHECK(winners == 1);
	CHECK(store.puts == 1);
	CHECK(object_count() == 1); /* every lease was given back */
}

int main(void)
{
	char folder[] = "build/probe.XXXXXX", lock[80];
	struct server *server = server_start(answer, NULL);

	where = (struct s3_store){.number = 1,
				  .region = "us-east-1",
				  .access_key = "access",
				  .secret_key = "secret"};
	snprintf(where.base_url, sizeof(where.base_url), "%s",
		 server_url(server));
	CHECK(mkdtemp(folder));
	snprintf(settings, sizeof(settings), "%s/conditions", folder);
	snprintf(lock, sizeof(lock), "%s.lock", settings);
	find_out();
	lose_answers();
	race_by_lease();
	server_stop(server);
	unlink(settings);
	unlink(lock);
	CHECK(rmdir(folder) == 0);
	return 0;
}
