/* refusal.h - a call that failed, in one sentence: whom we asked, what, what
 * was answered, and what to do about it. */
#ifndef CLOUD_REFUSAL_H
#define CLOUD_REFUSAL_H

#include "cloud/provider.h"

/* A reply that is no success, in the cloud's own words. True where they mean
 * that nothing was done, and the same request may be sent again later. A cloud
 * that repeats our credentials in its words does not get them shown. Kinds:
 *	401, 403 ERR_DENIED    404 ERR_NO    408, 429, 5xx, busy ERR_RETRY
 *	other 4xx ERR_REFUSED */
bool refusal_status(const struct provider *, const struct credentials *,
		    const struct http_request *, const struct http_reply *,
		    struct err *);

/* A request that got no reply: ERR_RETRY; or from a server whose certificate
 * is not trusted: ERR_DENIED. */
void refusal_lost(const struct provider *, const struct http_request *,
		  const struct http_reply *, struct err *);

/* A reply that is not what the API documents, as *err says already, if it is
 * ERR_PROTOCOL: puts the cloud before it, and what to do behind. Returns -1. */
int refusal_reply(const struct provider *, struct err *);

/* A question that every account can be asked (who are we, a list) failed: where
 * even that is not found, something else answers: ERR_REFUSED, since ERR_NO
 * would say that there are no rows. Returns -1. */
int refusal_question(struct err *);

#endif
