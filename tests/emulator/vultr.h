/* vultr.h - what Vultr's two files say to each other. */
#ifndef EMULATOR_VULTR_H
#define EMULATOR_VULTR_H

#include "request.h"
#include "seed.h"

extern const struct region vultr_regions[];
extern const struct size vultr_plans[];

/* os_id -> name, NULL where there is none. */
const char *vultr_os_name(long long id);

/* A list's answer: rows under `name`, and meta with the cursor. */
void vultr_list(struct request *, struct reply *, const char *name,
		const struct pile *,
		bool (*shown)(const struct request *, const struct thing *),
		json_t *(*render)(const struct request *,
				  const struct thing *));

/* "2026-08-21T10:15:30+00:00" */
json_t *vultr_time(double seconds);

void vultr_seed(void);
void vultr_whoami(struct request *, struct reply *);
void vultr_list_regions(struct request *, struct reply *);
void vultr_list_plans(struct request *, struct reply *);
void vultr_list_os(struct request *, struct reply *);
void vultr_list_vpcs(struct request *, struct reply *);
void vultr_list_keys(struct request *, struct reply *);
void vultr_list_firewalls(struct request *, struct reply *);

#endif
