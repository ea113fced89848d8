/* adt-snapshot-ids.c - read and change snapshot_ids.dat. */
#include "base/command.h"
#include "base/message.h"
#include "base/output.h"
#include "files/snapshotids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words about what is wrong with the file, on stderr. */
static void warn_of(const struct snapshot_ids *ids)
{
	size_t i;

	for (i = 0; i < ids->finding_count; i++)
		warn("%s:%u: %s", ids->path, ids->findings[i].line,
		     ids->findings[i].words);
}

static int get(int argc, char **argv, struct err *err)
{
	struct snapshot_ids ids;
	const char *id;
	int rc;

	if (argc != 3)
		return usage_error(err, "get wants FILE LABEL");
	if (snapshot_ids_read(&ids, argv[1], snapshot_labels, err) < 0)
		return -1;
	warn_of(&ids);
	rc = snapshot_ids_get(&ids, argv[2], &id, err);
	if (rc == 0)
		printf("%s\n", id);
	snapshot_ids_free(&ids);
	return rc;
}

static int change(const char *path, struct ids_change *changes, size_t count,
		  struct err *err)
{
	bool mended;

	if (snapshot_ids_change(path, snapshot_labels, changes, count, &mended,
				err) < 0)
		return -1;
	if (mended)
		warn("%s: blank lines, line ends and repeats were mended",
		     path);
	return 0;
}

static int set(int argc, char **argv, struct err *err)
{
	size_t count = (size_t)(argc - 2) / 2, i;
	struct ids_change *changes;
	int rc;

	if (argc < 4 || argc % 2 != 0)
		return usage_error(err, "set wants FILE LABEL ID...");
	changes = calloc(count, sizeof(*changes));
	if (!changes)
		return err_set(err, ERR_SYSTEM, "out of memory");
	for (i = 0; i < count; i++) {
		changes[i].label = argv[2 + 2 * i];
		changes[i].id = argv[3 + 2 * i];
	}
	rc = change(argv[1], changes, count, err);
	free(changes);
	return rc;
}

static int remove_labels(int argc, char **argv, struct err *err)
{
	size_t count = (size_t)(argc - 2), i;
	struct ids_change *changes;
	int rc;

	if (argc < 3)
		return usage_error(err, "remove wants FILE LABEL...");
	changes = calloc(count, sizeof(*changes));
	if (!changes)
		return err_set(err, ERR_SYSTEM, "out of memory");
	for (i = 0; i < count; i++)
		changes[i].label = argv[2 + i];
	rc = change(argv[1], changes, count, err);
	free(changes);
	return rc;
}

static int list(int argc, char **argv, struct err *err)
{
	bool json = argc == 3 && strcmp(argv[1], "--json") == 0;
	struct snapshot_ids ids;
	bool whole = true;
	json_t *rows;
	size_t i;

	if (argc != 2 && !json)
		return usage_error(err, "list wants [--json] FILE");
	if (snapshot_ids_read(&ids, argv[argc - 1], snapshot_labels, err) < 0)
		return -1;
	warn_of(&ids);
	rows = json_array();
	for (i = 0; i < ids.count; i++)
		if (!ids.entries[i].other_line)
			whole = whole &&
				json_array_append_new(
					rows,
					json_pack("{s:s, s:s}", "label",
						  ids.entries[i].label, "id",
						  ids.entries[i].id)) == 0;
	snapshot_ids_free(&ids);
	if (!whole) {
		json_decref(rows);
		rows = NULL;
	}
	return output_rows(rows, json, err);
}

static int check(int argc, char **argv, struct err *err)
{
	struct snapshot_ids ids;
	size_t i, count;

	if (argc != 2)
		return usage_error(err, "check wants FILE");
	if (snapshot_ids_read(&ids, argv[1], snapshot_labels, err) < 0)
		return -1;
	for (i = 0; i < ids.finding_count; i++)
		printf("%s:%u: %s\n", ids.path, ids.findings[i].line,
		       ids.findings[i].words);
	count = ids.finding_count;
	snapshot_ids_free(&ids);
	return count == 0 ? 0
			  : err_set(err, ERR_DATA, "%s is damaged", argv[1]);
}

static const struct command commands[] = {
	{"get", "FILE LABEL", "print the id of a machine type's image", get},
	{"set", "FILE LABEL ID [LABEL ID]...",
	 "record ids, all in one atomic change", set},
	{"remove", "FILE LABEL...", "forget the ids of these types",
	 remove_labels},
	{"list", "[--json] FILE", "print type and id, by tab, a line each",
	 list},
	{"check", "FILE", "print what is wrong with the file", check},
	{NULL, NULL, NULL, NULL},
};

static const struct program program = {
	"adt-snapshot-ids", "read and change the ids of recorded images",
	commands,
	"LABEL is authenticator, reverseproxy, autoscaler, webserver or "
	"database.\n"};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
