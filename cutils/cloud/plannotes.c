/* plannotes.c - see plannotes.h. */
#include "cloud/plannotes.h"

void plan_sent(struct target *target, enum step step, int64_t now_s)
{
	target->acted = step;
	target->acted_s = now_s;
	target->did |= 1u << step;
	if (step == STEP_STOP)
		target->stop_s = now_s;
	if (step == STEP_ASK)
		target->asked_s = now_s;
	if (!step_creates(step))
		return;
	if (target->sent != step)
		target->tries = 0;
	target->tries++;
	target->sent = step;
	target->sent_s = now_s;
	target->missing_s = 0;
	target->task_id[0] = '\0';
	target->task_state = TASK_RUNNING;
	target->asked_s = now_s;
}

void plan_undone(struct target *target, enum step step, int64_t now_s)
{
	if (step == STEP_STOP)
		target->stop_s = 0;
	if (!step_creates(step))
		return;
	target->busy_s = now_s;
	target->tries--;
	if (target->tries == 0)
		target->sent = STEP_WAIT;
}

void plan_give_up(struct target *target, const struct err *why)
{
	if (!target->giving_up)
		target->err = *why;
	target->giving_up = true;
}
