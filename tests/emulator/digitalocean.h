/* digitalocean.h - what DigitalOcean's two files say to each other. */
#ifndef EMULATOR_DIGITALOCEAN_H
#define EMULATOR_DIGITALOCEAN_H

#include "request.h"
#include "seed.h"

extern const struct region digitalocean_regions[];
extern const struct size digitalocean_sizes[];

json_t *digitalocean_region(const char *slug);
json_t *digitalocean_size(const char *slug);

/* A list's answer: rows under `name`, with links and meta. shown may be NULL.
 */
void digitalocean_list(
	struct request *, struct reply *, const char *name, const struct pile *,
	bool (*shown)(const struct request *, const struct thing *),
	json_t *(*render)(const struct request *, const struct thing *));

void digitalocean_seed(void);

/* Answers of digitalocean_account.c. */
void digitalocean_whoami(struct request *, struct reply *);
void digitalocean_list_regions(struct request *, struct reply *);
void digitalocean_list_sizes(struct request *, struct reply *);
void digitalocean_list_vpcs(struct request *, struct reply *);
void digitalocean_list_keys(struct request *, struct reply *);
void digitalocean_add_key(struct request *, struct reply *);
void digitalocean_list_firewalls(struct request *, struct reply *);
void digitalocean_attach_firewall(struct request *, struct reply *);

/* digitalocean_images.c. The first is by id or slug; one that is not complete
 * is not there. The second is the one the path names, or NULL and a 404. */
struct image *digitalocean_image(const char *id);
struct image *digitalocean_image_asked(const struct request *, struct reply *);
json_t *digitalocean_image_row(const struct request *, const struct thing *);
void digitalocean_list_snapshots(struct request *, struct reply *);
void digitalocean_list_droplet_snapshots(struct request *, struct reply *);
void digitalocean_list_images(struct request *, struct reply *);
void digitalocean_get_snapshot(struct request *, struct reply *);
void digitalocean_get_image(struct request *, struct reply *);
void digitalocean_delete_image(struct request *, struct reply *);

/* digitalocean_droplets.c. */
void digitalocean_list_droplets(struct request *, struct reply *);
void digitalocean_get_droplet(struct request *, struct reply *);
void digitalocean_create(struct request *, struct reply *);
void digitalocean_delete_droplet(struct request *, struct reply *);

/* digitalocean.c. */
struct machine *digitalocean_droplet_asked(const struct request *,
					   struct reply *);
json_t *digitalocean_action(const struct task *);

#endif
