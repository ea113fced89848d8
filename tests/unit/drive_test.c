/* drive_test.c - whole runs against a small cloud: lost replies, failures,
 * interrupts; one image, and the machine on. */
#include "cloud/drive.h"

#include "check.h"
#include "cloud/reply.h"
#include "server.h"

static struct err err;
static const struct credentials nobody;

/* ---- the cloud: one machine, its images ---- */

static struct {
	bool running;
	int images; /* made so far */
	int stops, starts;
	int lose;      /* so many image replies are lost, the work done */
	int drop;      /* so many image requests are lost, nothing done */
	int garble;    /* so many image replies are not JSON, the work done */
	int refuse;    /* status for an image request, or 0 */
	int stop_seen; /* observations until a stop has its effect */
	int deny;      /* every request gets this status */
	bool forget;   /* the image request is accepted, and nothing comes */
} sky;

static const char *make_image(void)
{
	if (sky.drop > 0) {
		sky.drop--;
		return NULL;
	}
	if (sky.refuse)
		return server_reply(sky.refuse, "", "{\"message\": \"full\"}");
	if (!sky.forget)
		sky.images++;
	if (sky.lose > 0) {
		sky.lose--;
		return NULL;
	}
	if (sky.garble > 0) {
		sky.garble--;
		return server_reply(202, "", "<html>");
	}
	return server_reply(202, "", "{}");
}

static const char *answer(const char *request, void *user)
{
	char body[256];

	if (sky.deny)
		return server_reply(sky.deny, "", "{\"message\": \"no\"}");
	if (strncmp(request, "POST /image ", 12) == 0)
		return make_image();
	if (strncmp(request, "POST /stop ", 11) == 0) {
		sky.stops++;
		sky.running = false;
	} else if (strncmp(request, "POST /start ", 12) == 0) {
		sky.starts++;
		sky.running = true;
	}
	snprintf(body, sizeof(body),
		 "{\"machines\": [{\"id\": \"m\", \"name\": \"ws\", "
		 "\"state\": \"%s\"}], \"images\": [%s%s%s]}",
		 sky.running ? "running" : "stopped",
		 sky.images ? "{\"id\": \"i\", \"name\": \"" : "",
		 sky.images ? (const char *)user : "", sky.images ? "\"}" : "");
	return server_reply(200, "", body);
}

/* ---- the provider ---- */

static int read_machine(json_t *row, struct world *world, struct err *why)
{
	struct machine *machine = world_add_machine(world, why);

	if (!machine)
		return -1;
	machine->state = strcmp(reply_text(row, "state"), "running") == 0
				 ? MACHINE_RUNNING
				 : MACHINE_STOPPED;
	return COPY(machine->id, reply_text(row, "id"), why) < 0
		       ? -1
		       : COPY(machine->name, reply_text(row, "name"), why);
}

static int read_image(json_t *row, struct world *world, struct err *why)
{
	struct image *image = world_add_image(world, why);

	if (!image)
		return -1;
	image->state = IMAGE_READY;
	return COPY(image->id, reply_text(row, "id"), why) < 0
		       ? -1
		       : COPY(image->name, reply_text(row, "name"), why);
}

static void explain(const json_t *reply, char *text, size_t size)
{
	snprintf(text, size, "%s", reply_text(reply, "message"));
}

static void image_request(const struct target *target, struct http_request *req)
{
	(void)target;
	req->method = HTTP_POST;
	req->may_repeat = false;
	strbuf_adds(&req->path, "/image");
}

static void stop_request(const struct target *target, struct http_request *req)
{
	(void)target;
	req->method = HTTP_POST;
	strbuf_adds(&req->path, "/stop");
}

static void start_request(const struct target *target, struct http_request *req)
{
	(void)target;
	req->method = HTTP_POST;
	strbuf_adds(&req->path, "/start");
}

static const struct provider cloud = {
	.name = "cloud",
	.base_url = "",
	.image_name_max = 63,
	.traits = {.appears_within_s = 1,
		   .poll_first_ms = 1,
		   .poll_most_ms = 5},
	.explain = explain,
	.lists = {[LIST_MACHINES] = {.path = "/all",
				     .rows = "machines",
				     .read = read_machine},
		  [LIST_IMAGES] = {.path = "/all",
				   .rows = "images",
				   .read = read_image}},
	.actions = {[STEP_IMAGE] = {image_request, NULL},
		    [STEP_STOP] = {stop_request, NULL},
		    [STEP_START] = {start_request, NULL}},
};

/* ---- the runs ---- */

static unsigned tried; /* so often runs before this one asked for the image */
static bool stopped_flag;

static bool stopped(void)
{
	return stopped_flag;
}

static void stop_when_off(const struct journal *journal, int64_t elapsed_s)
{
	(void)journal;
	(void)elapsed_s;
	if (!sky.running)
		stopped_flag = true;
}

/* Runs a capture of ws to its end: 0 or the err's kind. */
static int capture(bool power_off, bool interrupted)
{
	static char image[] = "ws-1";
	struct server *server = server_start(answer, image);
	struct http_endpoint endpoint = {.socket = ""};
	struct journal journal = {.lock = -1};
	struct target *target;
	struct engine engine;
	struct drive drive = {.engine = &engine,
			      .journal = &journal,
			      .stopped = stopped,
			      .progress = interrupted ? stop_when_off : NULL};
	int rc;

	stopped_flag = false;
	snprintf(endpoint.base_url, sizeof(endpoint.base_url), "%s",
		 server_url(server));
	CHECK(engine_init(&engine, &cloud, &endpoint, &nobody, "", &err) == 0);
	target = journal_add(&journal, GOAL_IMAGE, &err);
	CHECK(target);
	target->power_off = power_off;
	target->tries = tried;
	target->sent = tried ? STEP_IMAGE : STEP_WAIT;
	snprintf(target->machine, sizeof(target->machine), "ws");
	snprintf(target->image, sizeof(target->image), "%s", image);
	rc = drive_run(&drive, &err);
	if (rc == 0) {
		CHECK(target->finished);
		CHECK_TEXT(target->image_id, "i");
	} else {
		CHECK(!target->finished && target->failed);
		CHECK_TEXT(target->err.text, err.text);
	}
	journal_clear(&journal);
	engine_free(&engine);
	server_stop(server);
	return rc == 0 ? 0 : (int)err.kind;
}

static void fresh_sky(void)
{
	memset(&sky, 0, sizeof(sky));
	sky.running = true;
}

int main(void)
{
	fresh_sky();
	CHECK(capture(false, false) == 0);
	CHECK(sky.images == 1 && sky.stops == 0);

	fresh_sky();
	CHECK(capture(true, false) == 0);
	CHECK(sky.images == 1 && sky.stops == 1 && sky.starts == 1 &&
	      sky.running);

	/* the work was done, the reply lost: it is not asked for again */
	fresh_sky();
	sky.lose = 1;
	CHECK(capture(false, false) == 0);
	CHECK(sky.images == 1);

	/* nor when the reply cannot be read */
	fresh_sky();
	sky.garble = 1;
	CHECK(capture(true, false) == 0);
	CHECK(sky.images == 1 && sky.running);

	/* the request was lost: it is, once it surely is not there */
	fresh_sky();
	sky.drop = 1;
	CHECK(capture(false, false) == 0);
	CHECK(sky.images == 1);

	fresh_sky();
	sky.refuse = 422;
	CHECK(capture(true, false) == ERR_REFUSED);
	CHECK(strstr(err.text, "full (POST /image: status 422)"));
	CHECK(sky.images == 0 && sky.running && sky.starts == 1);

	fresh_sky();
	sky.forget = true;
	CHECK(capture(false, false) == ERR_REFUSED);
	CHECK(strstr(err.text, "asked three times"));

	/* a run whose tries a run before it used up asks again */
	fresh_sky();
	tried = 3;
	CHECK(capture(false, false) == 0);
	CHECK(sky.images == 1);
	tried = 0;

	fresh_sky();
	CHECK(capture(true, true) == ERR_RETRY);
	CHECK(strstr(err.text, "interrupted while"));
	CHECK(sky.running && sky.images <= 1);
	return 0;
}
