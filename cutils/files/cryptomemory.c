/* cryptomemory.c - see cryptomemory.h. */
#include "files/cryptomemory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static void (*end_of_memory)(void);

static void *take(size_t size, const char *file, int line)
{
	void *room = size > 0 ? malloc(size) : NULL;

	(void)file;
	(void)line;
	if (size > 0 && !room)
		end_of_memory();
	return room;
}

static void give(void *room, const char *file, int line)
{
	(void)file;
	(void)line;
	free(room);
}

static void *change(void *room, size_t size, const char *file, int line)
{
	if (size == 0) {
		give(room, file, line);
		return NULL;
	}
	room = realloc(room, size);
	if (!room)
		end_of_memory();
	return room;
}

int crypto_memory(void (*end)(void), struct err *err)
{
	end_of_memory = end;
	if (CRYPTO_set_mem_functions(take, change, give))
		return 0;
	return err_set(err, ERR_SYSTEM,
		       "OpenSSL was used before its memory "
		       "was seen to");
}
