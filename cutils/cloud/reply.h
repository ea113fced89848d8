/* reply.h - the few things every provider does with a JSON reply. */
#ifndef CLOUD_REPLY_H
#define CLOUD_REPLY_H

#include "cloud/world.h"

/* The member's text, or "" where there is none; borrowed from the object. */
const char *reply_text(const json_t *object, const char *name);

/* Calls read for each row of rows, an array or an object of arrays, until one
 * fails; ERR_PROTOCOL, with `what`, where it is neither. */
int reply_rows(const json_t *rows, const char *what,
	       int (*read)(json_t *row, struct world *, struct err *),
	       struct world *, struct err *) MUST_CHECK;

/* Adds an offer; NULL where a text is missing or does not fit. region "" is
 * everywhere. Borrowed until the next is added, for what else there is to say.
 */
struct offer *reply_offer(enum offer_kind, const char *id, const char *name,
			  const char *region, struct world *, struct err *);

/* Copies text that came from a cloud; ERR_PROTOCOL where it does not fit or
 * has control bytes. what names it in the message. */
int copy_text(char *to, size_t to_size, const char *from, const char *what,
	      struct err *) MUST_CHECK;

/* For struct fields that are arrays: COPY(machine->name, text, err). */
#define COPY(to, from, err) copy_text(to, sizeof(to), from, #to, err)

#endif
