/* provision_test.c - what is refused before a machine is created, in words. */
#include "cloud/provision.h"

#include "check.h"

#define PUT(to, text) snprintf(to, sizeof(to), "%s", text)

static struct err err;
static struct world world;
static struct journal journal = {.lock = -1};

static int nothing(json_t *row, struct world *to, struct err *why)
{
	(void)row, (void)to, (void)why;
	return 0;
}

#define ANY                                              \
	{                                                \
		.path = "/", .rows = "", .read = nothing \
	}
static const struct provider cloud = {.name = "cloud",
				      .needs_root_password = true,
				      .lists = {[LIST_REGIONS] = ANY,
						[LIST_SIZES] = ANY,
						[LIST_NETWORKS] = ANY,
						[LIST_FIREWALLS] = ANY,
						[LIST_KEYS] = ANY}};

static void add_offer(enum offer_kind kind, const char *id, const char *name,
		      const char *region)
{
	struct offer *offer = world_add_offer(&world, kind, &err);

	CHECK(offer);
	PUT(offer->id, id);
	PUT(offer->name, name);
	PUT(offer->region, region);
	if (kind == OFFER_SIZE)
		offer->disk_gb = strcmp(name, "small") == 0 ? 25 : 80;
	if (kind == OFFER_NETWORK)
		PUT(offer->subnet_id, "subnet-1");
}

/* A world with an image of 50 GB in ams3 and nyc3, and what can be asked. */
static void make_world(void)
{
	struct image *image = world_add_image(&world, &err);

	PUT(image->id, "9");
	PUT(image->region, "ams3 nyc3");
	image->state = IMAGE_READY;
	image->min_disk_gb = 50;
	image = world_add_image(&world, &err);
	PUT(image->id, "10");
	image->state = IMAGE_PENDING;
	add_offer(OFFER_REGION, "ams3", "ams3", "");
	add_offer(OFFER_REGION, "nyc3", "nyc3", "");
	add_offer(OFFER_REGION, "lon1", "lon1", "");
	add_offer(OFFER_SIZE, "s1", "small", "");
	add_offer(OFFER_SIZE, "s2", "large", "ams3");
	add_offer(OFFER_NETWORK, "n1", "adt-vpc", "nyc3");
	add_offer(OFFER_NETWORK, "n2", "adt-vpc", "ams3");
	add_offer(OFFER_FIREWALL, "f1", "adt-webserver", "");
	add_offer(OFFER_KEY, "k1", "our-key", "");
}

static struct target *fresh(void)
{
	struct target *target;

	journal_clear(&journal);
	target = journal_add(&journal, GOAL_MACHINE, &err);
	CHECK(target);
	PUT(target->machine, "ws");
	PUT(target->image, "9");
	PUT(target->size, "large");
	PUT(target->vpc, "adt-vpc");
	PUT(target->firewall, "adt-webserver");
	PUT(target->ssh_key, "our-key");
	target->root_password = "s3cret";
	return target;
}

static void refuse(const char *region, enum err_kind kind, const char *words)
{
	CHECK(provision_prepare(&journal, &cloud, &world, region, &err) < 0);
	CHECK(err.kind == kind);
	CHECK_TEXT(err.text, words);
}

static void accepted(void)
{
	struct target *target = fresh();

	CHECK(provision_prepare(&journal, &cloud, &world, "ams3", &err) == 0);
	CHECK_TEXT(target->size_id, "s2");
	CHECK_TEXT(target->vpc_id, "n2");
	CHECK_TEXT(target->subnet_id, "subnet-1");
	CHECK_TEXT(target->firewall_id, "f1");
	CHECK_TEXT(target->ssh_key_id, "k1");
	CHECK_TEXT(target->region, "ams3");
	CHECK(provision_lists(&journal) ==
	      (LISTS_WORLD | 1u << LIST_REGIONS | 1u << LIST_SIZES |
	       1u << LIST_NETWORKS | 1u << LIST_FIREWALLS | 1u << LIST_KEYS));
	target = fresh();
	PUT(target->size, "smallest");
	CHECK(provision_prepare(&journal, &cloud, &world, "ams3", &err) == 0);
	CHECK_TEXT(target->size, "large"); /* the other's disk is too small */
	CHECK_TEXT(target->size_id, "s2");
	target = fresh();
	PUT(target->size, "smallest");
	refuse("nyc3", ERR_REFUSED,
	       "ws: no size can be told to be the smallest that image 9 fits; "
	       "name one");
	PUT(target->ssh_key, "?our-key");
	target->ssh_key_id[0] = '\0';
	CHECK(provision_prepare(&journal, &cloud, &world, "ams3", &err) == 0);
	CHECK_TEXT(target->ssh_key_id, "k1");
	PUT(target->ssh_key, "?other");
	target->ssh_key_id[0] = '\0';
	CHECK(provision_prepare(&journal, &cloud, &world, "ams3", &err) == 0);
	CHECK_TEXT(target->ssh_key_id, "");
	target->firewall[0] = target->ssh_key[0] = '\0';
	CHECK(!(provision_lists(&journal) &
		(1u << LIST_FIREWALLS | 1u << LIST_KEYS)));
}

static void refused(void)
{
	struct machine *machine;

	PUT(fresh()->image, "11");
	refuse("ams3", ERR_REFUSED, "ws: there is no image 11 here");
	PUT(fresh()->image, "10");
	refuse("ams3", ERR_RETRY, "ws: image 10 is not ready yet");
	fresh();
	refuse("lon1", ERR_REFUSED, "ws: image 9 is in ams3 nyc3, not in lon1");
	fresh();
	refuse("", ERR_USAGE,
	       "cloud wants a region for a new machine: --region R");
	fresh()->size[0] = '\0';
	refuse("ams3", ERR_USAGE,
	       "cloud wants a size for a new machine: --size S");
	PUT(fresh()->size, "small");
	refuse("ams3", ERR_REFUSED,
	       "ws: size small has a disk of 25 GB, image 9 needs 50 GB");
	fresh();
	refuse("nyc3", ERR_REFUSED, "ws: there is no size large in nyc3");
	PUT(fresh()->vpc, "other");
	refuse("ams3", ERR_REFUSED, "ws: there is no network other in ams3");
	PUT(fresh()->firewall, "other");
	refuse("ams3", ERR_REFUSED, "ws: there is no firewall other in ams3");
	PUT(fresh()->ssh_key, "other");
	refuse("ams3", ERR_REFUSED, "ws: there is no ssh key other in ams3");
	fresh()->root_password = NULL;
	refuse("ams3", ERR_USAGE,
	       "cloud wants a root password for a new machine: "
	       "--root-password FILE");
	machine = world_add_machine(&world, &err);
	PUT(machine->name, "ws");
	fresh();
	refuse("ams3", ERR_REFUSED,
	       "ws: a machine of that name exists already; take it down first");
}

/* The least memory of those whose disk is large enough, but no less than that
 * of the size that is named. */
static void smallest_with_disks(void)
{
	static const struct {
		const char *name;
		unsigned disk_gb, memory_mb;
	} sizes[] = {{"m1", 60, 4096},
		     {"m2", 50, 8192},
		     {"m3", 25, 512},
		     {"m4", 90, 2048},
		     {"m5", 80, 2048}};
	static const char *const wishes[][2] = {
		{"smallest", "m5"},    {"smallest:m5", "m5"},
		{"smallest:m3", "m5"}, {"smallest:m1", "m1"},
		{"smallest:m2", "m2"},
	};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct offer *offer;

		add_offer(OFFER_SIZE, sizes[i].name, sizes[i].name, "ams3");
		offer = &world.offers[world.offer_count - 1];
		offer->disk_gb = sizes[i].disk_gb;
		offer->memory_mb = sizes[i].memory_mb;
	}
	/* the two of make_world() are out of the way */
	for (i = 0; i < world.offer_count; i++)
		if (strlen(world.offers[i].name) > 2 &&
		    world.offers[i].kind == OFFER_SIZE)
			world.offers[i].memory_mb = 65536;
	for (i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		PUT(fresh()->size, wishes[i][0]);
		CHECK(provision_prepare(&journal, &cloud, &world, "ams3",
					&err) == 0);
		CHECK_TEXT(journal.targets[0].size_id, wishes[i][1]);
	}
}

/* Sizes without a disk of their own are told apart by their memory. */
static void smallest_memory(void)
{
	struct target *target = fresh();
	size_t i;

	for (i = 0; i < world.offer_count; i++) {
		bool small = strcmp(world.offers[i].name, "small") == 0;

		world.offers[i].disk_gb = 0;
		world.offers[i].memory_mb = small ? 512 : 1024;
	}
	PUT(target->size, "smallest");
	CHECK(provision_prepare(&journal, &cloud, &world, "ams3", &err) == 0);
	CHECK_TEXT(target->size_id, "s1");
	PUT(target->size, "smallest:large");
	CHECK(provision_prepare(&journal, &cloud, &world, "ams3", &err) == 0);
	CHECK_TEXT(target->size_id, "s2");
	PUT(target->size, "smallest:no longer offered");
	CHECK(provision_prepare(&journal, &cloud, &world, "ams3", &err) == 0);
	CHECK_TEXT(target->size_id, "s1");
	PUT(target->size, "smallester");
	refuse("ams3", ERR_REFUSED, "ws: there is no size smallester in ams3");
	for (i = 0; i < world.offer_count; i++)
		world.offers[i].memory_mb = 0;
	PUT(fresh()->size, "smallest");
	refuse("ams3", ERR_REFUSED,
	       "ws: no size can be told to be the smallest that image 9 fits; "
	       "name one");
}

int main(void)
{
	make_world();
	accepted();
	refused();
	world_clear(&world);
	make_world();
	smallest_memory();
	world_clear(&world);
	make_world();
	smallest_with_disks();
	world_clear(&world);
	journal_clear(&journal);
	return 0;
}
