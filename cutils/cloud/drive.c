/* drive.c - observe, plan, journal, act; see drive.h. */
#include "cloud/drive.h"

#include "base/clock.h"
#include "cloud/pace.h"
#include "cloud/plan.h"
#include "cloud/refusal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 120000 /* for one batch of requests, retries included */
#define RESTORE_S 180  /* for restoring power after giving up */

struct batch {
	struct call *calls;
	struct target **targets; /* whose call it is */
	enum step *steps;
	size_t count;
};

static bool over(const struct target *target)
{
	return target->finished || target->failed;
}

static size_t unfinished(const struct journal *journal)
{
	size_t left = 0, i;

	for (i = 0; i < journal->count; i++)
		left += !over(&journal->targets[i]);
	return left;
}

static int64_t deadline_s(const struct drive *drive,
			  const struct target *target)
{
	if (drive->deadline_s)
		return drive->deadline_s;
	return DRIVE_BASE_S + (int64_t)target->disk_gb * DRIVE_PER_GB_S;
}

/* The kind of a label: "webserver" of "webserver" and "webserver-12". */
static size_t kind_len(const char *label)
{
	size_t len = strlen(label);

	while (len > 0 && strchr("0123456789-_", label[len - 1]))
		len--;
	return len;
}

static bool same_kind(const struct target *a, const struct target *b)
{
	size_t len = kind_len(a->label);

	return len == kind_len(b->label) &&
	       strncmp(a->label, b->label, len) == 0;
}

/* Those of a kind that we stopped and that are not on again count. */
static void give_turns(const struct journal *journal, struct target *target)
{
	unsigned off = 0;
	size_t i;

	for (i = 0; i < journal->count; i++)
		off += &journal->targets[i] != target &&
		       journal->targets[i].restore_power &&
		       same_kind(&journal->targets[i], target);
	target->may_stop = off < (target->at_once ? target->at_once : 1);
}

/* What the operator calls it by. */
static const char *name_of(const struct target *target)
{
	return target->goal == GOAL_NO_IMAGE ? target->image : target->machine;
}

/* Past its deadline, or stopped by a signal: only its power matters now. */
static void give_up_late(const struct drive *drive, struct target *target,
			 int64_t elapsed_s)
{
	struct err why;

	if (drive->stopped && drive->stopped()) {
		err_set(&why, ERR_RETRY,
			"%s: interrupted while %s; run it again to go on",
			name_of(target), target->doing);
	} else if (elapsed_s >= deadline_s(drive, target) + target->turn_s) {
		err_set(&why, ERR_RETRY,
			"%s: not ready after %lld minutes (%s); run it again "
			"to go on",
			name_of(target), (long long)elapsed_s / 60,
			target->doing);
	} else {
		return;
	}
	plan_give_up(target, &why);
}

static int batch_init(struct batch *batch, size_t most, struct err *err)
{
	batch->count = 0;
	batch->calls = calloc(most, sizeof(*batch->calls));
	batch->targets = calloc(most, sizeof(*batch->targets));
	batch->steps = calloc(most, sizeof(*batch->steps));
	if (batch->calls && batch->targets && batch->steps)
		return 0;
	return err_set(err, ERR_SYSTEM, "run: out of memory");
}

static void batch_free(struct batch *batch)
{
	size_t i;

	for (i = 0; i < batch->count; i++)
		call_free(&batch->calls[i]);
	free(batch->calls);
	free(batch->targets);
	free(batch->steps);
}

static void add_step(const struct drive *drive, struct batch *batch,
		     struct target *target, enum step step)
{
	const struct action *action = &drive->engine->provider->actions[step];
	struct call *call = &batch->calls[batch->count];

	call_init(call);
	action->request(target, &call->request);
	batch->targets[batch->count] = target;
	batch->steps[batch->count++] = step;
}

/* Plans every target, from a world that was observed from now_s on: what was
 * not there then may be by now. True when the journal has something new to
 * remember. */
static bool plan_all(const struct drive *drive, const struct world *world,
		     struct batch *batch, int64_t elapsed_s, int64_t now_s)
{
	struct journal *journal = drive->journal;
	bool news = false;
	size_t i;

	for (i = 0; i < journal->count; i++) {
		struct target *target = &journal->targets[i];
		bool restore = target->restore_power;
		bool was_off = target->was_off;
		enum step step;

		if (over(target))
			continue;
		give_turns(journal, target);
		give_up_late(drive, target, elapsed_s);
		step = plan(&drive->engine->provider->traits, world, target,
			    now_s);
		if (strcmp(target->doing, PLAN_TURN) == 0)
			target->turn_s = elapsed_s;
		if (step == STEP_DONE) {
			target->finished = news = true;
			target->doing = "done";
		} else if (step == STEP_FAIL) {
			target->failed = true;
			target->doing = "failed";
			if (target->err.kind != ERR_RETRY && !target->may_come)
				target_forget(target);
			news = true;
		} else if (step != STEP_WAIT) {
			add_step(drive, batch, target, step);
			plan_sent(target, step, now_s);
		}
		news = news || step_creates(step) ||
		       restore != target->restore_power ||
		       was_off != target->was_off;
	}
	return news;
}

/* What only the success of a step itself tells. */
static void note_done(struct target *target, enum step step)
{
	target->inspected = target->inspected || step == STEP_INSPECT;
	target->network_attached =
		target->network_attached || step == STEP_ATTACH_NETWORK;
	target->firewall_attached =
		target->firewall_attached || step == STEP_ATTACH_FIREWALL;
}

/* What a reply to a step means. A lost or throttled one means nothing: the
 * next observation shows whether it worked; so it is with one that cannot be
 * read, where that shows it. Nor does "no such thing" mean anything when it
 * was to be removed. */
static void take_reply(const struct drive *drive, const struct call *call,
		       struct target *target, enum step step)
{
	const struct action *action = &drive->engine->provider->actions[step];
	struct err why = call->err;

	if (!call->failed &&
	    (!action->reply || action->reply(call->reply, target, &why) == 0)) {
		note_done(target, step);
		return;
	}
	if (!call->failed)
		refusal_reply(drive->engine->provider, &why);
	if (step == STEP_ASK && why.kind == ERR_NO)
		target->task_id[0] = '\0'; /* forgotten: its name will tell */
	if (call->undone)
		plan_undone(target, step, clock_epoch_s());
	if (why.kind == ERR_RETRY ||
	    (why.kind == ERR_PROTOCOL && step_shows(step)) ||
	    (why.kind == ERR_NO &&
	     (step == STEP_DELETE || step == STEP_ASK ||
	      step == STEP_DROP_IMAGE || step == STEP_DROP_SNAPSHOT)))
		return;
	if (why.kind == ERR_NO)
		why.kind = ERR_REFUSED;
	target->may_come = step_creates(target->sent) && !step_creates(step);
	err_prefix(&why, "%s", name_of(target));
	plan_give_up(target, &why);
}

static int act(const struct drive *drive, struct batch *batch, bool news,
	       struct err *err)
{
	bool created = false;
	size_t i;

	if (news && journal_save(drive->journal, err) < 0)
		return -1;
	engine_run(drive->engine, batch->calls, batch->count,
		   clock_now_ms() + clock_patience_ms(CALL_MS));
	for (i = 0; i < batch->count; i++) {
		take_reply(drive, &batch->calls[i], batch->targets[i],
			   batch->steps[i]);
		created = created || step_creates(batch->steps[i]);
	}
	return created ? journal_save(drive->journal, err) : 0;
}

/* Restoring power has its own deadline; past it the machine is named. */
static void abandon_late(const struct drive *drive, struct pace *pace)
{
	struct journal *journal = drive->journal;
	bool giving_up = false;
	size_t i;

	for (i = 0; i < journal->count; i++)
		giving_up = giving_up || (!over(&journal->targets[i]) &&
					  journal->targets[i].giving_up);
	if (!giving_up)
		return;
	if (!pace->gave_up_ms)
		pace->gave_up_ms = clock_now_ms();
	if (clock_now_ms() - pace->gave_up_ms < RESTORE_S * 1000 &&
	    !(drive->engine->stopped && drive->engine->stopped()))
		return;
	for (i = 0; i < journal->count; i++) {
		struct target *target = &journal->targets[i];

		if (over(target) || !target->giving_up)
			continue;
		target->failed = true;
	}
}

/* Names every machine that we stopped and that does not run again. */
static void name_those_off(const struct journal *journal, struct err *err)
{
	struct strbuf names = STRBUF(ERR_TEXT_SIZE);
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (journal->targets[i].restore_power)
			strbuf_addf(&names, "%s%s", names.len ? ", " : "",
				    journal->targets[i].machine);
	if (names.len)
		err_prefix(err,
			   "LEFT OFF: %s (the same command again starts it, or "
			   "adt-cloud power on)",
			   strbuf_text(&names));
	strbuf_free(&names);
}

static int first_failure(const struct journal *journal, struct err *err)
{
	size_t i;

	for (i = 0; i < journal->count; i++) {
		if (!journal->targets[i].failed)
			continue;
		*err = journal->targets[i].err;
		return -1;
	}
	return 0;
}

/* Answers that are here: what follows from them need not wait. */
static bool only_asked(const struct batch *batch)
{
	size_t i;

	for (i = 0; i < batch->count; i++)
		if (batch->steps[i] != STEP_INSPECT ||
		    !batch->targets[i]->inspected)
			return false;
	return batch->count > 0;
}

/* What those that are not over are decided from. */
static unsigned lists_wanted(const struct journal *journal)
{
	unsigned lists = 0;
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (!over(&journal->targets[i]))
			lists |= plan_lists(journal->targets[i].goal);
	return lists;
}

/* One tick. *acted tells whether anything was sent; *asked, that it was
 * questions alone, and all were answered. */
static int tick(const struct drive *drive, struct world *world,
		const struct pace *pace, bool *acted, bool *asked,
		struct err *err)
{
	int64_t now_s = clock_epoch_s();
	struct batch batch;
	bool news;
	int rc = -1;

	*acted = *asked = false;
	if (engine_observe(drive->engine, lists_wanted(drive->journal), world,
			   clock_now_ms() + clock_patience_ms(CALL_MS),
			   err) < 0) {
		/* not reached now may be reached later; refused will not */
		bool late =
			pace_elapsed_s(pace) >=
			(drive->deadline_s ? drive->deadline_s : DRIVE_BASE_S);

		return err->kind == ERR_RETRY && !late &&
				       !(drive->stopped && drive->stopped())
			       ? 0
			       : -1;
	}
	if (batch_init(&batch, drive->journal->count, err) == 0) {
		news = plan_all(drive, world, &batch, pace_elapsed_s(pace),
				now_s);
		rc = act(drive, &batch, news, err);
		*acted = batch.count > 0;
		*asked = only_asked(&batch);
	}
	batch_free(&batch);
	return rc;
}

/* What runs before this one sent counts as one try: it is looked for, and then
 * this run may send as often as a first one may send again. */
static void begin(struct journal *journal)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (journal->targets[i].tries > 1)
			journal->targets[i].tries = 1;
}

int drive_run(struct drive *drive, struct err *err)
{
	const struct traits *traits = &drive->engine->provider->traits;
	struct pace pace = {.started_ms = clock_now_ms()};
	struct world world = {0};
	bool acted, asked;
	int rc = 0;

	begin(drive->journal);
	while (unfinished(drive->journal) > 0) {
		rc = tick(drive, &world, &pace, &acted, &asked, err);
		if (rc < 0)
			break;
		abandon_late(drive, &pace);
		if (drive->progress)
			drive->progress(drive->journal, pace_elapsed_s(&pace));
		if (unfinished(drive->journal) > 0 && !asked)
			pace_sleep(pace_next_ms(&pace, traits,
						unfinished(drive->journal),
						acted),
				   drive->stopped);
	}
	world_clear(&world);
	if (rc == 0)
		rc = first_failure(drive->journal, err);
	if (rc < 0)
		name_those_off(drive->journal, err);
	return rc;
}
