/* refusal.c - see refusal.h. */
#include "cloud/refusal.h"

#include <stdio.h>
#include <string.h>

#define LATER "; try again later"

static enum err_kind kind_of(int status)
{
	if (status == 401 || status == 403)
		return ERR_DENIED;
	if (status == 404)
		return ERR_NO;
	if (status == 408 || status == 429 || status >= 500)
		return ERR_RETRY;
	return ERR_REFUSED;
}

static void mask(char *words, const char *secret)
{
	size_t len = strlen(secret);
	char *at;

	for (at = words; len > 0 && (at = strstr(at, secret)); at += len)
		memset(at, '*', len);
}

bool refusal_status(const struct provider *provider,
		    const struct credentials *credentials,
		    const struct http_request *req,
		    const struct http_reply *reply, struct err *err)
{
	json_t *body = json_loadb(reply->body, reply->size, 0, NULL);
	const char *method = http_method_name(req->method);
	const char *path = strbuf_text(&req->path);
	char words[256] = "";
	bool undone;

	if (body)
		provider->explain(body, words, sizeof(words));
	undone = reply->status == 429 ||
		 (provider->busy && provider->busy(reply->status, body));
	json_decref(body);
	mask(words, credentials->key);
	mask(words, credentials->secret);
	err_set(err, undone ? ERR_RETRY : kind_of(reply->status),
		words[0] ? "%s: %s (%s %.100s: status %d)"
			 : "%s: %s%s %.150s gave status %d",
		provider->name, words, method, path, reply->status);
	if (err->kind == ERR_DENIED)
		err_suffix(err, "; is the token the right one, still valid, "
				"and allowed to do this?");
	else if (err->kind == ERR_RETRY)
		err_suffix(err, LATER);
	return undone;
}

void refusal_lost(const struct provider *provider,
		  const struct http_request *req,
		  const struct http_reply *reply, struct err *err)
{
	err_set(err, reply->impostor ? ERR_DENIED : ERR_RETRY,
		"%s: %s %.150s: %s", provider->name,
		http_method_name(req->method), strbuf_text(&req->path),
		reply->why);
	if (!reply->impostor)
		err_suffix(err, LATER);
}

int refusal_reply(const struct provider *provider, struct err *err)
{
	if (err->kind != ERR_PROTOCOL)
		return -1;
	err_prefix(err, "%s", provider->name);
	return err_suffix(err, "; its API documents something else: report it");
}

int refusal_question(struct err *err)
{
	if (err->kind != ERR_NO)
		return -1;
	err->kind = ERR_REFUSED;
	return err_suffix(err, "; is this the address of its API?");
}
