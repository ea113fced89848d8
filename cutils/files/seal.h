/* seal.h - a file that only the key's holder can read or make.
 *
 * CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084), as PEM: one
 * KEKRecipientInfo (RFC 5652 6.2.3, AES-256 key wrap) for the build machine's
 * key and any number of certificates that can open it too. `openssl cms
 * -decrypt -inform PEM` opens it without us.
 *
 * The first line inside names the site and the kind of file, and opening checks
 * it: a sealed file of another site or kind is refused, so two cannot be
 * swapped. It reads: "adt-snapshots sealed 1 site=SITE kind=KIND". */
#ifndef FILES_SEAL_H
#define FILES_SEAL_H

#include "base/err.h"
#include "files/sealkey.h"

#include <stdbool.h>
#include <stddef.h>

#define SEAL_MAX_BYTES (1u << 20) /* of plain text */
#define SEAL_NAME_SIZE 256	  /* of a site or a kind */

/* Seals size bytes. site and kind: 1 to 255 of A-Z a-z 0-9 . _ - (ERR_DATA).
 * escrow: paths of certificates (PEM) of other readers. *pem: owned, free(3).
 */
int seal_seal(const void *plain, size_t size, const char *site,
	      const char *kind, const struct seal_key *,
	      const char *const *escrow, size_t escrow_count, char **pem,
	      struct err *) MUST_CHECK;

struct seal_plain {
	char site[SEAL_NAME_SIZE], kind[SEAL_NAME_SIZE];
	char *bytes; /* owned; seal_plain_free() wipes it */
	size_t size;
};

/* Opens. name is the file's, for messages. Nothing is returned unless all of it
 * is proved. ERR_DATA: not sealed, cut short, altered; ERR_DENIED: sealed for
 * another key. */
int seal_open(const char *pem, size_t size, const char *name,
	      const struct seal_key *, struct seal_plain *,
	      struct err *) MUST_CHECK;
void seal_plain_free(struct seal_plain *);

/* Is it what was expected? ERR_DATA where site or kind is another. */
int seal_expect(const struct seal_plain *, const char *name, const char *site,
		const char *kind, struct err *) MUST_CHECK;

/* Writes what can be told without the key, one line each: cipher, readers. Ids
 * of keys are hex. *text: owned, free(3). */
int seal_inspect(const char *pem, size_t size, const char *name, char **text,
		 struct err *) MUST_CHECK;

/* Can this key open it? Told by its id alone. */
int seal_is_for(const char *pem, size_t size, const char *name,
		const struct seal_key *, bool *yes, struct err *) MUST_CHECK;

#endif
