/* endpoint.h - where a provider's API is. */
#ifndef CLOUD_ENDPOINT_H
#define CLOUD_ENDPOINT_H

#include "cloud/provider.h"

/* From api_url ("https://...", "http://..." or "unix:/path/to/socket") or,
 * where it is NULL, the provider's base_url, with the region in it where it has
 * a place for one, or the first of its sockets that is there. ca_file names
 * the certificates to trust, NULL the system's. ERR_USAGE for another form or a
 * region that is wanted and not given, ERR_NO where no socket is. */
int endpoint_find(const struct provider *, const char *api_url,
		  const char *region, const char *ca_file,
		  struct http_endpoint *, struct err *) MUST_CHECK;

#endif
