/* checkpoint.h - the state of all clouds, put aside and taken back: a test
 * prepares once and tries many things from there.
 *
 * There is one. Clocks and settings are no part of it: what was under way when
 * it was saved has meanwhile come to its end, where its time is over. */
#ifndef EMULATOR_CHECKPOINT_H
#define EMULATOR_CHECKPOINT_H

#include <stdbool.h>

/* Copies the state; the copy before is forgotten. */
void checkpoint_save(void);

/* The state is as it was saved, however often; false where none was. Faults,
 * limits and the log are the caller's. */
bool checkpoint_restore(void);

void checkpoint_clear(void);

#endif
