/* request.h - one request, its answer, and what a cloud is.
 *
 * http.c reads the request, finds the cloud by the first part of the path and
 * the route in the cloud's table, and then: credential, limits, faults, answer.
 * A cloud's file has routes, a credential check, an error body and a seed. */
#ifndef EMULATOR_REQUEST_H
#define EMULATOR_REQUEST_H

#include "faults.h"
#include "limits.h"
#include "state.h"

#include <jansson.h>
#include <stdbool.h>

#define ARGS_MAX 2

struct request {
	const char *method;
	char *target;	   /* as sent: path and query */
	const char *path;  /* of the cloud, as sent; part of a copy of target */
	const char *query; /* as sent, without "?"; "" where there is none */
	const char *authorization, *host, *filter; /* headers, "" for none */
	const char *body;			   /* "" for none */
	json_t *json;				   /* the body, or NULL */
	enum cloud_id cloud;
	char zone[REGION_SIZE]; /* Exoscale */
	const struct route *route;
	char args[ARGS_MAX][NAME_SIZE]; /* what stood at {}, decoded */
	const char *operation;
	struct fault fault;
	struct limit_reply limit;
};

struct reply {
	int status;
	json_t *body; /* NULL: none */
	struct {
		const char *name;
		char value[48];
	} headers[6];
	size_t header_count;
};

/* pattern: "/droplets/{}/actions"; {} is a part of the path, which ends at "/"
 * or ":". */
struct route {
	const char *method, *pattern, *operation;
	void (*answer)(struct request *, struct reply *);
	bool paged; /* a list, to the limits */
};

struct cloud {
	enum cloud_id id;
	const struct route *routes; /* ends with a nameless one */
	/* Sets the operation where the path does not tell; may be NULL. */
	void (*operation)(struct request *);
	/* True, or false with the vendor's refusal in the reply. */
	bool (*admit)(const struct request *, struct reply *);
	/* The vendor's error body. */
	void (*fail)(struct reply *, int status, const char *message);
	/* The vendor's headers about limits; may be NULL. */
	void (*limit_headers)(const struct request *, struct reply *);
	void (*seed)(void);
	/* What a size of this name has; false: no such size. */
	bool (*size)(const char *name, struct machine *);
	/* After POST /control/machines; may be NULL. */
	void (*adopt)(struct machine *);
	const char *default_region, *default_size;
};

extern const struct cloud digitalocean, linode, vultr, exoscale;

/* By enum cloud_id. */
extern const struct cloud *const clouds[CLOUD_COUNT];

/* Answers a request of a cloud: everything but the faults of the wire. */
void cloud_answer(struct request *, struct reply *);

/* Sets request->cloud, path, route, args and operation from the target whose
 * first part names the cloud; false: there is no such cloud. */
bool cloud_route(struct request *);

/* ---- for the clouds ---- */

void reply_json(struct reply *, int status, json_t *body);
void reply_header(struct reply *, const char *name, const char *value);

/* The value of a query parameter, decoded, or NULL; valid until the next
 * call. query_int() is `otherwise` where it is missing or no number. */
const char *query_text(const struct request *, const char *name);
long query_int(const struct request *, const char *name, long otherwise);

/* A text member of the body, or NULL. */
const char *body_text(const struct request *, const char *name);

/* "Bearer " and the token. */
bool bearer_admitted(const struct request *);

/* Where a page is in the rows that `shown` lets through. */
struct page {
	size_t first, most; /* wanted */
	size_t count;	    /* shown at all */
};

/* An array of the page's rows, rendered one by one; counts the rest only.
 * `shown` gets listed things. */
json_t *page_rows(const struct pile *, struct page *, const struct request *,
		  bool (*shown)(const struct request *, const struct thing *),
		  json_t *(*render)(const struct request *,
				    const struct thing *));

/* "2026-08-21T10:15:30Z", and without the Z. */
json_t *time_json(double seconds);
json_t *time_json_no_zone(double seconds);

/* Base64 of RFC 4648 4; owned, NULL where the text is not that. */
char *base64_decode(const char *text);

/* Keeps user data; what is not text is kept as it came. */
void keep_user_data(struct machine *, const char *text);

/* An image of a machine, pending, with the work for it begun. */
struct image *image_start(enum cloud_id, struct pile *, const char *operation,
			  struct machine *, const char *name, enum outcome,
			  struct task **);

/* Begins what the request's operation names: start, stop or delete. */
struct task *power_start(enum cloud_id, const struct request *,
			 struct machine *);

/* Notes that the machine was made from the image, with what is on its disk. */
void machine_from(struct machine *, const struct image *);

#endif
