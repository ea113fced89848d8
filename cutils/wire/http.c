/* http.c - see http.h. One curl easy handle a transfer, all on one multi. */
#include "wire/http.h"

#include "base/clock.h"
#include "base/version.h"
#include "wire/httpbody.h"
#include "wire/tls.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_TIMEOUT_MS 10000L
#define MOST_CONNECTIONS 32L

struct transfer {
	struct transfer *next;
	CURL *easy;
	struct curl_slist *headers;
	char *body; /* what is sent; wiped, it may hold a secret */
	struct http_upload_state upload;
	struct http_save_state save;
	struct strbuf received, received_headers;
	struct http_reply reply;
	char why[CURL_ERROR_SIZE];
	void *tag;
};

struct http {
	struct http_endpoint endpoint;
	struct tls tls;
	CURLM *multi;
	struct transfer *transfers;
};

void http_reply_free(struct http_reply *reply)
{
	free(reply->body);
	free(reply->headers);
	reply->body = reply->headers = NULL;
}

/* libcurl 7.88 takes no notice of an OpenSSL that had no memory to begin, and
 * signs wrongly then; OpenSSL 3.0 without its default context crashes. So both
 * begin here, with the digest of a signature. */
static bool begin_libraries(void)
{
	EVP_MD *sha256 = NULL;

	if (OPENSSL_init_crypto(OPENSSL_INIT_ADD_ALL_DIGESTS, NULL) == 1 &&
	    OSSL_LIB_CTX_get0_global_default() != NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_free(sha256);
	return sha256 != NULL &&
	       curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

struct http *http_new(const struct http_endpoint *endpoint, struct err *err)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http && begin_libraries())
		http->multi = curl_multi_init();
	if (!http || !http->multi) {
		err_set(err, ERR_SYSTEM, "cannot start libcurl and OpenSSL");
		free(http);
		return NULL;
	}
	http->endpoint = *endpoint;
	if (tls_load(&http->tls, endpoint, err) < 0) {
		http_free(http);
		return NULL;
	}
	curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			  MOST_CONNECTIONS);
	return http;
}

static void transfer_free(struct http *http, struct transfer *transfer)
{
	struct transfer **link = &http->transfers;

	while (*link && *link != transfer)
		link = &(*link)->next;
	if (*link)
		*link = transfer->next;
	if (transfer->easy) {
		curl_multi_remove_handle(http->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	curl_slist_free_all(transfer->headers);
	if (transfer->body) {
		explicit_bzero(transfer->body, strlen(transfer->body));
		free(transfer->body);
	}
	strbuf_free(&transfer->received);
	strbuf_free(&transfer->received_headers);
	free(transfer);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	while (http->transfers)
		transfer_free(http, http->transfers);
	curl_multi_cleanup(http->multi);
	tls_free(&http->tls);
	curl_global_cleanup();
	free(http);
}

static size_t on_body(char *bytes, size_t one, size_t count, void *user)
{
	struct transfer *transfer = user;

	if (http_save_wanted(&transfer->save, transfer->easy))
		return http_save(&transfer->save, bytes, one * count);
	strbuf_add(&transfer->received, bytes, one * count);
	return transfer->received.too_long || transfer->received.no_memory
		       ? 0 /* ends the transfer */
		       : count;
}

/* The number behind "name:" in a header line, or -1. */
static int64_t header_number(const char *line, size_t len, const char *name)
{
	size_t name_len = strlen(name);
	char number[24];

	if (len <= name_len || strncasecmp(line, name, name_len) != 0)
		return -1;
	line += name_len;
	len -= name_len;
	while (len > 0 && *line == ' ') {
		line++;
		len--;
	}
	if (len == 0 || len >= sizeof(number) || *line < '0' || *line > '9')
		return -1;
	memcpy(number, line, len);
	number[len] = '\0';
	return strtoll(number, NULL, 10);
}

static size_t on_header(char *line, size_t one, size_t count, void *user)
{
	static const char *const remaining[] = {"ratelimit-remaining:",
						"x-ratelimit-remaining:"};
	struct transfer *transfer = user;
	size_t len = one * count, i;
	int64_t number = header_number(line, len, "retry-after:");

	http_header_add(&transfer->received_headers, line, len);
	if (number >= 0)
		transfer->reply.retry_after_s = number;
	for (i = 0; i < sizeof(remaining) / sizeof(remaining[0]); i++) {
		number = header_number(line, len, remaining[i]);
		if (number >= 0)
			transfer->reply.remaining = number;
	}
	return count;
}

static bool add_header(struct transfer *transfer, const char *line)
{
	struct curl_slist *list = curl_slist_append(transfer->headers, line);

	if (list)
		transfer->headers = list;
	return list != NULL;
}

static bool add_headers(struct transfer *transfer, const char *lines)
{
	char line[2048];

	while (*lines) {
		size_t len = strcspn(lines, "\n");

		if (len >= sizeof(line))
			return false;
		memcpy(line, lines, len);
		line[len] = '\0';
		lines += len + (lines[len] == '\n');
		if (!add_header(transfer, line))
			return false;
		explicit_bzero(line, len);
	}
	return true;
}

static void set_method(struct transfer *transfer, enum http_method method)
{
	CURL *easy = transfer->easy;

	if (transfer->upload.source) {
		http_upload_options(&transfer->upload, easy);
	} else if (method == HTTP_HEAD) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (transfer->body || method == HTTP_POST ||
		   method == HTTP_PUT) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
				 transfer->body ? transfer->body : "");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(transfer->body
						      ? strlen(transfer->body)
						      : 0));
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http_method_name(method));
}

static bool set_options(struct http *http, struct transfer *transfer,
			const struct http_request *req, int64_t left_ms)
{
	struct strbuf url = STRBUF(4096);
	CURL *easy = transfer->easy;
	bool good;

	strbuf_adds(&url, http->endpoint.base_url);
	strbuf_adds(&url, strbuf_text(&req->path));
	good = !url.too_long && !url.no_memory &&
	       curl_easy_setopt(easy, CURLOPT_URL, strbuf_text(&url)) ==
		       CURLE_OK;
	strbuf_free(&url);
	good = good && tls_options(&http->tls, easy);
	if (strncmp(http->endpoint.base_url, "http:", 5) == 0) /* near by */
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	if (http->endpoint.socket[0])
		good = good &&
		       curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH,
					http->endpoint.socket) == CURLE_OK;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->why);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	/* libcurl sends a request again, unasked, where a connection in use
	 * before was closed without an answer: even a create */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
			 req->may_repeat ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "adt-snapshots/" ADT_VERSION);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
			 (long)clock_real_ms(left_ms > 0 ? left_ms : 1) + 1);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	set_method(transfer, req->method);
	if (req->sigv4) /* every header in the list would be signed */
		good = good && http_sign_options(req, easy);
	else
		good = good &&
		       add_header(transfer, "Accept: application/json") &&
		       add_header(transfer, "Expect:");
	return good &&
	       (!transfer->body ||
		add_header(transfer, "Content-Type: application/json")) &&
	       add_headers(transfer, strbuf_text(&req->headers)) &&
	       add_headers(transfer, strbuf_text(&req->proof)) &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) ==
		       CURLE_OK;
}

int http_start(struct http *http, const struct http_request *req,
	       int64_t deadline_ms, void *tag, struct err *err)
{
	struct transfer *transfer;

	if (strbuf_check(&req->path, "request path", err) < 0 ||
	    strbuf_check(&req->headers, "request headers", err) < 0 ||
	    strbuf_check(&req->proof, "request proof", err) < 0)
		return -1;
	transfer = calloc(1, sizeof(*transfer));
	if (!transfer)
		return err_set(err, ERR_SYSTEM, "request: out of memory");
	transfer->received = (struct strbuf)STRBUF(HTTP_MAX_REPLY_BYTES);
	transfer->received_headers = (struct strbuf)STRBUF(HTTP_MAX_HEADERS);
	transfer->upload.source = req->upload;
	transfer->save.fd = req->save_fd;
	transfer->reply.retry_after_s = transfer->reply.remaining = -1;
	transfer->tag = tag;
	transfer->next = http->transfers;
	http->transfers = transfer;
	transfer->easy = curl_easy_init();
	if (req->body)
		transfer->body = http_body_text(req);
	if (!transfer->easy || (req->body && !transfer->body) ||
	    !set_options(http, transfer, req, deadline_ms - clock_now_ms()) ||
	    curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
		transfer_free(http, transfer);
		return err_set(err, ERR_SYSTEM, "cannot prepare a request");
	}
	return 0;
}

/* Did any byte of the request leave? A connection that never came to be, or a
 * certificate that was refused, sent none. */
static bool was_sent(CURL *easy)
{
	long request_bytes = 0;

	curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	return request_bytes > 0;
}

static void finish(struct http *http, struct transfer *transfer, CURLcode code,
		   struct http_reply *reply)
{
	struct err lost;
	long status = 0;

	*reply = transfer->reply;
	reply->sent = was_sent(transfer->easy);
	reply->impostor = tls_is_impostor(code);
	reply->local =
		transfer->save.errno_saved || transfer->upload.errno_saved;
	if (code == CURLE_OK)
		curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
				  &status);
	reply->size = transfer->received.len;
	if (transfer->save.size_bytes > 0)
		reply->size = transfer->save.size_bytes;
	if (strbuf_take(&transfer->received_headers, "headers", &reply->headers,
			&lost) < 0)
		reply->headers = NULL;
	if (reply->local)
		http_body_why(&transfer->save, &transfer->upload, reply->why,
			      sizeof(reply->why));
	else if (transfer->received.too_long)
		snprintf(reply->why, sizeof(reply->why),
			 "the reply is larger than %u bytes",
			 HTTP_MAX_REPLY_BYTES);
	else if (code != CURLE_OK)
		snprintf(reply->why, sizeof(reply->why), "%.150s",
			 transfer->why[0] ? transfer->why
					  : curl_easy_strerror(code));
	else if (strbuf_take(&transfer->received, "reply", &reply->body,
			     &lost) == 0)
		reply->status = (int)status;
	else
		snprintf(reply->why, sizeof(reply->why), "out of memory");
	transfer_free(http, transfer);
}

bool http_next(struct http *http, int64_t until_ms, struct http_reply *reply,
	       void **tag)
{
	int running, left, ready;

	for (;;) {
		struct transfer *transfer;
		const CURLMsg *message;
		int64_t wait_ms;

		curl_multi_perform(http->multi, &running);
		message = curl_multi_info_read(http->multi, &left);
		if (message && message->msg == CURLMSG_DONE) {
			CURLcode code = message->data.result;

			curl_easy_getinfo(message->easy_handle,
					  CURLINFO_PRIVATE, (char **)&transfer);
			*tag = transfer->tag;
			finish(http, transfer, code, reply);
			return true;
		}
		wait_ms = until_ms - clock_now_ms();
		if (running == 0 || wait_ms <= 0)
			return false;
		if (curl_multi_poll(http->multi, NULL, 0,
				    (int)clock_real_ms(wait_ms) + 1,
				    &ready) != CURLM_OK)
			return false;
	}
}
