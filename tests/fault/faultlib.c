/* faultlib.c - preloaded: the Nth call of a program fails.
 *
 *	LD_PRELOAD=faultlib.so FAULT_N=7 FAULT_REPORT=FILE adt-seal ...
 *
 * Counts the calls that can fail for want of memory, disk, descriptors or luck,
 * from main() on: what runs before it is not ours. The Nth fails as it would
 * in life, and its name is written to FILE; a run that has fewer leaves no
 * FILE. FAULT_CALLS=write,fsync counts these only. FAULT_NO_TMPFILE=1 makes the
 * file system one without O_TMPFILE. Children are not touched. */
#undef _FORTIFY_SOURCE /* its wrappers would stand in our way */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool armed, no_tmpfile;
static long left; /* calls until the one that fails */
static char calls[256], report[1024];

/* dlsym(3) may allocate while we look for malloc: it gets from here. */
static char arena[65536] __attribute__((aligned(16)));
static size_t arena_used;

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* Not through open(2) and write(2) of ours. */
static void say(const char *name)
{
	long fd = syscall(SYS_openat, AT_FDCWD, report,
			  O_WRONLY | O_CREAT | O_TRUNC, 0600);

	syscall(SYS_write, fd, name, strlen(name));
	syscall(SYS_write, fd, "\n", (size_t)1);
	syscall(SYS_close, fd);
}

static bool counted(const char *name)
{
	const char *at = calls;
	size_t len = strlen(name);

	if (!calls[0])
		return true;
	for (; (at = strstr(at, name)) != NULL; at += len)
		if ((at == calls || at[-1] == ',') &&
		    (at[len] == ',' || at[len] == '\0'))
			return true;
	return false;
}

/* Is this call the one? Then errno is set. */
static bool fails(const char *name, int number)
{
	if (!armed || !counted(name) || --left != 0)
		return false;
	armed = false;
	say(name);
	errno = number;
	return true;
}

static void copy_environment(const char *name, char *to, size_t size)
{
	const char *value = getenv(name);

	if (value && strlen(value) < size)
		memcpy(to, value, strlen(value) + 1);
}

typedef int main_function(int, char **, char **);
static main_function *real_main;

static int armed_main(int argc, char **argv, char **environment)
{
	const char *n = getenv("FAULT_N");

	no_tmpfile = getenv("FAULT_NO_TMPFILE") != NULL;
	copy_environment("FAULT_CALLS", calls, sizeof(calls));
	copy_environment("FAULT_REPORT", report, sizeof(report));
	left = n ? strtol(n, NULL, 10) : 0;
	unsetenv("LD_PRELOAD");
	armed = left > 0;
	return real_main(argc, argv, environment);
}

int __libc_start_main(main_function *, int, char **, void (*)(void),
		      void (*)(void), void (*)(void), void *);
int __libc_start_main(main_function *its_main, int argc, char **argv,
		      void (*init)(void), void (*fini)(void),
		      void (*rtld_fini)(void), void *stack_end)
{
	int (*real)(main_function *, int, char **, void (*)(void),
		    void (*)(void), void (*)(void), void *) =
		next("__libc_start_main");

	real_main = its_main;
	return real(armed_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* ---- memory ---- */

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

static bool looking;

static bool found(void)
{
	if (real_free)
		return true;
	if (looking)
		return false;
	looking = true;
	real_malloc = next("malloc");
	real_calloc = next("calloc");
	real_realloc = next("realloc");
	real_free = next("free");
	looking = false;
	return true;
}

static void *from_arena(size_t size)
{
	void *room = arena + arena_used;

	arena_used += (size + 15) & ~(size_t)15;
	return arena_used <= sizeof(arena) ? room : NULL;
}

void *malloc(size_t size)
{
	if (!found())
		return from_arena(size);
	return fails("malloc", ENOMEM) ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (!found())
		return from_arena(count * size); /* zero as it is */
	return fails("calloc", ENOMEM) ? NULL : real_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	if (!found())
		return NULL;
	return fails("realloc", ENOMEM) ? NULL : real_realloc(old, size);
}

void free(void *old)
{
	if (found() &&
	    ((char *)old < arena || (char *)old >= arena + sizeof(arena)))
		real_free(old);
}

/* ---- files ---- */

static bool open_fails(const char *name, int flags)
{
	if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return true;
	}
	return fails(name, flags & O_CREAT ? ENOSPC : EMFILE);
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = next("open");
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_fails("open", flags) ? -1 : real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	int (*real)(int, const char *, int, ...) = next("openat");
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_fails("openat", flags) ? -1 : real(dir, path, flags, mode);
}

ssize_t read(int fd, void *to, size_t size)
{
	ssize_t (*real)(int, void *, size_t) = next("read");

	return fails("read", EIO) ? -1 : real(fd, to, size);
}

ssize_t write(int fd, const void *from, size_t size)
{
	ssize_t (*real)(int, const void *, size_t) = next("write");

	return fails("write", ENOSPC) ? -1 : real(fd, from, size);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = next("pwrite");

	return fails("pwrite", ENOSPC) ? -1 : real(fd, from, size, at);
}

int fsync(int fd)
{
	int (*real)(int) = next("fsync");

	return fails("fsync", EIO) ? -1 : real(fd);
}

/* It is closed all the same, as close(2) has it. */
int close(int fd)
{
	int (*real)(int) = next("close");
	int rc = real(fd);

	return fails("close", EIO) ? -1 : rc;
}

int unlinkat(int dir, const char *path, int flags)
{
	int (*real)(int, const char *, int) = next("unlinkat");

	return fails("unlinkat", EIO) ? -1 : real(dir, path, flags);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = next("rename");

	return fails("rename", EIO) ? -1 : real(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int (*real)(int, const char *, int, const char *) = next("renameat");

	return fails("renameat", EIO) ? -1 : real(from_dir, from, to_dir, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to,
	   int flags)
{
	int (*real)(int, const char *, int, const char *, int) = next("linkat");

	return fails("linkat", ENOSPC)
		       ? -1
		       : real(from_dir, from, to_dir, to, flags);
}

int mkdir(const char *path, mode_t mode)
{
	int (*real)(const char *, mode_t) = next("mkdir");

	return fails("mkdir", ENOSPC) ? -1 : real(path, mode);
}

int fchmod(int fd, mode_t mode)
{
	int (*real)(int, mode_t) = next("fchmod");

	return fails("fchmod", EIO) ? -1 : real(fd, mode);
}

int fchown(int fd, uid_t user, gid_t group)
{
	int (*real)(int, uid_t, gid_t) = next("fchown");

	return fails("fchown", EIO) ? -1 : real(fd, user, group);
}

int ftruncate(int fd, off_t size)
{
	int (*real)(int, off_t) = next("ftruncate");

	return fails("ftruncate", EIO) ? -1 : real(fd, size);
}

int flock(int fd, int operation)
{
	int (*real)(int, int) = next("flock");

	return fails("flock", ENOLCK) ? -1 : real(fd, operation);
}

int fstat(int fd, struct stat *is)
{
	int (*real)(int, struct stat *) = next("fstat");

	return fails("fstat", EIO) ? -1 : real(fd, is);
}

/* ---- processes ---- */

int fcntl(int fd, int command, ...)
{
	int (*real)(int, int, ...) = next("fcntl");
	va_list args;
	void *argument;

	va_start(args, command);
	argument = va_arg(args, void *);
	va_end(args);
	return fails("fcntl", EMFILE) ? -1 : real(fd, command, argument);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
	int (*real)(int, int, int, int[2]) = next("socketpair");

	return fails("socketpair", EMFILE) ? -1
					   : real(domain, type, protocol, fds);
}

int pipe2(int fds[2], int flags)
{
	int (*real)(int[2], int) = next("pipe2");

	return fails("pipe2", EMFILE) ? -1 : real(fds, flags);
}

int posix_spawn(pid_t *pid, const char *path,
		const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const argv[],
		char *const environment[])
{
	int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
		    const posix_spawnattr_t *, char *const[], char *const[]) =
		next("posix_spawn");

	return fails("posix_spawn", EAGAIN)
		       ? EAGAIN
		       : real(pid, path, actions, attributes, argv,
			      environment);
}

ssize_t getrandom(void *to, size_t size, unsigned flags)
{
	ssize_t (*real)(void *, size_t, unsigned) = next("getrandom");

	return fails("getrandom", ENOSYS) ? -1 : real(to, size, flags);
}
