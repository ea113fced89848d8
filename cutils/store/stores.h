/* stores.h - which datastores a build or a machine has, and their keys.
 *
 * From a build's build_environment: S3_ACCESS_KEY, S3_SECRET_KEY, S3_HOST_BASE
 * and S3_LOCATION, each split on "|"; the n-th parts make datastore n, and a
 * value without "|" serves for all. Or from the files of s3cmd, s5cmd or
 * rclone, one a datastore: the names of their settings differ, so which tool's
 * file it is shows. All are read as text, never run.
 *
 * A host is reached by https, unless it is written with "http://" before it. A
 * location is a region to sign for; "US" and none are us-east-1, as s3cmd has
 * it. A host that begins with "%(bucket)s." is addressed by virtual host. */
#ifndef STORE_STORES_H
#define STORE_STORES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define STORES_MOST 16

struct s3_store {
	unsigned number;    /* from 1 */
	char base_url[200]; /* scheme://host[:port], no trailing slash */
	bool virtual_host;  /* the bucket is part of the host's name */
	char region[64];    /* to sign for, lower case */
	char access_key[160];
	char secret_key[160]; /* secret */
	char ca_file[1024];   /* certificates to trust; "" for the system's */
};

struct stores {
	struct s3_store list[STORES_MOST];
	size_t count;
	bool loose; /* a file with keys in it may be read by others */
};

/* folder holds build_environment. ERR_NO: no datastore is configured there;
 * ERR_DATA: the values do not belong together. Wipe with stores_wipe(). */
int stores_from_build(struct stores *, const char *folder,
		      struct err *) MUST_CHECK;

/* One file a datastore, in their order. */
int stores_from_files(struct stores *, const char *const *paths, size_t count,
		      struct err *) MUST_CHECK;

/* The files of the first tool that has any below this home folder: .s3cfg-1,
 * .s5cfg-1 or .config/rclone/rclone.conf-1, and those numbered on from it.
 * ERR_NO where there are none. */
int stores_from_home(struct stores *, const char *home,
		     struct err *) MUST_CHECK;

void stores_wipe(struct stores *);

#endif
