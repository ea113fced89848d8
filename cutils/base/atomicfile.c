/* atomicfile.c - read whole, replace whole, lock; see atomicfile.h.
 *
 * A replacement is written to an unnamed file (O_TMPFILE), which the kernel
 * drops with the process, and gets a name only when its bytes are on disk.
 * File systems without O_TMPFILE get a named temporary from the start. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "base/atomicfile.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_POLL_MS 20

/* Splits path into its folder ("." where it has none) and its last name. */
static int split(const char *path, char *dir, size_t dir_size,
		 const char **name, struct err *err)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;

	*name = slash ? slash + 1 : path;
	if (**name == '\0' || strlen(*name) > 200 || len >= dir_size)
		return err_set(err, ERR_DATA, "%s: not a usable file name",
			       path);
	if (slash == path)
		len = 1; /* the root itself */
	memcpy(dir, slash ? path : ".", len);
	dir[len] = '\0';
	return 0;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, bytes, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		bytes += done;
		size -= (size_t)done;
	}
	return 0;
}

static void temporary_name(const char *name, char *temp, size_t size)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint32_t)getpid();
	snprintf(temp, size, ".%s.%08x.new", name, number);
}

/* Gives the unnamed file fd the name temp in dir. linkat(2) by descriptor
 * wants a privilege; by /proc it wants none. */
static int name_unnamed(int fd, int dir, const char *temp)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, proc, dir, temp, AT_SYMLINK_FOLLOW);
}

/* The new file belongs to whom the old one did, if that is ours to decide. */
static int keep_owner(int fd, const struct stat *old)
{
	if (!old || (old->st_uid == geteuid() && old->st_gid == getegid()))
		return 0;
	return fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM ? -1
									  : 0;
}

/* Writes the bytes to a file called temp in dir, on disk when it returns 0. */
static int write_temporary(int dir, const char *temp, const void *bytes,
			   size_t size, mode_t mode, const struct stat *old)
{
	bool unnamed = true;
	int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	int saved;

	if (fd < 0) {
		unnamed = false;
		fd = openat(dir, temp,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0600);
	}
	if (fd < 0)
		return -1;
	if (write_all(fd, bytes, size) < 0 || keep_owner(fd, old) < 0 ||
	    fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
	    (unnamed && name_unnamed(fd, dir, temp) < 0)) {
		saved = errno;
		if (!unnamed)
			unlinkat(dir, temp, 0);
		close(fd);
		errno = saved;
		return -1;
	}
	return close(fd); /* after fsync nothing is left to fail */
}

int file_replace(const char *path, const void *bytes, size_t size_bytes,
		 mode_t mode, struct err *err)
{
	char folder[4096], temp[256];
	struct stat old;
	const char *name;
	int dir, rc = -1;
	bool there;

	if (split(path, folder, sizeof(folder), &name, err) < 0)
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, "cannot write %s: folder %s", path, folder);
	there = fstatat(dir, name, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISREG(old.st_mode);
	temporary_name(name, temp, sizeof(temp));
	if (write_temporary(dir, temp, bytes, size_bytes, mode,
			    there ? &old : NULL) < 0) {
		err_sys(err, "cannot write %s", path);
	} else if (renameat(dir, temp, dir, name) < 0) {
		err_sys(err, "cannot replace %s", path);
		unlinkat(dir, temp, 0);
	} else if (fsync(dir) < 0) {
		err_sys(err, "%s is written, but its folder not synced", path);
	} else {
		rc = 0;
	}
	close(dir);
	return rc;
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
	char folder[4096], temp[256];
	const char *name;
	int dir, rc = -1;

	if (split(path, folder, sizeof(folder), &name, err) < 0)
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, "cannot write %s: folder %s", path, folder);
	temporary_name(name, temp, sizeof(temp));
	if (write_temporary(dir, temp, bytes, size_bytes, 0600, NULL) < 0) {
		err_sys(err, "cannot write %s", path);
		close(dir);
		return -1;
	}
	/* link, not rename: it refuses to replace what is there */
	if (linkat(dir, temp, dir, name, 0) == 0)
		rc = 0;
	else if (errno == EEXIST)
		err_set(err, ERR_DATA, "%s exists already", path);
	else
		err_sys(err, "cannot make %s", path);
	unlinkat(dir, temp, 0);
	if (rc == 0 && fsync(dir) < 0)
		rc = err_sys(err, "%s is made, but its folder not synced",
			     path);
	close(dir);
	return rc;
}

int file_remove(const char *path, struct err *err)
{
	char folder[4096];
	const char *name;
	int dir, rc = 0;

	if (split(path, folder, sizeof(folder), &name, err) < 0)
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, "cannot remove %s: folder %s", path,
			       folder);
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
	return fd;
}

void file_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}
