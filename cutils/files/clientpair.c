/* clientpair.c - see clientpair.h. */
#include "files/clientpair.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool in_folder(const char *home, const char *folder,
		      struct client_pair *found)
{
	return snprintf(found->certificate, sizeof(found->certificate),
			"%s/%s/client.crt", home,
			folder) < (int)sizeof(found->certificate) &&
	       snprintf(found->key, sizeof(found->key), "%s/%s/client.key",
			home, folder) < (int)sizeof(found->key) &&
	       access(found->certificate, F_OK) == 0;
}

static bool below(const char *home, const char *const *folders,
		  struct client_pair *found)
{
	for (; home && *folders; folders++)
		if (in_folder(home, *folders, found))
			return true;
	return false;
}

int clientpair_find(const char *const *folders, const char *file,
		    const char *build_dir, struct client_pair *found,
		    struct err *err)
{
	char home[1024];

	*found = (struct client_pair){{0}, {0}};
	if (file) {
		if (snprintf(found->key, sizeof(found->key), "%s", file) >=
		    (int)sizeof(found->key))
			return err_set(err, ERR_DATA,
				       "%.80s...: the name is too long", file);
		snprintf(found->certificate, sizeof(found->certificate), "%s",
			 file);
		return 0;
	}
	/* the build's folder is RT/CLOUD/BUILD, and RT is in the build home */
	if (build_dir && snprintf(home, sizeof(home), "%s/../../..",
				  build_dir) >= (int)sizeof(home))
		return err_set(err, ERR_DATA, "%.80s...: the name is too long",
			       build_dir);
	if ((build_dir && below(home, folders, found)) ||
	    below(getenv("HOME"), folders, found))
		return 0;
	*found = (struct client_pair){{0}, {0}};
	return err_set(err, ERR_DENIED,
		       "https wants a client certificate: no client.crt and "
		       "client.key in %s of the build home or the home folder; "
		       "--credentials names a PEM file with both",
		       folders[0]);
}
