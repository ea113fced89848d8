/* atomicfile.h - a file of ours is read whole, and replaced whole.
 *
 * To change a file that others change too:
 *
 *	lock = file_lock(path, wait_ms, err);   one writer at a time
 *	file_read(path, ...);                   what is there now
 *	file_replace(path, ...);                all of the new bytes, or none
 *	file_unlock(lock);
 *
 * Readers take no lock: they see the old bytes or the new ones. */
#ifndef BASE_ATOMICFILE_H
#define BASE_ATOMICFILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Largest file of ours that is read; a template is some 10 KiB. */
#define FILE_MAX_BYTES (4u << 20)

/* Replaces path whole or not at all: temporary in the same folder, mode, fsync,
 * rename(2), fsync of the folder. A symbolic link at path is replaced, not
 * followed; a file keeps its owner where we may give it. On -1 path is as it
 * was, but for a failed last fsync: then the new bytes are in place and may not
 * outlive a power cut. No temporary remains, but where we are killed in the
 * instant between linkat and rename: the next lock or replacement removes it.
 */
int file_replace(const char *path, const void *bytes, size_t size_bytes,
		 mode_t mode, struct err *err) MUST_CHECK;

/* Reads all of path, at most FILE_MAX_BYTES. *bytes is owned and has a NUL
 * behind its *size_bytes bytes; a secret in it is the caller's to wipe. No such
 * file is ERR_NO; anything but a regular file is ERR_DATA. mode may be NULL. */
int file_read(const char *path, char **bytes, size_t *size_bytes, mode_t *mode,
	      struct err *err) MUST_CHECK;

/* As file_read(), from a descriptor to its end: standard input, say. name is
 * for the message. */
int file_read_open(int fd, const char *name, char **bytes, size_t *size_bytes,
		   struct err *err) MUST_CHECK;

/* As file_read(), for a file that holds a secret: it must belong to the user
 * who runs us or to root, and group and others must have no right to it
 * (ERR_DENIED, with the chmod that mends it). */
int file_read_secret(const char *path, char **bytes, size_t *size_bytes,
		     struct err *err) MUST_CHECK;

/* Makes path with these bytes, mode 0600; ERR_DATA where it exists already. */
int file_create_secret(const char *path, const void *bytes, size_t size_bytes,
		       struct err *err) MUST_CHECK;

/* Removes path, for good when it returns 0: its folder is synced. No such file
 * is fine. */
int file_remove(const char *path, struct err *err) MUST_CHECK;

/* Exclusive lock for read-change-replace: flock(2) on path.lock, which stays;
 * the kernel frees it when the holder dies, and sh takes the same one with
 * flock(1). The file names its holder ("pid 42 on HOST since TIME"), and so
 * does the ERR_RETRY past wait_ms. Returns a descriptor for file_unlock(). */
int file_lock(const char *path, int wait_ms, struct err *err) MUST_CHECK;
void file_unlock(int lock);

#endif
