/* spool.c - see spool.h. */
#define _GNU_SOURCE /* memfd_create */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int spool_new(struct err *err)
{
	int fd = memfd_create("adt", MFD_CLOEXEC);

	return fd >= 0 ? fd : err_sys(err, "no memory for a stream");
}

static int copy(int from, int to, const char *name, struct err *err)
{
	char bytes[65536];

	for (;;) {
		ssize_t got = read(from, bytes, sizeof(bytes)), done = 0, put;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(err, "cannot read %s", name);
		if (got == 0)
			break;
		while (done < got) {
			put = write(to, bytes + done, (size_t)(got - done));
			if (put < 0 && errno != EINTR)
				return err_sys(err, "cannot write %s", name);
			done += put > 0 ? put : 0;
		}
	}
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int spool_copy(int from, int to, const char *name, struct err *err)
{
	if (lseek(from, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read what goes to %s", name);
	return copy(from, to, name, err);
}

int spool_open(const char *path, uint64_t *size_bytes, struct err *err)
{
	const char *name = path ? path : "standard input";
	struct stat is;
	int fd;

	fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
		  : spool_new(err);
	if (fd < 0 && path && errno == ENOENT)
		return err_set(err, ERR_DATA, "%s: no such file", path);
	if (fd < 0 && path)
		return err_sys(err, "cannot read %s", path);
	if (fd < 0)
		return -1;
	if (!path && copy(STDIN_FILENO, fd, name, err) < 0) {
		close(fd);
		return -1;
	}
	if (fstat(fd, &is) < 0) {
		err_sys(err, "cannot read %s", name);
	} else if (!S_ISREG(is.st_mode)) {
		err_set(err, ERR_DATA, "%s: not a regular file", name);
	} else {
		*size_bytes = (uint64_t)is.st_size;
		return fd;
	}
	close(fd);
	return -1;
}
