/* control.h - the control address: what tests set and what they look at. */
#ifndef EMULATOR_CONTROL_H
#define EMULATOR_CONTROL_H

#include "request.h"

/* Answers a request whose path begins with /control/. */
void control_answer(struct request *, struct reply *);

/* Seeds every cloud; called at the start and at a reset. */
void control_seed(void);

/* view.c: the state of a cloud, in one form for all; owned. */
json_t *view_cloud(enum cloud_id);

#endif
