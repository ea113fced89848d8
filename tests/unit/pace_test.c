/* pace_test.c - waits grow, begin anew after a step, and with the fleet. */
#include "cloud/pace.h"

#include "check.h"

int main(void)
{
	static const struct traits traits = {.poll_first_ms = 5000,
					     .poll_most_ms = 12000};
	static const struct {
		size_t targets;
		bool acted;
		int64_t want_ms;
	} rows[] = {
		{0, false, 5000},   {0, false, 7500},	 {0, false, 11250},
		{0, false, 12000},  {0, true, 5000},	 {1, false, 7550},
		{100, true, 10000}, {200, false, 17500},
	};
	struct pace pace = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(pace_next_ms(&pace, &traits, rows[i].targets,
				   rows[i].acted) == rows[i].want_ms);
	return 0;
}
