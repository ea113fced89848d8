/* s3send.c - see s3send.h. */
#include "store/s3send.h"

#include "base/clock.h"
#include "wire/retry.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

const char s3_hash_of_nothing[] =
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* The rules of Amazon's general purpose buckets; other stores take these. */
static bool is_bucket(const char *name)
{
	size_t len = strlen(name), i;

	if (len < 3 || len > 63 || !isalnum((unsigned char)name[0]) ||
	    !isalnum((unsigned char)name[len - 1]) || strstr(name, ".."))
		return false;
	for (i = 0; i < len; i++)
		if (!islower((unsigned char)name[i]) &&
		    !isdigit((unsigned char)name[i]) && name[i] != '-' &&
		    name[i] != '.')
			return false;
	return true;
}

/* A bucket can be part of the host's name unless that is an address, or a dot
 * in the bucket's name would keep a certificate from fitting. */
static bool fits_virtual_host(const struct s3_store *store, const char *bucket)
{
	const char *host = strstr(store->base_url, "://") + 3;

	if (strspn(host, "0123456789.:") == strlen(host) || host[0] == '[')
		return false;
	return !strchr(bucket, '.') ||
	       strncmp(store->base_url, "https", 5) != 0;
}

struct s3 *s3_open(const struct s3_store *store, const char *bucket,
		   int64_t deadline_ms, struct err *err)
{
	struct http_endpoint endpoint = {.base_url = ""};
	const char *host = strstr(store->base_url, "://") + 3;
	struct s3 *s3;
	int len;

	if (!is_bucket(bucket)) {
		err_set(err, ERR_DATA,
			"not a bucket's name: '%.80s': 3 to 63 of a-z 0-9 - .",
			bucket);
		return NULL;
	}
	s3 = calloc(1, sizeof(*s3));
	if (!s3) {
		err_set(err, ERR_SYSTEM, "out of memory");
		return NULL;
	}
	s3->store = *store;
	s3->deadline_ms = deadline_ms;
	memcpy(s3->bucket, bucket, strlen(bucket) + 1);
	s3->virtual_host =
		store->virtual_host && fits_virtual_host(store, bucket);
	len = snprintf(endpoint.base_url, sizeof(endpoint.base_url),
		       "%.*s%s%s%s", (int)(host - store->base_url),
		       store->base_url, s3->virtual_host ? bucket : "",
		       s3->virtual_host ? "." : "", host);
	memcpy(endpoint.ca_file, store->ca_file, sizeof(store->ca_file));
	snprintf(s3->scope, sizeof(s3->scope), "aws:amz:%s:s3", store->region);
	if (len >= (int)sizeof(endpoint.base_url))
		err_set(err, ERR_DATA, "%s: too long a host", store->base_url);
	else
		s3->http = http_new(&endpoint, err);
	if (!s3->http) {
		s3_close(s3);
		return NULL;
	}
	return s3;
}

void s3_close(struct s3 *s3)
{
	if (!s3)
		return;
	http_free(s3->http);
	explicit_bzero(s3, sizeof(*s3));
	free(s3);
}

const struct s3_store *s3_store_of(const struct s3 *s3)
{
	return &s3->store;
}

void s3_name(const struct s3 *s3, const char *key, char *text, size_t size)
{
	snprintf(text, size, "datastore %u (%.80s), %s%s%.120s",
		 s3->store.number, s3->store.base_url, s3->bucket,
		 key ? "/" : "", key ? key : "");
}

/* Control characters survive neither XML nor a terminal. */
static int check_key(const char *key, struct err *err)
{
	const char *c;

	for (c = key; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return err_set(err, ERR_DATA,
				       "'%.80s': a key cannot have control "
				       "characters",
				       key);
	if (c == key || c - key > S3_KEY_MOST)
		return err_set(err, ERR_DATA,
			       "'%.80s': a key has 1 to %d bytes", key,
			       S3_KEY_MOST);
	return 0;
}

/* Slashes part a key and are not escaped, all else is. */
static void add_key(struct strbuf *path, const char *key)
{
	char segment[S3_KEY_MOST + 1];

	while (*key) {
		size_t len = strcspn(key, "/");

		memcpy(segment, key, len);
		segment[len] = '\0';
		http_add_escaped(path, segment);
		key += len;
		if (*key == '/') {
			strbuf_addc(path, '/');
			key++;
		}
	}
}

int s3_request(const struct s3 *s3, struct http_request *req,
	       enum http_method method, const char *key, const char *sha256,
	       struct err *err)
{
	if (key && check_key(key, err) < 0)
		return -1;
	http_request_init(req);
	req->path.max = 16384; /* a key of odd characters grows threefold */
	req->method = method;
	req->sigv4 = s3->scope;
	req->access_key = s3->store.access_key;
	req->secret_key = s3->store.secret_key;
	strbuf_addc(&req->path, '/');
	if (!s3->virtual_host)
		strbuf_addf(&req->path, "%s/", s3->bucket);
	if (key)
		add_key(&req->path, key);
	strbuf_addf(&req->headers, "x-amz-content-sha256: %s\n", sha256);
	return 0;
}

static enum err_kind kind_of(int status)
{
	switch (status) {
	case 404:
		return ERR_NO;
	case 401:
	case 403:
		return ERR_DENIED;
	case 408:
	case 409:
	case 412:
	case 429:
		return ERR_RETRY;
	default:
		return status >= 500 ? ERR_RETRY : ERR_REFUSED;
	}
}

/* What a person can do about it, where the store's code tells. */
static const char *remedy(const struct http_reply *reply,
			  const struct s3_words *words)
{
	static const struct {
		const char *code, *remedy;
	} known[] = {
		{"NoSuchBucket", ": there is no such bucket"},
		{"RequestTimeTooSkewed", ": is this machine's clock right?"},
		{"InvalidAccessKeyId", ": check the access key"},
		{"SignatureDoesNotMatch", ": check the secret key"},
		{"PermanentRedirect", ": the bucket is in another region"},
		{"AuthorizationHeaderMalformed", ": check the location"},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(words->code, known[i].code) == 0)
			return known[i].remedy;
	if (reply->status == 401 || reply->status == 403)
		return ": check the keys and what they may do";
	return reply->status == 404 ? ": there is no such object" : "";
}

static void explain(const struct s3 *s3, const char *key,
		    const struct http_reply *reply, struct err *err)
{
	struct s3_words words;
	char name[320];

	s3_name(s3, key, name, sizeof(name));
	if (reply->status == 0) {
		err_set(err,
			reply->impostor ? ERR_DENIED
			: reply->local	? ERR_SYSTEM
					: ERR_RETRY,
			"%s: %s%s", name, reply->why,
			reply->impostor ? ": DATASTORE_CA_FILE or --ca-file "
					  "names the certificates to trust"
					: "");
		return;
	}
	s3_words_read(&words, reply->body, reply->size);
	err_set(err, kind_of(reply->status), "%s: status %d%s%s%s%.100s%s",
		name, reply->status, words.code[0] ? " " : "", words.code,
		words.message[0] ? ": " : "", words.message,
		remedy(reply, &words));
}

int s3_send(struct s3 *s3, const struct http_request *req, const char *key,
	    struct http_reply *reply, int *status, struct err *err)
{
	unsigned tries = 0;

	for (;;) {
		int64_t wait_ms;
		uint32_t number = 0;
		void *tag;

		if (http_start(s3->http, req, s3->deadline_ms, NULL, err) < 0)
			return -1;
		tries++;
		/* Its own timeout ends it; a second more is for libcurl. */
		while (!http_next(s3->http, s3->deadline_ms + 1000, reply,
				  &tag))
			if (clock_now_ms() > s3->deadline_ms + 1000)
				return err_set(err, ERR_SYSTEM,
					       "libcurl gives no reply");
		if (reply->status >= 200 && reply->status <= 299)
			return 0;
		if (getrandom(&number, sizeof(number), 0) < 0)
			number = (uint32_t)clock_now_ms();
		wait_ms = retry_wait_ms(reply, req->may_repeat, tries, number);
		if (wait_ms == RETRY_NEVER ||
		    clock_now_ms() + wait_ms >= s3->deadline_ms)
			break;
		http_reply_free(reply);
		clock_sleep_ms(wait_ms);
	}
	explain(s3, key, reply, err);
	if (status)
		*status = reply->status;
	http_reply_free(reply);
	return -1;
}

int s3_not_held(const struct s3 *s3, const char *key,
		struct s3_condition *condition, struct err *err)
{
	char name[320];

	condition->not_held = true;
	s3_name(s3, key, name, sizeof(name));
	return err_set(err, ERR_RETRY, "%s %s: nothing was written", name,
		       condition->when == S3_IF_ABSENT
			       ? "is there already"
			       : "was changed by another meanwhile");
}
