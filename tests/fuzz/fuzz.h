/* fuzz.h - what a fuzz target defines: reads the bytes as its parser would get
 * them from outside, and aborts where the parser breaks a promise. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A promise that must hold, whatever the bytes. */
#define PROMISE(condition)                \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

#endif
