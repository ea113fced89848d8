/* snapshotids.c - see snapshotids.h. */
#include "files/snapshotids.h"

#include "base/atomicfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_WAIT_MS 10000

const char *const snapshot_labels[] = {
	"authenticator", "reverseproxy", "autoscaler",
	"webserver",	 "database",	 NULL,
};

static const char *find_label(const char *const *labels, const char *word,
			      size_t len)
{
	for (; *labels; labels++)
		if (strlen(*labels) == len && memcmp(*labels, word, len) == 0)
			return *labels;
	return NULL;
}

static int note(struct snapshot_ids *ids, enum ids_damage damage,
		const char *label, unsigned line, struct err *err,
		const char *fmt, ...) PRINTF_LIKE(6, 7);

static int note(struct snapshot_ids *ids, enum ids_damage damage,
		const char *label, unsigned line, struct err *err,
		const char *fmt, ...)
{
	struct ids_finding *more = reallocarray(
		ids->findings, ids->finding_count + 1, sizeof(*more));
	va_list args;

	if (!more)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", ids->path);
	ids->findings = more;
	more += ids->finding_count++;
	more->damage = damage;
	more->label = label;
	more->line = line;
	va_start(args, fmt);
	vsnprintf(more->words, sizeof(more->words), fmt, args);
	va_end(args);
	return 0;
}

/* Printable ASCII without ':' and blank, so that every reader of the file gets
 * it whole. */
static bool good_id(const char *id, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (id[i] <= ' ' || id[i] >= 0x7f || id[i] == ':')
			return false;
	return len > 0 && len <= SNAPSHOT_ID_MAX;
}

static struct ids_entry *find(const struct snapshot_ids *ids, const char *label)
{
	size_t i;

	for (i = 0; i < ids->count; i++)
		if (strcmp(ids->entries[i].label, label) == 0)
			return &ids->entries[i];
	return NULL;
}

static int add(struct snapshot_ids *ids, const char *label, const char *id,
	       size_t len, unsigned line, struct err *err)
{
	struct ids_entry *more =
		reallocarray(ids->entries, ids->count + 1, sizeof(*more));

	if (!more)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", ids->path);
	ids->entries = more;
	more += ids->count++;
	*more = (struct ids_entry){.label = label, .line = line};
	memcpy(more->id, id, len);
	return 0;
}

/* "label:id" of a known label. */
static int read_pair(struct snapshot_ids *ids, const char *label,
		     const char *id, size_t len, unsigned line, struct err *err)
{
	struct ids_entry *entry;

	if (len == 0)
		return note(ids, IDS_PLAIN, label, line, err, "%s has no id",
			    label);
	if (!good_id(id, len))
		return note(ids, IDS_UNCLEAR, label, line, err,
			    "%s: not a usable id: '%.*s'", label,
			    len > 60 ? 60 : (int)len, id);
	entry = find(ids, label);
	if (!entry)
		return add(ids, label, id, len, line, err);
	if (strlen(entry->id) == len && memcmp(entry->id, id, len) == 0)
		return note(ids, IDS_PLAIN, label, line, err,
			    "%s stands here again, with the id of line %u",
			    label, entry->line);
	entry->other_line = line;
	return note(ids, IDS_UNCLEAR, label, line, err,
		    "%s has another id here than in line %u", label,
		    entry->line);
}

static int read_line(struct snapshot_ids *ids, const char *text, size_t len,
		     unsigned line, struct err *err)
{
	const char *colon, *label;

	if (len > 0 && text[len - 1] == '\r') {
		len--;
		if (note(ids, IDS_PLAIN, NULL, line, err,
			 "the line ends in CR LF") < 0)
			return -1;
	}
	if (strspn(text, " \t") >= len)
		return note(ids, IDS_PLAIN, NULL, line, err, "a blank line");
	colon = memchr(text, ':', len);
	label = colon ? find_label(ids->labels, text, (size_t)(colon - text))
		      : NULL;
	if (!label)
		return note(ids, IDS_UNCLEAR, NULL, line, err,
			    "not a machine type and its id: '%.*s'",
			    len > 60 ? 60 : (int)len, text);
	return read_pair(ids, label, colon + 1,
			 len - (size_t)(colon + 1 - text), line, err);
}

static int read_lines(struct snapshot_ids *ids, const char *bytes, size_t size,
		      struct err *err)
{
	const char *end = bytes + size;
	unsigned line = 0;

	while (bytes < end) {
		const char *newline =
			memchr(bytes, '\n', (size_t)(end - bytes));
		const char *stop = newline ? newline : end;

		line++;
		if (read_line(ids, bytes, (size_t)(stop - bytes), line, err) <
		    0)
			return -1;
		if (!newline && note(ids, IDS_PLAIN, NULL, line, err,
				     "the last line has no end") < 0)
			return -1;
		bytes = newline ? newline + 1 : end;
	}
	return 0;
}

static int init(struct snapshot_ids *ids, const char *path,
		const char *const *labels, struct err *err)
{
	*ids = (struct snapshot_ids){.labels = labels};
	if (strlen(path) >= sizeof(ids->path))
		return err_set(err, ERR_DATA, "%s: the name is too long", path);
	memcpy(ids->path, path, strlen(path) + 1);
	return 0;
}

/* As snapshot_ids_read(); *mode is the file's. */
static int read_file(struct snapshot_ids *ids, const char *path,
		     const char *const *labels, mode_t *mode, struct err *err)
{
	char *bytes;
	size_t size;
	int rc;

	if (init(ids, path, labels, err) < 0 ||
	    file_read(path, &bytes, &size, mode, err) < 0)
		return -1;
	if (memchr(bytes, '\0', size))
		rc = err_set(err, ERR_DATA, "%s holds a NUL byte", path);
	else
		rc = read_lines(ids, bytes, size, err);
	free(bytes);
	if (rc < 0)
		snapshot_ids_free(ids);
	return rc;
}

int snapshot_ids_read(struct snapshot_ids *ids, const char *path,
		      const char *const *labels, struct err *err)
{
	return read_file(ids, path, labels, NULL, err);
}

void snapshot_ids_free(struct snapshot_ids *ids)
{
	free(ids->entries);
	free(ids->findings);
	ids->entries = NULL;
	ids->findings = NULL;
	ids->count = ids->finding_count = 0;
}

static int no_such_label(const char *const *labels, const char *word,
			 struct err *err)
{
	struct strbuf known = STRBUF(400);

	for (; *labels; labels++)
		strbuf_addf(&known, " %s", *labels);
	err_set(err, ERR_DATA, "'%.60s' is no machine type; there are%s", word,
		strbuf_text(&known));
	strbuf_free(&known);
	return -1;
}

int snapshot_ids_get(const struct snapshot_ids *ids, const char *label,
		     const char **id, struct err *err)
{
	const struct ids_entry *entry;

	if (!find_label(ids->labels, label, strlen(label)))
		return no_such_label(ids->labels, label, err);
	entry = find(ids, label);
	if (!entry)
		return err_set(err, ERR_NO, "%s: %s has no id", ids->path,
			       label);
	if (entry->other_line)
		return err_set(err, ERR_DATA,
			       "%s: %s has two ids, in lines %u and %u: set "
			       "the right one",
			       ids->path, label, entry->line,
			       entry->other_line);
	*id = entry->id;
	return 0;
}

static bool is_changed(const char *label, const struct ids_change *change,
		       size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(change[i].label, label) == 0)
			return true;
	return false;
}

/* Would writing the file lose something that nobody asked to change? */
static int refuse_loss(const struct snapshot_ids *ids,
		       const struct ids_change *change, size_t count,
		       struct err *err)
{
	struct strbuf lines = STRBUF(120);
	bool refused = false;
	size_t i;

	for (i = 0; i < ids->finding_count; i++) {
		const struct ids_finding *finding = &ids->findings[i];

		if (finding->damage == IDS_PLAIN ||
		    (finding->label &&
		     is_changed(finding->label, change, count)))
			continue;
		strbuf_addf(&lines, " %u", finding->line);
		refused = true;
	}
	if (refused)
		err_set(err, ERR_DATA,
			"%s is left as it is: these lines would be lost, mend "
			"them first:%s",
			ids->path, strbuf_text(&lines));
	strbuf_free(&lines);
	return refused ? -1 : 0;
}

static int apply(struct snapshot_ids *ids, const struct ids_change *change,
		 struct err *err)
{
	struct ids_entry *entry = find(ids, change->label);
	const char *label;

	label = find_label(ids->labels, change->label, strlen(change->label));
	if (!change->id) {
		if (entry)
			entry->id[0] = '\0';
		return 0;
	}
	if (!entry)
		return add(ids, label, change->id, strlen(change->id), 0, err);
	snprintf(entry->id, sizeof(entry->id), "%s", change->id);
	return 0;
}

static int write_file(const struct snapshot_ids *ids, mode_t mode,
		      struct err *err)
{
	struct strbuf text = STRBUF(FILE_MAX_BYTES);
	size_t i;
	int rc;

	for (i = 0; i < ids->count; i++)
		if (ids->entries[i].id[0])
			strbuf_addf(&text, "%s:%s\n", ids->entries[i].label,
				    ids->entries[i].id);
	rc = strbuf_check(&text, ids->path, err);
	if (rc == 0)
		rc = file_replace(ids->path, strbuf_text(&text), text.len, mode,
				  err);
	strbuf_free(&text);
	return rc;
}

static int check_changes(const char *const *labels,
			 const struct ids_change *change, size_t count,
			 struct err *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const char *label = change[i].label, *id = change[i].id;

		if (!find_label(labels, label, strlen(label)))
			return no_such_label(labels, label, err);
		if (id && !good_id(id, strlen(id)))
			return err_set(err, ERR_DATA,
				       "%s: not a usable id: '%.60s'; wanted "
				       "are 1 to %d printable characters, no "
				       "':', no blank",
				       label, id, SNAPSHOT_ID_MAX);
		if (is_changed(label, change, i))
			return err_set(err, ERR_DATA, "%s is given twice",
				       label);
	}
	return 0;
}

int snapshot_ids_change(const char *path, const char *const *labels,
			const struct ids_change *change, size_t count,
			bool *mended, struct err *err)
{
	struct snapshot_ids ids;
	mode_t mode = 0600;
	int lock, rc = -1;
	size_t i;

	*mended = false;
	if (check_changes(labels, change, count, err) < 0)
		return -1;
	lock = file_lock(path, LOCK_WAIT_MS, err);
	if (lock < 0)
		return -1;
	if (read_file(&ids, path, labels, &mode, err) < 0 &&
	    err->kind != ERR_NO)
		goto unlock;
	if (refuse_loss(&ids, change, count, err) < 0)
		goto out;
	*mended = ids.finding_count > 0;
	for (i = 0; i < count; i++)
		if (apply(&ids, &change[i], err) < 0)
			goto out;
	rc = write_file(&ids, mode, err);
out:
	snapshot_ids_free(&ids);
unlock:
	file_unlock(lock);
	return rc;
}
