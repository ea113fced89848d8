/* engine.c - see engine.h. */
#include "cloud/engine.h"

#include "base/clock.h"
#include "cloud/reply.h"
#include "wire/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LOOK_UP_EVERY_MS 200 /* for a signal, while replies are awaited */
#define MOST_PAGES 1000	     /* a cursor that never ends is a fault */

int engine_init(struct engine *engine, const struct provider *provider,
		const struct http_endpoint *endpoint, struct err *err)
{
	*engine = (struct engine){.provider = provider};
	ratelimit_init(&engine->limit, provider->requests_per_minute,
		       provider->burst, clock_now_ms());
	engine->http = http_new(endpoint, err);
	return engine->http ? 0 : -1;
}

void engine_free(struct engine *engine)
{
	http_free(engine->http);
	engine->http = NULL;
}

void call_init(struct call *call)
{
	*call = (struct call){0};
	http_request_init(&call->request);
}

void call_free(struct call *call)
{
	http_request_free(&call->request);
	json_decref(call->reply);
	call->reply = NULL;
}

static void over(struct call *call)
{
	call->under_way = false;
	call->over = true;
}

static void fail(struct call *call, const struct err *why)
{
	call->failed = true;
	call->err = *why;
	over(call);
}

static enum err_kind kind_of(int status)
{
	if (status == 401 || status == 403)
		return ERR_DENIED;
	if (status == 404)
		return ERR_NO;
	if (status == 408 || status == 429 || status >= 500)
		return ERR_RETRY;
	return ERR_REFUSED;
}

static const char *method_name(const struct http_request *req)
{
	static const char *const names[] = {"GET", "POST", "PUT", "DELETE"};

	return names[req->method];
}

/* A reply that is not a success, in one sentence. */
static void refused(struct engine *engine, struct call *call,
		    const struct http_reply *reply)
{
	json_t *body = json_loadb(reply->body, reply->size, 0, NULL);
	char words[256] = "";
	struct err why;

	if (body)
		engine->provider->explain(body, words, sizeof(words));
	json_decref(body);
	if (!words[0])
		snprintf(words, sizeof(words), "%s %.150s gave status %d",
			 method_name(&call->request),
			 strbuf_text(&call->request.path), reply->status);
	err_set(&why, kind_of(reply->status), "%s: %s", engine->provider->name,
		words);
	fail(call, &why);
}

static void accepted(struct engine *engine, struct call *call,
		     const struct http_reply *reply)
{
	json_error_t json;
	struct err why;

	if (reply->size > 0) {
		call->reply = json_loadb(reply->body, reply->size, 0, &json);
		if (!call->reply) {
			err_set(&why, ERR_PROTOCOL,
				"%s: %s %.150s: not JSON: %s",
				engine->provider->name,
				method_name(&call->request),
				strbuf_text(&call->request.path), json.text);
			fail(call, &why);
			return;
		}
	}
	over(call);
}

static void lost(struct engine *engine, struct call *call,
		 const struct http_reply *reply)
{
	struct err why;

	err_set(&why, ERR_RETRY, "%s: %s %.150s: %s", engine->provider->name,
		method_name(&call->request), strbuf_text(&call->request.path),
		reply->why);
	fail(call, &why);
}

static void answer(struct engine *engine, struct call *call,
		   const struct http_reply *reply, int64_t deadline_ms)
{
	uint32_t number = 0;
	int64_t wait_ms, now_ms = clock_now_ms();

	call->under_way = false;
	if (reply->remaining == 0)
		ratelimit_drain(&engine->limit, now_ms);
	if (reply->status >= 200 && reply->status < 300) {
		accepted(engine, call, reply);
		return;
	}
	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint32_t)now_ms;
	wait_ms = retry_wait_ms(reply, call->request.may_repeat, call->tries,
				number);
	if (wait_ms != RETRY_NEVER && now_ms + wait_ms < deadline_ms)
		call->not_before_ms = now_ms + wait_ms;
	else if (reply->status == 0)
		lost(engine, call, reply);
	else
		refused(engine, call, reply);
}

/* Sends what may go now. Returns when to look again, in clock_now_ms(). */
static int64_t send_due(struct engine *engine, struct call *calls, size_t count,
			int64_t deadline_ms)
{
	int64_t now_ms = clock_now_ms(), next_ms = now_ms + LOOK_UP_EVERY_MS;
	struct err why;
	size_t i;

	for (i = 0; i < count; i++) {
		struct call *call = &calls[i];
		int64_t wait_ms;

		if (call->over || call->under_way)
			continue;
		if (call->not_before_ms > now_ms) {
			if (call->not_before_ms < next_ms)
				next_ms = call->not_before_ms;
			continue;
		}
		wait_ms = ratelimit_take(&engine->limit, now_ms);
		if (wait_ms > 0)
			return now_ms + wait_ms < next_ms ? now_ms + wait_ms
							  : next_ms;
		if (http_start(engine->http, &call->request, deadline_ms, call,
			       &why) < 0) {
			fail(call, &why);
			continue;
		}
		call->under_way = true;
		call->tries++;
		engine->requests++;
	}
	return next_ms;
}

static size_t unfinished(const struct call *calls, size_t count, size_t *flying)
{
	size_t left = 0, i;

	*flying = 0;
	for (i = 0; i < count; i++) {
		left += !calls[i].over;
		*flying += calls[i].under_way;
	}
	return left;
}

/* Calls that have not left, or not again, go no more; those under way are
 * waited for, since their effect is. */
static void cancel_unsent(struct engine *engine, struct call *calls,
			  size_t count, const char *words)
{
	struct err why;
	size_t i;

	err_set(&why, ERR_RETRY, "%s: %s", engine->provider->name, words);
	for (i = 0; i < count; i++)
		if (!calls[i].over && !calls[i].under_way)
			fail(&calls[i], &why);
}

void engine_run(struct engine *engine, struct call *calls, size_t count,
		int64_t deadline_ms)
{
	struct http_reply reply;
	size_t flying;
	void *tag;

	while (unfinished(calls, count, &flying) > 0) {
		int64_t next_ms;

		if (engine->stopped && engine->stopped())
			cancel_unsent(engine, calls, count, "interrupted");
		if (clock_now_ms() >= deadline_ms)
			cancel_unsent(engine, calls, count,
				      "no answer before the deadline");
		next_ms = send_due(engine, calls, count, deadline_ms);
		if (unfinished(calls, count, &flying) > 0 && flying == 0) {
			clock_sleep_ms(next_ms - clock_now_ms());
			continue;
		}
		while (http_next(engine->http, next_ms, &reply, &tag)) {
			answer(engine, tag, &reply, deadline_ms);
			http_reply_free(&reply);
			next_ms = clock_now_ms(); /* send what this freed */
		}
	}
}

/* All pages of one list, one after the other: each names the next.
 * Lists of different kinds run side by side in engine_observe(). */
static int read_page(const struct list *list, struct call *call,
		     struct world *world, char *path, size_t size, bool *more,
		     struct err *err)
{
	if (call->failed) {
		*err = call->err;
		return -1;
	}
	if (reply_rows(json_object_get(call->reply, list->rows), list->path,
		       list->read, world, err) < 0)
		return -1;
	*more = list->next && list->next(call->reply, path, size);
	return 0;
}

int engine_observe(struct engine *engine, struct world *world,
		   int64_t deadline_ms, struct err *err)
{
	const struct list *lists = engine->provider->lists;
	char path[OBSERVE_COUNT][1024];
	bool more[OBSERVE_COUNT];
	unsigned pages = 0;
	int kind, rc = 0;

	world_clear(world);
	for (kind = 0; kind < OBSERVE_COUNT; kind++) {
		more[kind] = lists[kind].path != NULL;
		if (more[kind])
			snprintf(path[kind], sizeof(path[kind]), "%s",
				 lists[kind].path);
	}
	for (;;) {
		struct call calls[OBSERVE_COUNT];
		int asked[OBSERVE_COUNT];
		size_t count = 0, i;

		for (kind = 0; kind < OBSERVE_COUNT; kind++) {
			if (!more[kind])
				continue;
			call_init(&calls[count]);
			strbuf_adds(&calls[count].request.path, path[kind]);
			asked[count++] = kind;
		}
		if (count == 0)
			return 0;
		engine_run(engine, calls, count, deadline_ms);
		for (i = 0; i < count; i++) {
			kind = asked[i];
			if (rc == 0)
				rc = read_page(&lists[kind], &calls[i], world,
					       path[kind], sizeof(path[kind]),
					       &more[kind], err);
			call_free(&calls[i]);
		}
		if (rc == 0 && ++pages > MOST_PAGES)
			rc = err_set(err, ERR_PROTOCOL,
				     "%s: a list has no last page",
				     engine->provider->name);
		if (rc < 0) {
			world_clear(world);
			return -1;
		}
	}
}
