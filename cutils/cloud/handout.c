/* handout.c - see handout.h. */
#include "cloud/handout.h"

#include "base/atomicfile.h"
#include "files/clientpair.h"

#include <stdlib.h>
#include <string.h>

/* A certificate may be seen by all, a key by its owner. */
static int add_file(const char *path, bool secret, struct strbuf *text,
		    struct err *err)
{
	char *bytes;
	size_t size;

	if ((secret ? file_read_secret(path, &bytes, &size, err)
		    : file_read(path, &bytes, &size, NULL, err)) < 0)
		return -1;
	strbuf_add(text, bytes, size);
	if (size > 0 && bytes[size - 1] != '\n')
		strbuf_addc(text, '\n');
	explicit_bzero(bytes, size);
	free(bytes);
	return 0;
}

static int add_pair(const struct session *session, const struct access *access,
		    struct strbuf *text, struct err *err)
{
	struct client_pair pair;

	if (clientpair_find(session->provider->client_folders,
			    access->credentials, access->build, &pair, err) < 0)
		return -1;
	if (strcmp(pair.certificate, pair.key) != 0 &&
	    add_file(pair.certificate, false, text, err) < 0)
		return -1;
	return add_file(pair.key, true, text, err);
}

int handout_write(const struct session *session, const struct access *access,
		  struct strbuf *text, struct err *err)
{
	const struct provider *provider = session->provider;
	const struct credential_places *places = provider->places;
	const struct credentials *found = &session->engine.credentials;

	if (places) {
		strbuf_addf(text, "%s=%s\n", places->variables[0], found->key);
		if (places->variables[1])
			strbuf_addf(text, "%s=%s\n", places->variables[1],
				    found->secret);
	} else if (provider->client_folders && access->api_url &&
		   strncmp(access->api_url, "https:", 6) == 0) {
		if (add_pair(session, access, text, err) < 0)
			return -1;
	} else {
		return err_set(err, ERR_NO, "%s wants no credentials",
			       provider->name);
	}
	return strbuf_check(text, "the credentials", err);
}
