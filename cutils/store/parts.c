/* parts.c - see parts.h. */
#include "store/parts.h"

#include <string.h>

int parts_copy(const char *value, unsigned n, char *to, size_t size)
{
	size_t len;

	to[0] = '\0';
	if (!strchr(value, '|'))
		n = 1;
	while (--n > 0) {
		value = strchr(value, '|');
		if (!value)
			return 0;
		value++;
	}
	len = strcspn(value, "|");
	if (len >= size)
		return -1;
	memcpy(to, value, len);
	to[len] = '\0';
	return 1;
}
