/* endpoint_test.c - where an API is: given, the provider's, or a socket. */
#include "cloud/endpoint.h"

#include "check.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct err err;
static struct http_endpoint found;

static void expect(const char *url, const char *base_url, const char *socket)
{
	static const struct provider cloud = {
		.name = "cloud", .base_url = "https://api.example.com/v2"};

	CHECK(endpoint_find(&cloud, url, "", NULL, &found, &err) == 0);
	CHECK_TEXT(found.base_url, base_url);
	CHECK_TEXT(found.socket, socket);
}

static void refuse(const char *url, const char *words)
{
	static const struct provider cloud = {.name = "cloud", .base_url = ""};

	CHECK(endpoint_find(&cloud, url, "", NULL, &found, &err) < 0);
	CHECK(err.kind == ERR_USAGE && strstr(err.text, words));
}

static void sockets(void)
{
	static const char *const tried[] = {"$NO_SUCH_DIR/unix.socket",
					    "$ADT_TEST_DIR/unix.socket", NULL};
	static const struct provider cloud = {
		.name = "cloud", .base_url = "", .sockets = tried};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[] = "build/endpoint.XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unsetenv("NO_SUCH_DIR");
	CHECK(mkdtemp(folder));
	setenv("ADT_TEST_DIR", folder, 1);
	CHECK(endpoint_find(&cloud, NULL, "", NULL, &found, &err) < 0);
	CHECK(err.kind == ERR_NO && strstr(err.text, "--api-url unix:"));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/unix.socket",
		 folder);
	CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	CHECK(endpoint_find(&cloud, NULL, "", NULL, &found, &err) == 0);
	CHECK_TEXT(found.socket, address.sun_path);
	close(fd);
	CHECK(unlink(address.sun_path) == 0 && rmdir(folder) == 0);
}

int main(void)
{
	char longest[400] = "unix:/";

	expect(NULL, "https://api.example.com/v2", "");
	expect("http://127.0.0.1:80/x//", "http://127.0.0.1:80/x", "");
	expect("unix:/run/x.socket", "http://socket", "/run/x.socket");
	refuse("ftp://x", "not https://");
	refuse("api.example.com", "not https://");
	memset(longest + 6, 'x', sizeof(longest) - 7);
	refuse(longest, "longer than a socket");
	memcpy(longest, "http:/", 6);
	longest[6] = '/';
	refuse(longest, "too long");
	sockets();
	return 0;
}
