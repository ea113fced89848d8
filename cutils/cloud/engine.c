/* engine.c - see engine.h. */
#include "cloud/engine.h"

#include "base/clock.h"
#include "cloud/refusal.h"
#include "cloud/reply.h"
#include "wire/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LOOK_UP_EVERY_MS 200 /* for a signal, while replies are awaited */
#define MOST_PAGES 1000	     /* a cursor that never ends is a fault */

/* jansson calls a text wrong when its memory runs out; we know better. */
static bool ran_out;

static void *noting_malloc(size_t size)
{
	void *room = malloc(size);

	ran_out = ran_out || !room;
	return room;
}

int engine_init(struct engine *engine, const struct provider *provider,
		const struct http_endpoint *endpoint,
		const struct credentials *credentials, const char *region,
		struct err *err)
{
	json_set_alloc_funcs(noting_malloc, free);
	*engine = (struct engine){.provider = provider,
				  .credentials = *credentials};
	snprintf(engine->region, sizeof(engine->region), "%s", region);
	budget_open(&engine->budget, provider, endpoint, credentials,
		    clock_now_ms());
	engine->http = http_new(endpoint, err);
	return engine->http ? 0 : -1;
}

void engine_free(struct engine *engine)
{
	http_free(engine->http);
	engine->http = NULL;
	if (engine->provider) /* else it was never opened */
		budget_close(&engine->budget);
	credentials_wipe(&engine->credentials);
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

static void accepted(struct engine *engine, struct call *call,
		     const struct http_reply *reply)
{
	json_error_t json;
	struct err why;

	ran_out = false;
	if (reply->size > 0)
		call->reply = json_loadb(reply->body, reply->size, 0, &json);
	if (reply->size == 0 || call->reply) {
		over(call);
		return;
	}
	if (ran_out) {
		err_set(&why, ERR_SYSTEM, "reply: out of memory");
		fail(call, &why);
		return;
	}
	err_set(&why, ERR_PROTOCOL, "%s %.150s: not JSON: %s",
		http_method_name(call->request.method),
		strbuf_text(&call->request.path), json.text);
	refusal_reply(engine->provider, &why);
	fail(call, &why);
}

static void refused(struct engine *engine, struct call *call,
		    const struct http_reply *reply)
{
	struct err why;

	if (reply->status == 0) {
		refusal_lost(engine->provider, &call->request, reply, &why);
		call->undone = !call->may_be_done;
	} else {
		call->undone =
			refusal_status(engine->provider, &engine->credentials,
				       &call->request, reply, &why);
	}
	fail(call, &why);
}

static void answer(struct engine *engine, struct call *call,
		   const struct http_reply *reply, int64_t deadline_ms)
{
	uint32_t number = 0;
	int64_t wait_ms, now_ms = clock_now_ms();

	call->under_way = false;
	call->may_be_done =
		call->may_be_done || (reply->sent && reply->status != 429);
	budget_learn(&engine->budget, &call->request, reply, now_ms,
		     clock_epoch_s());
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
	else
		refused(engine, call, reply);
}

/* Says anew who we are: a signature grows old. */
static int prove(struct engine *engine, struct http_request *req,
		 struct err *err)
{
	strbuf_free(&req->proof);
	if (!engine->provider->authorize)
		return 0;
	return engine->provider->authorize(&engine->credentials, req,
					   clock_epoch_s(), err);
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
		wait_ms = budget_take(&engine->budget, &call->request, now_ms);
		if (wait_ms > 0) {
			if (now_ms + wait_ms < next_ms)
				next_ms = now_ms + wait_ms;
			continue;
		}
		if (prove(engine, &call->request, &why) < 0 ||
		    http_start(engine->http, &call->request, deadline_ms, call,
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
		if (!calls[i].over && !calls[i].under_way) {
			calls[i].undone = !calls[i].may_be_done;
			fail(&calls[i], &why);
		}
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
			cancel_unsent(engine, calls, count,
				      "interrupted; run it again");
		if (clock_now_ms() >= deadline_ms)
			cancel_unsent(engine, calls, count,
				      "no answer before the deadline; try "
				      "again later");
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

/* A list that is being asked for: the request for its next page. */
struct page {
	const struct list *list; /* NULL: all of it is read */
	struct http_request request;
};

/* One page of a list: each names the next. */
static int read_page(const struct provider *provider, struct page *page,
		     struct call *call, struct world *world, struct err *err)
{
	const struct list *list = page->list;
	char path[1024];
	bool more = false;

	if (call->failed) {
		*err = call->err;
		return refusal_question(err);
	}
	snprintf(path, sizeof(path), "%s", strbuf_text(&page->request.path));
	if (reply_rows(list, call->reply, world, err) < 0 ||
	    (list->next &&
	     list->next(call->reply, path, sizeof(path), &more, err) < 0)) {
		return refusal_reply(provider, err);
	}
	if (!more) {
		page->list = NULL;
		return 0;
	}
	strbuf_free(&page->request.path);
	strbuf_adds(&page->request.path, path);
	return 0;
}

/* The next page of every list that has one, side by side. True when there was
 * any to ask for. */
static int read_pages(struct engine *engine, struct page pages[LIST_COUNT],
		      struct world *world, int64_t deadline_ms, bool *asked,
		      struct err *err)
{
	struct call calls[LIST_COUNT];
	struct page *of[LIST_COUNT];
	size_t count = 0, i;
	int kind, rc = 0;

	for (kind = 0; kind < LIST_COUNT; kind++) {
		struct call *call = &calls[count];

		if (!pages[kind].list)
			continue;
		call_init(call);
		strbuf_adds(&call->request.path,
			    strbuf_text(&pages[kind].request.path));
		strbuf_adds(&call->request.headers,
			    strbuf_text(&pages[kind].request.headers));
		of[count++] = &pages[kind];
	}
	*asked = count > 0;
	engine_run(engine, calls, count, deadline_ms);
	for (i = 0; i < count; i++) {
		if (rc == 0)
			rc = read_page(engine->provider, of[i], &calls[i],
				       world, err);
		call_free(&calls[i]);
	}
	return rc;
}

int engine_observe(struct engine *engine, unsigned lists, struct world *world,
		   int64_t deadline_ms, struct err *err)
{
	const char *region = engine->all_regions ? "" : engine->region;
	struct page pages[LIST_COUNT] = {{0}};
	bool asked = true;
	unsigned count = 0;
	int kind, rc = 0;

	world_clear(world);
	for (kind = 0; kind < LIST_COUNT; kind++) {
		const struct list *list = &engine->provider->lists[kind];

		if (!(lists & 1u << kind) || !list->path)
			continue;
		pages[kind].list = list;
		http_request_init(&pages[kind].request);
		strbuf_adds(&pages[kind].request.path, list->path);
		if (list->headers)
			strbuf_adds(&pages[kind].request.headers,
				    list->headers);
		if (list->narrow && region[0])
			list->narrow(region, &pages[kind].request);
	}
	while (rc == 0 && asked) {
		rc = read_pages(engine, pages, world, deadline_ms, &asked, err);
		if (rc == 0 && ++count > MOST_PAGES)
			rc = err_set(err, ERR_PROTOCOL,
				     "%s: a list has no last page; report it",
				     engine->provider->name);
	}
	for (kind = 0; kind < LIST_COUNT; kind++)
		http_request_free(&pages[kind].request);
	if (strstr(engine->provider->base_url, "ZONE"))
		world_place(world, engine->region);
	if (engine->provider->lists[LIST_REGIONS].path && region[0])
		world_keep_region(world, region);
	if (rc < 0)
		world_clear(world);
	return rc;
}
