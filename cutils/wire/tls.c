/* tls.c - see tls.h. */
#include "wire/tls.h"

#include "base/atomicfile.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that is missing was named, so it is a mistake and no answer. */
static int missing(struct err *err)
{
	if (err->kind == ERR_NO)
		err->kind = ERR_DATA;
	return -1;
}

/* The SHA-256 of the public key, as "sha256//" and base64. */
static int make_pin(X509 *certificate, char pin[64], struct err *err)
{
	unsigned char *der = NULL, hash[SHA256_DIGEST_LENGTH];
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	if (len <= 0 || !SHA256(der, (size_t)len, hash)) {
		OPENSSL_free(der);
		return err_set(err, ERR_SYSTEM, "certificate: out of memory");
	}
	OPENSSL_free(der);
	len = snprintf(pin, 64, "sha256//");
	EVP_EncodeBlock((unsigned char *)pin + len, hash, sizeof(hash));
	return 0;
}

static int load_trusted(struct tls *tls, struct err *err)
{
	X509 *first = NULL, *next = NULL;
	size_t size;
	char *text;
	BIO *bio;
	int rc = -1;

	if (file_read(tls->ca_file, &text, &size, NULL, err) < 0)
		return missing(err);
	bio = BIO_new_mem_buf(text, (int)size);
	if (bio)
		first = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (first)
		next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (!bio)
		err_set(err, ERR_SYSTEM, "certificate: out of memory");
	else if (!first)
		err_set(err, ERR_DATA, "%s: no certificate in it (PEM)",
			tls->ca_file);
	else if (next || X509_check_ca(first) != 0)
		rc = 0;
	else
		rc = make_pin(first, tls->pin, err);
	X509_free(next);
	X509_free(first);
	BIO_free(bio);
	free(text);
	return rc;
}

/* libcrypto would ask at the terminal. */
static int no_pass_phrase(char *to, int size, int rwflag, void *asked)
{
	(void)to;
	(void)size;
	(void)rwflag;
	*(bool *)asked = true;
	return -1;
}

static int check_pair(const struct tls *tls,
		      const struct http_endpoint *endpoint, struct err *err)
{
	BIO *certificate =
		BIO_new_mem_buf(tls->certificate, (int)tls->certificate_size);
	BIO *key = BIO_new_mem_buf(tls->key, (int)tls->key_size);
	bool asked = false;
	X509 *shown = NULL;
	EVP_PKEY *ours = NULL;
	int rc = -1;

	if (certificate)
		shown = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
	if (key)
		ours = PEM_read_bio_PrivateKey(key, NULL, no_pass_phrase,
					       &asked);
	if (!shown)
		err_set(err, ERR_DATA, "%s: no certificate in it (PEM)",
			endpoint->client_certificate);
	else if (asked)
		err_set(err, ERR_DENIED,
			"%s: its key wants a pass phrase, which nobody is here "
			"to give: take it off with openssl pkey",
			endpoint->client_key);
	else if (!ours)
		err_set(err, ERR_DATA, "%s: no private key in it (PEM)",
			endpoint->client_key);
	else if (!X509_check_private_key(shown, ours))
		err_set(err, ERR_DATA, "%s is not the key of %s",
			endpoint->client_key, endpoint->client_certificate);
	else
		rc = 0;
	EVP_PKEY_free(ours);
	X509_free(shown);
	BIO_free(key);
	BIO_free(certificate);
	return rc;
}

int tls_load(struct tls *tls, const struct http_endpoint *endpoint,
	     struct err *err)
{
	*tls = (struct tls){{0}, {0}, NULL, NULL, 0, 0};
	if (strncmp(endpoint->base_url, "https:", 6) != 0)
		return 0;
	memcpy(tls->ca_file, endpoint->ca_file, sizeof(tls->ca_file));
	if (tls->ca_file[0] && load_trusted(tls, err) < 0)
		return -1;
	if (!endpoint->client_certificate[0])
		return 0;
	if (file_read_secret(endpoint->client_key, &tls->key, &tls->key_size,
			     err) < 0 ||
	    file_read(endpoint->client_certificate, &tls->certificate,
		      &tls->certificate_size, NULL, err) < 0)
		return missing(err);
	return check_pair(tls, endpoint, err);
}

static void wipe(char **text, size_t size)
{
	if (*text)
		explicit_bzero(*text, size);
	free(*text);
	*text = NULL;
}

void tls_free(struct tls *tls)
{
	/* one file may hold both */
	wipe(&tls->certificate, tls->certificate_size);
	wipe(&tls->key, tls->key_size);
}

static bool set_blob(CURL *easy, CURLoption option, char *text, size_t size)
{
	struct curl_blob blob = {text, size, CURL_BLOB_NOCOPY};

	return curl_easy_setopt(easy, option, &blob) == CURLE_OK;
}

bool tls_options(const struct tls *tls, CURL *easy)
{
	if (tls->ca_file[0] &&
	    curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file) != CURLE_OK)
		return false;
	if (tls->pin[0] &&
	    (curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, tls->pin) !=
		     CURLE_OK ||
	     curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) != CURLE_OK))
		return false;
	return !tls->key ||
	       (set_blob(easy, CURLOPT_SSLCERT_BLOB, tls->certificate,
			 tls->certificate_size) &&
		set_blob(easy, CURLOPT_SSLKEY_BLOB, tls->key, tls->key_size));
}

bool tls_is_impostor(CURLcode code)
{
	return code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_ISSUER_ERROR ||
	       code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}
