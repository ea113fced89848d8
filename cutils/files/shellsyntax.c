/* shellsyntax.c - sh -n as a child; see shellsyntax.h.
 *
 * A socket and not a pipe is its standard input: a shell that stops at the
 * first error leaves bytes unread, and send(2) can be told not to raise SIGPIPE
 * without touching the signals of the program that called. */
#define _GNU_SOURCE /* pipe2 */
#include "files/shellsyntax.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMPLAINT_SIZE 160

struct child {
	pid_t pid;
	int to;	  /* its standard input; -1 when all is sent */
	int from; /* its standard error; -1 when it is at its end */
	char complaint[COMPLAINT_SIZE];
	size_t len;
};

static int spawn_shell(struct child *child, int in, int out)
{
	static char *const argv[] = {(char *)"sh", (char *)"-n", NULL};
	static char *const environment[] = {(char *)"PATH=/usr/bin:/bin",
					    (char *)"LC_ALL=C.UTF-8", NULL};
	posix_spawn_file_actions_t actions;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed)
		return failed;
	failed = posix_spawn_file_actions_adddup2(&actions, in, 0);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&actions, out, 2);
	if (!failed)
		failed = posix_spawn_file_actions_addopen(
			&actions, 1, "/dev/null", O_WRONLY, 0);
	if (!failed)
		failed = posix_spawn(&child->pid, "/bin/sh", &actions, NULL,
				     argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

/* Above 2, so that setting up the child's own descriptors closes none. */
static int raise_fd(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	close(fd);
	return high;
}

static int start(struct child *child, struct err *err)
{
	int in[2], out[2], failed;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) < 0)
		return err_sys(err, "cannot run sh");
	if (pipe2(out, O_CLOEXEC) < 0) {
		err_sys(err, "cannot run sh");
		close(in[0]);
		close(in[1]);
		return -1;
	}
	child->to = raise_fd(in[1]);
	child->from = raise_fd(out[0]);
	in[0] = raise_fd(in[0]);
	out[1] = raise_fd(out[1]);
	failed = spawn_shell(child, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (failed) {
		close(child->to);
		close(child->from);
		errno = failed;
		return err_sys(err, "cannot run sh");
	}
	return 0;
}

static void send_more(struct child *child, const char **text, size_t *size)
{
	ssize_t sent =
		send(child->to, *text, *size, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0) {
		*text += sent;
		*size -= (size_t)sent;
	}
	/* an early end of the shell is told by its status */
	if (*size == 0 || (sent < 0 && errno != EAGAIN && errno != EINTR)) {
		close(child->to);
		child->to = -1;
	}
}

static void hear_more(struct child *child)
{
	char bytes[512];
	ssize_t got = read(child->from, bytes, sizeof(bytes));
	size_t room = sizeof(child->complaint) - 1 - child->len;

	if (got > 0) {
		if ((size_t)got < room)
			room = (size_t)got;
		memcpy(child->complaint + child->len, bytes, room);
		child->len += room;
	} else if (got == 0 || errno != EINTR) {
		close(child->from);
		child->from = -1;
	}
}

/* Until the shell has closed its standard error: false past the deadline. */
static bool converse(struct child *child, const char *text, size_t size,
		     int64_t until_ms)
{
	if (size == 0)
		send_more(child, &text, &size);
	while (child->from >= 0) {
		struct pollfd fds[2] = {
			{.fd = child->from, .events = POLLIN},
			{.fd = child->to, .events = POLLOUT},
		};
		int64_t left_ms = until_ms - clock_now_ms();

		if (left_ms <= 0)
			return false;
		if (poll(fds, 2, (int)left_ms) <= 0)
			continue;
		if (fds[0].revents)
			hear_more(child);
		if (child->to >= 0 && fds[1].revents)
			send_more(child, &text, &size);
	}
	return true;
}

static int verdict(struct child *child, int status, struct err *err)
{
	child->complaint[child->len] = '\0';
	child->complaint[strcspn(child->complaint, "\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status))
		return err_set(err, ERR_DATA, "sh -n refuses it: %s",
			       child->complaint[0] ? child->complaint
						   : "it does not say why");
	return err_set(err, ERR_SYSTEM, "sh -n was ended by signal %d",
		       WTERMSIG(status));
}

int shell_syntax(const char *text, size_t size, int wait_ms, struct err *err)
{
	struct child child = {.pid = -1};
	bool in_time;
	int status = 0;
	pid_t ended;

	if (start(&child, err) < 0)
		return -1;
	in_time = converse(&child, text, size, clock_now_ms() + wait_ms);
	if (child.to >= 0)
		close(child.to);
	if (child.from >= 0)
		close(child.from);
	if (!in_time)
		kill(child.pid, SIGKILL);
	do {
		ended = waitpid(child.pid, &status, 0);
	} while (ended < 0 && errno == EINTR);
	if (ended < 0)
		return err_sys(err, "cannot wait for sh");
	if (!in_time)
		return err_set(err, ERR_RETRY, "sh -n did not answer in time");
	return verdict(&child, status, err);
}
