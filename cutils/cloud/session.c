/* session.c - see session.h. */
#include "cloud/session.h"

#include "base/atomicfile.h"
#include "base/clock.h"
#include "cloud/capture.h"
#include "cloud/endpoint.h"
#include "cloud/provision.h"
#include "cloud/refusal.h"
#include "files/clientpair.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 60000	  /* for a single question */
#define PREPARE_MS 600000 /* for those of a run, which has time */
#define LOCK_WAIT_MS 2000

/* Who we are to a server of one's own, where it is reached by https. */
static int find_client(const struct provider *provider,
		       const struct access *access,
		       struct http_endpoint *endpoint, struct err *err)
{
	struct client_pair pair;

	if (!provider->client_folders ||
	    strncmp(endpoint->base_url, "https:", 6) != 0)
		return 0;
	if (clientpair_find(provider->client_folders, access->credentials,
			    access->build, &pair, err) < 0)
		return err_prefix(err, "%s", provider->name);
	memcpy(endpoint->client_certificate, pair.certificate,
	       sizeof(pair.certificate));
	memcpy(endpoint->client_key, pair.key, sizeof(pair.key));
	return 0;
}

int session_open(struct session *session, const struct access *access,
		 bool (*stopped_hard)(void), struct err *err)
{
	const char *region = access->region ? access->region : "";
	struct credentials credentials = {{0}, {0}};
	struct http_endpoint endpoint;
	int rc = -1;

	*session = (struct session){.journal = {.lock = -1}};
	session->provider = provider_find(access->cloud, err);
	if (session->provider &&
	    endpoint_find(session->provider, access->api_url, region,
			  access->ca_file, &endpoint, err) == 0 &&
	    (!session->provider->places ||
	     credentials_find(session->provider->places, access->credentials,
			      access->build, &credentials, err) == 0) &&
	    find_client(session->provider, access, &endpoint, err) == 0)
		rc = engine_init(&session->engine, session->provider, &endpoint,
				 &credentials, region, err);
	credentials_wipe(&credentials);
	session->engine.stopped = stopped_hard;
	session->engine.all_regions = access->all_regions;
	return rc;
}

void session_close(struct session *session)
{
	journal_close(&session->journal);
	world_clear(&session->world);
	engine_free(&session->engine);
	if (session->root_password)
		explicit_bzero(session->root_password,
			       strlen(session->root_password));
	free(session->root_password);
	session->root_password = NULL;
}

static int observe(struct session *session, unsigned lists, int64_t most_ms,
		   struct err *err)
{
	bool by_id = session->provider->traits.sizes_by_id &&
		     (lists & 1u << LIST_MACHINES);

	if (by_id)
		lists |= 1u << LIST_SIZES;
	if (engine_observe(&session->engine, lists, &session->world,
			   clock_now_ms() + clock_patience_ms(most_ms),
			   err) < 0)
		return -1;
	if (by_id)
		world_name_sizes(&session->world);
	return 0;
}

int session_observe(struct session *session, unsigned lists, struct err *err)
{
	return observe(session, lists, ANSWER_MS, err);
}

int session_whoami(struct session *session, char *text, size_t size,
		   struct err *err)
{
	struct call call;
	int rc = 0;

	call_init(&call);
	session->provider->whoami_request(&call.request);
	engine_run(&session->engine, &call, 1,
		   clock_now_ms() + clock_patience_ms(ANSWER_MS));
	if (call.failed) {
		*err = call.err;
		rc = refusal_question(err);
	} else if (session->provider->whoami_reply(call.reply, text, size,
						   err) < 0) {
		rc = refusal_reply(session->provider, err);
	}
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

/* One line; "-" is standard input. */
static int load_root_password(struct session *session, const char *path,
			      struct err *err)
{
	size_t size;
	int rc;

	if (!path)
		return 0;
	rc = strcmp(path, "-") == 0
		     ? file_read_open(STDIN_FILENO, "standard input",
				      &session->root_password, &size, err)
		     : file_read_secret(path, &session->root_password, &size,
					err);
	if (rc < 0)
		return -1;
	session->root_password[strcspn(session->root_password, "\r\n")] = '\0';
	return session->root_password[0]
		       ? 0
		       : err_set(err, ERR_DATA, "%s: no password in it", path);
}

static int prepare(struct session *session, const struct run *run, bool fresh,
		   struct err *err)
{
	struct journal *journal = &session->journal;
	size_t i;

	if (load_root_password(session, run->root_password, err) < 0)
		return -1;
	for (i = 0; i < journal->count; i++) {
		journal->targets[i].root_password = session->root_password;
		if (load_user_data(&journal->targets[i], err) < 0)
			return -1;
	}
	if (!fresh || journal->count == 0)
		return 0;
	if (journal->targets[0].goal == GOAL_IMAGE)
		return observe(session, LISTS_WORLD, PREPARE_MS, err) < 0
			       ? -1
			       : capture_prepare(journal, session->provider,
						 &session->world,
						 clock_epoch_s(), err);
	if (journal->targets[0].goal == GOAL_MACHINE)
		return observe(session, provision_lists(journal), PREPARE_MS,
			       err) < 0
			       ? -1
			       : provision_prepare(journal, session->provider,
						   &session->world,
						   session->engine.region, err);
	return 0;
}

/* Wanted is what is in the journal, and no more: files that the run needs may
 * be gone since. */
static bool only_tells(const struct run *run)
{
	return run->dry && run->count == 0;
}

/* A run that was being given up is given up to its end, or was. */
static int check_abandoned(struct session *session, const struct run *run,
			   struct err *err)
{
	struct journal *journal = &session->journal;

	if (run->abandon || only_tells(run) || !journal_abandoned(journal))
		return 0;
	if (!journal_finished(journal))
		return err_set(err, ERR_DATA,
			       "%s: that run is being given up; finish that "
			       "first: adt-cloud resume --abandon",
			       journal->path);
	journal_clear(journal);
	return 0;
}

/* Drives to nothing what is not finished. Afterwards the targets are still in
 * memory, for the words about them; the file is gone. */
static int abandon(struct drive *drive, struct err *err)
{
	struct journal *journal = drive->journal;
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (!journal->targets[i].finished)
			journal->targets[i].abandoned = true;
	if (journal_save(journal, err) < 0 || drive_run(drive, err) < 0)
		return -1;
	return journal_remove(journal, err);
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
	    check_abandoned(session, run, err) < 0 ||
	    journal_adopt(&session->journal, session->provider->name,
			  clock_epoch_s(), run->targets, run->count, &fresh,
			  err) < 0 ||
	    (!run->abandon && !only_tells(run) &&
	     prepare(session, run, fresh, err) < 0))
		return -1;
	if (run->dry)
		return 0;
	return run->abandon ? abandon(&drive, err) : drive_run(&drive, err);
}
