/* http.c - bytes in, bytes out, and the faults of the wire. */
#include "http.h"

#include "control.h"
#include "request.h"
#include "requests.h"

#include "base/clock.h"
#include "base/strbuf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (1u << 20)

static struct MHD_Daemon *server;

/* One request on its way, from its first line to its last byte. */
struct exchange {
	char *target;
	struct strbuf body;
	bool begun;    /* its headers have been seen */
	bool answered; /* the work is done */
	struct reply reply;
	enum fault_kind fault;
	int mb;
	struct MHD_Connection *connection;
	int64_t resume_ms; /* when it is suspended */
	struct exchange *next;
};

static struct exchange *suspended;

/* The path and query as they were sent: what was signed. */
static void *begin(void *unused, const char *uri, struct MHD_Connection *conn)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	(void)unused;
	if (!exchange)
		abort();
	exchange->body = (struct strbuf)STRBUF(BODY_MAX);
	exchange->target = strdup(uri);
	exchange->connection = conn;
	return exchange;
}

static void end(void *unused, struct MHD_Connection *connection, void **kept,
		enum MHD_RequestTerminationCode how)
{
	struct exchange *exchange = *kept;

	(void)unused;
	(void)connection;
	(void)how;
	if (!exchange)
		return;
	for (struct exchange **at = &suspended; *at; at = &(*at)->next)
		if (*at == exchange) {
			*at = exchange->next;
			break;
		}
	json_decref(exchange->reply.body);
	strbuf_free(&exchange->body);
	free(exchange->target);
	free(exchange);
	*kept = NULL;
}

/* As it came: what stands at {} is decoded later, once. */
static size_t as_it_is(void *unused, struct MHD_Connection *connection,
		       char *text)
{
	(void)unused;
	(void)connection;
	return strlen(text);
}

/* A body of `size` bytes: `text`, then spaces; `stop_at` cuts it off. */
struct stream {
	char *text;
	uint64_t len, stop_at;
};

static ssize_t stream_read(void *cls, uint64_t at, char *to, size_t most)
{
	const struct stream *stream = cls;
	size_t n = 0;

	if (at >= stream->stop_at)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (most > stream->stop_at - at)
		most = (size_t)(stream->stop_at - at);
	if (at < stream->len) {
		n = (size_t)(stream->len - at);
		n = n < most ? n : most;
		memcpy(to, stream->text + at, n);
	}
	memset(to + n, ' ', most - n);
	return (ssize_t)most;
}

static void stream_free(void *cls)
{
	struct stream *stream = cls;

	free(stream->text);
	free(stream);
}

/* text is kept. */
static struct MHD_Response *streamed(char *text, uint64_t size,
				     uint64_t stop_at)
{
	struct stream *stream = malloc(sizeof(*stream));

	if (!stream)
		abort();
	*stream = (struct stream){text, strlen(text), stop_at};
	return MHD_create_response_from_callback(size, 65536, stream_read,
						 stream, stream_free);
}

static struct MHD_Response *response(const struct exchange *exchange)
{
	const struct reply *reply = &exchange->reply;
	size_t len;
	char *text = reply->body ? json_dumps(reply->body, JSON_COMPACT)
				 : strdup("");

	if (!text)
		abort();
	len = strlen(text);
	switch (exchange->fault) {
	case FAULT_TRUNCATED:
		return streamed(text, len, len / 2);
	case FAULT_OVERSIZED:
		/* Still JSON, if one has the room to find out. */
		return streamed(text, (uint64_t)exchange->mb << 20,
				(uint64_t)exchange->mb << 20);
	case FAULT_INVALID_JSON:
		if (len)
			text[len - 1] = ';';
		break;
	case FAULT_HTML:
		free(text);
		text = strdup("<html><head><title>502 Bad Gateway</title>"
			      "</head><body><h1>502 Bad Gateway</h1></body>"
			      "</html>\n");
		len = strlen(text);
		break;
	default:
		break;
	}
	return MHD_create_response_from_buffer(len, text,
					       MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection,
				  const struct exchange *exchange)
{
	const struct reply *reply = &exchange->reply;
	struct MHD_Response *out = response(exchange);
	enum MHD_Result rc;

	if (!out)
		return MHD_NO;
	if (exchange->fault == FAULT_HTML)
		MHD_add_response_header(out, "Content-Type", "text/html");
	else if (reply->status != 204)
		MHD_add_response_header(out, "Content-Type",
					"application/json");
	for (size_t i = 0; i < reply->header_count; i++)
		MHD_add_response_header(out, reply->headers[i].name,
					reply->headers[i].value);
	rc = MHD_queue_response(connection, (unsigned)reply->status, out);
	MHD_destroy_response(out);
	return rc;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
	const char *value =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

static void suspend(struct exchange *exchange, int ms)
{
	exchange->resume_ms = clock_now_ms() + ms;
	exchange->next = suspended;
	suspended = exchange;
	MHD_suspend_connection(exchange->connection);
}

/* What a fault puts in the place of the cloud's answer; false: nothing. */
static bool instead(struct exchange *exchange, const struct fault *fault)
{
	struct reply *reply = &exchange->reply;

	if (fault->kind == FAULT_HTML) {
		reply->status = fault->status ? fault->status : 502;
		return true;
	}
	if (fault->kind == FAULT_REDIRECT) {
		reply->status = 302;
		reply_header(reply, "Location", fault->text);
		return true;
	}
	return false;
}

/* Does the work, and leaves the answer in exchange->reply. */
static void work(struct exchange *exchange, const char *method)
{
	struct MHD_Connection *connection = exchange->connection;
	struct request request = {
		.method = method,
		.target = exchange->target,
		.authorization = header(connection, "Authorization"),
		.host = header(connection, "Host"),
		.filter = header(connection, "X-Filter"),
		.body = strbuf_text(&exchange->body),
	};
	struct reply *reply = &exchange->reply;

	request.json = json_loads(request.body, JSON_REJECT_DUPLICATES, NULL);
	if (strncmp(request.target, "/control/", 9) == 0) {
		control_answer(&request, reply);
	} else if (!cloud_route(&request)) {
		reply_json(reply, 404,
			   json_pack("{s:s}", "error", "no such cloud"));
	} else {
		request.fault = faults_take(request.cloud, request.operation,
					    request.target, request.body);
		exchange->fault = request.fault.kind;
		exchange->mb = request.fault.mb;
		if (exchange->fault != FAULT_CUT_BEFORE &&
		    !instead(exchange, &request.fault))
			cloud_answer(&request, reply);
		requests_add(&request, reply->status);
		if (exchange->fault == FAULT_SLOW)
			suspend(exchange, request.fault.ms);
	}
	json_decref(request.json);
}

static enum MHD_Result serve(void *unused, struct MHD_Connection *connection,
			     const char *url, const char *method,
			     const char *version, const char *data,
			     size_t *data_size, void **kept)
{
	struct exchange *exchange = *kept;

	(void)unused;
	(void)url;
	(void)version;
	if (!exchange)
		return MHD_NO;
	if (*data_size) {
		strbuf_add(&exchange->body, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	if (!exchange->begun) {
		/* The first call has the headers only; MHD calls again. */
		exchange->begun = true;
		return MHD_YES;
	}
	if (!exchange->answered) {
		exchange->answered = true;
		work(exchange, method);
		if (exchange->fault == FAULT_SLOW)
			return MHD_YES;
	}
	if (exchange->fault == FAULT_CUT_BEFORE ||
	    exchange->fault == FAULT_CUT_AFTER)
		return MHD_NO;
	return send_reply(connection, exchange);
}

int http_listen(int port, const char *certificate, const char *key, int *bound,
		struct err *err)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	const union MHD_DaemonInfo *info;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			 (certificate ? MHD_USE_TLS : 0u);

	server = MHD_start_daemon(
		flags, (uint16_t)port, NULL, NULL, serve, NULL,
		MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK,
		begin, NULL, MHD_OPTION_NOTIFY_COMPLETED, end, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, as_it_is, NULL,
		MHD_OPTION_CONNECTION_LIMIT, 4000u,
		MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_ARRAY,
		certificate ? tls : none, MHD_OPTION_END);
	if (!server)
		return err_sys(err, "cannot listen on port %d", port);
	info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
	*bound = info ? info->port : port;
	return 0;
}

/* Those that have waited long enough go on; ms until the next, or -1. */
static int resume_due(void)
{
	int64_t now = clock_now_ms();
	int wait = -1;

	for (struct exchange **at = &suspended; *at;) {
		struct exchange *exchange = *at;

		if (exchange->resume_ms <= now) {
			*at = exchange->next;
			MHD_resume_connection(exchange->connection);
			wait = 0; /* MHD_run() goes on with it */
			continue;
		}
		if (wait < 0 || exchange->resume_ms - now < wait)
			wait = (int)(exchange->resume_ms - now);
		at = &exchange->next;
	}
	return wait;
}

int http_serve(int signal_fd, struct err *err)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[2] = {
		{.fd = info ? info->epoll_fd : -1, .events = POLLIN},
		{.fd = signal_fd, .events = POLLIN},
	};

	for (;;) {
		int wait = resume_due();
		MHD_UNSIGNED_LONG_LONG most;

		if (MHD_get_timeout(server, &most) == MHD_YES &&
		    (wait < 0 || most < (unsigned)wait))
			wait = (int)most;
		if (poll(fds, 2, wait) < 0 && errno != EINTR)
			return err_sys(err, "poll");
		if (fds[1].revents)
			return 0;
		if (MHD_run(server) != MHD_YES)
			return err_set(err, ERR_SYSTEM, "the server stopped");
	}
}

void http_close(void)
{
	while (suspended) {
		struct exchange *exchange = suspended;

		suspended = exchange->next;
		MHD_resume_connection(exchange->connection);
	}
	MHD_stop_daemon(server);
	server = NULL;
}
