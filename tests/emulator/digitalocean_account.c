/* digitalocean_account.c - regions, sizes, VPCs, keys, firewalls; paging.
 *
 * Source: docs.digitalocean.com/reference/api. */
#include "digitalocean.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct region digitalocean_regions[] = {
	{"nyc1", "New York 1", "US", ""},
	{"nyc2", "New York 2", "US", ""},
	{"nyc3", "New York 3", "US", ""},
	{"sfo1", "San Francisco 1", "US", ""},
	{"sfo2", "San Francisco 2", "US", ""},
	{"sfo3", "San Francisco 3", "US", ""},
	{"ams2", "Amsterdam 2", "NL", ""},
	{"ams3", "Amsterdam 3", "NL", ""},
	{"sgp1", "Singapore 1", "SG", ""},
	{"lon1", "London 1", "GB", ""},
	{"fra1", "Frankfurt 1", "DE", ""},
	{"tor1", "Toronto 1", "CA", ""},
	{"blr1", "Bangalore 1", "IN", ""},
	{"syd1", "Sydney 1", "AU", ""},
	{"atl1", "Atlanta 1", "US", ""},
	{0},
};

const struct size digitalocean_sizes[] = {
	{"s-1vcpu-512mb-10gb", "Basic", 512, 1, 10, 4},
	{"s-1vcpu-1gb", "Basic", 1024, 1, 25, 6},
	{"s-1vcpu-2gb", "Basic", 2048, 1, 50, 12},
	{"s-2vcpu-2gb", "Basic", 2048, 2, 60, 18},
	{"s-2vcpu-4gb", "Basic", 4096, 2, 80, 24},
	{"s-4vcpu-8gb", "Basic", 8192, 4, 160, 48},
	{0},
};

static const struct stock stock[] = {
	{"debian-12-x64", "12 x64", "Debian"},
	{"debian-13-x64", "13 x64", "Debian"},
	{"ubuntu-24-04-x64", "24.04 (LTS) x64", "Ubuntu"},
};

void digitalocean_seed(void)
{
	seed_account(DIGITALOCEAN, digitalocean_regions, "adt-vpc");
	for (size_t i = 0; i < sizeof(stock) / sizeof(*stock); i++) {
		struct image *image = seed_stock(DIGITALOCEAN, &stock[i],
						 digitalocean_regions);

		/* The vendor's description of an image does not know the
		 * newest region. */
		json_array_remove(image->regions,
				  json_array_size(image->regions) - 1);
	}
	/* VPCs and firewalls have UUIDs here. */
	for (size_t i = 0; i < states[DIGITALOCEAN].vpcs.count; i++)
		next_uuid(
			((struct thing *)states[DIGITALOCEAN].vpcs.at[i])->id);
	for (size_t i = 0; i < states[DIGITALOCEAN].firewalls.count; i++)
		next_uuid(((struct thing *)states[DIGITALOCEAN].firewalls.at[i])
				  ->id);
}

/* The address of another page, on the vendor's own host, as the vendor says
 * it; the rest of the query stays. */
static void add_link(json_t *links, const char *name,
		     const struct request *request, long page)
{
	size_t path_len = strcspn(request->path, "?");
	const char *at = request->query;
	char text[1024];
	int len = snprintf(text, sizeof(text),
			   "https://api.digitalocean.com%.*s?page=%ld",
			   (int)path_len, request->path, page);

	while (*at && len > 0 && len < (int)sizeof(text)) {
		size_t all = strcspn(at, "&");

		if (strncmp(at, "page=", 5) != 0)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
					"&%.*s", (int)all, at);
		at += all + (at[all] == '&');
	}
	json_object_set_new(links, name, json_string(text));
}

void digitalocean_list(struct request *request, struct reply *reply,
		       const char *name, const struct pile *pile,
		       bool (*shown)(const struct request *,
				     const struct thing *),
		       json_t *(*render)(const struct request *,
					 const struct thing *))
{
	long number = query_int(request, "page", 1);
	long most = query_int(request, "per_page", 20);
	struct page page;
	json_t *rows, *links = json_object();
	long last;

	if (number < 1 || most < 1 || most > 200) {
		json_decref(links);
		digitalocean.fail(reply, 400, "page or per_page is not valid");
		return;
	}
	page.first = (size_t)(number - 1) * (size_t)most;
	page.most = (size_t)most;
	rows = page_rows(pile, &page, request, shown, render);
	last = (long)((page.count + page.most - 1) / page.most);
	if (number > 1) {
		add_link(links, "first", request, 1);
		add_link(links, "prev", request, number - 1);
	}
	if (number < last) {
		add_link(links, "next", request, number + 1);
		add_link(links, "last", request, last);
	}
	reply_json(reply, 200,
		   json_pack("{s:o, s:o, s:{s:I}}", name, rows, "links",
			     json_object_size(links)
				     ? json_pack("{s:o}", "pages", links)
				     : links,
			     "meta", "total", (json_int_t)page.count));
}

void digitalocean_whoami(struct request *request, struct reply *reply)
{
	(void)request;
	reply_json(reply, 200,
		   json_pack("{s:{s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:b, s:s, "
			     "s:s, s:{s:s, s:s}}}",
			     "account", "droplet_limit", 400,
			     "floating_ip_limit", 5, "reserved_ip_limit", 5,
			     "volume_limit", 100, "email", "demo@example.test",
			     "name", "Demo Account", "uuid",
			     "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
			     "email_verified", 1, "status", "active",
			     "status_message", "", "team", "uuid",
			     "5df3e3004a17e242b7c20ca6c9fc25b701a47ece", "name",
			     "My Team"));
}

/* Every droplet shows its region and its size in full: each is made once, and
 * then shared. */
#define SHARED_MAX 32

json_t *digitalocean_region(const char *slug)
{
	static json_t *shared[SHARED_MAX];
	const struct region *region = region_find(digitalocean_regions, slug);
	size_t at = region ? (size_t)(region - digitalocean_regions) : 0;

	if (!region)
		return json_null();
	if (!shared[at])
		shared[at] = json_pack("{s:s, s:s, s:[s, s, s], s:b, s:o}",
				       "name", region->name, "slug", slug,
				       "features", "backups", "metadata",
				       "image_transfer", "available", 1,
				       "sizes", size_slugs(digitalocean_sizes));
	return json_incref(shared[at]);
}

json_t *digitalocean_size(const char *slug)
{
	static json_t *shared[SHARED_MAX];
	const struct size *size = size_find(digitalocean_sizes, slug);
	size_t at = size ? (size_t)(size - digitalocean_sizes) : 0;

	if (!size)
		return json_null();
	if (!shared[at])
		shared[at] = json_pack(
			"{s:s, s:i, s:i, s:i, s:f, s:f, s:f, s:o, s:b, s:s}",
			"slug", slug, "memory", size->memory_mb, "vcpus",
			size->vcpus, "disk", size->disk_gb, "transfer", 1.0,
			"price_monthly", size->monthly, "price_hourly",
			round(size->monthly / 672 * 1e5) / 1e5, "regions",
			region_slugs(digitalocean_regions), "available", 1,
			"description", size->label);
	return json_incref(shared[at]);
}

/* Rows of a table, as if they were a page; there are fewer than one holds. */
static void reply_table(struct reply *reply, const char *name, json_t *rows)
{
	reply_json(reply, 200,
		   json_pack("{s:o, s:{}, s:{s:I}}", name, rows, "links",
			     "meta", "total",
			     (json_int_t)json_array_size(rows)));
}

void digitalocean_list_regions(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (const struct region *at = digitalocean_regions; at->slug; at++)
		json_array_append_new(rows, digitalocean_region(at->slug));
	reply_table(reply, "regions", rows);
}

void digitalocean_list_sizes(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (const struct size *at = digitalocean_sizes; at->slug; at++)
		json_array_append_new(rows, digitalocean_size(at->slug));
	reply_table(reply, "sizes", rows);
}

static json_t *vpc_row(const struct request *request, const struct thing *vpc)
{
	char urn[ID_SIZE + 8];

	(void)request;
	snprintf(urn, sizeof(urn), "do:vpc:%s", vpc->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:o}", "id",
			 vpc->id, "urn", urn, "name", vpc->name, "description",
			 "", "region", vpc->region, "ip_range", "10.0.0.0/16",
			 "default", 0, "created_at", time_json(vpc->created));
}

void digitalocean_list_vpcs(struct request *request, struct reply *reply)
{
	digitalocean_list(request, reply, "vpcs", &states[DIGITALOCEAN].vpcs,
			  NULL, vpc_row);
}

static json_t *key_row(const struct request *request, const struct thing *key)
{
	json_t *public = json_object_get(key->more, "public_key");
	json_t *fingerprint = json_object_get(key->more, "fingerprint");

	(void)request;
	return json_pack(
		"{s:I, s:s, s:s, s:s}", "id", (json_int_t)key->number, "name",
		key->name, "public_key",
		public ? json_string_value(public) : seed_public_key,
		"fingerprint",
		fingerprint
			? json_string_value(fingerprint)
			: "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45");
}

void digitalocean_list_keys(struct request *request, struct reply *reply)
{
	digitalocean_list(request, reply, "ssh_keys",
			  &states[DIGITALOCEAN].keys, NULL, key_row);
}

void digitalocean_add_key(struct request *request, struct reply *reply)
{
	const char *name = body_text(request, "name");
	const char *public = body_text(request, "public_key");
	struct pile *keys = &states[DIGITALOCEAN].keys;
	struct thing *key;
	char print[48];

	if (!name || !public || strncmp(public, "ssh-", 4) != 0) {
		digitalocean.fail(reply, 422,
				  "Key invalid, key should be of the format "
				  "`type key [comment]`");
		return;
	}
	for (size_t i = 0; i < keys->count; i++) {
		key = keys->at[i];
		if (json_equal(json_object_get(key->more, "public_key"),
			       json_object_get(request->json, "public_key"))) {
			digitalocean.fail(reply, 422,
					  "SSH Key is already in use on your "
					  "account");
			return;
		}
	}
	key = thing_new(DIGITALOCEAN, keys, name, "");
	json_object_set_new(key->more, "public_key", json_string(public));
	snprintf(print, sizeof(print),
		 "00:00:00:00:00:00:00:00:00:00:00:00:%02x:%02x:%02x:%02x",
		 (unsigned)(key->number >> 24 & 255),
		 (unsigned)(key->number >> 16 & 255),
		 (unsigned)(key->number >> 8 & 255),
		 (unsigned)(key->number & 255));
	json_object_set_new(key->more, "fingerprint", json_string(print));
	reply_json(reply, 201,
		   json_pack("{s:o}", "ssh_key", key_row(request, key)));
}

static json_t *firewall_row(const struct request *request,
			    const struct thing *firewall)
{
	const struct pile *machines = &states[DIGITALOCEAN].machines;
	json_t *droplets = json_array();

	(void)request;
	for (size_t i = 0; i < machines->count; i++) {
		const struct machine *machine = machines->at[i];

		if (list_has(machine->firewalls, firewall->id))
			json_array_append_new(
				droplets, json_integer(machine->thing.number));
	}
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:[], s:[], s:o, "
		"s:[{s:s, s:s, s:{s:[s]}}], s:[{s:s, s:s, s:{s:[s]}}]}",
		"id", firewall->id, "name", firewall->name, "status",
		"succeeded", "created_at", time_json(firewall->created),
		"pending_changes", "tags", "droplet_ids", droplets,
		"inbound_rules", "protocol", "tcp", "ports", "1035", "sources",
		"addresses", "0.0.0.0/0", "outbound_rules", "protocol", "tcp",
		"ports", "all", "destinations", "addresses", "0.0.0.0/0");
}

void digitalocean_list_firewalls(struct request *request, struct reply *reply)
{
	digitalocean_list(request, reply, "firewalls",
			  &states[DIGITALOCEAN].firewalls, NULL, firewall_row);
}

void digitalocean_attach_firewall(struct request *request, struct reply *reply)
{
	struct cloud_state *state = &states[DIGITALOCEAN];
	json_t *ids = json_object_get(request->json, "droplet_ids"), *id;
	size_t i;

	if (!pile_find(&state->firewalls, request->args[0])) {
		digitalocean.fail(reply, 404, "firewall not found");
		return;
	}
	if (json_array_size(ids) == 0) {
		digitalocean.fail(reply, 400, "droplet_ids is missing");
		return;
	}
	for (int pass = 0; pass < 2; pass++) {
		json_array_foreach (ids, i, id) {
			char text[ID_SIZE];
			struct machine *machine;

			snprintf(text, sizeof(text), "%lld",
				 (long long)json_integer_value(id));
			machine = pile_find(&state->machines, text);
			if (!machine) {
				digitalocean.fail(reply, 404,
						  "droplet not found");
				return;
			}
			if (pass == 1 &&
			    !list_has(machine->firewalls, request->args[0]))
				json_array_append_new(
					machine->firewalls,
					json_string(request->args[0]));
		}
	}
	reply_json(reply, 204, NULL);
}
