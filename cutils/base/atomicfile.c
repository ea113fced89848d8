/* atomicfile.c - read whole, replace whole, lock; see atomicfile.h. */
#include "base/atomicfile.h"

#include "base/clock.h"
#include "base/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_POLL_MS 20

int file_replace(const char *path, const void *bytes, size_t size_bytes,
		 mode_t mode, struct err *err)
{
	struct newfile file;

	if (newfile_begin(&file, path, err) < 0)
		return -1;
	if (newfile_write(&file, bytes, size_bytes, err) == 0)
		return newfile_replace(&file, mode, err);
	newfile_drop(&file);
	return -1;
}

int file_read_open(int fd, const char *path, char **bytes, size_t *size,
		   struct err *err)
{
	size_t room = 8192, used = 0;
	char *text = malloc(room), *more;

	while (text) {
		ssize_t got = read(fd, text + used, room - used - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_sys(err, "cannot read %s", path);
			break;
		}
		if (got == 0) {
			text[used] = '\0';
			*bytes = text;
			*size = used;
			return 0;
		}
		used += (size_t)got;
		if (used > FILE_MAX_BYTES) {
			err_set(err, ERR_DATA, "%s: larger than %u bytes", path,
				FILE_MAX_BYTES);
			break;
		}
		if (used + 1 < room)
			continue;
		more = malloc(room * 2); /* realloc would not wipe */
		if (more)
			memcpy(more, text, used);
		explicit_bzero(text, room);
		free(text);
		text = more;
		room *= 2;
	}
	if (!text)
		return err_set(err, ERR_SYSTEM, "%s: out of memory", path);
	explicit_bzero(text, room);
	free(text);
	return -1;
}

static int open_regular(const char *path, struct stat *is, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NO, "%s: no such file", path);
	if (fd < 0)
		return err_sys(err, "cannot read %s", path);
	if (fstat(fd, is) < 0) {
		err_sys(err, "cannot read %s", path);
	} else if (!S_ISREG(is->st_mode)) {
		err_set(err, ERR_DATA, "%s: not a regular file", path);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

int file_read(const char *path, char **bytes, size_t *size_bytes, mode_t *mode,
	      struct err *err)
{
	struct stat is;
	int rc, fd = open_regular(path, &is, err);

	if (fd < 0)
		return -1;
	if (mode)
		*mode = is.st_mode & 07777;
	rc = file_read_open(fd, path, bytes, size_bytes, err);
	close(fd);
	return rc;
}

int file_read_secret(const char *path, char **bytes, size_t *size_bytes,
		     struct err *err)
{
	struct stat is;
	int rc = -1, fd = open_regular(path, &is, err);

	if (fd < 0)
		return -1;
	if (is.st_uid != geteuid() && is.st_uid != 0)
		err_set(err, ERR_DENIED,
			"%s belongs to user %u: a secret must be your own",
			path, (unsigned)is.st_uid);
	else if (is.st_mode & 077)
		err_set(err, ERR_DENIED,
			"%s has mode %04o: others may read it; chmod 600 %s",
			path, (unsigned)(is.st_mode & 07777), path);
	else
		rc = file_read_open(fd, path, bytes, size_bytes, err);
	close(fd);
	return rc;
}

int file_create_secret(const char *path, const void *bytes, size_t size_bytes,
		       struct err *err)
{
	struct newfile file;

	if (newfile_begin(&file, path, err) < 0)
		return -1;
	if (newfile_write(&file, bytes, size_bytes, err) == 0)
		return newfile_create(&file, 0600, err);
	newfile_drop(&file);
	return -1;
}

int file_remove(const char *path, struct err *err)
{
	const char *name;
	int dir, rc = 0;

	dir = newfile_folder(path, &name, "remove", err);
	if (dir < 0)
		return -1;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		rc = err_sys(err, "cannot remove %s", path);
	else if (fsync(dir) < 0)
		rc = err_sys(err, "%s is removed, but its folder not synced",
			     path);
	close(dir);
	return rc;
}

static void name_holder(int fd)
{
	char host[65] = "this machine", since[CLOCK_RFC3339_SIZE], line[160];
	int len;

	gethostname(host, sizeof(host) - 1);
	clock_rfc3339(clock_epoch_s(), since);
	len = snprintf(line, sizeof(line), "pid %ld on %s since %s\n",
		       (long)getpid(), host, since);
	/* only a courtesy to who waits: the lock holds without it */
	if (ftruncate(fd, 0) == 0 && pwrite(fd, line, (size_t)len, 0) < 0)
		return;
}

static int held_by_another(int fd, const char *path, struct err *err)
{
	char holder[160];
	ssize_t len = pread(fd, holder, sizeof(holder) - 1, 0);

	holder[len > 0 ? len : 0] = '\0';
	holder[strcspn(holder, "\n")] = '\0';
	return err_set(err, ERR_RETRY, "%s is locked by %s; try again later",
		       path, holder[0] ? holder : "another process");
}

int file_lock(const char *path, int wait_ms, struct err *err)
{
	char lock[4096];
	int64_t until = clock_now_ms() + wait_ms;
	int fd;

	if (snprintf(lock, sizeof(lock), "%s.lock", path) >= (int)sizeof(lock))
		return err_set(err, ERR_DATA, "%s: not a usable file name",
			       path);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(err, "cannot lock %s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			err_sys(err, "cannot lock %s", path);
			close(fd);
			return -1;
		}
		if (clock_now_ms() >= until) {
			held_by_another(fd, path, err);
			close(fd);
			return -1;
		}
		clock_sleep_ms(LOCK_POLL_MS);
	}
	name_holder(fd);
	newfile_sweep(path);
	return fd;
}

void file_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}
