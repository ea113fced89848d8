/* newfile.h - a file that is written bit by bit, and appears whole.
 *
 *	newfile_begin(&file, path, err);
 *	... write to file.fd, in any order ...
 *	newfile_replace(&file, 0600, err);      or newfile_drop(&file)
 *
 * For bytes that are in memory already, file_replace() is simpler. */
#ifndef BASE_NEWFILE_H
#define BASE_NEWFILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct newfile {
	int fd;		  /* for reading and writing */
	int dir;	  /* the folder */
	bool unnamed;	  /* the kernel drops it with the process */
	const char *path; /* borrowed until the end, and its last name */
	const char *name;
	char temp[256];
};

/* An empty file, mode 0600, in path's folder; nobody sees it at path. */
int newfile_begin(struct newfile *, const char *path, struct err *) MUST_CHECK;

/* Appends bytes. After -1 only newfile_drop() is left to do. */
int newfile_write(struct newfile *, const void *bytes, size_t size,
		  struct err *) MUST_CHECK;

/* Puts it at path, as file_replace() (atomicfile.h) promises it, and ends. */
int newfile_replace(struct newfile *, mode_t mode, struct err *) MUST_CHECK;

/* The same where nothing is at path; ERR_DATA where something is. */
int newfile_create(struct newfile *, mode_t mode, struct err *) MUST_CHECK;

/* Forgets it: path is as it was, no temporary remains. */
void newfile_drop(struct newfile *);

/* Removes the temporaries that writers of path left when they were killed;
 * each replacement of it does so, too. */
void newfile_sweep(const char *path);

/* Opens the folder that path is in, and points *name to its last name there.
 * verb is what cannot be done otherwise. A descriptor to be closed, or -1. */
int newfile_folder(const char *path, const char **name, const char *verb,
		   struct err *) MUST_CHECK;

#endif
