/* sealkey.c - see sealkey.h. */
#include "files/sealkey.h"

#include "base/atomicfile.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HEX_SIZE (2 * SEAL_KEY_SIZE)

const char *seal_key_path(const char *path)
{
	const char *named = getenv("ADT_SEAL_KEY");

	if (path)
		return path;
	return named && named[0] ? named : SEAL_KEY_FILE;
}

static void to_hex(const unsigned char *bytes, size_t count, char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < count; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * count] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int make_folder(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char folder[4096];

	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(folder))
		return err_set(err, ERR_DATA, "%s: the name is too long", path);
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the folder %s", folder);
	return 0;
}

int seal_key_make(const char *path, struct err *err)
{
	unsigned char key[SEAL_KEY_SIZE];
	char text[HEX_SIZE + 2];
	int rc;

	if (make_folder(path, err) < 0)
		return -1;
	if (RAND_priv_bytes(key, sizeof(key)) != 1)
		return err_set(err, ERR_SYSTEM, "no random bytes to be had");
	to_hex(key, sizeof(key), text);
	text[HEX_SIZE] = '\n';
	rc = file_create_secret(path, text, HEX_SIZE + 1, err);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

static int name_key(struct seal_key *key, struct err *err)
{
	static const char label[] = "adt-snapshots seal key\n";
	unsigned char text[sizeof(label) - 1 + SEAL_KEY_SIZE];
	unsigned char sum[EVP_MAX_MD_SIZE];
	int good;

	memcpy(text, label, sizeof(label) - 1);
	memcpy(text + sizeof(label) - 1, key->bytes, SEAL_KEY_SIZE);
	good = EVP_Digest(text, sizeof(text), sum, NULL, EVP_sha256(), NULL);
	OPENSSL_cleanse(text, sizeof(text));
	if (!good)
		return err_set(err, ERR_SYSTEM, "SHA-256 cannot be had");
	memcpy(key->id, sum, SEAL_ID_SIZE);
	to_hex(key->id, SEAL_ID_SIZE, key->id_text);
	return 0;
}

static int parse(const char *text, size_t size, const char *path,
		 struct seal_key *key, struct err *err)
{
	size_t i;

	if (size == HEX_SIZE + 1 && text[HEX_SIZE] == '\n')
		size--;
	for (i = 0; size == HEX_SIZE && i < SEAL_KEY_SIZE; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			break;
		key->bytes[i] = (unsigned char)(high << 4 | low);
	}
	if (size != HEX_SIZE || i < SEAL_KEY_SIZE)
		return err_set(err, ERR_DATA,
			       "%s is no sealing key: 64 hex digits are wanted",
			       path);
	return name_key(key, err);
}

int seal_key_load(const char *path, struct seal_key *key, struct err *err)
{
	char *text;
	size_t size;
	int rc;

	if (file_read_secret(path, &text, &size, err) < 0) {
		if (err->kind == ERR_NO)
			err_set(err, ERR_DENIED,
				"%s: there is no sealing key; make one with "
				"adt-seal keygen %s",
				path, path);
		return -1;
	}
	rc = parse(text, size, path, key, err);
	OPENSSL_cleanse(text, size);
	free(text);
	if (rc < 0)
		seal_key_wipe(key);
	return rc;
}

void seal_key_wipe(struct seal_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}
