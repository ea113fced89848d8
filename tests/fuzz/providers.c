/* providers.c - any JSON as a reply of every cloud, to every reader it has.
 *
 * What a cloud says reaches a terminal and files of ours: no text that was read
 * may hold a control character. */
#include "cloud/provider.h"

#include "cloud/reply.h"
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

static bool plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static void check(const struct world *world)
{
	size_t i;

	for (i = 0; i < world->machine_count; i++)
		PROMISE(plain(world->machines[i].id) &&
			plain(world->machines[i].name) &&
			plain(world->machines[i].region));
	for (i = 0; i < world->image_count; i++)
		PROMISE(plain(world->images[i].id) &&
			plain(world->images[i].name));
	for (i = 0; i < world->snapshot_count; i++)
		PROMISE(plain(world->snapshots[i].id));
	for (i = 0; i < world->task_count; i++)
		PROMISE(plain(world->tasks[i].id));
	for (i = 0; i < world->offer_count; i++)
		PROMISE(plain(world->offers[i].id) &&
			plain(world->offers[i].name));
}

static void read_all(const struct provider *cloud, json_t *reply)
{
	struct target target = {.goal = GOAL_IMAGE, .doing = ""};
	struct world world = {0};
	char text[256], path[1024];
	bool more;
	struct err err;
	int i;

	for (i = 0; i < LIST_COUNT; i++) {
		const struct list *list = &cloud->lists[i];

		if (!list->path)
			continue;
		if (reply_rows(list, reply, &world, &err) == 0)
			check(&world);
		world_clear(&world);
		snprintf(path, sizeof(path), "%s", list->path);
		if (list->next &&
		    list->next(reply, path, sizeof(path), &more, &err) == 0)
			PROMISE(plain(path));
	}
	for (i = 0; i < STEP_COUNT; i++)
		if (cloud->actions[i].reply)
			cloud->actions[i].reply(reply, &target, &err);
	PROMISE(plain(target.task_id) && plain(target.image_id) &&
		plain(target.snapshot_id) && plain(target.machine_id));
	cloud->whoami_reply(reply, text, sizeof(text), &err);
	cloud->explain(reply, text, sizeof(text));
	if (cloud->busy)
		cloud->busy(400, reply);
	target_free(&target);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	json_t *reply = json_loadb((const char *)bytes, size, 0, NULL);
	const struct provider *cloud;
	size_t i;

	for (i = 0; reply && (cloud = provider_at(i)) != NULL; i++)
		read_all(cloud, reply);
	json_decref(reply);
	return 0;
}
