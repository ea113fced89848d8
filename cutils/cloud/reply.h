/* reply.h - the few things every provider does with a JSON reply. */
#ifndef CLOUD_REPLY_H
#define CLOUD_REPLY_H

#include "cloud/world.h"

/* The member's text, or "" where there is none; borrowed from the object. */
const char *reply_text(const json_t *object, const char *name);

struct list; /* provider.h */

/* Reads each row of a page of the list, until one fails; ERR_PROTOCOL, with
 * the list's path, where its rows are not there: that is not an empty list. */
int reply_rows(const struct list *, const json_t *reply, struct world *,
	       struct err *) MUST_CHECK;

/* Adds an offer; NULL where a text is missing or does not fit. region "" is
 * everywhere. Borrowed until the next is added, for what else there is to say.
 */
struct offer *reply_offer(enum offer_kind, const char *id, const char *name,
			  const char *region, struct world *, struct err *);

/* The same, with the names of the members of a row that say it; region may be
 * NULL. An id may be a number; a member "memory" is a size's, in MB. The offer
 * is then the world's last. */
int reply_offer_row(enum offer_kind, const json_t *row, const char *id,
		    const char *name, const char *region, struct world *,
		    struct err *) MUST_CHECK;

/* Writes the member's id, a text or a number above 0, as text; ERR_PROTOCOL
 * where it is neither, or does not fit. */
int reply_id(const json_t *object, const char *name, char *to, size_t size,
	     struct err *err) MUST_CHECK;

/* Notes an IPv4 address of the machine, the first of each kind: private where
 * RFC 1918 says so. */
int reply_address(struct machine *, const char *address,
		  struct err *) MUST_CHECK;

/* Writes the texts of an array as words; ERR_PROTOCOL where it is none, or does
 * not fit. what names it in the message. */
int reply_words(const json_t *array, const char *what, char *to, size_t size,
		struct err *err) MUST_CHECK;

/* next() of a list (provider.h) whose reply counts: "page" of "pages". */
int reply_next_page(const json_t *reply, char *path, size_t size, bool *more,
		    struct err *) MUST_CHECK;

/* Writes the path and query of a link to the next page over path, whatever its
 * host: ours is the one that was asked for. ERR_PROTOCOL for a bad one. */
int reply_next_link(const char *link, char *path, size_t size,
		    struct err *) MUST_CHECK;

/* The member with the links is missing: 0 where "meta.total" says that the rows
 * are all that there are, else ERR_PROTOCOL, with the path. */
int reply_last_page(const json_t *reply, const char *path,
		    struct err *) MUST_CHECK;

/* Copies text that came from a cloud; ERR_PROTOCOL where it does not fit or
 * has control bytes. what names it in the message. */
int copy_text(char *to, size_t to_size, const char *from, const char *what,
	      struct err *) MUST_CHECK;

/* For struct fields that are arrays: COPY(machine->name, text, err). */
#define COPY(to, from, err) copy_text(to, sizeof(to), from, #to, err)

#endif
