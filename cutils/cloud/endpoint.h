/* endpoint.h - where a provider's API is. */
#ifndef CLOUD_ENDPOINT_H
#define CLOUD_ENDPOINT_H

#include "cloud/provider.h"

/* From api_url ("https://...", "http://..." or "unix:/path/to/socket") or,
 * where it is NULL, the provider's base_url or the first of its sockets that
 * is there. ERR_USAGE for another form, ERR_NO where no socket is. */
int endpoint_find(const struct provider *, const char *api_url,
		  struct http_endpoint *, struct err *) MUST_CHECK;

#endif
