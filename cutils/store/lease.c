/* lease.c - see lease.h. */
#define _GNU_SOURCE /* strptime */
#include "store/lease.h"

#include "base/clock.h"
#include "store/s3send.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define HOLD_MS (LEASE_S * 1000 / 2) /* then we have given up ourselves */
#define LEAVE_MS 5000
#define WAIT_MS 200 /* for others to go, and as much again */

struct lease {
	char prefix[S3_KEY_MOST + 1]; /* "KEY.lock/" */
	char own[S3_KEY_MOST + 1];    /* the entry that is ours */
	int64_t until_ms;	      /* nothing may be written after it */
};

/* Seconds since 1970 of RFC 3339 or HTTP dates; -1 for anything else. */
static int64_t seconds_of(const char *text)
{
	struct tm parts = {0};

	if (strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) ||
	    strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts))
		return timegm(&parts);
	return -1;
}

static uint32_t random_number(void)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint32_t)clock_now_ms();
	return number;
}

static bool is_stale(const struct s3_object *entry, int64_t now_s)
{
	int64_t since_s = seconds_of(entry->modified);

	return now_s >= 0 && since_s >= 0 && now_s - since_s > LEASE_S;
}

enum standing { ALONE, FIRST, BEHIND };

/* Who else is there? Removes those that died. */
static int look(struct s3 *s3, const struct lease *lease,
		enum standing *standing, struct err *err)
{
	char date[S3_DATE_SIZE];
	struct s3_list list;
	bool seen = false;
	int64_t now_s;
	size_t i;
	int rc = 0;

	if (s3_list(s3, lease->prefix, &list, date, err) < 0)
		return -1;
	now_s = seconds_of(date);
	*standing = ALONE;
	for (i = 0; i < list.count && rc == 0; i++) {
		int order = strcmp(list.objects[i].key, lease->own);

		if (order == 0)
			seen = true;
		else if (is_stale(&list.objects[i], now_s))
			rc = s3_delete(s3, list.objects[i].key, err);
		else if (order < 0)
			*standing = BEHIND;
		else if (*standing == ALONE)
			*standing = FIRST;
	}
	s3_list_free(&list);
	/* Taken for dead by another: then we are. */
	if (rc == 0 && !seen)
		*standing = BEHIND;
	return rc;
}

static int enter(struct s3 *s3, struct lease *lease, struct err *err)
{
	struct http_upload nothing = {.bytes = "", .size_bytes = 0};
	struct s3_condition always = {.when = S3_ALWAYS};
	char etag[S3_ETAG_SIZE];

	lease->until_ms = clock_now_ms() + HOLD_MS;
	return s3_put(s3, lease->own, &nothing, &always, etag, err);
}

/* Past the deadline too: what cannot be removed now ends by its age. */
static void leave(struct s3 *s3, const struct lease *lease)
{
	int64_t deadline_ms = s3->deadline_ms;
	int64_t least_ms = clock_now_ms() + LEAVE_MS;
	struct err unused;

	if (s3->deadline_ms < least_ms)
		s3->deadline_ms = least_ms;
	if (s3_delete(s3, lease->own, &unused) < 0)
		unused.text[0] = '\0';
	s3->deadline_ms = deadline_ms;
}

/* Does the condition hold now? */
static int compare(struct s3 *s3, const char *key,
		   struct s3_condition *condition, struct err *err)
{
	struct s3_info info;
	struct err why;
	bool there = s3_head(s3, key, &info, &why) == 0;

	if (!there && why.kind != ERR_NO) {
		*err = why;
		return -1;
	}
	if (condition->when == S3_ALWAYS ||
	    (condition->when == S3_IF_ABSENT && !there) ||
	    (condition->when == S3_IF_MATCH && there &&
	     strcmp(info.etag, condition->etag) == 0))
		return 0;
	return s3_not_held(s3, key, condition, err);
}

/* The lease, unless the condition is seen not to hold before we have it. */
static int take(struct s3 *s3, const char *key, struct s3_condition *condition,
		struct lease *lease, struct err *err)
{
	enum standing standing = BEHIND;
	bool met = false; /* others were there */
	char name[320];
	int rc;

	if (snprintf(lease->prefix, sizeof(lease->prefix), "%s.lock/", key) >=
		    (int)sizeof(lease->prefix) ||
	    snprintf(lease->own, sizeof(lease->own), "%s%08x%08x",
		     lease->prefix, random_number(),
		     random_number()) >= (int)sizeof(lease->own))
		return err_set(err, ERR_DATA, "'%.80s': too long a key", key);
	while (clock_now_ms() < s3->deadline_ms) {
		if (compare(s3, key, condition, err) < 0)
			return -1;
		rc = enter(s3, lease, err);
		while (rc == 0 && (rc = look(s3, lease, &standing, err)) == 0 &&
		       standing == FIRST &&
		       clock_now_ms() < lease->until_ms - HOLD_MS / 2)
			clock_sleep_ms(WAIT_MS / 2);
		if (rc == 0 && standing == ALONE)
			return 0;
		leave(s3, lease);
		/* The deadline may end a request, not our sleep. */
		if (rc < 0 && (!met || err->kind != ERR_RETRY ||
			       clock_now_ms() < s3->deadline_ms))
			return -1;
		met = true;
		clock_sleep_ms(WAIT_MS + random_number() % (4 * WAIT_MS));
	}
	s3_name(s3, key, name, sizeof(name));
	return err_set(err, ERR_RETRY,
		       "%s: others hold the lease on it; try "
		       "again later",
		       name);
}

int lease_put(struct s3 *s3, const char *key, const struct http_upload *upload,
	      struct s3_condition *condition, char etag[S3_ETAG_SIZE],
	      struct err *err)
{
	struct s3_condition always = {.when = S3_ALWAYS};
	int64_t deadline_ms = s3->deadline_ms;
	struct lease lease;
	int rc;

	if (take(s3, key, condition, &lease, err) < 0)
		return -1;
	if (lease.until_ms < s3->deadline_ms)
		s3->deadline_ms = lease.until_ms;
	rc = compare(s3, key, condition, err);
	if (rc == 0)
		rc = s3_put(s3, key, upload, &always, etag, err);
	s3->deadline_ms = deadline_ms;
	leave(s3, &lease);
	return rc;
}
