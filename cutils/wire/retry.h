/* retry.h - may this be sent again, and when? Pure: no clock, no I/O.
 *
 * A request that may be repeated is sent again after a lost reply, 408, 429
 * and any 5xx. One that may not (a create) is sent again only when it surely
 * did nothing: it never left, or the server said 429. RFC 9110 9.2.2, RFC 6585
 * section 4. A server whose certificate we do not trust is not asked again. */
#ifndef WIRE_RETRY_H
#define WIRE_RETRY_H

#include "wire/http.h"

#define RETRY_NEVER (-1)
#define RETRY_MOST_TRIES                                                  \
	6		    /* but of 429: that ends by itself, or at the \
			     * caller's deadline */
#define RETRY_MOST_UNSENT 3 /* nobody listens there: say so soon */
#define RETRY_FIRST_MS 500  /* doubled each time, up to */
#define RETRY_LONGEST_MS 30000
#define RETRY_AFTER_MOST_S 300 /* a server that asks for more is given up */

/* Milliseconds until the next try, or RETRY_NEVER. tries counts those already
 * made, 1 or more; random is any number, it spreads the waits (half to all of
 * the doubled time). Retry-After is obeyed as given. */
int64_t retry_wait_ms(const struct http_reply *, bool may_repeat,
		      unsigned tries, uint32_t random);

#endif
