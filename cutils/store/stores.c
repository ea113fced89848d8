/* stores.c - see stores.h. */
#include "store/stores.h"

#include "base/atomicfile.h"
#include "store/parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_SIZE 2048 /* of one setting, all datastores' parts together */
#define BUCKET_MARK "%(bucket)s."

enum setting { ACCESS_KEY, SECRET_KEY, HOST, LOCATION, HOST_BUCKET, SETTINGS };

struct values {
	char text[SETTINGS][VALUE_SIZE]; /* "" where it is not set */
	bool seen[SETTINGS];
};

static const struct {
	const char *name;
	enum setting setting;
} build_names[] =
	{
		{"S3_ACCESS_KEY", ACCESS_KEY},
		{"S3_SECRET_KEY", SECRET_KEY},
		{"S3_HOST_BASE", HOST},
		{"S3_LOCATION", LOCATION},
},
  tool_names[] = {
	  {"access_key", ACCESS_KEY},
	  {"secret_key", SECRET_KEY},
	  {"host_base", HOST},
	  {"bucket_location", LOCATION},
	  {"host_bucket", HOST_BUCKET},
	  {"aws_access_key_id", ACCESS_KEY},
	  {"aws_secret_access_key", SECRET_KEY},
	  {"access_key_id", ACCESS_KEY},
	  {"secret_access_key", SECRET_KEY},
	  {"endpoint", HOST},
	  {"region", LOCATION},
};

void stores_wipe(struct stores *stores)
{
	explicit_bzero(stores, sizeof(*stores));
}

/* The line at *text without its end, and *text behind it. */
static char *next_line(char **text)
{
	char *line = *text, *end = line + strcspn(line, "\n");

	*text = *end ? end + 1 : end;
	*end = '\0';
	while (end > line && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return line;
}

/* The first value counts: a later line may be the rest of another's. */
static int take(struct values *values, enum setting setting, const char *value,
		const char *path, struct err *err)
{
	size_t len = strlen(value);

	if (values->seen[setting])
		return 0;
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	if (len >= VALUE_SIZE)
		return err_set(err, ERR_DATA,
			       "%s: a datastore's setting is "
			       "longer than %d bytes",
			       path, VALUE_SIZE - 1);
	memcpy(values->text[setting], value, len);
	values->text[setting][len] = '\0';
	values->seen[setting] = true;
	return 0;
}

static int read_text(const char *path, struct stores *stores, char **text,
		     size_t *size, struct err *err)
{
	mode_t mode;

	if (file_read(path, text, size, &mode, err) < 0)
		return -1;
	if (mode & 077)
		stores->loose = true;
	return 0;
}

static void wipe_text(char *text, size_t size)
{
	explicit_bzero(text, size);
	free(text);
}

/* NAME=value lines. */
static int read_build(const char *path, char *text, struct values *values,
		      struct err *err)
{
	size_t i, len;

	while (*text) {
		char *line = next_line(&text);

		for (i = 0; i < sizeof(build_names) / sizeof(build_names[0]);
		     i++) {
			len = strlen(build_names[i].name);
			if (strncmp(line, build_names[i].name, len) == 0 &&
			    line[len] == '=' &&
			    take(values, build_names[i].setting, line + len + 1,
				 path, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int read_setting(const char *path, const char *line, char *equals,
			struct values *values, struct err *err)
{
	char *value = equals + 1;
	size_t i;

	*equals = '\0';
	while (equals > line && isspace((unsigned char)equals[-1]))
		*--equals = '\0';
	while (isspace((unsigned char)*value))
		value++;
	for (i = 0; i < sizeof(tool_names) / sizeof(tool_names[0]); i++)
		if (strcmp(line, tool_names[i].name) == 0)
			return take(values, tool_names[i].setting, value, path,
				    err);
	return 0;
}

/* "name = value" lines in the sections [default] and [s3]. */
static int read_tool(const char *path, char *text, struct values *values,
		     struct err *err)
{
	bool ours = true;

	while (*text) {
		char *line = next_line(&text), *equals;

		while (isspace((unsigned char)*line))
			line++;
		if (*line == '[') {
			ours = strcmp(line, "[default]") == 0 ||
			       strcmp(line, "[s3]") == 0;
			continue;
		}
		equals = strchr(line, '=');
		if (ours && *line != '#' && *line != ';' && equals &&
		    read_setting(path, line, equals, values, err) < 0)
			return -1;
	}
	return 0;
}

static bool is_of(const char *text, const char *more)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr(more, *text))
			return false;
	return true;
}

/* Scheme, the mark of a virtual host, the host's name and port. */
static int set_host(struct s3_store *store, char *host, const char *path,
		    struct err *err)
{
	const char *scheme = "https://";
	size_t len;

	if (strncmp(host, "http://", 7) == 0)
		scheme = "http://";
	if (strncmp(host, scheme, strlen(scheme)) == 0)
		host += strlen(scheme);
	if (strncmp(host, BUCKET_MARK, strlen(BUCKET_MARK)) == 0) {
		store->virtual_host = true;
		host += strlen(BUCKET_MARK);
	}
	len = strlen(host);
	if (len > 0 && host[len - 1] == '/')
		host[--len] = '\0';
	if (len == 0 || host[0] == '-' || !is_of(host, ".-:[]") ||
	    snprintf(store->base_url, sizeof(store->base_url), "%s%s", scheme,
		     host) >= (int)sizeof(store->base_url))
		return err_set(err, ERR_DATA,
			       "%s: the host of datastore %u is not a host: "
			       "'%.80s'",
			       path, store->number, host);
	return 0;
}

static int set_region(struct s3_store *store, const char *location,
		      const char *path, struct err *err)
{
	const char *region = location;
	char *c;

	if (!*location || strcmp(location, "US") == 0)
		region = "us-east-1";
	else if (strcmp(location, "EU") == 0)
		region = "eu-west-1";
	if (!is_of(region, "-_") ||
	    snprintf(store->region, sizeof(store->region), "%s", region) >=
		    (int)sizeof(store->region))
		return err_set(err, ERR_DATA,
			       "%s: the location of datastore %u is not a "
			       "region: '%.40s'",
			       path, store->number, location);
	for (c = store->region; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

static bool is_key(const char *key)
{
	if (!*key)
		return false;
	for (; *key; key++)
		if (!isgraph((unsigned char)*key))
			return false;
	return true;
}

/* Makes datastore `number` of the n-th parts. */
static int add(struct stores *stores, const struct values *values, unsigned n,
	       const char *path, struct err *err)
{
	struct s3_store *store = &stores->list[stores->count];
	char host[VALUE_SIZE], location[VALUE_SIZE];

	*store = (struct s3_store){.number = (unsigned)stores->count + 1};
	if (parts_copy(values->text[ACCESS_KEY], n, store->access_key,
		       sizeof(store->access_key)) < 1 ||
	    parts_copy(values->text[SECRET_KEY], n, store->secret_key,
		       sizeof(store->secret_key)) < 1 ||
	    !is_key(store->access_key) || !is_key(store->secret_key))
		return err_set(err, ERR_DATA,
			       "%s: datastore %u has no usable access key and "
			       "secret key",
			       path, store->number);
	if (parts_copy(values->text[HOST], n, host, sizeof(host)) < 1 ||
	    parts_copy(values->text[LOCATION], n, location, sizeof(location)) <
		    1)
		return err_set(err, ERR_DATA,
			       "%s: datastore %u has keys but no host or "
			       "location: as many parts in each are wanted",
			       path, store->number);
	if (set_host(store, host, path, err) < 0 ||
	    set_region(store, location, path, err) < 0)
		return -1;
	if (strstr(values->text[HOST_BUCKET], "%(bucket)s"))
		store->virtual_host = true;
	stores->count++;
	return 0;
}

static int add_all(struct stores *stores, const struct values *values,
		   const char *path, struct err *err)
{
	const char *at = values->text[ACCESS_KEY];
	unsigned count = 1, n;

	while ((at = strchr(at, '|'))) {
		count++;
		at++;
	}
	if (count > STORES_MOST)
		return err_set(err, ERR_DATA, "%s: more than %d datastores",
			       path, STORES_MOST);
	for (n = 1; n <= count; n++)
		if (add(stores, values, n, path, err) < 0)
			return -1;
	return 0;
}

int stores_from_build(struct stores *stores, const char *folder,
		      struct err *err)
{
	struct values values = {.seen = {false}};
	char path[4096], *text;
	size_t size;
	int rc;

	*stores = (struct stores){.count = 0};
	if (snprintf(path, sizeof(path), "%s/build_environment", folder) >=
	    (int)sizeof(path))
		return err_set(err, ERR_DATA, "%s: too long a path", folder);
	if (read_text(path, stores, &text, &size, err) < 0)
		return -1;
	rc = read_build(path, text, &values, err);
	wipe_text(text, size);
	if (rc == 0 && !values.text[ACCESS_KEY][0])
		rc = err_set(err, ERR_NO,
			     "%s: no datastore: S3_ACCESS_KEY is "
			     "not set",
			     path);
	if (rc == 0)
		rc = add_all(stores, &values, path, err);
	explicit_bzero(&values, sizeof(values));
	if (rc < 0)
		stores_wipe(stores);
	return rc;
}

static int add_file(struct stores *stores, const char *path, struct err *err)
{
	struct values values = {.seen = {false}};
	char *text;
	size_t size;
	int rc;

	if (stores->count == STORES_MOST)
		return err_set(err, ERR_DATA, "%s: more than %d datastores",
			       path, STORES_MOST);
	if (read_text(path, stores, &text, &size, err) < 0)
		return -1;
	rc = read_tool(path, text, &values, err);
	wipe_text(text, size);
	if (rc == 0)
		rc = add(stores, &values, 1, path, err);
	explicit_bzero(&values, sizeof(values));
	return rc;
}

int stores_from_files(struct stores *stores, const char *const *paths,
		      size_t count, struct err *err)
{
	size_t i;

	*stores = (struct stores){.count = 0};
	for (i = 0; i < count; i++) {
		if (add_file(stores, paths[i], err) < 0) {
			stores_wipe(stores);
			return -1;
		}
	}
	return 0;
}

int stores_from_home(struct stores *stores, const char *home, struct err *err)
{
	static const char *const tools[] = {".s3cfg", ".s5cfg",
					    ".config/rclone/rclone.conf"};
	char path[4096];
	size_t i;

	*stores = (struct stores){.count = 0};
	for (i = 0; i < 3 && stores->count == 0; i++) {
		for (;;) {
			if (snprintf(path, sizeof(path), "%s/%s-%zu", home,
				     tools[i],
				     stores->count + 1) >= (int)sizeof(path) ||
			    access(path, F_OK) < 0)
				break;
			if (add_file(stores, path, err) < 0) {
				stores_wipe(stores);
				return -1;
			}
		}
	}
	return stores->count > 0 ? 0
				 : err_set(err, ERR_NO,
					   "%s: no datastore: neither "
					   ".s3cfg-1 nor .s5cfg-1 nor "
					   ".config/rclone/rclone.conf-1",
					   home);
}
