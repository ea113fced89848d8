/* clientpair.h - the certificate and key that say who we are to a server of
 * one's own (LXD, Incus), found where its client keeps them.
 *
 * Source: documentation.ubuntu.com/lxd/en/latest/authentication,
 * linuxcontainers.org/incus/docs/main/authentication: client.crt and client.key
 * in the client's folder. */
#ifndef FILES_CLIENTPAIR_H
#define FILES_CLIENTPAIR_H

#include "base/err.h"

/* Paths of PEM files; one file may hold both. */
struct client_pair {
	char certificate[1024];
	char key[1024];
};

/* Fills *found: file, if it is not NULL, holds both; else the first of these
 * folders (NULL-ended) that has a client.crt, below the home of the build that
 * build_dir is a folder of (may be NULL), then below the home folder. None is
 * ERR_DENIED, with the places. The files are not read here. */
int clientpair_find(const char *const *folders, const char *file,
		    const char *build_dir, struct client_pair *found,
		    struct err *) MUST_CHECK;

#endif
