/* probe.h - what does a store make of If-Match and If-None-Match on a put?
 *
 * Not all honour them, and some know an etag only without its quotes. It is
 * found out once, by trying, and kept in a settings file: a line a store, its
 * base URL and one word. */
#ifndef STORE_PROBE_H
#define STORE_PROBE_H

#include "store/s3.h"

enum s3_conditions {
	S3_CONDITIONS_UNKNOWN,
	S3_CONDITIONS_BARE,   /* honoured, the etag without quotes */
	S3_CONDITIONS_QUOTED, /* honoured, the etag in quotes */
	S3_CONDITIONS_NONE,   /* not honoured: a lease must do (lease.h) */
};

/* "bare", "quoted", "none", or "unknown". */
const char *probe_word(enum s3_conditions);

/* Tries it, with an object of its own that it removes again. */
int probe_conditions(struct s3 *, enum s3_conditions *,
		     struct err *) MUST_CHECK;

/* What the settings file says of this store; unknown where it or the file says
 * nothing. ERR_DATA: another word. */
int probe_recall(const char *path, const struct s3_store *,
		 enum s3_conditions *, struct err *) MUST_CHECK;

/* Notes it there, mode 0600; what is said of other stores stays. */
int probe_note(const char *path, const struct s3_store *, enum s3_conditions,
	       struct err *) MUST_CHECK;

/* As s3_put(), by what the store makes of conditions: under it, or under a
 * lease. settings is the file to recall it from, or where it says nothing, to
 * find it out now and note it; NULL for a store of which nothing is known. */
int probe_put(struct s3 *, const char *key, const struct http_upload *,
	      struct s3_condition *, const char *settings,
	      char etag[S3_ETAG_SIZE], struct err *) MUST_CHECK;

#endif
