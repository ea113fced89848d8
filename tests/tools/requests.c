/* requests.c - prints what a provider asks, one request a line: method, path
 * and body, apart by tabs. For tests that show them to somebody else. */
#include "cloud/provider.h"

#include <stdio.h>
#include <stdlib.h>

static void print(const struct http_request *req)
{
	char *body = req->body ? json_dumps(req->body, JSON_COMPACT) : NULL;

	printf("%s\t%s\t%s\n", http_method_name(req->method),
	       strbuf_text(&req->path), body ? body : "");
	free(body);
}

static void print_lists(const struct provider *cloud)
{
	int kind;

	for (kind = 0; kind < LIST_COUNT; kind++) {
		const struct list *list = &cloud->lists[kind];
		struct http_request req;

		if (!list->path)
			continue;
		http_request_init(&req);
		strbuf_adds(&req.path, list->path);
		if (list->narrow)
			list->narrow("region", &req);
		print(&req);
		http_request_free(&req);
	}
}

static void print_steps(const struct provider *cloud)
{
	char user_data[] = "#cloud-config\n";
	const struct target target = {.machine = "ws",
				      .machine_id = "ws",
				      .image = "ws-20260821T101530Z",
				      .image_id = "f1",
				      .snapshot_id = "s1",
				      .label = "webserver",
				      .size = "small",
				      .size_id = "small",
				      .vpc_id = "net",
				      .firewall_id = "wall",
				      .ssh_key_id = "key",
				      .tag = "demo",
				      .task_id = "t1",
				      .disk_id = "1",
				      .region = "region",
				      .user_data = user_data,
				      .root_password = "nobody's"};
	int step;

	for (step = 0; step < STEP_COUNT; step++) {
		struct http_request req;

		if (!cloud->actions[step].request)
			continue;
		http_request_init(&req);
		cloud->actions[step].request(&target, &req);
		print(&req);
		http_request_free(&req);
	}
}

int main(int argc, char **argv)
{
	const struct provider *cloud;
	struct http_request req;
	struct err err;

	if (argc != 2) {
		fputs("usage: requests CLOUD\n", stderr);
		return ERR_USAGE;
	}
	cloud = provider_find(argv[1], &err);
	if (!cloud) {
		fprintf(stderr, "requests: %s\n", err.text);
		return (int)err.kind;
	}
	http_request_init(&req);
	cloud->whoami_request(&req);
	print(&req);
	http_request_free(&req);
	print_lists(cloud);
	print_steps(cloud);
	return fflush(stdout) == 0 ? 0 : ERR_SYSTEM;
}
