/* credentials.h - the cloud's token or key pair, found where a build machine
 * keeps it.
 *
 * The places, in order of trust: build_environment of the build (parsed, never
 * sourced), the file TOKEN beside it, the configuration file of the vendor's
 * own client. Only what is named in struct credential_places is looked for. */
#ifndef FILES_CREDENTIALS_H
#define FILES_CREDENTIALS_H

#include "base/err.h"

#include <stdbool.h>

/* Wipe with credentials_wipe(). A token alone is in key; a pair's second half
 * is in secret. */
struct credentials {
	char key[512];
	char secret[512];
};

/* Where they are. Names are NULL where there is no such part. */
struct credential_places {
	const char *variables[2]; /* of build_environment: key, secret */
	bool token_file;	  /* BLD/TOKEN holds the key */
	/* Files of the vendor's client, NULL-ended: below the build home and
	 * below the home folder, members as "name: value" or "name = value"
	 * with or without quotes. */
	const char *const *home_files;
	const char *const *user_files;
	const char *members[2];
};

/* Fills *found from file, if it is not NULL: a line with the token alone, or
 * members or variables as above; else from the build's folder build_dir (may
 * be NULL) and the client's files. A file of ours or the client's that others
 * may read is ERR_DENIED with the chmod that mends it. Nothing found is
 * ERR_DENIED, with the places that were looked at. */
int credentials_find(const struct credential_places *, const char *file,
		     const char *build_dir, struct credentials *found,
		     struct err *) MUST_CHECK;

/* Fills *found from a file's text, as from the file of credentials_find(); path
 * is for the sentences. What is not in it stays empty. A value that is too long
 * or holds a blank or control character is ERR_DATA. */
int credentials_parse(const struct credential_places *, const char *text,
		      const char *path, struct credentials *found,
		      struct err *) MUST_CHECK;

void credentials_wipe(struct credentials *);

#endif
