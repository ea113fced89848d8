/* s3.c - see s3.h. */
#include "store/s3.h"

#include "store/s3send.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* These sort as whole header lines, so none may begin with another's name. */
#define META_SHA256 "x-amz-meta-adt-sha256"
#define META_PUT "x-amz-meta-adt-put"

static void to_hex(const unsigned char *bytes, size_t size, char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * size] = '\0';
}

/* The next bytes of an upload at offset: 0 at its end, -1 with errno. */
static ssize_t read_at(const struct http_upload *from, uint64_t offset,
		       char *bytes, size_t size)
{
	ssize_t got;

	if (size > from->size_bytes - offset)
		size = (size_t)(from->size_bytes - offset);
	if (from->bytes) {
		memcpy(bytes, (const char *)from->bytes + offset, size);
		return (ssize_t)size;
	}
	do {
		got = pread(from->fd, bytes, size, (off_t)offset);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* SHA-256 of all of it, in hex. */
static int hash_of(const struct http_upload *from, char hex[65],
		   struct err *err)
{
	unsigned char digest[32];
	char bytes[65536];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint64_t offset = 0;
	int rc = -1;

	if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL)) {
		err_set(err, ERR_SYSTEM, "cannot compute SHA-256");
		goto out;
	}
	while (offset < from->size_bytes) {
		ssize_t got = read_at(from, offset, bytes, sizeof(bytes));

		if (got < 0) {
			err_sys(err, "cannot read what is to be checked");
			goto out;
		}
		if (got == 0) {
			err_set(err, ERR_DATA,
				"a file became shorter while it was read");
			goto out;
		}
		if (!EVP_DigestUpdate(context, bytes, (size_t)got))
			break;
		offset += (uint64_t)got;
	}
	if (offset < from->size_bytes ||
	    !EVP_DigestFinal_ex(context, digest, NULL)) {
		err_set(err, ERR_SYSTEM, "cannot compute SHA-256");
		goto out;
	}
	to_hex(digest, sizeof(digest), hex);
	rc = 0;
out:
	EVP_MD_CTX_free(context);
	explicit_bzero(bytes, sizeof(bytes));
	return rc;
}

static void read_etag(const struct http_reply *reply, char etag[S3_ETAG_SIZE])
{
	char quoted[S3_ETAG_SIZE + 2];
	size_t len;

	etag[0] = '\0';
	if (!http_reply_header(reply, "etag", quoted, sizeof(quoted)))
		return;
	len = strlen(quoted);
	if (len >= 2 && quoted[0] == '"' && quoted[len - 1] == '"') {
		memcpy(etag, quoted + 1, len - 2);
		etag[len - 2] = '\0';
	} else if (len < S3_ETAG_SIZE) {
		memcpy(etag, quoted, len + 1);
	}
}

static void read_info(const struct http_reply *reply, struct s3_info *info)
{
	char number[24];

	*info = (struct s3_info){.size_bytes = reply->size};
	read_etag(reply, info->etag);
	if (reply->size == 0 &&
	    http_reply_header(reply, "content-length", number, sizeof(number)))
		info->size_bytes = strtoull(number, NULL, 10);
	if (!http_reply_header(reply, "last-modified", info->modified,
			       sizeof(info->modified)))
		info->modified[0] = '\0';
	if (!http_reply_header(reply, "date", info->date, sizeof(info->date)))
		info->date[0] = '\0';
	if (!http_reply_header(reply, META_SHA256, info->sha256,
			       sizeof(info->sha256)))
		info->sha256[0] = '\0';
	if (!http_reply_header(reply, META_PUT, info->put_word,
			       sizeof(info->put_word)))
		info->put_word[0] = '\0';
}

static void add_condition(struct http_request *req,
			  const struct s3_condition *condition)
{
	const char *quote = condition->quoted ? "\"" : "";

	if (condition->when == S3_IF_ABSENT)
		strbuf_adds(&req->headers, "if-none-match: *\n");
	else if (condition->when == S3_IF_MATCH)
		strbuf_addf(&req->headers, "if-match: %s%s%s\n", quote,
			    condition->etag, quote);
}

static int random_word(char word[33], struct err *err)
{
	unsigned char bytes[16];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_sys(err, "no random bytes");
	to_hex(bytes, sizeof(bytes), word);
	return 0;
}

int s3_put(struct s3 *s3, const char *key, const struct http_upload *upload,
	   struct s3_condition *condition, char etag[S3_ETAG_SIZE],
	   struct err *err)
{
	struct http_request req;
	struct http_reply reply;
	struct s3_info info;
	struct err why;
	char sha256[65], word[33];
	int status = 0, rc;

	if (upload->size_bytes > S3_MOST_PUT_BYTES)
		return err_set(err, ERR_DATA,
			       "'%.80s': larger than one PUT may be, 5 GiB",
			       key);
	if (hash_of(upload, sha256, err) < 0 || random_word(word, err) < 0 ||
	    s3_request(s3, &req, HTTP_PUT, key, sha256, err) < 0)
		return -1;
	req.upload = upload;
	add_condition(&req, condition);
	strbuf_addf(&req.headers, META_PUT ": %s\n", word);
	strbuf_addf(&req.headers, META_SHA256 ": %s\n", sha256);
	rc = s3_send(s3, &req, key, &reply, &status, &why);
	http_request_free(&req);
	if (rc == 0) {
		read_etag(&reply, etag);
		http_reply_free(&reply);
		return 0;
	}
	if (condition->when == S3_ALWAYS ||
	    (status != 412 && status != 409 && status != 404 && status != 0 &&
	     status < 500)) {
		*err = why;
		return -1;
	}
	/* A reply that was lost may have been our success: to an earlier
	 * try, also one that libcurl itself repeated. */
	if (s3_head(s3, key, &info, err) == 0 &&
	    strcmp(info.put_word, word) == 0) {
		memcpy(etag, info.etag, S3_ETAG_SIZE);
		return 0;
	}
	if (status == 412 || status == 409 ||
	    (status == 404 && !strstr(why.text, "NoSuchBucket")))
		return s3_not_held(s3, key, condition, err);
	*err = why;
	return -1;
}

/* What we have put comes back as it was put. */
static int check_body(const struct s3 *s3, const char *key, int fd,
		      const struct s3_info *info, struct err *err)
{
	struct http_upload got = {.fd = fd, .size_bytes = info->size_bytes};
	char name[320], sha256[65];

	if (!info->sha256[0])
		return 0;
	if (hash_of(&got, sha256, err) < 0)
		return -1;
	if (strcmp(sha256, info->sha256) == 0)
		return 0;
	s3_name(s3, key, name, sizeof(name));
	return err_set(err, ERR_PROTOCOL,
		       "%s: is not what was put: its SHA-256 differs", name);
}

int s3_get(struct s3 *s3, const char *key, int fd, struct s3_info *info,
	   struct err *err)
{
	struct http_request req;
	struct http_reply reply;
	int rc;

	if (s3_request(s3, &req, HTTP_GET, key, s3_hash_of_nothing, err) < 0)
		return -1;
	req.save_fd = fd;
	rc = s3_send(s3, &req, key, &reply, NULL, err);
	http_request_free(&req);
	if (rc < 0)
		return -1;
	read_info(&reply, info);
	info->size_bytes = reply.size; /* 0 too: it was received whole */
	http_reply_free(&reply);
	/* An earlier, longer try may have left more behind. */
	if (ftruncate(fd, (off_t)info->size_bytes) < 0)
		return err_sys(err, "cannot write what was received");
	return check_body(s3, key, fd, info, err);
}

int s3_head(struct s3 *s3, const char *key, struct s3_info *info,
	    struct err *err)
{
	struct http_request req;
	struct http_reply reply;
	int rc;

	if (s3_request(s3, &req, HTTP_HEAD, key, s3_hash_of_nothing, err) < 0)
		return -1;
	rc = s3_send(s3, &req, key, &reply, NULL, err);
	http_request_free(&req);
	if (rc < 0)
		return -1;
	read_info(&reply, info);
	http_reply_free(&reply);
	return 0;
}

int s3_delete(struct s3 *s3, const char *key, struct err *err)
{
	struct http_request req;
	struct http_reply reply;
	int status = 0, rc;

	if (s3_request(s3, &req, HTTP_DELETE, key, s3_hash_of_nothing, err) < 0)
		return -1;
	rc = s3_send(s3, &req, key, &reply, &status, err);
	http_request_free(&req);
	if (rc == 0)
		http_reply_free(&reply);
	else if (status == 404 && !strstr(err->text, "NoSuchBucket"))
		return 0; /* some stores do tell */
	return rc;
}

static int list_page(struct s3 *s3, const char *prefix, struct s3_list *list,
		     char *date, struct err *err)
{
	struct http_request req;
	struct http_reply reply;
	char name[320];
	int rc;

	if (s3_request(s3, &req, HTTP_GET, NULL, s3_hash_of_nothing, err) < 0)
		return -1;
	strbuf_addc(&req.path, '?'); /* in the order of their names */
	if (list->more) {
		strbuf_adds(&req.path, "continuation-token=");
		http_add_escaped(&req.path, list->token);
		strbuf_addc(&req.path, '&');
	}
	strbuf_adds(&req.path, "encoding-type=url&list-type=2&prefix=");
	http_add_escaped(&req.path, prefix);
	rc = s3_send(s3, &req, NULL, &reply, NULL, err);
	http_request_free(&req);
	if (rc < 0)
		return -1;
	if (date && !http_reply_header(&reply, "date", date, S3_DATE_SIZE))
		date[0] = '\0';
	rc = s3_list_read(list, reply.body, reply.size, err);
	http_reply_free(&reply);
	if (rc < 0) {
		s3_name(s3, NULL, name, sizeof(name));
		err_prefix(err, "%s", name);
	}
	return rc;
}

int s3_list(struct s3 *s3, const char *prefix, struct s3_list *list,
	    char date[S3_DATE_SIZE], struct err *err)
{
	char token[sizeof(list->token)];

	*list = (struct s3_list)S3_LIST_EMPTY;
	do {
		memcpy(token, list->token, sizeof(token));
		if (list_page(s3, prefix, list, date, err) < 0) {
			s3_list_free(list);
			return -1;
		}
		if (list->more && strcmp(token, list->token) == 0) {
			s3_list_free(list);
			return err_set(err, ERR_PROTOCOL,
				       "datastore %u: a list that does not end",
				       s3->store.number);
		}
	} while (list->more);
	return 0;
}

/* A PUT of the bucket itself; with_region asks for it in its location. */
static int put_bucket(struct s3 *s3, bool with_region, int *status,
		      struct err *err)
{
	struct strbuf xml = STRBUF(512);
	struct http_upload upload;
	struct http_request req;
	struct http_reply reply;
	char sha256[65];
	int rc = -1;

	if (with_region)
		strbuf_addf(&xml,
			    "<CreateBucketConfiguration xmlns=\"http://"
			    "s3.amazonaws.com/doc/2006-03-01/\">"
			    "<LocationConstraint>%s</LocationConstraint>"
			    "</CreateBucketConfiguration>",
			    s3->store.region);
	upload = (struct http_upload){.bytes = strbuf_text(&xml),
				      .size_bytes = xml.len};
	if (hash_of(&upload, sha256, err) == 0 &&
	    s3_request(s3, &req, HTTP_PUT, NULL, sha256, err) == 0) {
		req.upload = &upload;
		rc = s3_send(s3, &req, NULL, &reply, status, err);
		http_request_free(&req);
		if (rc == 0)
			http_reply_free(&reply);
	}
	strbuf_free(&xml);
	return rc;
}

int s3_make_bucket(struct s3 *s3, struct err *err)
{
	bool named = strcmp(s3->store.region, "us-east-1") != 0;
	int status = 0, rc = put_bucket(s3, named, &status, err);

	/* A location may be this store's word for something else. */
	if (rc < 0 && named && status == 400)
		rc = put_bucket(s3, false, &status, err);
	if (rc < 0 && strstr(err->text, "BucketAlreadyOwnedByYou"))
		return 0;
	if (rc < 0 && status == 409)
		err->kind = ERR_DENIED; /* another's */
	return rc;
}
