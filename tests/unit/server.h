/* server.h - a real HTTP server on 127.0.0.1, for the tests of what sends.
 *
 *	server = server_start(answer, NULL);      its base_url is written
 *	...
 *	server_stop(server);
 *
 * answer() is called with each request as it came, head and body, one at a
 * time, and returns what is sent back, byte for byte, or a closed connection
 * (NULL). A thread serves each connection until the client closes it. */
#ifndef TESTS_UNIT_SERVER_H
#define TESTS_UNIT_SERVER_H

struct server;

/* The text (borrowed until the next call), or NULL. */
typedef const char *server_answer(const char *request, void *user);

/* Owned; server_stop() it. Ends the test where it cannot listen. */
struct server *server_start(server_answer *answer, void *user);
void server_stop(struct server *);

/* "http://127.0.0.1:PORT"; borrowed. */
const char *server_url(const struct server *);

/* Writes a whole reply with this status, extra head lines ("" or "A: b\r\n")
 * and body; borrowed until the next call. */
const char *server_reply(int status, const char *head, const char *body);

#endif
