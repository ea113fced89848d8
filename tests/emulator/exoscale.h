/* exoscale.h - what Exoscale's files say to each other. */
#ifndef EMULATOR_EXOSCALE_H
#define EMULATOR_EXOSCALE_H

#include "request.h"
#include "seed.h"

extern const struct region exoscale_zones[];
extern const struct size exoscale_types[];

/* exoscale_account.c */
const char *exoscale_type_id(const char *slug);
const char *exoscale_type_slug(const char *id); /* NULL: no such id */
void exoscale_seed(void);
void exoscale_list_zones(struct request *, struct reply *);
void exoscale_list_types(struct request *, struct reply *);
void exoscale_list_networks(struct request *, struct reply *);
void exoscale_attach(struct request *, struct reply *);
void exoscale_list_groups(struct request *, struct reply *);
void exoscale_list_keys(struct request *, struct reply *);

/* exoscale_signature.c: the request is signed with our key, and in time. */
bool exoscale_signed(const struct request *);

/* exoscale_images.c */
void exoscale_create_snapshot(struct request *, struct reply *);
void exoscale_list_snapshots(struct request *, struct reply *);
void exoscale_get_snapshot(struct request *, struct reply *);
void exoscale_drop_snapshot(struct request *, struct reply *);
void exoscale_export(struct request *, struct reply *);
void exoscale_promote(struct request *, struct reply *);
void exoscale_register(struct request *, struct reply *);
void exoscale_list_templates(struct request *, struct reply *);
void exoscale_get_template(struct request *, struct reply *);
void exoscale_drop_template(struct request *, struct reply *);
void exoscale_copy_template(struct request *, struct reply *);

/* A template of this zone that can be used, or NULL. */
struct image *exoscale_template(const char *id, const char *zone);

/* exoscale.c */
struct machine *exoscale_asked(const struct request *, struct reply *);

/* The answer to every write: an operation whose reference is this id. kind is
 * "instance", "snapshot", "template". */
void exoscale_reply_operation(struct reply *, struct task *, const char *kind,
			      const char *id);

/* All rows of the request's zone, under `name`: there are no pages. */
void exoscale_list(struct request *, struct reply *, const char *name,
		   const struct pile *,
		   bool (*shown)(const struct request *, const struct thing *),
		   json_t *(*render)(const struct request *,
				     const struct thing *));

#endif
