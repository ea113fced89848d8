/* session.h - one conversation with one cloud: for the programs of bin/.
 *
 * Puts endpoint, engine, journal and drive together, so that a program says
 * only what it wants:
 *
 *	session_open(&session, &access, stopped_hard, err);
 *	session_observe(&session, lists, err);  session.world
 *	session_run(&session, &run, err);       targets to their goals
 *	session_close(&session);
 */
#ifndef CLOUD_SESSION_H
#define CLOUD_SESSION_H

#include "cloud/drive.h"
#include "cloud/engine.h"
#include "cloud/journal.h"

struct session {
	const struct provider *provider;
	struct engine engine;
	struct world world;
	struct journal journal;
	char *root_password; /* owned, wiped */
};

/* Which cloud, and how it is reached; NULL or "" where not said. */
struct access {
	const char *cloud, *region, *api_url, *ca_file;
	const char *credentials; /* a file */
	const char *build;	 /* the build's folder, where they are found */
	bool all_regions;	 /* what is in others is seen as well */
};

/* What one run wants. */
struct run {
	const char *journal; /* its file; NULL for goals that need none */
	const struct target *targets;
	size_t count;
	const char *root_password; /* a file, for new machines; may be NULL */
	unsigned deadline_s;
	bool dry;     /* prepare only: look, choose, refuse; send nothing */
	bool abandon; /* with count 0: gives the run up, and removes what it
		       * made and did not finish, and its journal */
	bool (*stopped)(void);
	void (*progress)(const struct journal *, int64_t elapsed_s);
};

/* Signals end waiting early where stopped_hard, which may be NULL, is true. */
int session_open(struct session *, const struct access *,
		 bool (*stopped_hard)(void), struct err *) MUST_CHECK;
void session_close(struct session *);

/* Asks these lists (provider.h, 1u << each). */
int session_observe(struct session *, unsigned lists, struct err *) MUST_CHECK;

/* Writes the one line that says who we are there. */
int session_whoami(struct session *, char *text, size_t size,
		   struct err *) MUST_CHECK;

/* Adopts or begins the run, prepares it, drives it. session.journal holds the
 * targets with their answers until session_close(), also on -1. */
int session_run(struct session *, const struct run *, struct err *) MUST_CHECK;

#endif
