/* handout.h - what another machine needs to ask the same cloud in our name.
 *
 * The text is in the form that credentials_find() and clientpair_find() read
 * from a file: a line NAME=value for each part, or certificate and key. */
#ifndef CLOUD_HANDOUT_H
#define CLOUD_HANDOUT_H

#include "base/strbuf.h"
#include "cloud/session.h"

/* Adds it to text, which the caller frees: it is a secret. access is the one
 * that the session was opened with. ERR_NO where the cloud wants none. */
int handout_write(const struct session *, const struct access *,
		  struct strbuf *text, struct err *) MUST_CHECK;

#endif
