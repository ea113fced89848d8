/* server.c - see server.h. */
#define _GNU_SOURCE /* strcasestr */
#include "server.h"

#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_CONNECTIONS 64
#define MOST_BYTES 65536

struct server {
	int listener;
	char url[64];
	server_answer *answer;
	void *user;
	pthread_t thread;
	pthread_mutex_t one_at_a_time;
	struct connection {
		struct server *server;
		int fd;
		pthread_t thread;
	} connections[MOST_CONNECTIONS];
	int count;
};

/* Reads one request; false when the client is gone. */
static bool read_request(int fd, char *request)
{
	size_t used = 0, want = 0;

	for (;;) {
		ssize_t got = read(fd, request + used, MOST_BYTES - used - 1);
		char *end;

		if (got <= 0)
			return false;
		used += (size_t)got;
		request[used] = '\0';
		end = strstr(request, "\r\n\r\n");
		if (end && want == 0) {
			const char *length =
				strcasestr(request, "content-length:");

			want = (size_t)(end - request) + 4;
			if (length && length < end)
				want += strtoul(length + 15, NULL, 10);
		}
		if (want > 0 && used >= want)
			return true;
	}
}

static void *serve(void *user)
{
	struct connection *connection = user;
	struct server *server = connection->server;
	char *request = malloc(MOST_BYTES);
	bool open = true;

	CHECK(request);
	while (open && read_request(connection->fd, request)) {
		const char *reply;

		pthread_mutex_lock(&server->one_at_a_time);
		reply = server->answer(request, server->user);
		open = reply && send(connection->fd, reply, strlen(reply),
				     MSG_NOSIGNAL) == (ssize_t)strlen(reply);
		pthread_mutex_unlock(&server->one_at_a_time);
	}
	shutdown(connection->fd, SHUT_RDWR);
	free(request);
	return NULL;
}

static void *listen_for_all(void *user)
{
	struct server *server = user;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		struct connection *connection =
			&server->connections[server->count++];

		CHECK(server->count <= MOST_CONNECTIONS);
		connection->server = server;
		connection->fd = fd;
		CHECK(pthread_create(&connection->thread, NULL, serve,
				     connection) == 0);
	}
	return NULL;
}

struct server *server_start(server_answer *answer, void *user)
{
	struct server *server = calloc(1, sizeof(*server));
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);

	CHECK(server);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(server->listener >= 0);
	CHECK(bind(server->listener, (struct sockaddr *)&address, size) == 0);
	CHECK(listen(server->listener, MOST_CONNECTIONS) == 0);
	CHECK(getsockname(server->listener, (struct sockaddr *)&address,
			  &size) == 0);
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d",
		 ntohs(address.sin_port));
	server->answer = answer;
	server->user = user;
	pthread_mutex_init(&server->one_at_a_time, NULL);
	CHECK(pthread_create(&server->thread, NULL, listen_for_all, server) ==
	      0);
	return server;
}

void server_stop(struct server *server)
{
	int i;

	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	for (i = 0; i < server->count; i++) {
		shutdown(server->connections[i].fd, SHUT_RDWR);
		pthread_join(server->connections[i].thread, NULL);
		close(server->connections[i].fd);
	}
	pthread_mutex_destroy(&server->one_at_a_time);
	free(server);
}

const char *server_url(const struct server *server)
{
	return server->url;
}

const char *server_reply(int status, const char *head, const char *body)
{
	static char reply[MOST_BYTES];
	int len =
		snprintf(reply, sizeof(reply),
			 "HTTP/1.1 %d Said\r\n%sContent-Length: %zu\r\n\r\n%s",
			 status, head, strlen(body), body);

	CHECK(len > 0 && len < (int)sizeof(reply));
	return reply;
}
