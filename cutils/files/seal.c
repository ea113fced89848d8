/* seal.c - see seal.h. */
#include "files/seal.h"

#include "base/strbuf.h"

#include <openssl/pem.h> /* before cms.h, which declares its PEM part then */

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "adt-snapshots sealed 1 site=%s kind=%s\n"
#define PEM_BEGIN "-----BEGIN CMS-----"

/* OpenSSL's own words go into the text only where they may help. */
static int err_openssl(struct err *err, const char *doing)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return err_set(err, ERR_SYSTEM, "%s: %s", doing,
		       why ? why : "OpenSSL failed");
}

static int check_name(const char *name, const char *what, struct err *err)
{
	size_t len = strlen(name);

	if (len > 0 && len < SEAL_NAME_SIZE &&
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789._-") == len)
		return 0;
	return err_set(err, ERR_DATA, "not a usable %s: '%.80s'", what, name);
}

static int add_key(CMS_ContentInfo *cms, const struct seal_key *key,
		   struct err *err)
{
	unsigned char *copy = OPENSSL_memdup(key->bytes, SEAL_KEY_SIZE);
	unsigned char *id = OPENSSL_memdup(key->id, SEAL_ID_SIZE);

	if (copy && id &&
	    CMS_add0_recipient_key(cms, NID_undef, copy, SEAL_KEY_SIZE, id,
				   SEAL_ID_SIZE, NULL, NULL, NULL))
		return 0; /* both are kept by cms */
	OPENSSL_clear_free(copy, SEAL_KEY_SIZE);
	OPENSSL_free(id);
	return err_openssl(err, "seal");
}

static int add_certificate(CMS_ContentInfo *cms, const char *path,
			   struct err *err)
{
	BIO *in = BIO_new_file(path, "r");
	X509 *certificate = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
	int rc = 0;

	if (!in)
		rc = err_set(err, ERR_NO, "%s: cannot read the certificate",
			     path);
	else if (!certificate)
		rc = err_set(err, ERR_DATA, "%s is no certificate (PEM)", path);
	else if (!CMS_add1_recipient_cert(cms, certificate, 0))
		rc = err_openssl(err, path);
	ERR_clear_error();
	X509_free(certificate);
	BIO_free(in);
	return rc;
}

/* The text of a memory BIO as an owned string. */
static int take_text(BIO *bio, char **text, struct err *err)
{
	char *bytes;
	long size = BIO_get_mem_data(bio, &bytes);

	*text = size >= 0 ? malloc((size_t)size + 1) : NULL;
	if (!*text)
		return err_set(err, ERR_SYSTEM, "seal: out of memory");
	memcpy(*text, bytes, (size_t)size);
	(*text)[size] = '\0';
	return 0;
}

static int seal_text(const struct strbuf *plain, const struct seal_key *key,
		     const char *const *escrow, size_t escrow_count, char **pem,
		     struct err *err)
{
	BIO *in = BIO_new_mem_buf(strbuf_text(plain), (int)plain->len);
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(),
					   CMS_PARTIAL | CMS_BINARY);
	int rc = -1;
	size_t i;

	if (!in || !out || !cms) {
		err_openssl(err, "seal");
		goto out;
	}
	if (add_key(cms, key, err) < 0)
		goto out;
	for (i = 0; i < escrow_count; i++)
		if (add_certificate(cms, escrow[i], err) < 0)
			goto out;
	if (!CMS_final(cms, in, NULL, CMS_BINARY) ||
	    !PEM_write_bio_CMS(out, cms)) {
		err_openssl(err, "seal");
		goto out;
	}
	rc = take_text(out, pem, err);
out:
	CMS_ContentInfo_free(cms);
	BIO_free(out);
	BIO_free(in);
	return rc;
}

int seal_seal(const void *plain, size_t size, const char *site,
	      const char *kind, const struct seal_key *key,
	      const char *const *escrow, size_t escrow_count, char **pem,
	      struct err *err)
{
	struct strbuf text = STRBUF(SEAL_MAX_BYTES + 1024);
	int rc;

	if (check_name(site, "site", err) < 0 ||
	    check_name(kind, "kind", err) < 0)
		return -1;
	if (size > SEAL_MAX_BYTES)
		return err_set(err, ERR_DATA, "more than %u bytes to seal",
			       SEAL_MAX_BYTES);
	strbuf_addf(&text, HEADER, site, kind);
	strbuf_add(&text, plain, size);
	rc = strbuf_check(&text, "seal", err);
	if (rc == 0)
		rc = seal_text(&text, key, escrow, escrow_count, pem, err);
	strbuf_free(&text);
	return rc;
}

/* ---- opening ---- */

/* Owned, or NULL with *err. */
static CMS_ContentInfo *read_pem(const char *pem, size_t size, const char *name,
				 struct err *err)
{
	CMS_ContentInfo *cms = NULL;
	BIO *in;

	if (size < sizeof(PEM_BEGIN) - 1 ||
	    memcmp(pem, PEM_BEGIN, sizeof(PEM_BEGIN) - 1) != 0) {
		err_set(err, ERR_DATA, "%s is not sealed", name);
		return NULL;
	}
	in = size <= INT32_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;
	if (in)
		cms = PEM_read_bio_CMS(in, NULL, NULL, NULL);
	BIO_free(in);
	ERR_clear_error();
	if (cms && OBJ_obj2nid(CMS_get0_type(cms)) ==
			   NID_id_smime_ct_authEnvelopedData)
		return cms;
	CMS_ContentInfo_free(cms);
	err_set(err, ERR_DATA, "%s is damaged: cut short or altered", name);
	return NULL;
}

/* The id of the key that this recipient is; false where it is none. */
static bool key_id(CMS_RecipientInfo *recipient, const unsigned char **id,
		   int *size)
{
	ASN1_OCTET_STRING *octets = NULL;

	if (CMS_RecipientInfo_type(recipient) != CMS_RECIPINFO_KEK ||
	    !CMS_RecipientInfo_kekri_get0_id(recipient, NULL, &octets, NULL,
					     NULL, NULL) ||
	    !octets)
		return false;
	*id = ASN1_STRING_get0_data(octets);
	*size = ASN1_STRING_length(octets);
	return true;
}

static bool is_for(CMS_ContentInfo *cms, const struct seal_key *key)
{
	STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(cms);
	const unsigned char *id;
	int i, size;

	for (i = 0; i < sk_CMS_RecipientInfo_num(all); i++)
		if (key_id(sk_CMS_RecipientInfo_value(all, i), &id, &size) &&
		    size == SEAL_ID_SIZE &&
		    memcmp(id, key->id, SEAL_ID_SIZE) == 0)
			return true;
	return false;
}

int seal_is_for(const char *pem, size_t size, const char *name,
		const struct seal_key *key, bool *yes, struct err *err)
{
	CMS_ContentInfo *cms = read_pem(pem, size, name, err);

	if (!cms)
		return -1;
	*yes = is_for(cms, key);
	CMS_ContentInfo_free(cms);
	return 0;
}

/* Takes the first line off, and what it says apart. */
static int read_header(const char *text, size_t size, const char *name,
		       struct seal_plain *plain, struct err *err)
{
	const char *newline = memchr(text, '\n', size);
	char line[2 * SEAL_NAME_SIZE + 64], again[sizeof(line)];
	size_t len = newline ? (size_t)(newline - text) + 1 : 0;

	if (len > 0 && len < sizeof(line)) {
		memcpy(line, text, len);
		line[len] = '\0';
		if (sscanf(line, "adt-snapshots sealed 1 site=%255s kind=%255s",
			   plain->site, plain->kind) == 2 &&
		    snprintf(again, sizeof(again), HEADER, plain->site,
			     plain->kind) == (int)len &&
		    memcmp(line, again, len) == 0) {
			plain->size = size - len;
			plain->bytes = malloc(plain->size + 1);
			if (!plain->bytes)
				return err_set(err, ERR_SYSTEM,
					       "%s: out of memory", name);
			memcpy(plain->bytes, text + len, plain->size);
			plain->bytes[plain->size] = '\0';
			return 0;
		}
	}
	return err_set(err, ERR_DATA,
		       "%s opens, but it is no file of adt-snapshots", name);
}

int seal_open(const char *pem, size_t size, const char *name,
	      const struct seal_key *key, struct seal_plain *plain,
	      struct err *err)
{
	CMS_ContentInfo *cms = read_pem(pem, size, name, err);
	BIO *out = BIO_new(BIO_s_secmem());
	unsigned char bytes[SEAL_KEY_SIZE], id[SEAL_ID_SIZE];
	char *text;
	int rc = -1;

	memcpy(bytes, key->bytes, sizeof(bytes)); /* the API wants no const */
	memcpy(id, key->id, sizeof(id));
	*plain = (struct seal_plain){.bytes = NULL};
	if (!cms)
		goto out;
	if (!out) {
		err_openssl(err, name);
	} else if (!is_for(cms, key)) {
		err_set(err, ERR_DENIED,
			"%s is sealed for another key than %s; adt-seal "
			"inspect says for which",
			name, key->id_text);
	} else if (!CMS_decrypt_set1_key(cms, bytes, sizeof(bytes), id,
					 sizeof(id)) ||
		   !CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY)) {
		err_set(err, ERR_DATA, "%s was altered after it was sealed",
			name);
	} else {
		long len = BIO_get_mem_data(out, &text);

		rc = read_header(text, len > 0 ? (size_t)len : 0, name, plain,
				 err);
	}
out:
	ERR_clear_error();
	OPENSSL_cleanse(bytes, sizeof(bytes));
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return rc;
}

void seal_plain_free(struct seal_plain *plain)
{
	if (plain->bytes)
		OPENSSL_cleanse(plain->bytes, plain->size);
	free(plain->bytes);
	plain->bytes = NULL;
}

int seal_expect(const struct seal_plain *plain, const char *name,
		const char *site, const char *kind, struct err *err)
{
	if (strcmp(plain->site, site) != 0)
		return err_set(err, ERR_DATA, "%s belongs to %s, not to %s",
			       name, plain->site, site);
	if (strcmp(plain->kind, kind) != 0)
		return err_set(err, ERR_DATA, "%s holds %s, not %s", name,
			       plain->kind, kind);
	return 0;
}

/* ---- telling ---- */

static void tell_recipient(CMS_RecipientInfo *recipient, struct strbuf *text)
{
	const unsigned char *id;
	X509_NAME *issuer = NULL;
	ASN1_INTEGER *serial = NULL;
	int i, size;

	if (key_id(recipient, &id, &size)) {
		strbuf_adds(text, "reader: key ");
		for (i = 0; i < size; i++)
			strbuf_addf(text, "%02x", id[i]);
		strbuf_addc(text, '\n');
	} else if (CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_TRANS &&
		   CMS_RecipientInfo_ktri_get0_signer_id(recipient, NULL,
							 &issuer, &serial) &&
		   issuer) {
		char *words = X509_NAME_oneline(issuer, NULL, 0);

		strbuf_addf(text, "reader: certificate of %s\n",
			    words ? words : "?");
		OPENSSL_free(words);
	} else {
		strbuf_adds(text, "reader: another certificate\n");
	}
}

int seal_inspect(const char *pem, size_t size, const char *name, char **text,
		 struct err *err)
{
	CMS_ContentInfo *cms = read_pem(pem, size, name, err);
	struct strbuf words = STRBUF(65536);
	STACK_OF(CMS_RecipientInfo) * all;
	int i;

	if (!cms)
		return -1;
	strbuf_adds(&words, "form: CMS AuthEnvelopedData, AES-256-GCM\n");
	all = CMS_get0_RecipientInfos(cms);
	for (i = 0; i < sk_CMS_RecipientInfo_num(all); i++)
		tell_recipient(sk_CMS_RecipientInfo_value(all, i), &words);
	CMS_ContentInfo_free(cms);
	return strbuf_take(&words, name, text, err);
}
