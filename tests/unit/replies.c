/* replies.c - see replies.h. */
#include "replies.h"

#include "cloud/reply.h"

#include "check.h"

/* Whom a damaged reply is given to, and what it must not read. */
struct trial {
	const struct provider *provider;
	enum list_kind kind;
	enum step step; /* STEP_COUNT: a list */
	const struct target *target;
	const char *needed;
	const char *name;
	json_t *whole; /* borrowed */
	unsigned refused, done;
};

json_t *replies_load(const struct provider *provider, const char *name)
{
	char path[200];
	json_t *reply;

	snprintf(path, sizeof(path), "tests/replies/%s/%s", provider->name,
		 name);
	reply = json_load_file(path, 0, NULL);
	if (!reply)
		fprintf(stderr, "%s: cannot be read\n", path);
	CHECK(reply);
	return reply;
}

static int read_rows(const struct provider *provider, enum list_kind kind,
		     const json_t *reply, struct world *world, struct err *err)
{
	const struct list *list = &provider->lists[kind];

	return reply_rows(list, reply, world, err);
}

void replies_observe(const struct provider *provider, enum list_kind kind,
		     const char *name, struct world *world)
{
	json_t *reply = replies_load(provider, name);
	struct err err;

	if (read_rows(provider, kind, reply, world, &err) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.text);
		exit(1);
	}
	json_decref(reply);
}

/* Where the members lie that are damaged: the first row, or all of it. */
static json_t *root_of(const struct trial *trial, json_t *reply)
{
	if (trial->step != STEP_COUNT)
		return reply;
	return json_array_get(
		json_object_get(reply,
				trial->provider->lists[trial->kind].rows),
		0);
}

static int read_damaged(const struct trial *trial, const json_t *reply,
			struct err *err)
{
	struct target target =
		trial->target ? *trial->target : (struct target){0};
	struct world world = {0};
	int rc;

	if (trial->step == STEP_COUNT)
		rc = read_rows(trial->provider, trial->kind, reply, &world,
			       err);
	else
		rc = trial->provider->actions[trial->step].reply(reply, &target,
								 err);
	world_clear(&world);
	return rc;
}

/* Goes down "a.b.0.c" from the root; the last word is left in *last. */
static json_t *go_to(json_t *at, const char *path, char last[64])
{
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		snprintf(last, 64, "%.*s", (int)(dot - path), path);
		at = json_is_array(at)
			     ? json_array_get(at, (size_t)(last[0] - '0'))
			     : json_object_get(at, last);
		path = dot + 1;
	}
	snprintf(last, 64, "%s", path);
	return at;
}

/* value NULL: the member goes. */
static void try_one(struct trial *trial, const char *path, json_t *value)
{
	json_t *reply = json_deep_copy(trial->whole);
	bool serious = !value || json_is_null(value);
	char last[64];
	json_t *at = go_to(root_of(trial, reply), path, last);
	struct err err = {0};
	int rc;

	if (value)
		CHECK(json_object_set(at, last, value) == 0);
	else
		CHECK(json_object_del(at, last) == 0);
	rc = read_damaged(trial, reply, &err);
	if ((rc < 0 && err.kind != ERR_PROTOCOL) ||
	    (rc == 0 && serious && world_in(trial->needed, path))) {
		fprintf(stderr, "%s: %s %s: %s\n", trial->name, path,
			value ? "of another type" : "missing",
			rc < 0 ? err.text : "was read");
		exit(1);
	}
	trial->refused += rc < 0;
	trial->done++;
	json_decref(reply);
}

static void try_member(struct trial *trial, const char *path, json_t *is)
{
	json_t *others[] = {json_null(),   json_string("x"), json_integer(7),
			    json_real(.5), json_true(),	     json_array(),
			    json_object()};
	size_t i;

	try_one(trial, path, NULL);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (json_typeof(others[i]) != json_typeof(is))
			try_one(trial, path, others[i]);
		json_decref(others[i]);
	}
}

static void try_members(struct trial *trial, const char *path, json_t *at)
{
	const char *name;
	char below[256];
	json_t *member;

	if (json_is_array(at) && json_array_size(at) > 0) {
		snprintf(below, sizeof(below), "%s.0", path);
		try_members(trial, below, json_array_get(at, 0));
	}
	json_object_foreach (at, name, member) {
		snprintf(below, sizeof(below), "%s%s%s", path,
			 path[0] ? "." : "", name);
		try_member(trial, below, member);
		try_members(trial, below, member);
	}
}

/* Damage must show where something is needed. */
static void try_all(struct trial *trial)
{
	trial->whole = replies_load(trial->provider, trial->name);
	CHECK(root_of(trial, trial->whole));
	try_members(trial, "", root_of(trial, trial->whole));
	CHECK(trial->done > 0);
	CHECK(!trial->needed[0] || trial->refused > 0);
	json_decref(trial->whole);
}

void replies_damage_list(const struct provider *provider, enum list_kind kind,
			 const char *name, const char *needed)
{
	struct trial trial = {.provider = provider,
			      .kind = kind,
			      .step = STEP_COUNT,
			      .name = name,
			      .needed = needed};
	static const char *const shapes[] = {"{}", "[]", "7", "null",
					     "{\"x\": 7}"};
	struct world world = {0};
	struct err err;
	size_t i;

	try_all(&trial);
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		json_t *reply = json_loads(shapes[i], JSON_DECODE_ANY, NULL);

		CHECK(read_rows(provider, kind, reply, &world, &err) < 0);
		CHECK(err.kind == ERR_PROTOCOL);
		json_decref(reply);
	}
	CHECK(read_rows(provider, kind, NULL, &world, &err) < 0);
	world_clear(&world);
}

void replies_damage_step(const struct provider *provider, enum step step,
			 const struct target *target, const char *name,
			 const char *needed)
{
	struct trial trial = {.provider = provider,
			      .step = step,
			      .target = target,
			      .name = name,
			      .needed = needed};
	struct err err;

	try_all(&trial);
	trial.needed = "";
	CHECK(read_damaged(&trial, NULL, &err) < 0);
	CHECK(err.kind == ERR_PROTOCOL);
}

void replies_expect_request(const struct provider *provider, enum step step,
			    const struct target *target, const char *want)
{
	struct strbuf got = STRBUF(4096);
	struct http_request req;

	http_request_init(&req);
	provider->actions[step].request(target, &req);
	/* a network joined twice is two interfaces */
	CHECK(req.may_repeat ==
	      !(step_creates(step) || step == STEP_ATTACH_NETWORK));
	CHECK_TEXT(strbuf_text(&req.proof), "");
	strbuf_addf(&got, "%s %s", http_method_name(req.method),
		    strbuf_text(&req.path));
	if (req.body) {
		char *body =
			json_dumps(req.body, JSON_COMPACT | JSON_SORT_KEYS);

		strbuf_addf(&got, " %s", body);
		free(body);
	}
	CHECK_TEXT(strbuf_text(&got), want);
	strbuf_free(&got);
	http_request_free(&req);
}
