/* credentials.c - any bytes as a file of credentials, of a cloud with a token
 * and of one with a pair: what is found is one word, printable, and fits. */
#include "files/credentials.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct credential_places token = {
	.variables = {"TOKEN"},
	.token_file = true,
	.members = {"access-token"},
};

static const struct credential_places pair = {
	.variables = {"ACCESS_KEY", "SECRET_KEY"},
	.members = {"key", "secret"},
};

static void is_word(const char *value, size_t size, const char *text)
{
	PROMISE(memchr(value, '\0', size));
	for (size_t i = 0; value[i]; i++)
		PROMISE((unsigned char)value[i] > 0x20 && value[i] != 0x7f);
	PROMISE(strstr(text, value));
}

static void parse(const struct credential_places *places, const char *text)
{
	struct credentials found;
	struct err err;

	if (credentials_parse(places, text, "FILE", &found, &err) < 0)
		PROMISE(err.kind == ERR_DATA && !found.key[0] &&
			!found.secret[0] && strstr(err.text, "FILE"));
	is_word(found.key, sizeof(found.key), text);
	is_word(found.secret, sizeof(found.secret), text);
	PROMISE(places->variables[1] || !found.secret[0]);
	credentials_wipe(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);

	PROMISE(text);
	if (size)
		memcpy(text, bytes, size);
	text[size] = '\0';
	parse(&token, text);
	parse(&pair, text);
	free(text);
	return 0;
}
