/* atomicfile_test.c - whole or not at all, who may read, who holds the lock. */
#include "base/atomicfile.h"

#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err err;
static char folder[] = "build/atomicfile.XXXXXX";

static void expect_text(const char *path, const char *want, mode_t want_mode)
{
	char *bytes;
	size_t size;
	mode_t mode;

	CHECK(file_read(path, &bytes, &size, &mode, &err) == 0);
	CHECK(size == strlen(want) && bytes[size] == '\0');
	CHECK_TEXT(bytes, want);
	CHECK(mode == want_mode);
	free(bytes);
}

static int entries(void)
{
	DIR *dir = opendir(".");
	int count = 0;

	CHECK(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2; /* . and .. */
}

static void replaced(void)
{
	char *bytes;
	size_t size;

	CHECK(file_replace("one", "first", 5, 0640, &err) == 0);
	expect_text("one", "first", 0640);
	CHECK(file_replace("./one", "", 0, 0600, &err) == 0);
	expect_text("one", "", 0600);
	CHECK(entries() == 1);

	/* a symbolic link is replaced, what it points to is not */
	CHECK(symlink("one", "link") == 0);
	CHECK(file_replace("link", "new", 3, 0600, &err) == 0);
	expect_text("one", "", 0600);
	expect_text("link", "new", 0600);

	CHECK(file_replace("none/one", "x", 1, 0600, &err) < 0);
	CHECK(err.kind == ERR_SYSTEM && strstr(err.text, "none/one"));
	CHECK(file_replace("", "x", 1, 0600, &err) < 0);
	CHECK(err.kind == ERR_DATA);
	CHECK(mkdir("dir", 0700) == 0);
	CHECK(file_replace("dir", "x", 1, 0600, &err) < 0);
	CHECK(err.kind == ERR_SYSTEM);
	CHECK(entries() == 3);

	CHECK(file_read("none", &bytes, &size, NULL, &err) < 0);
	CHECK(err.kind == ERR_NO);
	CHECK(file_read("dir", &bytes, &size, NULL, &err) < 0);
	CHECK(err.kind == ERR_DATA);
	CHECK(mkfifo("fifo", 0600) == 0);
	CHECK(file_read("fifo", &bytes, &size, NULL, &err) < 0);
	CHECK(err.kind == ERR_DATA); /* and it did not wait for a writer */
}

/* What a killed writer left goes with the next replacement; what a living one
 * holds, and what is none of ours, stays. */
static void swept(void)
{
	int living = open(".one.89abcdef.new", O_RDWR | O_CREAT, 0600);

	CHECK(living >= 0 && flock(living, LOCK_EX) == 0);
	CHECK(close(open(".one.01234567.new", O_RDWR | O_CREAT, 0600)) == 0);
	CHECK(close(open(".one.0123456.new", O_RDWR | O_CREAT, 0600)) == 0);
	CHECK(file_replace("one", "", 0, 0600, &err) == 0);
	CHECK(unlink(".one.01234567.new") < 0);
	CHECK(unlink(".one.89abcdef.new") == 0);
	CHECK(unlink(".one.0123456.new") == 0);
	close(living);
}

static void large(void)
{
	size_t size = FILE_MAX_BYTES, got;
	char *bytes = malloc(size + 1), *back;

	CHECK(bytes);
	memset(bytes, 'x', size + 1);
	CHECK(file_replace("large", bytes, size, 0600, &err) == 0);
	CHECK(file_read("large", &back, &got, NULL, &err) == 0);
	CHECK(got == size && memcmp(bytes, back, size) == 0);
	free(back);
	CHECK(file_replace("large", bytes, size + 1, 0600, &err) == 0);
	CHECK(file_read("large", &back, &got, NULL, &err) < 0);
	CHECK(err.kind == ERR_DATA && strstr(err.text, "larger than"));
	free(bytes);
}

static void secrets(void)
{
	char *bytes;
	size_t size;

	CHECK(file_create_secret("secret", "s", 1, &err) == 0);
	expect_text("secret", "s", 0600);
	CHECK(file_create_secret("secret", "t", 1, &err) < 0);
	CHECK(err.kind == ERR_DATA && strstr(err.text, "exists already"));
	expect_text("secret", "s", 0600);
	CHECK(file_read_secret("secret", &bytes, &size, &err) == 0);
	free(bytes);
	CHECK(chmod("secret", 0640) == 0);
	CHECK(file_read_secret("secret", &bytes, &size, &err) < 0);
	CHECK(err.kind == ERR_DENIED && strstr(err.text, "chmod 600 secret"));
}

/* Another process holds the lock: its pid is named; it dies, and it is free. */
static void locked(void)
{
	char pid[32];
	int lock, ready[2], status;
	pid_t child;

	CHECK(pipe(ready) == 0);
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		if (file_lock("shared", 0, &err) < 0 ||
		    write(ready[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause(); /* until it is killed */
	}
	CHECK(read(ready[0], pid, 1) == 1);
	snprintf(pid, sizeof(pid), "pid %ld on ", (long)child);
	CHECK(file_lock("shared", 50, &err) < 0);
	CHECK(err.kind == ERR_RETRY && strstr(err.text, pid));
	CHECK(strstr(err.text, " since 2"));
	CHECK(kill(child, SIGKILL) == 0);
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	lock = file_lock("shared", 5000, &err);
	CHECK(lock >= 0);
	file_unlock(lock);
	file_unlock(-1);
	close(ready[0]);
	close(ready[1]);
}

static void leave(void)
{
	static const char *const made[] = {
		"one", "link", "fifo", "large", "secret", "shared.lock", NULL};
	size_t i;

	for (i = 0; made[i]; i++)
		CHECK(unlink(made[i]) == 0);
	CHECK(rmdir("dir") == 0);
	CHECK(entries() == 0); /* nothing else was left */
	CHECK(chdir("../..") == 0 && rmdir(folder) == 0);
}

int main(void)
{
	CHECK(mkdtemp(folder) && chdir(folder) == 0);
	umask(077);
	replaced();
	swept();
	large();
	secrets();
	locked();
	leave();
	return 0;
}
