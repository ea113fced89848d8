/* lease.h - one writer of an object at a time, where the store does not see to
 * it: a put under a condition for stores that ignore conditions.
 *
 * A writer puts an object of its own, KEY.lock/WORD, and holds the lease when a
 * list taken after that shows no other. Of those that see each other the least
 * word stays and the others go away for a moment. That is safe wherever a list
 * shows every put that was answered before it. An entry older than LEASE_S by
 * the store's own clock belongs to a writer that died, and is removed; a
 * living one gives up at half of that, so no clock but the store's counts. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "store/s3.h"

#define LEASE_S 30

/* As s3_put(): takes the lease, compares, puts, gives the lease back. */
int lease_put(struct s3 *, const char *key, const struct http_upload *,
	      struct s3_condition *, char etag[S3_ETAG_SIZE],
	      struct err *) MUST_CHECK;

#endif
