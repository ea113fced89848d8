/* refusal_test.c - the sentence about a call that failed: the cloud, the
 * request, its words, and what to do. */
#include "cloud/refusal.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static const struct credentials ours = {"the-key", "the-secret"};

/* The sentence about a reply, in a buffer that the next one overwrites. */
static const char *sentence(const char *cloud, int status, const char *body,
			    enum err_kind kind)
{
	static struct err err;
	const struct provider *provider = provider_find(cloud, &err);
	struct http_reply reply = {.status = status};
	struct http_request req;

	CHECK(provider);
	reply.body = (char *)body;
	reply.size = strlen(body);
	http_request_init(&req);
	strbuf_adds(&req.path, "/x");
	CHECK(refusal_status(provider, &ours, &req, &reply, &err) ==
	      (status == 429));
	CHECK(err.kind == kind);
	http_request_free(&req);
	return err.text;
}

static void replies(void)
{
	CHECK_TEXT(sentence("vultr", 422, "{\"error\": \"full\"}", ERR_REFUSED),
		   "vultr: full (GET /x: status 422)");
	CHECK_TEXT(sentence("vultr", 302, "", ERR_REFUSED),
		   "vultr: GET /x gave status 302");
	CHECK_TEXT(
		sentence("vultr", 401, "{\"error\": \"the-key?\"}", ERR_DENIED),
		"vultr: *******? (GET /x: status 401); is the token the right "
		"one, still valid, and allowed to do this?");
	CHECK_TEXT(sentence("vultr", 429, "<p>", ERR_RETRY),
		   "vultr: GET /x gave status 429; try again later");
	CHECK_TEXT(sentence("vultr", 404, "", ERR_NO),
		   "vultr: GET /x gave status 404");
}

static void others(void)
{
	const struct provider *vultr;
	char longest[ERR_TEXT_SIZE];
	struct err err;

	vultr = provider_find("vultr", &err);
	CHECK(vultr);
	err_set(&err, ERR_PROTOCOL, "snapshot: no id");
	CHECK(refusal_reply(vultr, &err) < 0);
	CHECK_TEXT(err.text, "vultr: snapshot: no id; its API documents "
			     "something else: report it");
	err_set(&err, ERR_REFUSED, "two disks");
	CHECK(refusal_reply(vultr, &err) < 0);
	CHECK_TEXT(err.text, "two disks");
	err_set(&err, ERR_NO, "vultr: no");
	CHECK(refusal_question(&err) < 0 && err.kind == ERR_REFUSED);
	CHECK_TEXT(err.text, "vultr: no; is this the address of its API?");
	err_set(&err, ERR_RETRY, "vultr: no");
	CHECK(refusal_question(&err) < 0 && err.kind == ERR_RETRY);
	CHECK_TEXT(err.text, "vultr: no");

	/* what to do is said even behind words without an end */
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	err_set(&err, ERR_RETRY, "%s", longest);
	CHECK(err_suffix(&err, "; try again") < 0);
	CHECK(strlen(err.text) == ERR_TEXT_SIZE - 1);
	CHECK(strstr(err.text, "xxx...; try again"));
}

int main(void)
{
	replies();
	others();
	return 0;
}
