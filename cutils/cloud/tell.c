/* tell.c - see tell.h. */
#include "cloud/tell.h"

#include "base/clock.h"

#include <string.h>

static bool did(const struct target *target, enum step step)
{
	return target->did & 1u << step;
}

static void tell_subject(const struct target *target, struct strbuf *words)
{
	switch (target->goal) {
	case GOAL_IMAGE:
		strbuf_addf(words, "image %s of %s (%s): ", target->image,
			    target->machine, target->label);
		break;
	case GOAL_MACHINE:
		strbuf_addf(words,
			    "machine %s from image %s: ", target->machine,
			    target->image);
		break;
	case GOAL_NO_IMAGE:
		strbuf_addf(words, "image %s, to be gone: ", target->image);
		break;
	default:
		strbuf_addf(words, "machine %s: ", target->machine);
	}
}

static const char *in_words(enum step step)
{
	if (step == STEP_SNAPSHOT)
		return "a snapshot of the machine";
	return step == STEP_IMAGE ? "the image" : "the machine";
}

static void tell_progress(const struct target *target, struct strbuf *words)
{
	char when[CLOCK_RFC3339_SIZE];

	if (target->finished) {
		strbuf_addf(words, "finished%s%s",
			    target->image_id[0] ? ", its id is " : "",
			    target->image_id);
	} else if (!step_creates(target->sent)) {
		strbuf_adds(words, "nothing was asked for yet");
	} else {
		clock_rfc3339(target->sent_s, when);
		strbuf_addf(words, "%s was asked for at %s",
			    in_words(target->sent), when);
		if (target->tries > 1)
			strbuf_addf(words, " (%u times)", target->tries);
		if (target->task_id[0])
			strbuf_addf(words, ", task %s", target->task_id);
		else
			strbuf_adds(words, ", no answer was noted");
	}
}

void tell_run(const struct journal *journal, struct strbuf *words)
{
	char since[CLOCK_RFC3339_SIZE];
	size_t i;

	clock_rfc3339(journal->started_s, since);
	strbuf_addf(words, "%s run on %s, begun %s%s\n",
		    journal_finished(journal) ? "a finished" : "an unfinished",
		    journal->cloud, since,
		    journal_abandoned(journal) ? ", being given up" : "");
	for (i = 0; i < journal->count; i++) {
		const struct target *target = &journal->targets[i];

		tell_subject(target, words);
		tell_progress(target, words);
		if (target->restore_power)
			strbuf_addf(words,
				    "; %s was shut down for it and is to be "
				    "started again",
				    target->machine);
		strbuf_addc(words, '\n');
	}
}

void tell_abandoned(const struct journal *journal, struct strbuf *words)
{
	size_t i;

	for (i = 0; i < journal->count; i++) {
		const struct target *target = &journal->targets[i];
		size_t before;

		tell_subject(target, words);
		before = words->len;
		if (!target->abandoned)
			strbuf_addf(words, "finished, and stays%s%s",
				    target->image_id[0] ? ": its id is " : "",
				    target->image_id);
		if (did(target, STEP_START))
			strbuf_addf(words, "%s started again, ",
				    target->machine);
		if (did(target, STEP_DROP_IMAGE))
			strbuf_adds(words, "image removed, ");
		if (did(target, STEP_DROP_SNAPSHOT))
			strbuf_adds(words, "intermediate snapshot removed, ");
		if (did(target, STEP_DELETE))
			strbuf_adds(words, "machine removed, ");
		if (target->abandoned)
			strbuf_adds(words, words->len == before
						   ? "nothing was there"
						   : "given up");
		strbuf_addc(words, '\n');
	}
}

/* A target that is a thing of the world, and is there, or not. */
static void tell_thing(const struct target *target, const struct world *world,
		       struct strbuf *words)
{
	bool is_image = target->goal == GOAL_NO_IMAGE;
	const char *id = is_image ? target->image : target->machine;
	const struct machine *machine = world_machine_id(world, id);
	const struct image *image = world_image_id(world, id);
	const char *what = is_image ? "image" : "machine";
	enum machine_state wanted =
		target->goal == GOAL_ON ? MACHINE_RUNNING : MACHINE_STOPPED;

	if (is_image ? !image : !machine)
		strbuf_addf(words, "there is no %s %s", what, id);
	else if ((target->goal == GOAL_ON || target->goal == GOAL_OFF) &&
		 machine->state == wanted)
		strbuf_addf(words, "machine %s (%s) is %s already", id,
			    machine->name,
			    wanted == MACHINE_RUNNING ? "on" : "off");
	else
		strbuf_addf(words, "would %s %s %s (%s)",
			    target->goal == GOAL_ON    ? "start"
			    : target->goal == GOAL_OFF ? "stop"
						       : "delete",
			    what, id, is_image ? image->name : machine->name);
}

void tell_plan(const struct journal *journal, const struct world *world,
	       struct strbuf *words)
{
	size_t i;

	for (i = 0; i < journal->count; i++) {
		const struct target *target = &journal->targets[i];

		if (target->goal == GOAL_IMAGE && target->finished)
			strbuf_addf(words, "made already: %s of %s",
				    target->image, target->machine);
		else if (target->goal == GOAL_IMAGE)
			strbuf_addf(words, "would make %s of %s%s",
				    target->image, target->machine,
				    target->power_off
					    ? ", which is off meanwhile"
					    : "");
		else if (target->goal == GOAL_MACHINE)
			strbuf_addf(words, "%s %s from image %s%s%s",
				    target->finished ? "made already:"
						     : "would start",
				    target->machine, target->image,
				    target->size[0] ? ", size " : "",
				    target->size);
		else
			tell_thing(target, world, words);
		strbuf_addc(words, '\n');
	}
}
