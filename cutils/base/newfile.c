/* newfile.c - see newfile.h.
 *
 * It is an unnamed file (O_TMPFILE), which the kernel drops with the process,
 * and gets a name only when its bytes are on disk. File systems without
 * O_TMPFILE get a named temporary from the start. A named one is locked while
 * its writer lives; those of dead writers are swept away by the next. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "base/newfile.h"

#include <dirent.h>
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

int newfile_folder(const char *path, const char **name, const char *verb,
		   struct err *err)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;
	char folder[4096];
	int fd;

	*name = slash ? slash + 1 : path;
	if (**name == '\0' || strlen(*name) > 200 || len >= sizeof(folder))
		return err_set(err, ERR_DATA, "%s: not a usable file name",
			       path);
	if (slash == path)
		len = 1; /* the root itself */
	memcpy(folder, slash ? path : ".", len);
	folder[len] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot %s %s: folder %s", verb, path,
			       folder);
	return fd;
}

/* Is it a temporary for this name: ".NAME.01234567.new"? */
static bool is_temporary(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return entry[0] == '.' && strncmp(entry + 1, name, len) == 0 &&
	       entry[1 + len] == '.' &&
	       strspn(entry + len + 2, "0123456789abcdef") == 8 &&
	       strcmp(entry + len + 10, ".new") == 0;
}

static void sweep(int dir, const char *name)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *entry;

	if (!entries && copy >= 0)
		close(copy);
	while (entries && (entry = readdir(entries)) != NULL) {
		int fd;

		if (!is_temporary(entry->d_name, name))
			continue;
		fd = openat(dir, entry->d_name,
			    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dir, entry->d_name, 0);
		if (fd >= 0)
			close(fd);
	}
	if (entries)
		closedir(entries);
}

void newfile_sweep(const char *path)
{
	struct err unused;
	const char *name;
	int dir = newfile_folder(path, &name, "sweep", &unused);

	if (dir < 0)
		return;
	sweep(dir, name);
	close(dir);
}

static void temporary_name(const char *name, char *temp, size_t size)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint32_t)getpid();
	snprintf(temp, size, ".%s.%08x.new", name, number);
}

int newfile_begin(struct newfile *file, const char *path, struct err *err)
{
	int saved;

	*file = (struct newfile){.fd = -1, .path = path, .unnamed = true};
	file->dir = newfile_folder(path, &file->name, "write", err);
	if (file->dir < 0)
		return -1;
	temporary_name(file->name, file->temp, sizeof(file->temp));
	file->fd = openat(file->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file->fd < 0) {
		file->unnamed = false;
		file->fd = openat(file->dir, file->temp,
				  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
					  O_CLOEXEC,
				  0600);
	}
	if (file->fd >= 0) {
		flock(file->fd, LOCK_EX | LOCK_NB); /* for sweep() */
		return 0;
	}
	saved = errno;
	close(file->dir);
	errno = saved;
	return err_sys(err, "cannot write %s", path);
}

int newfile_write(struct newfile *file, const void *bytes, size_t size,
		  struct err *err)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t done = write(file->fd, at, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_sys(err, "cannot write %s", file->path);
		at += done;
		size -= (size_t)done;
	}
	return 0;
}

void newfile_drop(struct newfile *file)
{
	if (!file->unnamed)
		unlinkat(file->dir, file->temp, 0);
	close(file->fd);
	close(file->dir);
}

/* The new file belongs to whom the old one did, if that is ours to decide. */
static int keep_owner(const struct newfile *file)
{
	struct stat old;

	if (fstatat(file->dir, file->name, &old, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(old.st_mode) ||
	    (old.st_uid == geteuid() && old.st_gid == getegid()))
		return 0;
	return fchown(file->fd, old.st_uid, old.st_gid) < 0 && errno != EPERM
		       ? -1
		       : 0;
}

/* Gives an unnamed file this name, if nothing has it. linkat(2) by descriptor
 * wants a privilege; by /proc it wants none. */
static int link_unnamed(const struct newfile *file, const char *name)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, proc, file->dir, name, AT_SYMLINK_FOLLOW);
}

/* Its bytes are on disk, or it is dropped. */
static int finish(struct newfile *file, bool replaces, mode_t mode,
		  struct err *err)
{
	if ((!replaces || keep_owner(file) == 0) &&
	    fchmod(file->fd, mode) == 0 && fsync(file->fd) == 0)
		return 0;
	err_sys(err, "cannot write %s", file->path);
	newfile_drop(file);
	return -1;
}

int newfile_replace(struct newfile *file, mode_t mode, struct err *err)
{
	int rc = -1;

	if (finish(file, true, mode, err) < 0)
		return -1;
	if (file->unnamed && link_unnamed(file, file->temp) < 0) {
		err_sys(err, "cannot write %s", file->path);
		newfile_drop(file);
		return -1;
	}
	if (renameat(file->dir, file->temp, file->dir, file->name) < 0) {
		err_sys(err, "cannot replace %s", file->path);
		unlinkat(file->dir, file->temp, 0);
	} else if (fsync(file->dir) < 0) {
		err_sys(err, "%s is written, but its folder not synced",
			file->path);
	} else {
		rc = 0;
	}
	sweep(file->dir, file->name);
	close(file->fd); /* after fsync nothing is left to fail */
	close(file->dir);
	return rc;
}

int newfile_create(struct newfile *file, mode_t mode, struct err *err)
{
	int rc = -1;

	if (finish(file, false, mode, err) < 0)
		return -1;
	/* link, not rename: it refuses to replace what is there */
	if ((file->unnamed ? link_unnamed(file, file->name)
			   : linkat(file->dir, file->temp, file->dir,
				    file->name, 0)) == 0)
		rc = 0;
	else if (errno == EEXIST)
		err_set(err, ERR_DATA, "%s exists already", file->path);
	else
		err_sys(err, "cannot make %s", file->path);
	if (!file->unnamed)
		unlinkat(file->dir, file->temp, 0);
	sweep(file->dir, file->name);
	close(file->fd);
	if (rc == 0 && fsync(file->dir) < 0)
		rc = err_sys(err, "%s is made, but its folder not synced",
			     file->path);
	close(file->dir);
	return rc;
}
