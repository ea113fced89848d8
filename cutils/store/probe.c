/* probe.c - see probe.h. */
#include "store/probe.h"

#include "base/atomicfile.h"
#include "base/strbuf.h"
#include "store/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define LOCK_WAIT_MS 10000
#define NO_ETAG "00000000000000000000000000000000"

static const char *const words[] = {"unknown", "bare", "quoted", "none"};

const char *probe_word(enum s3_conditions conditions)
{
	return words[conditions];
}

enum outcome { WRITTEN, NOT_HELD, NOT_KNOWN_THERE };

/* One put. A store that refuses the header itself does not know it. */
static int try_put(struct s3 *s3, const char *key,
		   struct s3_condition condition, enum outcome *outcome,
		   char etag[S3_ETAG_SIZE], struct err *err)
{
	struct http_upload text = {.bytes = "adt", .size_bytes = 3};

	if (s3_put(s3, key, &text, &condition, etag, err) == 0)
		*outcome = WRITTEN;
	else if (condition.not_held)
		*outcome = NOT_HELD;
	else if (condition.when != S3_ALWAYS &&
		 (err->kind == ERR_REFUSED || strstr(err->text, "status 501")))
		*outcome = NOT_KNOWN_THERE;
	else
		return -1;
	return 0;
}

/* Does an If-Match do what it must, with the etag written so? */
static int try_match(struct s3 *s3, const char *key, bool quoted, bool *good,
		     char etag[S3_ETAG_SIZE], struct err *err)
{
	struct s3_condition wrong = {S3_IF_MATCH, NO_ETAG, quoted, false};
	struct s3_condition right = {S3_IF_MATCH, etag, quoted, false};
	char now[S3_ETAG_SIZE];
	enum outcome outcome;

	*good = false;
	if (try_put(s3, key, wrong, &outcome, now, err) < 0)
		return -1;
	if (outcome != NOT_HELD)
		return 0;
	if (try_put(s3, key, right, &outcome, now, err) < 0)
		return -1;
	*good = outcome == WRITTEN;
	return 0;
}

static int try_all(struct s3 *s3, const char *key, enum s3_conditions *found,
		   struct err *err)
{
	struct s3_condition always = {.when = S3_ALWAYS};
	struct s3_condition absent = {.when = S3_IF_ABSENT};
	char etag[S3_ETAG_SIZE], again[S3_ETAG_SIZE];
	enum outcome outcome;
	bool good;

	*found = S3_CONDITIONS_NONE;
	if (try_put(s3, key, always, &outcome, etag, err) < 0 ||
	    try_put(s3, key, absent, &outcome, again, err) < 0)
		return -1;
	if (outcome != NOT_HELD)
		return 0;
	if (try_match(s3, key, false, &good, etag, err) < 0)
		return -1;
	if (good) {
		*found = S3_CONDITIONS_BARE;
		return 0;
	}
	if (try_match(s3, key, true, &good, etag, err) < 0)
		return -1;
	if (good)
		*found = S3_CONDITIONS_QUOTED;
	return 0;
}

int probe_conditions(struct s3 *s3, enum s3_conditions *found, struct err *err)
{
	unsigned char random[8];
	struct err unused;
	char key[64];
	int rc;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_sys(err, "no random bytes");
	snprintf(key, sizeof(key),
		 ".adt-probe-%02x%02x%02x%02x%02x%02x%02x%02x", random[0],
		 random[1], random[2], random[3], random[4], random[5],
		 random[6], random[7]);
	rc = try_all(s3, key, found, err);
	if (s3_delete(s3, key, rc == 0 ? err : &unused) < 0)
		rc = -1;
	return rc;
}

/* Is this line about the store? Then word is what stands behind its URL. */
static bool is_about(const char *line, size_t len, const char *url,
		     const char **word, size_t *word_len)
{
	size_t url_len = strlen(url);

	if (len <= url_len || strncmp(line, url, url_len) != 0 ||
	    line[url_len] != ' ')
		return false;
	*word = line + url_len + 1;
	*word_len = len - url_len - 1;
	return true;
}

/* The whole file, owned; NULL where there is none. */
static int read_settings(const char *path, char **text, struct err *err)
{
	struct err why;
	size_t size;

	if (file_read(path, text, &size, NULL, &why) == 0)
		return 0;
	*text = NULL;
	if (why.kind == ERR_NO)
		return 0;
	*err = why;
	return -1;
}

int probe_recall(const char *path, const struct s3_store *store,
		 enum s3_conditions *found, struct err *err)
{
	const char *line, *word;
	size_t len, word_len, i;
	char *text;

	*found = S3_CONDITIONS_UNKNOWN;
	if (read_settings(path, &text, err) < 0)
		return -1;
	for (line = text; line && *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (!is_about(line, len, store->base_url, &word, &word_len))
			continue;
		for (i = 1; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i]) == word_len &&
			    strncmp(word, words[i], word_len) == 0)
				*found = (enum s3_conditions)i;
		if (*found == S3_CONDITIONS_UNKNOWN) {
			err_set(err, ERR_DATA,
				"%s: of %s it says '%.*s', which is not bare, "
				"quoted or none",
				path, store->base_url,
				(int)(word_len < 40 ? word_len : 40), word);
			free(text);
			return -1;
		}
	}
	free(text);
	return 0;
}

int probe_note(const char *path, const struct s3_store *store,
	       enum s3_conditions conditions, struct err *err)
{
	struct strbuf all = STRBUF(FILE_MAX_BYTES);
	int lock = file_lock(path, LOCK_WAIT_MS, err), rc = -1;
	const char *line, *word;
	size_t len, word_len;
	char *text = NULL;

	if (lock < 0)
		return -1;
	if (read_settings(path, &text, err) == 0) {
		for (line = text; line && *line;
		     line += len + (line[len] == '\n')) {
			len = strcspn(line, "\n");
			if (is_about(line, len, store->base_url, &word,
				     &word_len))
				continue;
			strbuf_add(&all, line, len);
			strbuf_addc(&all, '\n');
		}
		strbuf_addf(&all, "%s %s\n", store->base_url,
			    probe_word(conditions));
		if (strbuf_check(&all, path, err) == 0)
			rc = file_replace(path, strbuf_text(&all), all.len,
					  0600, err);
	}
	free(text);
	strbuf_free(&all);
	file_unlock(lock);
	return rc;
}

static int conditions_of(struct s3 *s3, const char *settings,
			 enum s3_conditions *found, struct err *err)
{
	if (probe_recall(settings, s3_store_of(s3), found, err) < 0)
		return -1;
	if (*found != S3_CONDITIONS_UNKNOWN)
		return 0;
	if (probe_conditions(s3, found, err) < 0)
		return -1;
	return probe_note(settings, s3_store_of(s3), *found, err);
}

int probe_put(struct s3 *s3, const char *key, const struct http_upload *upload,
	      struct s3_condition *condition, const char *settings,
	      char etag[S3_ETAG_SIZE], struct err *err)
{
	enum s3_conditions found = S3_CONDITIONS_BARE;

	if (settings && condition->when != S3_ALWAYS &&
	    conditions_of(s3, settings, &found, err) < 0)
		return -1;
	condition->quoted = found == S3_CONDITIONS_QUOTED;
	if (found == S3_CONDITIONS_NONE)
		return lease_put(s3, key, upload, condition, etag, err);
	return s3_put(s3, key, upload, condition, etag, err);
}
