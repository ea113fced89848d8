/* exo2.c - see exo2.h. */
#include "cloud/exo2.h"

#include "cloud/reply.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PARAMETERS 16
#define SIGNED_FOR_S 600

struct parameter {
	const char *name, *value; /* borrowed from the path, not terminated */
	size_t name_len, value_len;
};

static int compare(const struct parameter *a, const struct parameter *b)
{
	size_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(a->name, b->name, len);

	return order ? order : (int)a->name_len - (int)b->name_len;
}

static int by_name(const void *a, const void *b)
{
	return compare(a, b);
}

/* Those of the query, sorted. Returns how many, -1 for too many. */
static int parameters_of(const char *query,
			 struct parameter rows[MOST_PARAMETERS])
{
	int count = 0;

	while (*query) {
		size_t len = strcspn(query, "&");
		size_t name_len = strcspn(query, "=&");

		if (count == MOST_PARAMETERS)
			return -1;
		rows[count].name = query;
		rows[count].name_len = name_len;
		rows[count].value = query + name_len + (name_len < len);
		rows[count].value_len = len - name_len - (name_len < len);
		count++;
		query += len + (query[len] == '&');
	}
	qsort(rows, (size_t)count, sizeof(rows[0]), by_name);
	return count;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_decoded(struct strbuf *to, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '%' && len - i > 2 && digit(text[i + 1]) >= 0 &&
		    digit(text[i + 2]) >= 0) {
			strbuf_addc(to, (char)(digit(text[i + 1]) << 4 |
					       digit(text[i + 2])));
			i += 2;
		} else {
			strbuf_addc(to, text[i] == '+' ? ' ' : text[i]);
		}
	}
}

/* Adds the values that are signed to message, their names to args. */
static int add_query(const char *query, struct strbuf *message,
		     struct strbuf *args, struct err *err)
{
	struct parameter rows[MOST_PARAMETERS] = {{0}};
	int count = parameters_of(query, rows), i;

	if (count < 0)
		return err_set(err, ERR_DATA,
			       "signature: a query of more than "
			       "16 parameters");
	for (i = 0; i < count; i++) {
		if ((i > 0 && compare(&rows[i], &rows[i - 1]) == 0) ||
		    (i + 1 < count && compare(&rows[i], &rows[i + 1]) == 0))
			continue;
		add_decoded(message, rows[i].value, rows[i].value_len);
		strbuf_addc(args, args->len ? ';' : '=');
		strbuf_add(args, rows[i].name, rows[i].name_len);
	}
	return 0;
}

/* What is signed, and the names of the parameters that are in it. */
static int add_message(const char *prefix, const struct http_request *req,
		       int64_t expires_s, struct strbuf *message,
		       struct strbuf *args, struct err *err)
{
	const char *path = strbuf_text(&req->path);
	size_t path_len = strcspn(path, "?");
	char *body = http_body_text(req);

	if (!body)
		return err_set(err, ERR_SYSTEM, "signature: out of memory");
	strbuf_addf(message, "%s %s", http_method_name(req->method), prefix);
	strbuf_add(message, path, path_len);
	strbuf_addc(message, '\n');
	strbuf_adds(message, body);
	strbuf_addc(message, '\n');
	explicit_bzero(body, strlen(body)); /* it may hold a password */
	free(body);
	if (add_query(path[path_len] ? path + path_len + 1 : "", message, args,
		      err) < 0)
		return -1;
	strbuf_addf(message, "\n\n%lld", (long long)expires_s);
	return strbuf_check(message, "signature", err);
}

int exo2_sign(const struct credentials *credentials, const char *prefix,
	      struct http_request *req, int64_t expires_s, struct err *err)
{
	struct strbuf message = STRBUF(1 << 20), args = STRBUF(1024);
	unsigned char mac[EVP_MAX_MD_SIZE], coded[2 * EVP_MAX_MD_SIZE];
	unsigned int size = 0;
	int rc = -1;

	if (add_message(prefix, req, expires_s, &message, &args, err) < 0)
		goto out;
	if (!HMAC(EVP_sha256(), credentials->secret,
		  (int)strlen(credentials->secret),
		  (const unsigned char *)strbuf_text(&message), message.len,
		  mac, &size)) {
		err_set(err, ERR_SYSTEM, "signature: HMAC-SHA256 failed");
		goto out;
	}
	EVP_EncodeBlock(coded, mac, (int)size);
	strbuf_addf(&req->proof,
		    "Authorization: EXO2-HMAC-SHA256 credential=%s",
		    credentials->key);
	if (args.len)
		strbuf_addf(&req->proof, ",signed-query-args%s",
			    strbuf_text(&args));
	strbuf_addf(&req->proof, ",expires=%lld,signature=%s\n",
		    (long long)expires_s, (const char *)coded);
	rc = strbuf_check(&req->proof, "signature", err);
out:
	strbuf_free(&message);
	strbuf_free(&args);
	return rc;
}

int exo2_authorize(const struct credentials *credentials,
		   struct http_request *req, int64_t epoch_s, struct err *err)
{
	return exo2_sign(credentials, "/v2", req, epoch_s + SIGNED_FOR_S, err);
}

void exo2_explain(const json_t *reply, char *text, size_t size)
{
	const char *words = reply_text(reply, "message");
	const char *detail = reply_text(reply, "detail");

	if (!words[0])
		words = reply_text(reply, "error");
	if (!words[0])
		words = reply_text(reply, "title");
	snprintf(text, size, "%s%s%s", words, words[0] && detail[0] ? ": " : "",
		 detail);
}

/* 409 is another operation on the same thing, or a name that is taken. */
bool exo2_busy(int status, const json_t *reply)
{
	char text[256];

	exo2_explain(reply, text, sizeof(text));
	return status == 409 && strstr(text, "busy");
}

int exo2_ask_reply(const json_t *reply, struct target *target, struct err *err)
{
	const char *state = reply_text(reply, "state");

	if (!state[0] || !reply_text(reply, "id")[0])
		return err_set(err, ERR_PROTOCOL,
			       "operation: no id or no state");
	target->task_state = strcmp(state, "pending") == 0   ? TASK_RUNNING
			     : strcmp(state, "success") == 0 ? TASK_DONE
							     : TASK_FAILED;
	snprintf(target->task_text, sizeof(target->task_text),
		 "operation %s: %.100s %s", state, reply_text(reply, "message"),
		 reply_text(reply, "reason"));
	return 0;
}

int exo2_task_reply(const json_t *reply, struct target *target, struct err *err)
{
	if (exo2_ask_reply(reply, target, err) < 0)
		return -1;
	return COPY(target->task_id, reply_text(reply, "id"), err);
}
