/* budget_test.c - the request budget: shared, fed by replies, never exceeded.
 */
#include "cloud/budget.h"

#include "check.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct provider cloud = {
	.name = "cloud",
	.limits = {{5000, 3600, ""},
		   {250, 60, ""},
		   {200, 60, "GET ?"},
		   {20, 60, "GET /images"},
		   {20, 15, "POST /machines"}},
};
static const struct http_endpoint endpoint = {.base_url = "https://c.test"};
static const struct credentials token = {"s3cret-token", ""};
static char folder[] = "build/budget_test.XXXXXX";

static int64_t take(struct budget *budget, enum http_method method,
		    const char *path, int64_t now_ms)
{
	struct http_request req;
	int64_t wait_ms;

	http_request_init(&req);
	req.method = method;
	strbuf_adds(&req.path, path);
	wait_ms = budget_take(budget, &req, now_ms);
	http_request_free(&req);
	return wait_ms;
}

static void learn(struct budget *budget, const char *path, int status,
		  const char *headers, int64_t remaining, int64_t retry_after_s,
		  int64_t now_ms)
{
	struct http_reply reply = {.status = status,
				   .remaining = remaining,
				   .retry_after_s = retry_after_s,
				   .headers = (char *)headers};
	struct http_request req;

	http_request_init(&req);
	strbuf_adds(&req.path, path);
	budget_learn(budget, &req, &reply, now_ms, 1000);
	http_request_free(&req);
}

/* How many of these go in so many seconds, asked every 10 ms. */
static unsigned count(struct budget *budget, enum http_method method,
		      const char *path, int64_t *now_ms, int seconds)
{
	int64_t end_ms = *now_ms + (int64_t)seconds * 1000;
	unsigned sent = 0;

	for (; *now_ms < end_ms; *now_ms += 10)
		sent += take(budget, method, path, *now_ms) == 0;
	return sent;
}

/* A process that has not the folder has a budget of its own. */
static struct budget own(void)
{
	struct budget budget;

	setenv("ADT_RUN_DIR", "/nonexistent/folder", 1);
	budget_open(&budget, &cloud, &endpoint, &token, 0);
	CHECK(budget.fd < 0);
	return budget;
}

static void below_every_limit(void)
{
	static const struct {
		enum http_method method;
		const char *path;
		int seconds;
		unsigned most, least;
	} rows[] = {
		{HTTP_GET, "/images?page=1", 60, 19, 17},
		{HTTP_GET, "/images", 60, 19, 17},
		{HTTP_POST, "/machines", 15, 19, 17},
		{HTTP_GET, "/machines?page=2", 60, 190, 180},
		{HTTP_POST, "/machines/7/actions", 60, 238, 225},
		{HTTP_DELETE, "/images/7", 60, 238, 225},
		{HTTP_POST, "/machines/7/actions", 3600, 3000, 2900},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct budget budget = own();
		int64_t now_ms = 0;
		unsigned sent = count(&budget, rows[i].method, rows[i].path,
				      &now_ms, rows[i].seconds);

		if (sent > rows[i].most || sent < rows[i].least) {
			fprintf(stderr, "%s: %u in %d s\n", rows[i].path, sent,
				rows[i].seconds);
			exit(1);
		}
	}
}

static void obeys_replies(void)
{
	struct budget budget = own();
	int64_t now_ms = 0;

	/* the hour's: three are left, and then none until its reset */
	learn(&budget, "/x", 200, "RateLimit-Limit: 5000\n", 3, -1, 0);
	CHECK(count(&budget, HTTP_GET, "/x", &now_ms, 1) == 3);
	learn(&budget, "/x", 200,
	      "ratelimit-limit: 5000\nratelimit-reset: 1100\n", 0, -1, now_ms);
	CHECK(take(&budget, HTTP_GET, "/x", now_ms) == 100000);

	/* the narrowest of those it may mean, where no size is said */
	budget = own();
	learn(&budget, "/images?page=1", 429, "", -1, 30, 0);
	CHECK(take(&budget, HTTP_GET, "/images?page=1", 0) == 30000);
	CHECK(take(&budget, HTTP_GET, "/machines?page=1", 0) == 0);
	CHECK(take(&budget, HTTP_GET, "/images?page=1", 30000) == 0);

	/* nonsense closes it for a second, too much for five minutes */
	budget = own();
	learn(&budget, "/x", 429, "X-RateLimit-Reset: soon\n", -1, -1, 0);
	CHECK(take(&budget, HTTP_GET, "/x", 0) == 1000);
	learn(&budget, "/x", 429, "", -1, 86400, 0);
	CHECK(take(&budget, HTTP_GET, "/x", 0) == 300000);
}

static void no_limits(void)
{
	static const struct provider free_cloud = {.name = "free"};
	struct budget budget;
	int64_t now_ms = 0;

	budget_open(&budget, &free_cloud, &endpoint, &token, 0);
	CHECK(budget.fd < 0);
	CHECK(count(&budget, HTTP_GET, "/x", &now_ms, 1) == 100);
	budget_close(&budget);
}

/* The one file in the folder; its name in name. */
static void only_file(char name[300])
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int files = 0;

	CHECK(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			snprintf(name, 300, "%s/%s", folder, entry->d_name);
			files++;
		}
	closedir(dir);
	CHECK(files == 1);
}

static void shared(void)
{
	static const struct credentials other = {"another-token", ""};
	struct budget one, two, third;
	struct stat is;
	char name[300];
	int64_t now_ms = 0;

	CHECK(mkdtemp(folder));
	setenv("ADT_RUN_DIR", folder, 1);
	budget_open(&one, &cloud, &endpoint, &token, 0);
	budget_open(&two, &cloud, &endpoint, &token, 0);
	CHECK(one.fd >= 0 && two.fd >= 0);
	only_file(name);
	CHECK(!strstr(name, "s3cret"));
	CHECK(stat(name, &is) == 0 && (is.st_mode & 07777) == 0600);
	/* what one takes the other has not */
	CHECK(count(&one, HTTP_GET, "/images", &now_ms, 1) == 4);
	CHECK(take(&two, HTTP_GET, "/images", now_ms) > 0);
	learn(&two, "/x", 429, "", -1, 20, now_ms);
	CHECK(take(&one, HTTP_GET, "/x", now_ms) == 20000);
	now_ms += 20000;
	CHECK(count(&one, HTTP_GET, "/images", &now_ms, 20) +
		      count(&two, HTTP_GET, "/images", &now_ms, 20) <=
	      14);
	budget_close(&one);
	budget_close(&two);

	/* another token has its own; a damaged file is as good as none */
	CHECK(truncate(name, 9) == 0);
	budget_open(&third, &cloud, &endpoint, &token, now_ms);
	CHECK(take(&third, HTTP_GET, "/images", now_ms) == 0);
	budget_close(&third);
	CHECK(unlink(name) == 0);
	budget_open(&third, &cloud, &endpoint, &other, now_ms);
	budget_close(&third);
	only_file(name);
	CHECK(unlink(name) == 0 && rmdir(folder) == 0);
}

int main(void)
{
	unsetenv("ADT_CLOCK");
	below_every_limit();
	obeys_replies();
	no_limits();
	shared();
	return 0;
}
