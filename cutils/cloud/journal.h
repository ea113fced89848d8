/* journal.h - what a run must not forget, in one small file.
 *
 * Observation tells almost everything; the journal holds the rest: the names
 * chosen for images before their creates were sent, which create was sent
 * last, whose power is to be restored. It is JSON, mode 0600, replaced whole
 * before each batch of creates and after it. It holds no secret: user data is
 * kept as the name of its file.
 *
 *	journal_open()   locks it; found says that an unfinished run, or one
 *	                 whose results were not yet taken, is in it
 *	journal_save()   after every change of what it holds
 *	journal_close()  unlocks; the file stays for whoever takes the results
 */
#ifndef CLOUD_JOURNAL_H
#define CLOUD_JOURNAL_H

#include "cloud/target.h"

struct journal {
	char path[1024]; /* "" keeps it in memory only, for what needs none */
	int lock;
	bool found;
	char cloud[32];
	int64_t started_s;	/* epoch */
	struct target *targets; /* owned */
	size_t count;
};

/* Takes the lock (ERR_RETRY names its holder after wait_ms) and reads what is
 * there. path may be NULL. A damaged journal is ERR_DATA and stays as it is.
 * On -1 nothing is to be closed. */
int journal_open(struct journal *, const char *path, int wait_ms,
		 struct err *) MUST_CHECK;

/* Fills an empty journal from the file's bytes; ERR_DATA where they are no
 * journal of ours. journal_open() does. */
int journal_parse(struct journal *, const char *bytes, size_t size,
		  struct err *) MUST_CHECK;

int journal_save(const struct journal *, struct err *) MUST_CHECK;

void journal_close(struct journal *);

/* A new zeroed target, borrowed until the next is added; NULL without memory,
 * with *err. */
struct target *journal_add(struct journal *, enum goal, struct err *);

/* Forgets all targets, in memory. */
void journal_clear(struct journal *);

/* Takes up the wanted targets (goal, names, options; all of one goal):
 *	an unfinished run of the same targets goes on;
 *	one of other targets is ERR_DATA, and nothing is changed;
 *	a finished one of the same targets stands, to be read again;
 *	otherwise a new run begins with them, and *fresh is true.
 * With count 0 the run in the journal goes on; ERR_NO where there is none. */
int journal_adopt(struct journal *, const char *cloud, int64_t now_s,
		  const struct target *wanted, size_t count, bool *fresh,
		  struct err *) MUST_CHECK;

/* Every target reached its goal. */
bool journal_finished(const struct journal *);

/* The run is being given up: some of its targets are abandoned. */
bool journal_abandoned(const struct journal *);

/* Removes the file; targets and lock stay. */
int journal_remove(const struct journal *, struct err *) MUST_CHECK;

#endif
