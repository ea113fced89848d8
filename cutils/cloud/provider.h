/* provider.h - what every cloud must be able to say.
 *
 * A provider is a translator without I/O: it writes requests and reads
 * replies. Sending, paging, waiting, retry and rate limit exist once, in
 * engine.c; what to do next exists once, in plan.c. One const instance per
 * file, designated initialisers. A sixth cloud is one file and one line in
 * registry.c. */
#ifndef CLOUD_PROVIDER_H
#define CLOUD_PROVIDER_H

#include "cloud/target.h"
#include "cloud/world.h"
#include "files/credentials.h"
#include "wire/http.h"

/* A question whose answer comes in rows and pages. path asks for the first
 * page, with the query that makes pages large; narrow() adds to it, where the
 * cloud filters, that only the rows of a region are wanted (NULL: it does
 * not). rows names the member that holds them, an array, or, where they are
 * grouped, an object of arrays; read() adds one to the world; next() finds in
 * path the page just read and, while there is one after it, writes that over it
 * and sets *more (NULL: one page); a reply that does not say is ERR_PROTOCOL,
 * so that half a list is never taken for the whole. headers, which may be NULL,
 * go with each page. */
struct list {
	const char *path, *headers;
	void (*narrow)(const char *region, struct http_request *);
	const char *rows;
	bool grouped;
	int (*read)(json_t *row, struct world *, struct err *);
	int (*next)(const json_t *reply, char *path, size_t size, bool *more,
		    struct err *);
};

/* The lists. A cloud that has nothing of a kind (Vultr has no tasks) leaves
 * that list out, and the engine asks nothing. Up to LIST_TASKS they are what
 * is observed each tick; the others are asked once, before a machine is
 * created, for what the operator's names mean. */
enum list_kind {
	LIST_MACHINES,
	LIST_IMAGES,
	LIST_SNAPSHOTS,
	LIST_TASKS,
	LIST_REGIONS,
	LIST_SIZES,
	LIST_NETWORKS,
	LIST_FIREWALLS,
	LIST_KEYS,
	LIST_COUNT,
};

#define LISTS_WORLD                                                       \
	(1u << LIST_MACHINES | 1u << LIST_IMAGES | 1u << LIST_SNAPSHOTS | \
	 1u << LIST_TASKS)
#define LISTS_OFFERS                                                   \
	(1u << LIST_REGIONS | 1u << LIST_SIZES | 1u << LIST_NETWORKS | \
	 1u << LIST_FIREWALLS | 1u << LIST_KEYS)

/* One step on one target. Every step that the plan can ask of this cloud (its
 * traits say which) has a request; where the reply says something worth noting
 * (a task, an id) it has a reader too. The readers of
 *	STEP_INSPECT	set disk_gb and disk_id, or say what is wrong
 *	STEP_ASK	set task_state and task_text */
struct action {
	void (*request)(const struct target *, struct http_request *);
	int (*reply)(const json_t *reply, struct target *, struct err *);
};

/* What the plan must know of a cloud's ways. */
struct traits {
	bool inspect_first;	   /* STEP_INSPECT before the first create */
	bool image_from_snapshot;  /* snapshot first, image from it, drop it */
	bool listed_when_ready;	   /* an image in the list can be used */
	bool sizes_by_id;	   /* a machine tells its size's id only */
	bool snapshots_unnamed;	   /* a snapshot does not carry our name */
	bool stop_before_delete;   /* a running machine cannot be deleted */
	bool attach_network;	   /* by a step, when the machine runs */
	bool attach_firewall;	   /* likewise */
	unsigned appears_within_s; /* a thing whose create did its work but
				    * lost its reply is listed by then */
	unsigned image_unseen_s;   /* the same of an image, counted from its
				    * create, where one is listed when it is
				    * whole; 0: as the others */
	unsigned ask_every_s; /* 0: tasks are listed, else STEP_ASK tells what
			       * became of one, so often */
	unsigned poll_first_ms, poll_most_ms; /* between two observations */
};

/* So many requests in so many seconds; 0 requests: the end of them. `of` says
 * which: "" all, "METHOD /path" those to this path, whatever their query,
 * "GET ?" every page of a list. */
struct limit {
	unsigned requests, window_s;
	const char *of;
};
#define LIMITS_MOST 6

struct provider {
	const char *name;     /* as ACTIVE_CLOUDHOST spells it */
	const char *base_url; /* no trailing slash; --api-url overrides it;
			       * "ZONE" in it stands for the region */
	/* Unix sockets tried in turn where there is no base_url: "$VAR/rest"
	 * takes an environment variable. Ends in NULL. */
	const char *const *sockets;
	/* The documented limits of a token, the broad before the narrow. */
	struct limit limits[LIMITS_MOST];
	size_t image_name_max;	  /* bytes */
	bool needs_root_password; /* to create a machine */
	struct traits traits;

	/* Where the operator's build machine keeps what proves our identity;
	 * authorize() adds it to request->proof, epoch_s is now. NULL where
	 * the socket's permissions do (LXD). */
	const struct credential_places *places;
	/* Folders of the client that keeps a certificate to show over https
	 * (clientpair.h), NULL-ended; NULL where the cloud wants none. */
	const char *const *client_folders;
	int (*authorize)(const struct credentials *, struct http_request *,
			 int64_t epoch_s, struct err *);

	/* One line about an error reply, in the cloud's own words. */
	void (*explain)(const json_t *reply, char *text, size_t size);

	/* A refusal that only means "another time": nothing was done, and the
	 * same request may be sent again. NULL: there is none. */
	bool (*busy)(int status, const json_t *reply);

	/* Who are we there? Writes one line. */
	void (*whoami_request)(struct http_request *);
	int (*whoami_reply)(const json_t *reply, char *text, size_t size,
			    struct err *);

	struct list lists[LIST_COUNT];
	struct action actions[STEP_COUNT];
};

/* Borrowed, or NULL with ERR_USAGE that names the known clouds. */
const struct provider *provider_find(const char *name, struct err *err);

/* The n-th known provider, NULL past the last. */
const struct provider *provider_at(size_t n);

#endif
