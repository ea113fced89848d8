/* readings.c - see readings.h. */
#include "readings.h"

#include "cloud/reply.h"

#include "check.h"
#include "replies.h"

#define READING_SIZE 8192

static const char *const machine_states[] = {"other", "running", "stopped",
					     "failed"};
static const char *const image_states[] = {"pending", "ready", "failed",
					   "deleted"};
static const char *const task_states[] = {"running", "done", "failed"};

static void write_image(const struct image *image, struct strbuf *text)
{
	strbuf_addf(text, "image %s %s|%s|%s|%s|%d|%llu|%u|%s\n",
		    image_states[image->state], image->name, image->id,
		    image->region, image->created, image->percent,
		    (unsigned long long)image->size_bytes, image->min_disk_gb,
		    image->machine);
}

static void write_world(const struct world *world, struct strbuf *text)
{
	size_t i;

	for (i = 0; i < world->machine_count; i++) {
		const struct machine *at = &world->machines[i];

		strbuf_addf(text,
			    "machine %s%s %s|%s|%s|%s|%s|%s|%s|%s|%s|%u\n",
			    machine_states[at->state], at->busy ? " busy" : "",
			    at->name, at->id, at->region, at->size, at->image,
			    at->public_ipv4, at->private_ipv4, at->created,
			    at->networks, at->disk_gb);
	}
	for (i = 0; i < world->image_count; i++)
		write_image(&world->images[i], text);
	for (i = 0; i < world->snapshot_count; i++)
		write_image(&world->snapshots[i], text);
	for (i = 0; i < world->task_count; i++) {
		const struct task *at = &world->tasks[i];

		strbuf_addf(text, "task %s %s|%s|%lld|%d|%s|%s\n",
			    task_states[at->state], at->id, at->machine,
			    (long long)at->number, at->percent,
			    at->makes_image ? "yes" : "no", at->text);
	}
	for (i = 0; i < world->offer_count; i++) {
		const struct offer *at = &world->offers[i];

		strbuf_addf(text, "offer %s|%s|%s|%s|%u|%u\n", at->name, at->id,
			    at->region, at->subnet_id, at->disk_gb,
			    at->memory_mb);
	}
}

/* Frees the text. */
static void expect(const char *name, struct strbuf *text, const char *want)
{
	const char *got = strbuf_text(text);

	if (strcmp(got, want) != 0) {
		fprintf(stderr, "%s: read\n%s\nwant\n%s\n", name, got, want);
		exit(1);
	}
	strbuf_free(text);
}

void readings_lists(const struct provider *cloud, const struct listed *rows,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct strbuf text = STRBUF(READING_SIZE);
		struct world world = {0};

		replies_observe(cloud, rows[i].kind, rows[i].name, &world);
		write_world(&world, &text);
		world_clear(&world);
		expect(rows[i].name, &text, rows[i].want);
		if (rows[i].needed)
			replies_damage_list(cloud, rows[i].kind, rows[i].name,
					    rows[i].needed);
	}
}

static void add_word(struct strbuf *text, const char *word, const char *value)
{
	if (*value)
		strbuf_addf(text, "%s%s=%s", *strbuf_text(text) ? " " : "",
			    word, value);
}

static void write_answer(enum step step, const struct target *target,
			 struct strbuf *text)
{
	char disk_gb[16] = "";

	if (target->disk_gb)
		snprintf(disk_gb, sizeof(disk_gb), "%u", target->disk_gb);
	add_word(text, "task", target->task_id);
	if (step == STEP_ASK)
		add_word(text, "state", task_states[target->task_state]);
	if (target->task_state == TASK_FAILED)
		add_word(text, "text", target->task_text);
	add_word(text, "snapshot", target->snapshot_id);
	add_word(text, "image", target->image_id);
	add_word(text, "machine", target->machine_id);
	add_word(text, "disk", target->disk_id);
	add_word(text, "disk_gb", disk_gb);
	add_word(text, "user", target->login_user);
}

void readings_answers(const struct provider *cloud, const struct answered *rows,
		      size_t count)
{
	static const struct target none;
	struct err err;

	for (size_t i = 0; i < count; i++) {
		struct strbuf text = STRBUF(READING_SIZE);
		struct target target = none;
		json_t *reply = replies_load(cloud, rows[i].name);

		if (rows[i].task)
			snprintf(target.task_id, sizeof(target.task_id), "%s",
				 rows[i].task);
		CHECK(cloud->actions[rows[i].step].reply(reply, &target,
							 &err) == 0);
		write_answer(rows[i].step, &target, &text);
		expect(rows[i].name, &text, rows[i].want);
		json_decref(reply);
		if (rows[i].needed)
			replies_damage_step(cloud, rows[i].step, &none,
					    rows[i].name, rows[i].needed);
	}
}

static bool is_busy(const struct provider *cloud, int status,
		    const json_t *reply)
{
	return cloud->busy && cloud->busy(status, reply);
}

void readings_refusals(const struct provider *cloud, const struct refused *rows,
		       size_t count)
{
	char text[200];

	for (size_t i = 0; i < count; i++) {
		json_t *reply = replies_load(cloud, rows[i].name);

		cloud->explain(reply, text, sizeof(text));
		CHECK_TEXT(text, rows[i].want);
		CHECK(is_busy(cloud, rows[i].status, reply) == rows[i].busy);
		CHECK(!is_busy(cloud, rows[i].status, NULL));
		json_decref(reply);
	}
	cloud->explain(NULL, text, sizeof(text));
	CHECK_TEXT(text, "");
}

void readings_whoami(const struct provider *cloud, const char *name,
		     const char *want)
{
	json_t *reply = replies_load(cloud, name);
	char text[200];
	struct err err;

	CHECK(cloud->whoami_reply(reply, text, sizeof(text), &err) == 0);
	CHECK_TEXT(text, want);
	CHECK(cloud->whoami_reply(NULL, text, sizeof(text), &err) < 0);
	CHECK(err.kind == ERR_PROTOCOL);
	json_decref(reply);
}

void readings_requests(const struct provider *cloud,
		       const struct target *target, const struct written *rows,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		replies_expect_request(cloud, rows[i].step, target,
				       rows[i].want);
}
