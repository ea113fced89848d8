/* budget.c - see budget.h. */
#include "cloud/budget.h"

#include "base/clock.h"
#include "wire/httpbody.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_WAIT_US 5000
#define LOCK_TRIES 200 /* so it is a second */

#define FORM 0x61647431 /* "adt1": how the file is laid out */

/* What the file holds. */
struct stored {
	uint64_t form;
	struct ratelimit buckets[LIMITS_MOST];
};

/* Per cent of a limit that go at once, and steadily in each of its windows: no
 * window sees more than the sum. The network squeezes what we sent evenly, so
 * of a short window we use little. */
static const struct share {
	unsigned from_s, burst, steady;
} shares[] = {{3600, 12, 48}, {10, 20, 75}, {0, 10, 50}};

static const struct share *share_of(const struct limit *limit)
{
	const struct share *share = shares;

	while (limit->window_s < share->from_s)
		share++;
	return share;
}

/* Every bucket is full. */
static void fill(struct budget *budget, int64_t now_ms)
{
	size_t i;

	for (i = 0; i < LIMITS_MOST && budget->limits[i].requests; i++) {
		const struct limit *limit = &budget->limits[i];
		const struct share *share = share_of(limit);
		unsigned burst = limit->requests * share->burst / 100;
		unsigned per_minute = limit->requests * share->steady * 60 /
				      100 / limit->window_s;

		ratelimit_init(&budget->buckets[i], per_minute ? per_minute : 1,
			       burst ? burst : 1, now_ms);
	}
}

/* ADT_RUN_DIR; root's processes meet in /run, whatever their session. */
static bool run_folder(char *path, size_t size)
{
	const char *named = getenv("ADT_RUN_DIR");
	const char *session = getenv("XDG_RUNTIME_DIR");

	if (named && named[0])
		return snprintf(path, size, "%s", named) < (int)size;
	if (geteuid() == 0)
		return snprintf(path, size, "/run/adt-snapshots") < (int)size;
	return session && session[0] &&
	       snprintf(path, size, "%s/adt-snapshots", session) < (int)size;
}

/* One file for each cloud, address and token; nobody reads the token out of
 * its name. A clock that runs faster has one of its own. */
static bool file_name(const struct provider *provider,
		      const struct http_endpoint *endpoint,
		      const struct credentials *credentials, char *path,
		      size_t size)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	const char *speed = getenv("ADT_CLOCK");
	struct strbuf text = STRBUF(4096);
	unsigned sum_size = 0, i;
	size_t len = strlen(path);
	bool good;

	strbuf_addf(&text, "%s\n%s\n%s\n%s\n%s", provider->name,
		    endpoint->base_url, endpoint->socket, speed ? speed : "",
		    credentials->key);
	good = !text.too_long && !text.no_memory &&
	       EVP_Digest(strbuf_text(&text), text.len, sum, &sum_size,
			  EVP_sha256(), NULL) == 1 &&
	       len + strlen("/budget-") + 32 + 1 <= size;
	strbuf_free(&text);
	if (!good)
		return false;
	len += (size_t)snprintf(path + len, size - len, "/budget-");
	for (i = 0; i < 16; i++)
		len += (size_t)snprintf(path + len, size - len, "%02x", sum[i]);
	return true;
}

static int open_file(const char *folder, const char *path)
{
	struct stat is;
	int fd;

	if (mkdir(folder, 0700) < 0 &&
	    (lstat(folder, &is) < 0 || !S_ISDIR(is.st_mode) ||
	     is.st_uid != geteuid()))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && (fstat(fd, &is) < 0 || is.st_uid != geteuid())) {
		close(fd);
		return -1;
	}
	return fd;
}

void budget_open(struct budget *budget, const struct provider *provider,
		 const struct http_endpoint *endpoint,
		 const struct credentials *credentials, int64_t now_ms)
{
	char folder[4096], path[4096 + 64];

	*budget = (struct budget){.limits = provider->limits, .fd = -1};
	fill(budget, now_ms);
	if (!provider->limits[0].requests ||
	    !run_folder(folder, sizeof(folder)))
		return;
	snprintf(path, sizeof(path), "%s", folder);
	if (file_name(provider, endpoint, credentials, path, sizeof(path)))
		budget->fd = open_file(folder, path);
}

void budget_close(struct budget *budget)
{
	if (budget->fd >= 0)
		close(budget->fd);
	budget->fd = -1;
}

/* The rules come from us, the state from the file: but only a state that can
 * be. */
static void adopt(struct budget *budget, const struct stored *stored,
		  int64_t now_ms)
{
	size_t i;

	if (stored->form != FORM)
		return;
	for (i = 0; i < LIMITS_MOST; i++) {
		const struct ratelimit *is = &stored->buckets[i];
		struct ratelimit *own = &budget->buckets[i];

		if (is->burst != own->burst ||
		    is->per_minute != own->per_minute ||
		    is->filled_ms > now_ms || is->filled_ms < 0 ||
		    is->thousandths < 0 ||
		    is->thousandths > (int64_t)own->burst * 1000 ||
		    is->closed_ms > now_ms + BUDGET_CLOSED_MOST_S * 1000)
			continue;
		*own = *is;
	}
}

static void lock(struct budget *budget, int64_t now_ms)
{
	struct stored stored;
	unsigned tries = 0;

	if (budget->fd < 0)
		return;
	/* It is held for a moment, but by whoever was stopped in it (SIGSTOP)
	 * for ever. */
	while (flock(budget->fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || tries++ >= LOCK_TRIES) {
			budget_close(budget);
			return;
		}
		usleep(LOCK_WAIT_US);
	}
	if (pread(budget->fd, &stored, sizeof(stored), 0) == sizeof(stored))
		adopt(budget, &stored, now_ms);
}

/* In one write, in memory: it is not torn by a kill, and if it is lost, the
 * buckets are full again. */
static void unlock(struct budget *budget)
{
	struct stored stored;

	if (budget->fd < 0)
		return;
	memset(&stored, 0, sizeof(stored));
	stored.form = FORM;
	memcpy(stored.buckets, budget->buckets, sizeof(stored.buckets));
	if (pwrite(budget->fd, &stored, sizeof(stored), 0) != sizeof(stored))
		budget_close(budget); /* which unlocks it, too */
	else
		flock(budget->fd, LOCK_UN);
}

/* Does the request fall under the limit? */
static bool falls(const struct limit *limit, const struct http_request *req)
{
	const char *method = http_method_name(req->method);
	const char *path = strbuf_text(&req->path);
	size_t len = strlen(method), path_len = strcspn(path, "?");

	if (!limit->of[0])
		return true;
	if (strncmp(limit->of, method, len) != 0 || limit->of[len] != ' ')
		return false;
	if (strcmp(limit->of + len + 1, "?") == 0)
		return strstr(path + path_len, "page") != NULL;
	return strlen(limit->of + len + 1) == path_len &&
	       strncmp(limit->of + len + 1, path, path_len) == 0;
}

int64_t budget_take(struct budget *budget, const struct http_request *req,
		    int64_t now_ms)
{
	int64_t longest_ms = 0, wait_ms;
	size_t i;
	bool take;

	if (!budget->limits[0].requests)
		return 0;
	lock(budget, now_ms);
	for (take = false;; take = true) {
		for (i = 0; i < LIMITS_MOST && budget->limits[i].requests;
		     i++) {
			if (!falls(&budget->limits[i], req))
				continue;
			wait_ms = take ? ratelimit_take(&budget->buckets[i],
							now_ms)
				       : ratelimit_wait(&budget->buckets[i],
							now_ms);
			if (wait_ms > longest_ms)
				longest_ms = wait_ms;
		}
		if (take || longest_ms > 0)
			break;
	}
	unlock(budget);
	return longest_ms;
}

/* The number in the header, with or without "x-" in front; -1 without it. */
static int64_t header_number(const struct http_reply *reply, const char *name)
{
	char text[24];
	char *end;
	long long number;

	if (!http_reply_header(reply, name, text, sizeof(text)) &&
	    !http_reply_header(reply, name + 2, text, sizeof(text)))
		return -1;
	number = strtoll(text, &end, 10);
	return end != text && !*end && number >= 0 ? number : -1;
}

/* The limit a reply speaks of: the one of that size, else the narrowest. */
static size_t spoken_of(const struct budget *budget,
			const struct http_request *req, int64_t size)
{
	size_t found = 0, i;

	for (i = 0; i < LIMITS_MOST && budget->limits[i].requests; i++) {
		if (!falls(&budget->limits[i], req))
			continue;
		found = i;
		if (budget->limits[i].requests == size)
			break;
	}
	return found;
}

static int64_t bounded_s(int64_t seconds)
{
	return seconds < 1			? 1
	       : seconds > BUDGET_CLOSED_MOST_S ? BUDGET_CLOSED_MOST_S
						: seconds;
}

void budget_learn(struct budget *budget, const struct http_request *req,
		  const struct http_reply *reply, int64_t now_ms,
		  int64_t epoch_s)
{
	int64_t left = reply->remaining;
	struct ratelimit *bucket;
	int64_t wait_s;

	if (!budget->limits[0].requests || (left < 0 && reply->status != 429))
		return;
	bucket = &budget->buckets[spoken_of(
		budget, req, header_number(reply, "x-ratelimit-limit"))];
	lock(budget, now_ms);
	if (reply->status == 429 || left == 0) {
		wait_s = reply->retry_after_s >= 0
				 ? reply->retry_after_s
				 : header_number(reply, "x-ratelimit-reset") -
					   epoch_s;
		ratelimit_close(bucket, now_ms + bounded_s(wait_s) * 1000,
				now_ms);
	} else {
		ratelimit_left(bucket, left, now_ms);
	}
	unlock(budget);
}
