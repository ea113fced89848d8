/* linode.h - what Linode's files say to each other. */
#ifndef EMULATOR_LINODE_H
#define EMULATOR_LINODE_H

#include "request.h"
#include "seed.h"

extern const struct region linode_regions[];
extern const struct size linode_types[];

/* An error that is about one field of the request. */
void linode_fail_field(struct reply *, const char *field, const char *reason);

/* A list's answer: data, page, pages, results, by page, page_size and the
 * header X-Filter. newest_first turns the pile round. */
void linode_list(struct request *, struct reply *, const struct pile *,
		 bool newest_first,
		 json_t *(*render)(const struct request *,
				   const struct thing *));

/* linode_filter.c: true where the row is what the filter asks for. */
bool linode_filter(const json_t *filter, const json_t *row);

void linode_seed(void);
void linode_whoami(struct request *, struct reply *);
void linode_list_regions(struct request *, struct reply *);
void linode_list_types(struct request *, struct reply *);
void linode_list_vpcs(struct request *, struct reply *);
void linode_list_firewalls(struct request *, struct reply *);

/* linode.c: the instance that the path names, or NULL and a 404. */
struct machine *linode_asked(const struct request *, struct reply *);

/* linode_images.c. What a machine has unless it has disks: one and its swap. */
void linode_default_disks(struct machine *);
void linode_list_disks(struct request *, struct reply *);

/* The first: by id, or NULL. */
struct image *linode_image(const char *id);
void linode_list_images(struct request *, struct reply *);
void linode_get_image(struct request *, struct reply *);
void linode_create_image(struct request *, struct reply *);
void linode_rename_image(struct request *, struct reply *);
void linode_delete_image(struct request *, struct reply *);
void linode_replicate(struct request *, struct reply *);
void linode_list_events(struct request *, struct reply *);

#endif
