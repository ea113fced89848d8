/* requests.h - the log of what the clouds were asked, and its sums. */
#ifndef EMULATOR_REQUESTS_H
#define EMULATOR_REQUESTS_H

#include "request.h"

/* Notes a request that was answered with this status, 0 for cut off. */
void requests_add(const struct request *, int status);

/* The rows after this number, oldest first; owned. */
json_t *requests_list(long long since);

/* Sums of one cloud, or of all (-1); owned. */
json_t *requests_stats(int cloud);

void requests_clear(void);

#endif
