/* journal.c - see journal.h. */
#include "cloud/journal.h"

#include "base/atomicfile.h"
#include "base/clock.h"
#include "cloud/reply.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "adt-snapshots journal 1"

struct target *journal_add(struct journal *journal, enum goal goal,
			   struct err *err)
{
	struct target *more = reallocarray(journal->targets, journal->count + 1,
					   sizeof(*more));

	if (!more) {
		err_set(err, ERR_SYSTEM, "journal: out of memory");
		return NULL;
	}
	journal->targets = more;
	more += journal->count++;
	*more = (struct target){
		.goal = goal, .percent = -1, .doing = "waiting"};
	return more;
}

void journal_clear(struct journal *journal)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		target_free(&journal->targets[i]);
	free(journal->targets);
	journal->targets = NULL;
	journal->count = 0;
	journal->started_s = 0;
	journal->cloud[0] = '\0';
}

bool journal_finished(const struct journal *journal)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (!journal->targets[i].finished)
			return false;
	return journal->count > 0;
}

/* The members of a target that the journal keeps, but for goal and sent. */
enum kind { TEXT, BOOL, UNSIGNED, INT64 };

#define MEMBER(kind, field)                                   \
	{                                                     \
#field, kind, offsetof(struct target, field), \
			sizeof(((struct target *)0)->field)   \
	}
static const struct member {
	const char *name;
	enum kind kind;
	size_t offset, size;
} members[] = {
	MEMBER(TEXT, label),
	MEMBER(TEXT, machine),
	MEMBER(TEXT, image),
	MEMBER(TEXT, size),
	MEMBER(TEXT, vpc),
	MEMBER(TEXT, firewall),
	MEMBER(TEXT, ssh_key),
	MEMBER(TEXT, tag),
	MEMBER(TEXT, login_user),
	MEMBER(TEXT, user_data_file),
	MEMBER(BOOL, power_off),
	MEMBER(UNSIGNED, deadline_s),
	MEMBER(UNSIGNED, at_once),
	MEMBER(BOOL, abandoned),
	MEMBER(BOOL, restore_power),
	MEMBER(BOOL, was_off),
	MEMBER(INT64, sent_s),
	MEMBER(UNSIGNED, tries),
	MEMBER(TEXT, task_id),
	MEMBER(INT64, task_floor),
	MEMBER(TEXT, before),
	MEMBER(TEXT, disk_id),
	MEMBER(BOOL, inspected),
	MEMBER(TEXT, size_id),
	MEMBER(TEXT, vpc_id),
	MEMBER(TEXT, subnet_id),
	MEMBER(TEXT, firewall_id),
	MEMBER(TEXT, ssh_key_id),
	MEMBER(BOOL, network_attached),
	MEMBER(BOOL, firewall_attached),
	MEMBER(BOOL, finished),
	MEMBER(TEXT, machine_id),
	MEMBER(TEXT, snapshot_id),
	MEMBER(TEXT, image_id),
	MEMBER(TEXT, region),
	MEMBER(TEXT, machine_size),
	MEMBER(TEXT, created),
	MEMBER(TEXT, public_ipv4),
	MEMBER(TEXT, private_ipv4),
	MEMBER(INT64, size_bytes),
	MEMBER(UNSIGNED, disk_gb),
};
#undef MEMBER
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static json_t *pack_member(const struct member *member, const char *from)
{
	switch (member->kind) {
	case TEXT:
		return json_string(from);
	case BOOL:
		return json_boolean(*(const bool *)from);
	case UNSIGNED:
		return json_integer(*(const unsigned *)(const void *)from);
	default:
		return json_integer(*(const int64_t *)(const void *)from);
	}
}

static json_t *pack(const struct target *target)
{
	json_t *row = json_pack("{s:i, s:s}", "goal", (int)target->goal, "sent",
				step_name(target->sent));
	size_t i;

	for (i = 0; row && i < MEMBERS; i++)
		if (json_object_set_new(
			    row, members[i].name,
			    pack_member(&members[i],
					(const char *)target +
						members[i].offset)) < 0) {
			json_decref(row);
			row = NULL;
		}
	return row;
}

static int unpack_member(const struct member *member, const json_t *value,
			 char *to, struct err *err)
{
	bool whole;

	if (!value) /* a version that did not know it wrote this */
		return 0;
	whole = json_is_integer(value) && json_integer_value(value) >= 0;

	if (member->kind == TEXT && json_is_string(value)) {
		if (copy_text(to, member->size, json_string_value(value),
			      member->name, err) == 0)
			return 0;
		err->kind = ERR_DATA;
		return -1;
	}
	if (member->kind == BOOL && json_is_boolean(value))
		*(bool *)to = json_is_true(value);
	else if (member->kind == UNSIGNED && whole &&
		 json_integer_value(value) <= INT32_MAX)
		*(unsigned *)(void *)to = (unsigned)json_integer_value(value);
	else if (member->kind == INT64 && whole)
		*(int64_t *)(void *)to = json_integer_value(value);
	else
		return err_set(err, ERR_DATA, "\"%s\" is of another type",
			       member->name);
	return 0;
}

static int unpack(json_t *row, struct target *target, struct err *err)
{
	const char *sent; /* borrowed from row */
	json_error_t why;
	size_t i;
	int goal;

	if (json_unpack_ex(row, &why, 0, "{s:i, s:s}", "goal", &goal, "sent",
			   &sent) < 0)
		return err_set(err, ERR_DATA, "%s", why.text);
	if (goal < GOAL_IMAGE || goal > GOAL_NO_IMAGE ||
	    step_by_name(sent) == STEP_COUNT)
		return err_set(err, ERR_DATA, "an unknown goal or step");
	target->goal = (enum goal)goal;
	target->sent = step_by_name(sent);
	for (i = 0; i < MEMBERS; i++)
		if (unpack_member(&members[i],
				  json_object_get(row, members[i].name),
				  (char *)target + members[i].offset, err) < 0)
			return -1;
	return 0;
}

int journal_parse(struct journal *journal, const char *bytes, size_t size,
		  struct err *err)
{
	json_error_t why;
	json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &why);
	json_t *rows, *row; /* borrowed from root */
	const char *format, *cloud;
	json_int_t started_s;
	size_t i;
	int rc = -1;

	if (!root ||
	    json_unpack_ex(root, &why, 0, "{s:s, s:s, s:I, s:o}", "format",
			   &format, "cloud", &cloud, "started_s", &started_s,
			   "targets", &rows) < 0) {
		err_set(err, ERR_DATA, "%s", why.text);
		goto out;
	}
	if (strcmp(format, FORMAT) != 0) {
		err_set(err, ERR_DATA, "another format: %s", format);
		goto out;
	}
	if (!json_is_array(rows)) {
		err_set(err, ERR_DATA, "its targets are no list");
		goto out;
	}
	if (copy_text(journal->cloud, sizeof(journal->cloud), cloud, "cloud",
		      err) < 0) {
		err->kind = ERR_DATA; /* no reply, but a file of ours */
		goto out;
	}
	journal->started_s = started_s;
	json_array_foreach (rows, i, row) {
		struct target *target = journal_add(journal, GOAL_IMAGE, err);

		if (!target || unpack(row, target, err) < 0)
			goto out;
	}
	rc = 0;
out:
	json_decref(root);
	return rc;
}

int journal_open(struct journal *journal, const char *path, int wait_ms,
		 struct err *err)
{
	char *bytes;
	size_t size;

	*journal = (struct journal){.lock = -1};
	if (!path)
		return 0;
	if (strlen(path) >= sizeof(journal->path))
		return err_set(err, ERR_DATA, "%s: the name is too long", path);
	memcpy(journal->path, path, strlen(path) + 1);
	journal->lock = file_lock(path, wait_ms, err);
	if (journal->lock < 0)
		return -1;
	if (file_read(path, &bytes, &size, NULL, err) < 0) {
		if (err->kind == ERR_NO)
			return 0;
		journal_close(journal);
		return -1;
	}
	journal->found = true;
	if (journal_parse(journal, bytes, size, err) < 0) {
		err_prefix(
			err,
			"%s is damaged (move it away, and see with adt-cloud "
			"images and machines what its run made)",
			path);
		free(bytes);
		journal_close(journal);
		return -1;
	}
	free(bytes);
	return 0;
}

int journal_save(const struct journal *journal, struct err *err)
{
	json_t *rows, *root;
	char *text = NULL;
	size_t i;
	int rc = -1;

	if (!journal->path[0])
		return 0;
	rows = json_array();
	root = json_pack("{s:s, s:s, s:I, s:o}", "format", FORMAT, "cloud",
			 journal->cloud, "started_s",
			 (json_int_t)journal->started_s, "targets", rows);
	for (i = 0; root && i < journal->count; i++)
		if (json_array_append_new(rows, pack(&journal->targets[i])) < 0)
			goto out;
	if (root)
		text = json_dumps(root, JSON_INDENT(1));
	if (text)
		rc = file_replace(journal->path, text, strlen(text), 0600, err);
out:
	if (!text)
		err_set(err, ERR_SYSTEM, "journal: out of memory");
	free(text);
	json_decref(root);
	return rc;
}

void journal_close(struct journal *journal)
{
	journal_clear(journal);
	file_unlock(journal->lock);
	journal->lock = -1;
}

bool journal_abandoned(const struct journal *journal)
{
	size_t i;

	for (i = 0; i < journal->count; i++)
		if (journal->targets[i].abandoned)
			return true;
	return false;
}

int journal_remove(const struct journal *journal, struct err *err)
{
	return journal->path[0] ? file_remove(journal->path, err) : 0;
}

/* Asks for the same? An image's name is chosen by the run, not asked for. */
static bool same(const struct target *a, const struct target *b)
{
	return a->goal == b->goal && strcmp(a->label, b->label) == 0 &&
	       strcmp(a->machine, b->machine) == 0 &&
	       a->power_off == b->power_off && strcmp(a->size, b->size) == 0 &&
	       strcmp(a->vpc, b->vpc) == 0 &&
	       strcmp(a->firewall, b->firewall) == 0 &&
	       strcmp(a->ssh_key, b->ssh_key) == 0 &&
	       strcmp(a->tag, b->tag) == 0 &&
	       strcmp(a->user_data_file, b->user_data_file) == 0 &&
	       (a->goal == GOAL_IMAGE || strcmp(a->image, b->image) == 0);
}

static bool same_run(const struct journal *journal, const char *cloud,
		     const struct target *wanted, size_t count)
{
	size_t i, j;

	if (strcmp(journal->cloud, cloud) != 0 || journal->count != count)
		return false;
	for (i = 0; i < count; i++) {
		for (j = 0; j < journal->count; j++)
			if (same(&wanted[i], &journal->targets[j]))
				break;
		if (j == journal->count)
			return false;
	}
	return true;
}

int journal_adopt(struct journal *journal, const char *cloud, int64_t now_s,
		  const struct target *wanted, size_t count, bool *fresh,
		  struct err *err)
{
	char since[CLOCK_RFC3339_SIZE];
	size_t i;

	*fresh = false;
	if (count == 0 && journal->count == 0)
		return err_set(err, ERR_NO, "%s: there is no run to finish",
			       journal->path);
	if (count == 0 && strcmp(journal->cloud, cloud) != 0)
		return err_set(err, ERR_DATA, "%s is a run on %s, not on %s",
			       journal->path, journal->cloud, cloud);
	if (count == 0 || same_run(journal, cloud, wanted, count))
		return 0;
	clock_rfc3339(journal->started_s, since);
	if (journal->count > 0 && !journal_finished(journal))
		return err_set(err, ERR_DATA,
			       "%s holds an unfinished run of %s, begun %s, "
			       "with other targets: finish it first (the same "
			       "command without targets)",
			       journal->path, journal->cloud, since);
	journal_clear(journal);
	snprintf(journal->cloud, sizeof(journal->cloud), "%s", cloud);
	journal->started_s = now_s;
	for (i = 0; i < count; i++) {
		struct target *target =
			journal_add(journal, wanted[i].goal, err);

		if (!target)
			return -1;
		*target = wanted[i];
		target->percent = -1;
		target->doing = "waiting";
	}
	*fresh = true;
	return 0;
}
