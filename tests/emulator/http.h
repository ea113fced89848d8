/* http.h - the server: libmicrohttpd in one thread, which this module turns.
 *
 * One thread, so that nothing needs a lock and every run is the same. */
#ifndef EMULATOR_HTTP_H
#define EMULATOR_HTTP_H

#include "base/err.h"

/* Listens on 127.0.0.1; port 0 is any. certificate and key are PEM text, both
 * NULL for plain http. *bound is the port. */
int http_listen(int port, const char *certificate, const char *key, int *bound,
		struct err *) MUST_CHECK;

/* Serves until a signal arrives on signal_fd (signalfd(2)). */
int http_serve(int signal_fd, struct err *) MUST_CHECK;

void http_close(void);

#endif
