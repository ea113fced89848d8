/* storessource.c - see storessource.h. */
#include "store/storessource.h"

#include "store/parts.h"

#include <unistd.h>

static int from_one(struct stores *stores, const struct stores_source *source,
		    struct err *err)
{
	if (source->build && source->config_count)
		return err_set(err, ERR_USAGE, "--build or --config, not both");
	if (source->build)
		return stores_from_build(stores, source->build, err);
	if (source->config_count)
		return stores_from_files(stores, source->config,
					 source->config_count, err);
	if (source->home)
		return stores_from_home(stores, source->home, err);
	return err_set(err, ERR_USAGE,
		       "--build or --config is wanted: HOME is not set");
}

/* A file that cannot be read must not look like a server that lies. */
static int set_ca(struct s3_store *store, const char *ca_files, struct err *err)
{
	if (parts_copy(ca_files, store->number, store->ca_file,
		       sizeof(store->ca_file)) < 0)
		return err_set(err, ERR_USAGE, "--ca-file: too long a path");
	if (store->ca_file[0] && access(store->ca_file, R_OK) < 0)
		return err_sys(err,
			       "%s: cannot read certificates of "
			       "datastore %u",
			       store->ca_file, store->number);
	return 0;
}

int stores_from_source(struct stores *stores,
		       const struct stores_source *source, struct err *err)
{
	int rc = from_one(stores, source, err);
	size_t i;

	if (rc == 0 && source->number > (long)stores->count)
		rc = err_set(err, ERR_NO, "there is no datastore %ld, only %zu",
			     source->number, stores->count);
	for (i = 0; rc == 0 && source->ca_files && i < stores->count; i++)
		if (source->number == 0 || i + 1 == (size_t)source->number)
			rc = set_ca(&stores->list[i], source->ca_files, err);
	if (rc < 0)
		stores_wipe(stores);
	return rc;
}
