/* httpbody.c - see httpbody.h. */
#include "wire/httpbody.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SMALL_BODY (64u << 10)

bool http_reply_header(const struct http_reply *reply, const char *name,
		       char *value, size_t size)
{
	const char *line = reply->headers ? reply->headers : "";
	size_t name_len = strlen(name);
	bool found = false;

	while (*line) {
		size_t len = strcspn(line, "\n");
		const char *text = line + name_len + 1;

		if (len > name_len && line[name_len] == ':' &&
		    strncasecmp(line, name, name_len) == 0) {
			const char *end = line + len;

			while (text < end && (*text == ' ' || *text == '\t'))
				text++;
			while (end > text &&
			       (end[-1] == ' ' || end[-1] == '\t'))
				end--;
			found = (size_t)(end - text) < size;
			if (found) {
				memcpy(value, text, (size_t)(end - text));
				value[end - text] = '\0';
			}
		}
		line += len + (line[len] == '\n');
	}
	return found;
}

void http_header_add(struct strbuf *headers, const char *line, size_t len)
{
	if (len > 5 && strncmp(line, "HTTP/", 5) == 0) {
		size_t max = headers->max;

		strbuf_free(headers);
		*headers = (struct strbuf)STRBUF(max);
		return;
	}
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	if (len == 0 || memchr(line, '\0', len))
		return;
	strbuf_add(headers, line, len);
	strbuf_addc(headers, '\n');
}

static size_t on_read(char *to, size_t one, size_t count, void *user)
{
	struct http_upload_state *upload = user;
	const struct http_upload *source = upload->source;
	uint64_t left = source->size_bytes - upload->done_bytes;
	size_t size = one * count;
	ssize_t got;

	if (size > left)
		size = (size_t)left;
	if (size == 0)
		return 0;
	if (source->bytes) {
		memcpy(to, (const char *)source->bytes + upload->done_bytes,
		       size);
		upload->done_bytes += size;
		return size;
	}
	do {
		got = pread(source->fd, to, size, (off_t)upload->done_bytes);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) { /* 0: it became shorter than was promised */
		upload->errno_saved = got < 0 ? errno : ESTALE;
		return CURL_READFUNC_ABORT;
	}
	upload->done_bytes += (uint64_t)got;
	return (size_t)got;
}

/* libcurl begins anew where a kept connection proved to be dead. */
static int on_seek(void *user, curl_off_t offset, int origin)
{
	struct http_upload_state *upload = user;

	if (origin != SEEK_SET || offset < 0 ||
	    (uint64_t)offset > upload->source->size_bytes)
		return CURL_SEEKFUNC_CANTSEEK;
	upload->done_bytes = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

void http_upload_options(struct http_upload_state *upload, CURL *easy)
{
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
			 (curl_off_t)upload->source->size_bytes);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(easy, CURLOPT_READDATA, upload);
	curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(easy, CURLOPT_SEEKDATA, upload);
	/* libcurl asks first ("Expect: 100-continue"), and not every server
	 * answers that: a small body need not wait for it. */
	if (upload->source->size_bytes <= SMALL_BODY)
		curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
}

bool http_sign_options(const struct http_request *req, CURL *easy)
{
	/* a key may be "a/../b", and is signed so */
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	return curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, req->sigv4) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERNAME, req->access_key) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PASSWORD, req->secret_key) ==
		       CURLE_OK;
}

bool http_save_wanted(const struct http_save_state *save, CURL *easy)
{
	long status = 0;

	if (save->fd < 0)
		return false;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status <= 299;
}

size_t http_save(struct http_save_state *save, const char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t put = pwrite(save->fd, bytes + done, size - done,
				     (off_t)(save->size_bytes + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			save->errno_saved = put < 0 ? errno : EIO;
			return 0;
		}
		done += (size_t)put;
	}
	save->size_bytes += size;
	return size;
}

void http_body_why(const struct http_save_state *save,
		   const struct http_upload_state *upload, char *why,
		   size_t size)
{
	if (save->errno_saved)
		snprintf(why, size, "cannot write what is received: %s",
			 strerror(save->errno_saved));
	else if (upload->errno_saved == ESTALE)
		snprintf(why, size,
			 "the file became shorter while it was "
			 "being sent");
	else
		snprintf(why, size, "cannot read what is to be sent: %s",
			 strerror(upload->errno_saved));
}
