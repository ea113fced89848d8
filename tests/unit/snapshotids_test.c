/* snapshotids_test.c - fifty writers of one file lose nothing. */
#include "files/snapshotids.h"

#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

#define WRITERS 50

static char names[WRITERS][16];
static const char *labels[WRITERS + 1];

static void write_one(const char *path, int number)
{
	struct ids_change change = {labels[number], names[number]};
	bool mended;
	struct err err;

	if (snapshot_ids_change(path, labels, &change, 1, &mended, &err) == 0)
		_exit(0);
	fprintf(stderr, "writer %d: %s\n", number, err.text);
	_exit(1);
}

int main(void)
{
	char folder[] = "build/snapshotids.XXXXXX", path[64], lock[80];
	struct snapshot_ids ids;
	const char *id;
	struct err err;
	int i, status;

	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ids", folder);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	for (i = 0; i < WRITERS; i++) {
		snprintf(names[i], sizeof(names[i]), "type%d", i);
		labels[i] = names[i];
	}
	for (i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0)
			write_one(path, i);
	}
	for (i = 0; i < WRITERS; i++) {
		CHECK(wait(&status) > 0);
		CHECK(status == 0);
	}
	CHECK(snapshot_ids_read(&ids, path, labels, &err) == 0);
	CHECK(ids.count == WRITERS && ids.finding_count == 0);
	for (i = 0; i < WRITERS; i++) {
		CHECK(snapshot_ids_get(&ids, labels[i], &id, &err) == 0);
		CHECK_TEXT(id, names[i]);
	}
	CHECK(snapshot_ids_get(&ids, "webserver", &id, &err) < 0);
	CHECK(err.kind == ERR_DATA);
	snapshot_ids_free(&ids);
	unlink(path);
	unlink(lock);
	CHECK(rmdir(folder) == 0);
	return 0;
}
