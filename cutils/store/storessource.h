/* storessource.h - the datastores that a command line names: those of a build,
 * of configuration files, or of the home folder; see stores.h. */
#ifndef STORE_STORESSOURCE_H
#define STORE_STORESSOURCE_H

#include "store/stores.h"

struct stores_source {
	const char *build; /* a folder with a build_environment, or NULL */
	const char *config[STORES_MOST];
	size_t config_count;
	const char *home; /* where neither is given; or NULL */
	/* Certificates to trust instead of the system's, or NULL: file names
	 * split on "|", the n-th for datastore n; without "|", one for all. */
	const char *ca_files;
	long number; /* the only one that is wanted, from 1; 0: all */
};

/* Wipe with stores_wipe(). Errors as stores.h; ERR_USAGE: nothing or too much
 * is named; ERR_NO: there is no datastore of that number. */
int stores_from_source(struct stores *, const struct stores_source *,
		       struct err *) MUST_CHECK;

#endif
