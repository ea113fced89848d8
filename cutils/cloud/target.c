/* target.c - see target.h. */
#include "cloud/target.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[STEP_COUNT] = {
	[STEP_WAIT] = "wait",
	[STEP_DONE] = "done",
	[STEP_FAIL] = "fail",
	[STEP_STOP] = "stop",
	[STEP_KILL] = "kill",
	[STEP_START] = "start",
	[STEP_INSPECT] = "inspect",
	[STEP_SNAPSHOT] = "snapshot",
	[STEP_IMAGE] = "image",
	[STEP_DROP_SNAPSHOT] = "drop-snapshot",
	[STEP_DROP_IMAGE] = "drop-image",
	[STEP_CREATE] = "create",
	[STEP_ATTACH_NETWORK] = "attach-network",
	[STEP_ATTACH_FIREWALL] = "attach-firewall",
	[STEP_DELETE] = "delete",
	[STEP_ASK] = "ask",
};

const char *step_name(enum step step)
{
	return names[step];
}

enum step step_by_name(const char *name)
{
	enum step step = STEP_WAIT;

	while (step < STEP_COUNT && strcmp(names[step], name) != 0)
		step++;
	return step;
}

bool step_creates(enum step step)
{
	return step == STEP_SNAPSHOT || step == STEP_IMAGE ||
	       step == STEP_CREATE;
}

bool step_shows(enum step step)
{
	return step != STEP_INSPECT && step != STEP_ASK &&
	       step != STEP_ATTACH_NETWORK && step != STEP_ATTACH_FIREWALL;
}

void target_free(struct target *target)
{
	if (target->user_data) {
		explicit_bzero(target->user_data, strlen(target->user_data));
		free(target->user_data);
	}
	target->user_data = NULL;
}

void target_forget(struct target *target)
{
	target->sent = STEP_WAIT;
	target->sent_s = target->task_floor = 0;
	target->tries = 0;
	target->task_id[0] = target->before[0] = target->disk_id[0] = '\0';
	target->inspected = false;
	if (target->goal == GOAL_IMAGE)
		target->image_id[0] = target->snapshot_id[0] = '\0';
	else if (target->goal == GOAL_MACHINE)
		target->machine_id[0] = '\0';
}
