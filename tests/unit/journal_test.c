/* journal_test.c - what a run remembers: whole, checked, taken up or refused.
 */
#include "cloud/journal.h"

#include "base/atomicfile.h"
#include "check.h"

#include <unistd.h>

static struct err err;
static char path[64] = "build/journal.XXXXXX";

static struct target wanted(const char *machine)
{
	struct target target = {.goal = GOAL_IMAGE};

	snprintf(target.label, sizeof(target.label), "webserver");
	snprintf(target.machine, sizeof(target.machine), "%s", machine);
	return target;
}

static void begin(struct journal *journal, const char *machine)
{
	struct target target = wanted(machine);
	bool fresh;

	CHECK(journal_open(journal, path, 0, &err) == 0);
	CHECK(!journal->found);
	CHECK(journal_adopt(journal, "cloud", 1000, &target, 1, &fresh, &err) ==
	      0);
	CHECK(fresh && journal->count == 1 && journal->started_s == 1000);
}

static void remembered(void)
{
	struct target same = wanted("ws"), other = wanted("db"), *target;
	struct journal journal;
	bool fresh;

	begin(&journal, "ws");
	target = &journal.targets[0];
	snprintf(target->image, sizeof(target->image), "ws-2026");
	snprintf(target->task_id, sizeof(target->task_id), "t\"\\1");
	target->restore_power = true;
	target->sent = STEP_IMAGE;
	target->sent_s = 1234567890123;
	target->tries = 2;
	target->size_bytes = UINT64_C(1) << 40;
	CHECK(journal_save(&journal, &err) == 0);
	journal_close(&journal);

	CHECK(journal_open(&journal, path, 0, &err) == 0);
	CHECK(journal.found && journal.count == 1);
	target = &journal.targets[0];
	CHECK_TEXT(journal.cloud, "cloud");
	CHECK_TEXT(target->machine, "ws");
	CHECK_TEXT(target->image, "ws-2026");
	CHECK_TEXT(target->task_id, "t\"\\1");
	CHECK(target->goal == GOAL_IMAGE && target->restore_power &&
	      target->sent == STEP_IMAGE && target->sent_s == 1234567890123 &&
	      target->tries == 2 && !target->finished &&
	      target->size_bytes == UINT64_C(1) << 40);

	/* the same again goes on, and so does no word; another is refused */
	CHECK(journal_adopt(&journal, "cloud", 2000, &same, 1, &fresh, &err) ==
	      0);
	CHECK(!fresh && journal.started_s == 1000);
	CHECK(journal_adopt(&journal, "cloud", 2000, NULL, 0, &fresh, &err) ==
	      0);
	CHECK(!fresh);
	CHECK(journal_adopt(&journal, "cloud", 2000, &other, 1, &fresh, &err) <
	      0);
	CHECK(err.kind == ERR_DATA && strstr(err.text, "unfinished run"));
	CHECK(journal_adopt(&journal, "sky", 2000, NULL, 0, &fresh, &err) < 0);
	CHECK(err.kind == ERR_DATA && strstr(err.text, "not on sky"));
	CHECK_TEXT(journal.targets[0].machine, "ws");

	/* a finished one stands for the same, and makes room for another */
	CHECK(!journal_finished(&journal));
	journal.targets[0].finished = true;
	CHECK(journal_finished(&journal));
	CHECK(journal_adopt(&journal, "cloud", 2000, &same, 1, &fresh, &err) ==
	      0);
	CHECK(!fresh);
	CHECK(journal_adopt(&journal, "cloud", 2000, &other, 1, &fresh, &err) ==
	      0);
	CHECK(fresh && journal.started_s == 2000 && journal.count == 1);
	CHECK_TEXT(journal.targets[0].machine, "db");
	journal_close(&journal);
}

static void damaged(void)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"format\": 1}",
		"{\"format\": \"other\", \"cloud\": \"c\", \"started_s\": 1, "
		"\"targets\": []}",
		"{\"format\": \"adt-snapshots journal 1\", \"cloud\": \"c\", "
		"\"started_s\": 1, \"targets\": [{}]}",
		"{\"format\": \"adt-snapshots journal 1\", \"cloud\": \"c\", "
		"\"started_s\": 1, \"targets\": [7]}",
		"{\"format\": \"adt-snapshots journal 1\", \"cloud\": "
		"\"a name that is far longer than that of any cloud\", "
		"\"started_s\": 1, \"targets\": []}",
		"{\"format\": \"adt-snapshots journal 1\", \"cloud\": \"c\", "
		"\"started_s\": 1, \"targets\": 7}",
		NULL};
	struct journal journal;
	char *bytes;
	size_t size, i;

	for (i = 0; texts[i]; i++) {
		CHECK(file_replace(path, texts[i], strlen(texts[i]), 0600,
				   &err) == 0);
		CHECK(journal_open(&journal, path, 0, &err) < 0);
		CHECK(err.kind == ERR_DATA && strstr(err.text, "is damaged"));
		CHECK(file_read(path, &bytes, &size, NULL, &err) == 0);
		CHECK_TEXT(bytes, texts[i]);
		free(bytes);
	}
}

static void in_memory(void)
{
	struct journal journal;
	bool fresh;

	CHECK(journal_open(&journal, NULL, 0, &err) == 0);
	CHECK(journal_adopt(&journal, "cloud", 1, NULL, 0, &fresh, &err) < 0);
	CHECK(err.kind == ERR_NO);
	CHECK(journal_save(&journal, &err) == 0);
	journal_close(&journal);
}

static void locked(void)
{
	struct journal first, second;

	CHECK(journal_open(&first, path, 0, &err) == 0);
	CHECK(journal_open(&second, path, 30, &err) < 0);
	CHECK(err.kind == ERR_RETRY && strstr(err.text, "is locked by pid "));
	journal_close(&first);
	CHECK(journal_open(&second, path, 0, &err) == 0);
	journal_close(&second);
}

int main(void)
{
	char lock[80];
	int fd = mkstemp(path);

	CHECK(fd >= 0 && close(fd) == 0 && unlink(path) == 0);
	locked();
	remembered();
	damaged();
	in_memory();
	snprintf(lock, sizeof(lock), "%s.lock", path);
	CHECK(unlink(path) == 0 && unlink(lock) == 0);
	return 0;
}
