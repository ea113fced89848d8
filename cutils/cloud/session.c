/* session.c - see session.h. */
#include "cloud/session.h"

#include "base/atomicfile.h"
#include "base/clock.h"
#include "cloud/capture.h"
#include "cloud/endpoint.h"
#include "cloud/provision.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 60000 /* for a single question */
#define LOCK_WAIT_MS 2000

int session_open(struct session *session, const char *cloud,
		 const char *api_url, bool (*stopped_hard)(void),
		 struct err *err)
{
	struct http_endpoint endpoint;

	*session = (struct session){.journal = {.lock = -1}};
	session->provider = provider_find(cloud, err);
	if (!session->provider ||
	    endpoint_find(session->provider, api_url, &endpoint, err) < 0 ||
	    engine_init(&session->engine, session->provider, &endpoint, err) <
		    0)
		return -1;
	session->engine.stopped = stopped_hard;
	return 0;
}

void session_close(struct session *session)
{
	journal_close(&session->journal);
	world_clear(&session->world);
	engine_free(&session->engine);
}

int session_observe(struct session *session, struct err *err)
{
	return engine_observe(&session->engine, &session->world,
			      clock_now_ms() + ANSWER_MS, err);
}

int session_whoami(struct session *session, char *text, size_t size,
		   struct err *err)
{
	struct call call;
	int rc = -1;

	call_init(&call);
	session->provider->whoami_request(&call.request);
	engine_run(&session->engine, &call, 1, clock_now_ms() + ANSWER_MS);
	if (call.failed)
		*err = call.err;
	else
		rc = session->provider->whoami_reply(call.reply, text, size,
						     err);
	call_free(&call);
	return rc;
}

static int load_user_data(struct target *target, struct err *err)
{
	size_t size;

	if (!target->user_data_file[0])
		return 0;
	if (file_read(target->user_data_file, &target->user_data, &size, NULL,
		      err) < 0)
		return -1;
	if (strlen(target->user_data) == size)
		return 0;
	return err_set(err, ERR_DATA, "%s holds a NUL byte",
		       target->user_data_file);
}

static int prepare(struct session *session, bool fresh, struct err *err)
{
	struct journal *journal = &session->journal;
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (load_user_data(&journal->targets[i], err) < 0)
			return -1;
	if (!fresh || journal->count == 0)
		return 0;
	if (journal->targets[0].goal == GOAL_IMAGE)
		return session_observe(session, err) < 0
			       ? -1
			       : capture_prepare(journal, session->provider,
						 &session->world,
						 clock_epoch_s(), err);
	if (journal->targets[0].goal == GOAL_MACHINE)
		return session_observe(session, err) < 0
			       ? -1
			       : provision_prepare(journal, &session->world,
						   err);
	return 0;
}

int session_run(struct session *session, const struct run *run, struct err *err)
{
	struct drive drive = {.engine = &session->engine,
			      .journal = &session->journal,
			      .deadline_s = run->deadline_s,
			      .stopped = run->stopped,
			      .progress = run->progress};
	bool fresh;

	if (journal_open(&session->journal, run->journal, LOCK_WAIT_MS, err) <
		    0 ||
	    journal_adopt(&session->journal, session->provider->name,
			  clock_epoch_s(), run->targets, run->count, &fresh,
			  err) < 0 ||
	    prepare(session, fresh, err) < 0)
		return -1;
	return run->dry ? 0 : drive_run(&drive, err);
}
