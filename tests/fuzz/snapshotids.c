/* snapshotids.c - any bytes as snapshot_ids.dat: an id that is read holds no
 * colon and no blank, and belongs to a label we know. */
#define _GNU_SOURCE /* memfd_create */
#include "files/snapshotids.h"

#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("snapshot_ids", 0);
	struct snapshot_ids ids;
	struct err err;
	char path[64];
	const char *id;
	size_t i;

	PROMISE(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (snapshot_ids_read(&ids, path, snapshot_labels, &err) == 0) {
		for (i = 0; snapshot_labels[i]; i++)
			if (snapshot_ids_get(&ids, snapshot_labels[i], &id,
					     &err) == 0)
				PROMISE(id[0] && !strpbrk(id, ": \t\r\n") &&
					strlen(id) <= SNAPSHOT_ID_MAX);
		snapshot_ids_free(&ids);
	}
	close(fd);
	return 0;
}
