/* limits.c - windows of requests.
 *
 * Sources: docs.digitalocean.com/reference/api (rate limit),
 * techdocs.akamai.com/linode-api (rate limits), www.vultr.com/api (rate
 * limit). Exoscale documents none. */
#include "limits.h"

#include "settings.h"

#include <math.h>
#include <string.h>

static struct window {
	enum cloud_id cloud;
	const char *operations; /* names between spaces; NULL: all */
	bool paged_only;
	bool reported; /* the headers are about this one */
	int limit;
	double seconds;

	double began;
	int used;
} windows[] = {
	{DIGITALOCEAN, NULL, false, true, 5000, 3600, 0, 0},
	{DIGITALOCEAN, NULL, false, false, 250, 60, 0, 0},
	{DIGITALOCEAN, " list-keys ", false, false, 10, 60, 0, 0},
	{LINODE, NULL, false, true, 1600, 60, 0, 0},
	{LINODE, NULL, true, false, 200, 60, 0, 0},
	{LINODE, " list-images ", false, false, 20, 60, 0, 0},
	{LINODE, " create ", false, false, 20, 15, 0, 0},
	{VULTR, NULL, false, true, 30, 1, 0, 0},
};
#define WINDOW_COUNT (sizeof(windows) / sizeof(*windows))

static bool counts(const struct window *window, enum cloud_id cloud,
		   const char *operation, bool paged)
{
	const char *at;
	size_t len = strlen(operation);

	if (window->cloud != cloud || (window->paged_only && !paged))
		return false;
	if (!window->operations)
		return true;
	at = strstr(window->operations, operation);
	return at && at[-1] == ' ' && at[len] == ' ';
}

static double length(const struct window *window)
{
	return client_is_fast() ? window->seconds
				: window->seconds / settings.limit_scale;
}

static void report(const struct window *window, struct limit_reply *reply)
{
	reply->limit = window->limit;
	reply->remaining = window->limit - window->used;
	if (reply->remaining < 0)
		reply->remaining = 0;
	reply->reset_at = window->began + length(window) - clock_advanced();
}

void limits_take(enum cloud_id cloud, const char *operation, bool paged,
		 struct limit_reply *reply)
{
	double now = client_now();
	struct window *full = NULL;

	memset(reply, 0, sizeof(*reply));
	for (size_t i = 0; i < WINDOW_COUNT; i++) {
		struct window *window = &windows[i];

		if (!counts(window, cloud, operation, paged))
			continue;
		if (now >= window->began + length(window)) {
			window->began = now;
			window->used = 0;
		}
		if (settings.limits && window->used >= window->limit)
			full = window;
	}
	for (size_t i = 0; i < WINDOW_COUNT; i++) {
		struct window *window = &windows[i];

		if (!counts(window, cloud, operation, paged))
			continue;
		if (!full)
			window->used++;
		if (window->reported)
			report(window, reply);
	}
	if (!full)
		return;
	reply->refused = true;
	reply->burst = !full->reported || cloud == VULTR;
	if (cloud == LINODE)
		report(full, reply);
	reply->retry_after_s = (int)ceil(full->began + length(full) - now);
	if (reply->retry_after_s < 1)
		reply->retry_after_s = 1;
}

void limits_clear(void)
{
	for (size_t i = 0; i < WINDOW_COUNT; i++) {
		windows[i].began = 0;
		windows[i].used = 0;
	}
}
