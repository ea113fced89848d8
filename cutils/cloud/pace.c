/* pace.c - see pace.h. */
#include "cloud/pace.h"

#include "base/clock.h"

#define SLICE_MS 100 /* so that a signal is seen soon */

int64_t pace_elapsed_s(const struct pace *pace)
{
	return (clock_now_ms() - pace->started_ms) / 1000;
}

int64_t pace_next_ms(struct pace *pace, const struct traits *traits,
		     size_t targets, bool acted)
{
	int64_t next_ms;

	if (acted || pace->wait_ms == 0)
		pace->wait_ms = traits->poll_first_ms;
	next_ms = pace->wait_ms +
		  (int64_t)targets * traits->poll_first_ms / PACE_FLEET;
	pace->wait_ms += pace->wait_ms / 2;
	if (pace->wait_ms > traits->poll_most_ms)
		pace->wait_ms = traits->poll_most_ms;
	return next_ms;
}

void pace_sleep(int64_t wait_ms, bool (*stopped)(void))
{
	int64_t until_ms = clock_now_ms() + wait_ms;
	bool was_stopped = stopped && stopped();

	while (clock_now_ms() < until_ms) {
		if (stopped && stopped() && !was_stopped)
			return;
		clock_sleep_ms(SLICE_MS);
	}
}
