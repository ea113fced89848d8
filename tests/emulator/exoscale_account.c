/* exoscale_account.c - zones, instance types, private networks, security
 * groups, ssh keys.
 *
 * Source: openapi-v2.exoscale.com. */
#include "exoscale.h"

#include "work.h"

#include <stdio.h>
#include <string.h>

const struct region exoscale_zones[] = {
	{"ch-gva-2", "Geneva", "CH", ""},
	{"ch-dk-2", "Zurich", "CH", ""},
	{"at-vie-1", "Vienna", "AT", ""},
	{"at-vie-2", "Vienna", "AT", ""},
	{"de-fra-1", "Frankfurt", "DE", ""},
	{"bg-sof-1", "Sofia", "BG", ""},
	{"de-muc-1", "Munich", "DE", ""},
	{"hr-zag-1", "Zagreb", "HR", ""},
	{0},
};

/* The disk is chosen when the instance is created; 10 GiB is the least. */
const struct size exoscale_types[] = {
	{"micro", "standard", 512, 1, 10, 5.3},
	{"tiny", "standard", 1024, 1, 10, 8},
	{"small", "standard", 2048, 2, 10, 15.9},
	{"medium", "standard", 4096, 2, 10, 31.9},
	{"large", "standard", 8192, 4, 10, 63.7},
	{0},
};

static const char *const type_ids[] = {
	"71004023-bb72-4a97-b1e9-bc66dfce9470",
	"b6cd1ff5-3a2f-4e9d-a4d1-8988c1191fe8",
	"21624abb-764e-4def-81d7-9fc54b5957fb",
	"b6e9d1e8-89fc-4db3-aaa4-9b4c5b1d0844",
	"c6f99499-7f59-4138-9427-a09db13af2bc",
};

static const struct stock stock[] = {
	{NULL, "Linux Debian 12 (Bookworm) 64-bit", "debian"},
	{NULL, "Linux Debian 13 (Trixie) 64-bit", "debian"},
	{NULL, "Linux Ubuntu 24.04 LTS 64-bit", "ubuntu"},
};

/* "standard.tiny" is "tiny" too. */
static size_t type_index(const char *slug)
{
	size_t i = 0;

	if (strncmp(slug, "standard.", 9) == 0)
		slug += 9;
	while (exoscale_types[i].slug &&
	       strcmp(exoscale_types[i].slug, slug) != 0)
		i++;
	return i;
}

const char *exoscale_type_id(const char *slug)
{
	return type_ids[type_index(slug)];
}

const char *exoscale_type_slug(const char *id)
{
	for (size_t i = 0; exoscale_types[i].slug; i++)
		if (id && strcmp(type_ids[i], id) == 0)
			return exoscale_types[i].slug;
	return NULL;
}

void exoscale_seed(void)
{
	seed_account(EXOSCALE, exoscale_zones, "adt_private_net_%s");
	for (size_t i = 0; i < sizeof(stock) / sizeof(*stock); i++)
		seed_stock(EXOSCALE, &stock[i], exoscale_zones)->disk_gb = 10;
}

void exoscale_list_zones(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (const struct region *at = exoscale_zones; at->slug; at++)
		json_array_append_new(
			rows,
			json_pack("{s:s, s:o, s:o}", "name", at->slug,
				  "api-endpoint",
				  json_sprintf("https://api-%s.exoscale.com/v2",
					       at->slug),
				  "sos-endpoint",
				  json_sprintf("https://sos-%s.exo.io",
					       at->slug)));
	reply_json(reply, 200, json_pack("{s:o}", "zones", rows));
}

void exoscale_list_types(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (size_t i = 0; exoscale_types[i].slug; i++)
		json_array_append_new(
			rows,
			json_pack("{s:s, s:s, s:s, s:i, s:b, s:I, s:o}", "id",
				  type_ids[i], "size", exoscale_types[i].slug,
				  "family", exoscale_types[i].label, "cpus",
				  exoscale_types[i].vcpus, "authorized", 1,
				  "memory",
				  (json_int_t)exoscale_types[i].memory_mb << 20,
				  "zones", region_slugs(exoscale_zones)));
	reply_json(reply, 200, json_pack("{s:o}", "instance-types", rows));
}

static bool in_zone(const struct request *request, const struct thing *thing)
{
	return strcmp(thing->region, request->zone) == 0;
}

static json_t *network_row(const struct request *request,
			   const struct thing *network)
{
	const struct pile *machines = &states[EXOSCALE].machines;
	json_t *leases = json_array();

	(void)request;
	for (size_t i = 0; i < machines->count; i++) {
		const struct machine *machine = machines->at[i];

		if (list_has(machine->networks, network->id))
			json_array_append_new(
				leases,
				json_pack("{s:s, s:s}", "ip",
					  machine->private_address,
					  "instance-id", machine->thing.id));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:{}, s:o}", "id",
			 network->id, "name", network->name, "description", "",
			 "start-ip", "10.0.0.20", "end-ip", "10.0.0.200",
			 "netmask", "255.255.255.0", "vni",
			 (json_int_t)(network->number % 10000), "labels",
			 "leases", leases);
}

void exoscale_list_networks(struct request *request, struct reply *reply)
{
	exoscale_list(request, reply, "private-networks",
		      &states[EXOSCALE].networks, in_zone, network_row);
}

void exoscale_attach(struct request *request, struct reply *reply)
{
	struct thing *network =
		pile_find(&states[EXOSCALE].networks, request->args[0]);
	const char *id = json_string_value(json_object_get(
		json_object_get(request->json, "instance"), "id"));
	struct machine *machine =
		id ? pile_find(&states[EXOSCALE].machines, id) : NULL;
	struct task *task;

	if (!network || !machine ||
	    strcmp(network->region, machine->thing.region) != 0) {
		exoscale.fail(reply, 404,
			      "Private network or instance not found");
		return;
	}
	if (list_has(machine->networks, network->id)) {
		exoscale.fail(reply, 409, "Instance is attached already");
		return;
	}
	task = work_start(EXOSCALE, "attach-network", NULL, NULL, 2, 0,
			  fault_outcome(&request->fault));
	if (request->fault.kind != FAULT_ACTION_ERROR)
		json_array_append_new(machine->networks,
				      json_string(network->id));
	exoscale_reply_operation(reply, task, "private-network", network->id);
}

static json_t *group_row(const struct request *request,
			 const struct thing *group)
{
	(void)request;
	return json_pack("{s:s, s:s, s:s, s:[]}", "id", group->id, "name",
			 group->name, "description", "", "external-sources");
}

void exoscale_list_groups(struct request *request, struct reply *reply)
{
	exoscale_list(request, reply, "security-groups",
		      &states[EXOSCALE].firewalls, NULL, group_row);
}

static json_t *key_row(const struct request *request, const struct thing *key)
{
	(void)request;
	return json_pack("{s:s, s:s}", "name", key->name, "fingerprint",
			 "4e:5f:0c:3d:1a:7b:9c:2e:8d:6f:01:23:45:67:89:ab");
}

void exoscale_list_keys(struct request *request, struct reply *reply)
{
	exoscale_list(request, reply, "ssh-keys", &states[EXOSCALE].keys, NULL,
		      key_row);
}
