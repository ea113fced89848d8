/* endpoint.c - see endpoint.h. */
#include "cloud/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int use_socket(const char *path, struct http_endpoint *endpoint,
		      struct err *err)
{
	if (strlen(path) >= sizeof(endpoint->socket))
		return err_set(err, ERR_USAGE,
			       "%s: longer than a socket's name may be (%zu)",
			       path, sizeof(endpoint->socket) - 1);
	snprintf(endpoint->socket, sizeof(endpoint->socket), "%s", path);
	snprintf(endpoint->base_url, sizeof(endpoint->base_url),
		 "http://socket");
	return 0;
}

static int use_url(const char *url, struct http_endpoint *endpoint,
		   struct err *err)
{
	size_t len = strlen(url);

	if (strncmp(url, "unix:", 5) == 0)
		return use_socket(url + 5, endpoint, err);
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return err_set(err, ERR_USAGE,
			       "%s: not https://, http:// or unix:/path", url);
	if (len >= sizeof(endpoint->base_url))
		return err_set(err, ERR_USAGE, "%.80s...: too long", url);
	memcpy(endpoint->base_url, url, len + 1);
	while (len > 0 && endpoint->base_url[len - 1] == '/')
		endpoint->base_url[--len] = '\0';
	return 0;
}

/* "$VAR/rest" with the variable's value; false where it is not set. */
static bool expand(const char *pattern, char *path, size_t size)
{
	const char *slash = strchr(pattern, '/'), *value;
	char name[64];

	if (pattern[0] != '$') {
		snprintf(path, size, "%s", pattern);
		return true;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(slash - pattern - 1),
		 pattern + 1);
	value = getenv(name);
	if (!value || !value[0])
		return false;
	return snprintf(path, size, "%s%s", value, slash) < (int)size;
}

/* A region becomes part of a host's name: letters, digits, '-'. */
static int use_zone(const struct provider *provider, const char *region,
		    struct http_endpoint *endpoint, struct err *err)
{
	const char *zone = strstr(provider->base_url, "ZONE");
	char url[256];

	if (!zone)
		return use_url(provider->base_url, endpoint, err);
	if (!region[0])
		return err_set(err, ERR_USAGE, "%s: --region is wanted",
			       provider->name);
	if (region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] ||
	    region[0] == '-')
		return err_set(err, ERR_USAGE, "%s: not a region of %s", region,
			       provider->name);
	snprintf(url, sizeof(url), "%.*s%s%s", (int)(zone - provider->base_url),
		 provider->base_url, region, zone + strlen("ZONE"));
	return use_url(url, endpoint, err);
}

int endpoint_find(const struct provider *provider, const char *api_url,
		  const char *region, const char *ca_file,
		  struct http_endpoint *endpoint, struct err *err)
{
	struct stat is;
	char path[4096];
	size_t i;

	*endpoint = (struct http_endpoint){{0}, {0}, {0}, {0}, {0}};
	if (ca_file &&
	    snprintf(endpoint->ca_file, sizeof(endpoint->ca_file), "%s",
		     ca_file) >= (int)sizeof(endpoint->ca_file))
		return err_set(err, ERR_USAGE, "%.80s...: too long", ca_file);
	if (api_url)
		return use_url(api_url, endpoint, err);
	if (provider->base_url[0])
		return use_zone(provider, region, endpoint, err);
	for (i = 0; provider->sockets[i]; i++)
		if (expand(provider->sockets[i], path, sizeof(path)) &&
		    stat(path, &is) == 0 && S_ISSOCK(is.st_mode))
			return use_socket(path, endpoint, err);
	return err_set(err, ERR_NO,
		       "%s: its socket was not found; is it running? Name it "
		       "with --api-url unix:/path/unix.socket",
		       provider->name);
}
