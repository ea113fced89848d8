/* journal.c - any bytes as a journal: what is read has a goal and a step that
 * there are, and can be told in words. */
#include "cloud/journal.h"

#include "cloud/tell.h"
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct journal journal = {.lock = -1};
	struct strbuf words = STRBUF(1u << 20);
	struct err err;
	size_t i;

	if (journal_parse(&journal, (const char *)bytes, size, &err) == 0) {
		for (i = 0; i < journal.count; i++) {
			const struct target *target = &journal.targets[i];

			PROMISE(target->goal >= GOAL_IMAGE &&
				target->goal <= GOAL_NO_IMAGE);
			PROMISE(target->sent < STEP_COUNT);
			PROMISE(strlen(target->machine) < NAME_SIZE);
		}
		tell_run(&journal, &words);
	} else {
		PROMISE(err.kind == ERR_DATA);
	}
	strbuf_free(&words);
	journal_clear(&journal);
	return 0;
}
