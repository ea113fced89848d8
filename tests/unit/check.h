/* check.h - the few words every unit test is written in.
 *
 * A failed check prints where and what and ends the test with status 1. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                 \
	do {                                                             \
		if (!(condition)) {                                      \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
				__LINE__, #condition);                   \
			exit(1);                                         \
		}                                                        \
	} while (0)

#define CHECK_TEXT(got, want)                                                \
	do {                                                                 \
		const char *got_ = (got), *want_ = (want);                   \
		if (strcmp(got_, want_) != 0) {                              \
			fprintf(stderr, "%s:%d: got  \"%s\"\nwant \"%s\"\n", \
				__FILE__, __LINE__, got_, want_);            \
			exit(1);                                             \
		}                                                            \
	} while (0)

#endif
