/* snapshotids.h - snapshot_ids.dat: which image each machine type starts from.
 *
 * Format: snapshot_ids(5). One "label:id" line a machine type, in any order,
 * and nothing else: its readers take every line in which the label occurs, and
 * what follows the last ':' of it. So after every write of ours each label
 * stands once, with an id that holds no ':' and no blank.
 *
 * A file may come damaged. What it plainly means is read; what is not plain is
 * an error that names the lines; and no write ever drops a line that it did not
 * understand: it refuses instead. */
#ifndef FILES_SNAPSHOTIDS_H
#define FILES_SNAPSHOTIDS_H

#include "base/err.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

#define SNAPSHOT_ID_MAX 127 /* bytes; the longest known has 64 hex digits */

/* The five machine types; ends in NULL. */
extern const char *const snapshot_labels[];

enum ids_damage {
	IDS_PLAIN,   /* its meaning is plain: CR, blank line, no last newline,
		      * the same line twice, a label without an id */
	IDS_UNCLEAR, /* two ids for one label, an unknown label, anything else
		      */
};

struct ids_finding {
	enum ids_damage damage;
	const char *label; /* whose line it is; NULL: nobody's we know */
	unsigned line;
	char words[160];
};

struct snapshot_ids {
	char path[1024];
	const char *const *labels; /* borrowed: what may stand in the file */
	struct ids_entry {
		const char *label; /* one of labels */
		char id[SNAPSHOT_ID_MAX + 1];
		unsigned line;	     /* where; 0: set by us */
		unsigned other_line; /* where another id stands, or 0 */
	} * entries;		     /* owned, in the file's order */
	size_t count;
	struct ids_finding *findings; /* owned */
	size_t finding_count;
};

/* Reads the file. ERR_NO: there is none. A damaged one is read, with what was
 * found in findings. Owned: snapshot_ids_free(). labels as snapshot_labels. */
int snapshot_ids_read(struct snapshot_ids *, const char *path,
		      const char *const *labels, struct err *) MUST_CHECK;
void snapshot_ids_free(struct snapshot_ids *);

/* *id (borrowed) is the label's id. ERR_NO: it has none. ERR_DATA: no such
 * label, or two different ids, whose lines are named. */
int snapshot_ids_get(const struct snapshot_ids *, const char *label,
		     const char **id, struct err *) MUST_CHECK;

/* One change of a file: an id for a label, or NULL to remove the label. */
struct ids_change {
	const char *label, *id;
};

/* Makes all changes or none, atomically, one writer at a time. ERR_DATA, and
 * the file stays as it is: a label or id that may not be, or a file with
 * unclear damage to anything else than the labels changed (the lines are
 * named). Plain damage is mended; *mended tells whether there was any. A
 * missing file is made, mode 0600. Removing what is not there is fine. */
int snapshot_ids_change(const char *path, const char *const *labels,
			const struct ids_change *, size_t count, bool *mended,
			struct err *) MUST_CHECK;

#endif
