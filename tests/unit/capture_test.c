/* capture_test.c - the names of images: dated, cut, never two the same. */
#include "cloud/capture.h"

#include "check.h"

#define WHEN 1785154530 /* 2026-07-27T12:15:30Z */

static struct err err;

static void names(void)
{
	char name[NAME_SIZE], other[NAME_SIZE];

	capture_image_name(name, sizeof(name), "ws-1", WHEN, 63);
	CHECK_TEXT(name, "ws-1-20260727T121530Z");
	capture_image_name(name, sizeof(name), "ws-1", WHEN, 21);
	CHECK_TEXT(name, "ws-1-20260727T121530Z");
	capture_image_name(name, sizeof(name), "ws-1", WHEN, 20);
	CHECK(strlen(name) == 20 && strncmp(name, "ws-1-20260727", 13) == 0);
	capture_image_name(other, sizeof(other), "ws-1", WHEN + 1, 20);
	CHECK(strcmp(name, other) != 0);
	capture_image_name(other, sizeof(other), "ws-2", WHEN, 20);
	CHECK(strcmp(name, other) != 0);
	CHECK(strspn(name + 14, "0123456789abcdef") == 6 && name[13] == '-');
}

static void chosen(void)
{
	static const struct provider cloud = {.name = "cloud",
					      .image_name_max = 63};
	struct journal journal = {.lock = -1};
	struct world world = {0};
	struct machine *machine = world_add_machine(&world, &err);
	struct image *image;
	struct target *target = journal_add(&journal, GOAL_IMAGE, &err);

	snprintf(machine->name, sizeof(machine->name), "ws");
	snprintf(machine->id, sizeof(machine->id), "id-7");
	machine->disk_gb = 25;
	snprintf(target->machine, sizeof(target->machine), "ws");
	image = world_add_image(&world, &err);
	snprintf(image->name, sizeof(image->name), "ws-20260727T121530Z");
	image = world_add_snapshot(&world, &err);
	snprintf(image->name, sizeof(image->name), "ws-20260727T121531Z");
	snprintf(image->machine, sizeof(image->machine), "ws");
	CHECK(capture_prepare(&journal, &cloud, &world, WHEN, &err) == 0);
	CHECK_TEXT(target->image, "ws-20260727T121532Z");
	CHECK_TEXT(target->machine_id, "id-7");
	CHECK(target->disk_gb == 25);

	machine = world_add_machine(&world, &err);
	snprintf(machine->name, sizeof(machine->name), "ws");
	snprintf(machine->id, sizeof(machine->id), "id-8");
	CHECK(capture_prepare(&journal, &cloud, &world, WHEN, &err) < 0);
	CHECK(err.kind == ERR_REFUSED && strstr(err.text, "id-7 and id-8"));

	snprintf(target->machine, sizeof(target->machine), "nobody");
	CHECK(capture_prepare(&journal, &cloud, &world, WHEN, &err) < 0);
	CHECK(err.kind == ERR_NO && strstr(err.text, "nobody"));
	world_clear(&world);
	journal_clear(&journal);
}

int main(void)
{
	names();
	chosen();
	return 0;
}
