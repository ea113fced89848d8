/* sealkey.h - the key of this build machine, which seals and opens.
 *
 * The file holds 32 random bytes as 64 hex digits and a newline, mode 0600. Its
 * default place is /etc/adt-snapshots/seal.key; ADT_SEAL_KEY names another. A
 * key is told from others by its id, 16 hex digits that say nothing about it:
 * the first 8 bytes of SHA-256("adt-snapshots seal key\n" and the key). */
#ifndef FILES_SEALKEY_H
#define FILES_SEALKEY_H

#include "base/err.h"

#define SEAL_KEY_FILE "/etc/adt-snapshots/seal.key"
#define SEAL_KEY_SIZE 32
#define SEAL_ID_SIZE 8

struct seal_key {
	unsigned char bytes[SEAL_KEY_SIZE];
	unsigned char id[SEAL_ID_SIZE];
	char id_text[2 * SEAL_ID_SIZE + 1]; /* the id in hex digits */
};

/* path, or NULL for $ADT_SEAL_KEY or the default; never NULL. Borrowed. */
const char *seal_key_path(const char *path);

/* Makes a new key file and, where it is missing, the folder it is in (0700).
 * ERR_DATA where the file exists: a key is never replaced. */
int seal_key_make(const char *path, struct err *) MUST_CHECK;

/* ERR_DENIED: no such file, or others may read it. ERR_DATA: it is no key. Wipe
 * it with seal_key_wipe(). */
int seal_key_load(const char *path, struct seal_key *, struct err *) MUST_CHECK;
void seal_key_wipe(struct seal_key *);

#endif
