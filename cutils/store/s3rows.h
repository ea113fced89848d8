/* s3rows.h - what is known of objects and datastores, as rows to print (see
 * base/output.h): JSON objects whose members have the order of the columns.
 *
 * All are owned by the caller, and NULL where memory ran out. */
#ifndef STORE_S3ROWS_H
#define STORE_S3ROWS_H

#include "store/s3.h"

/* key, size, etag, modified, sha256 */
json_t *rows_of_head(const char *key, const struct s3_info *);

/* key, size, etag, modified */
json_t *rows_of_list(const struct s3_list *);

/* store, url, region; no key */
json_t *rows_of_stores(const struct stores *);

#endif
