/* retry.c - see retry.h. */
#include "wire/retry.h"

static bool worth_it(const struct http_reply *reply, bool may_repeat)
{
	if (reply->status == 429)
		return true;
	if (reply->status == 0)
		return !reply->impostor && !reply->local &&
		       (may_repeat || !reply->sent);
	return may_repeat && (reply->status == 408 || reply->status >= 500) &&
	       reply->status != 501;
}

int64_t retry_wait_ms(const struct http_reply *reply, bool may_repeat,
		      unsigned tries, uint32_t random)
{
	bool unsent = reply->status == 0 && !reply->sent;
	int64_t wait_ms = RETRY_FIRST_MS;

	if (!worth_it(reply, may_repeat) ||
	    (reply->status != 429 &&
	     tries >=
		     (unsigned)(unsent ? RETRY_MOST_UNSENT : RETRY_MOST_TRIES)))
		return RETRY_NEVER;
	if (reply->retry_after_s > RETRY_AFTER_MOST_S)
		return RETRY_NEVER;
	if (reply->retry_after_s >= 0)
		return reply->retry_after_s * 1000 + random % 250;
	while (--tries > 0 && wait_ms < RETRY_LONGEST_MS)
		wait_ms *= 2;
	if (wait_ms > RETRY_LONGEST_MS)
		wait_ms = RETRY_LONGEST_MS;
	return wait_ms / 2 + random % (wait_ms / 2 + 1);
}
