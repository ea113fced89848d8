/* killlib.c - preloaded: all processes of a run die at its Nth step.
 *
 *	LD_PRELOAD=killlib.so KILL_AT=7 KILL_STEPS=FILE setsid -w COMMAND
 *
 * A step is what others can see: a request sent, a reply read, and every change
 * of a file: made, written, synced, named, removed. Steps are counted in FILE,
 * together for all processes of the run. Just before the Nth the process group
 * gets SIGKILL, as all do in a power cut. Being killed after a step is being
 * killed before the next. FILE begins with a long, the steps so far; behind it
 * stands the name of the step at which all ended, or nothing. */
#undef _FORTIFY_SOURCE /* its wrappers would stand in our way */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FDS 1024

struct steps {
	long count; /* of all processes: changed atomically */
	char last[56];
};

static struct steps *steps;
static long kill_at;
static bool awaited[MOST_FDS]; /* sent on it, and no reply read yet */

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void begin(void)
{
	const char *file = getenv("KILL_STEPS"), *at = getenv("KILL_AT");
	int (*real)(const char *, int, ...) = next("open");
	int fd = file ? real(file, O_RDWR | O_CLOEXEC) : -1;

	kill_at = at ? strtol(at, NULL, 10) : 0;
	if (fd >= 0)
		steps = mmap(NULL, sizeof(*steps), PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
	if (steps == MAP_FAILED)
		steps = NULL;
	if (fd >= 0)
		close(fd);
}

static void step(const char *name)
{
	if (!steps ||
	    __atomic_add_fetch(&steps->count, 1, __ATOMIC_SEQ_CST) != kill_at)
		return;
	memcpy(steps->last, name, strlen(name) + 1);
	kill(0, SIGKILL);
	for (;;)
		pause(); /* it is on its way */
}

static bool is(int fd, mode_t kind)
{
	struct stat file;

	return fstat(fd, &file) == 0 && (file.st_mode & S_IFMT) == kind;
}

/* ---- the wire ---- */

static void sending(int fd)
{
	step("request sent");
	if (fd >= 0 && fd < MOST_FDS)
		awaited[fd] = true;
}

static void received(int fd, ssize_t size)
{
	if (size <= 0 || fd < 0 || fd >= MOST_FDS || !awaited[fd])
		return;
	awaited[fd] = false;
	step("reply read");
}

ssize_t send(int fd, const void *from, size_t size, int flags)
{
	ssize_t (*real)(int, const void *, size_t, int) = next("send");

	sending(fd);
	return real(fd, from, size, flags);
}

ssize_t recv(int fd, void *to, size_t size, int flags)
{
	ssize_t (*real)(int, void *, size_t, int) = next("recv");
	ssize_t got = real(fd, to, size, flags);

	received(fd, got);
	return got;
}

ssize_t read(int fd, void *to, size_t size)
{
	ssize_t (*real)(int, void *, size_t) = next("read");
	ssize_t got = real(fd, to, size);

	received(fd, got);
	return got;
}

static void writing(int fd)
{
	if (is(fd, S_IFREG))
		step("write");
	else if (is(fd, S_IFSOCK))
		sending(fd);
}

ssize_t write(int fd, const void *from, size_t size)
{
	ssize_t (*real)(int, const void *, size_t) = next("write");

	writing(fd);
	return real(fd, from, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	ssize_t (*real)(int, const struct iovec *, int) = next("writev");

	writing(fd);
	return real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = next("pwrite");

	writing(fd);
	return real(fd, from, size, at);
}

/* ---- files ---- */

static void opening(int flags)
{
	if (flags & (O_CREAT | O_TRUNC) || (flags & O_TMPFILE) == O_TMPFILE)
		step("open");
}

#define MODE(flags, mode)                                                     \
	do {                                                                  \
		va_list args;                                                 \
		va_start(args, flags);                                        \
		mode = (flags) & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) \
						       : 0;                   \
		va_end(args);                                                 \
	} while (0)

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = next("open");
	mode_t mode;

	MODE(flags, mode);
	opening(flags);
	return real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = next("open64");
	mode_t mode;

	MODE(flags, mode);
	opening(flags);
	return real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	int (*real)(int, const char *, int, ...) = next("openat");
	mode_t mode;

	MODE(flags, mode);
	opening(flags);
	return real(dir, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *) = next("fopen");

	if (mode[0] != 'r')
		step("fopen");
	return real(path, mode);
}

int fsync(int fd)
{
	int (*real)(int) = next("fsync");

	step("fsync");
	return real(fd);
}

int fdatasync(int fd)
{
	int (*real)(int) = next("fdatasync");

	step("fdatasync");
	return real(fd);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = next("rename");

	step("rename");
	return real(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int (*real)(int, const char *, int, const char *) = next("renameat");

	step("renameat");
	return real(from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
	      unsigned flags)
{
	int (*real)(int, const char *, int, const char *, unsigned) =
		next("renameat2");

	step("renameat2");
	return real(from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = next("link");

	step("link");
	return real(from, to);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to,
	   int flags)
{
	int (*real)(int, const char *, int, const char *, int) = next("linkat");

	step("linkat");
	return real(from_dir, from, to_dir, to, flags);
}

int symlink(const char *text, const char *path)
{
	int (*real)(const char *, const char *) = next("symlink");

	step("symlink");
	return real(text, path);
}

int symlinkat(const char *text, int dir, const char *path)
{
	int (*real)(const char *, int, const char *) = next("symlinkat");

	step("symlinkat");
	return real(text, dir, path);
}

int unlink(const char *path)
{
	int (*real)(const char *) = next("unlink");

	step("unlink");
	return real(path);
}

int unlinkat(int dir, const char *path, int flags)
{
	int (*real)(int, const char *, int) = next("unlinkat");

	step("unlinkat");
	return real(dir, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	int (*real)(const char *, mode_t) = next("mkdir");

	step("mkdir");
	return real(path, mode);
}

int rmdir(const char *path)
{
	int (*real)(const char *) = next("rmdir");

	step("rmdir");
	return real(path);
}

int ftruncate(int fd, off_t size)
{
	int (*real)(int, off_t) = next("ftruncate");

	step("ftruncate");
	return real(fd, size);
}

int chmod(const char *path, mode_t mode)
{
	int (*real)(const char *, mode_t) = next("chmod");

	step("chmod");
	return real(path, mode);
}

int fchmod(int fd, mode_t mode)
{
	int (*real)(int, mode_t) = next("fchmod");

	step("fchmod");
	return real(fd, mode);
}

int fchmodat(int dir, const char *path, mode_t mode, int flags)
{
	int (*real)(int, const char *, mode_t, int) = next("fchmodat");

	step("fchmodat");
	return real(dir, path, mode, flags);
}
