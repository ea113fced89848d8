/* registry.c - the clouds we know, by the name ACTIVE_CLOUDHOST gives them. */
#include "cloud/provider.h"

#include <string.h>

extern const struct provider digitalocean_provider, exoscale_provider,
	linode_provider, lxd_provider, vultr_provider;

static const struct provider *const providers[] = {
	&digitalocean_provider, &exoscale_provider, &linode_provider,
	&lxd_provider,		&vultr_provider,
};

const struct provider *provider_at(size_t n)
{
	return n < sizeof(providers) / sizeof(providers[0]) ? providers[n]
							    : NULL;
}

const struct provider *provider_find(const char *name, struct err *err)
{
	struct strbuf known = STRBUF(256);
	const struct provider *provider;
	size_t n;

	for (n = 0; (provider = provider_at(n)); n++)
		if (strcmp(provider->name, name) == 0)
			return provider;
	for (n = 0; (provider = provider_at(n)); n++)
		strbuf_addf(&known, "%s%s", n ? ", " : "", provider->name);
	err_set(err, ERR_USAGE, "no such cloud: %s; there is %s", name,
		strbuf_text(&known));
	strbuf_free(&known);
	return NULL;
}
