/* vultr_account.c - regions, plans, systems, VPCs, keys, firewalls; paging.
 *
 * Source: www.vultr.com/api. */
#include "vultr.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct region vultr_regions[] = {
	{"ams", "Amsterdam", "NL", "Europe"},
	{"atl", "Atlanta", "US", "North America"},
	{"blr", "Bangalore", "IN", "Asia"},
	{"bom", "Mumbai", "IN", "Asia"},
	{"cdg", "Paris", "FR", "Europe"},
	{"del", "Delhi NCR", "IN", "Asia"},
	{"dfw", "Dallas", "US", "North America"},
	{"ewr", "New Jersey", "US", "North America"},
	{"fra", "Frankfurt", "DE", "Europe"},
	{"hnl", "Honolulu", "US", "North America"},
	{"icn", "Seoul", "KR", "Asia"},
	{"itm", "Osaka", "JP", "Asia"},
	{"jnb", "Johannesburg", "ZA", "Africa"},
	{"mel", "Melbourne", "AU", "Australia"},
	{"mex", "Mexico City", "MX", "North America"},
	{"mia", "Miami", "US", "North America"},
	{"sao", "Sao Paulo", "BR", "South America"},
	{"scl", "Santiago", "CL", "South America"},
	{"sea", "Seattle", "US", "North America"},
	{"sjc", "Silicon Valley", "US", "North America"},
	{"tlv", "Tel Aviv", "IL", "Asia"},
	{"yto", "Toronto", "CA", "North America"},
	{"lax", "Los Angeles", "US", "North America"},
	{"lhr", "London", "GB", "Europe"},
	{"mad", "Madrid", "ES", "Europe"},
	{"man", "Manchester", "GB", "Europe"},
	{"nrt", "Tokyo", "JP", "Asia"},
	{"ord", "Chicago", "US", "North America"},
	{"sgp", "Singapore", "SG", "Asia"},
	{"sto", "Stockholm", "SE", "Europe"},
	{"syd", "Sydney", "AU", "Australia"},
	{"waw", "Warsaw", "PL", "Europe"},
	{0},
};

const struct size vultr_plans[] = {
	{"vc2-1c-1gb", "vc2", 1024, 1, 25, 5},
	{"vc2-1c-2gb", "vc2", 2048, 1, 55, 10},
	{"vc2-2c-4gb", "vc2", 4096, 2, 80, 20},
	{"vc2-4c-8gb", "vc2", 8192, 4, 160, 40},
	{0},
};

static const struct {
	int id;
	const char *name, *family;
} systems[] = {
	{2136, "Debian 12 x64 (bookworm)", "debian"},
	{2625, "Debian 13 x64 (trixie)", "debian"},
	{2284, "Ubuntu 24.04 LTS x64", "ubuntu"},
};
#define SYSTEM_COUNT (sizeof(systems) / sizeof(*systems))

const char *vultr_os_name(long long id)
{
	for (size_t i = 0; i < SYSTEM_COUNT; i++)
		if (systems[i].id == id)
			return systems[i].name;
	return NULL;
}

void vultr_seed(void)
{
	seed_account(VULTR, vultr_regions, "adt-vpc");
}

json_t *vultr_time(double seconds)
{
	json_t *plain = time_json_no_zone(seconds);
	json_t *text = json_sprintf("%s+00:00", json_string_value(plain));

	json_decref(plain);
	return text;
}

/* Base64 of "next__FIRST": opaque to whoever reads it. */
static void cursor_write(char *text, size_t size, size_t first)
{
	char plain[32];
	int len = snprintf(plain, sizeof(plain), "next__%zu", first);

	if (size > (size_t)len * 2 + 4)
		EVP_EncodeBlock((unsigned char *)text,
				(const unsigned char *)plain, len);
}

/* -1 for what was never a cursor. */
static long cursor_read(const char *text)
{
	char *plain = base64_decode(text), *end = NULL;
	long first = -1;

	if (plain && strncmp(plain, "next__", 6) == 0) {
		first = strtol(plain + 6, &end, 10);
		if (*end)
			first = -1;
	}
	free(plain);
	return first;
}

void vultr_list(struct request *request, struct reply *reply, const char *name,
		const struct pile *pile,
		bool (*shown)(const struct request *, const struct thing *),
		json_t *(*render)(const struct request *, const struct thing *))
{
	long most = query_int(request, "per_page", 100);
	const char *cursor = query_text(request, "cursor");
	long first = cursor && *cursor ? cursor_read(cursor) : 0;
	struct page page;
	char next[96] = "", prev[96] = "";
	json_t *rows;

	if (first < 0 || most < 1 || most > 500) {
		vultr.fail(reply, 400, "Invalid cursor or per_page.");
		return;
	}
	page.first = (size_t)first;
	page.most = (size_t)most;
	rows = page_rows(pile, &page, request, shown, render);
	if (page.first + page.most < page.count)
		cursor_write(next, sizeof(next), page.first + page.most);
	if (page.first > 0)
		cursor_write(prev, sizeof(prev),
			     page.first > page.most ? page.first - page.most
						    : 0);
	reply_json(reply, 200,
		   json_pack("{s:o, s:{s:I, s:{s:s, s:s}}}", name, rows, "meta",
			     "total", (json_int_t)page.count, "links", "next",
			     next, "prev", prev));
}

/* Rows of a table, all on one page. */
static void reply_table(struct reply *reply, const char *name, json_t *rows)
{
	reply_json(reply, 200,
		   json_pack("{s:o, s:{s:I, s:{s:s, s:s}}}", name, rows, "meta",
			     "total", (json_int_t)json_array_size(rows),
			     "links", "next", "", "prev", ""));
}

void vultr_whoami(struct request *request, struct reply *reply)
{
	(void)request;
	reply_json(reply, 200,
		   json_pack("{s:{s:s, s:s, s:[s, s], s:f, s:f, s:s, s:f}}",
			     "account", "name", "Demo Account", "email",
			     "demo@example.test", "acls", "subscriptions",
			     "provisioning", "balance", -10.5,
			     "pending_charges", 3.25, "last_payment_date",
			     "2026-10-10T01:56:20+00:00", "last_payment_amount",
			     -1.25));
}

void vultr_list_regions(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (const struct region *at = vultr_regions; at->slug; at++)
		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:[s]}", "id",
					at->slug, "city", at->name, "country",
					at->country, "continent", at->continent,
					"options", "ddos_protection"));
	reply_table(reply, "regions", rows);
}

void vultr_list_plans(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (const struct size *at = vultr_plans; at->slug; at++)
		json_array_append_new(
			rows,
			json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:s, "
				  "s:o}",
				  "id", at->slug, "vcpu_count", at->vcpus,
				  "ram", at->memory_mb, "disk", at->disk_gb,
				  "disk_count", 1, "bandwidth", 1024,
				  "monthly_cost", (int)at->monthly, "type",
				  at->label, "locations",
				  region_slugs(vultr_regions)));
	reply_table(reply, "plans", rows);
}

void vultr_list_os(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (size_t i = 0; i < SYSTEM_COUNT; i++)
		json_array_append_new(rows,
				      json_pack("{s:i, s:s, s:s, s:s}", "id",
						systems[i].id, "name",
						systems[i].name, "arch", "x64",
						"family", systems[i].family));
	reply_table(reply, "os", rows);
}

static json_t *vpc_row(const struct request *request, const struct thing *vpc)
{
	(void)request;
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:i}", "id", vpc->id,
			 "region", vpc->region, "date_created",
			 vultr_time(vpc->created), "description", vpc->name,
			 "v4_subnet", "10.0.0.0", "v4_subnet_mask", 16);
}

void vultr_list_vpcs(struct request *request, struct reply *reply)
{
	vultr_list(request, reply, "vpcs", &states[VULTR].vpcs, NULL, vpc_row);
}

static json_t *key_row(const struct request *request, const struct thing *key)
{
	(void)request;
	return json_pack("{s:s, s:o, s:s, s:s}", "id", key->id, "date_created",
			 vultr_time(key->created), "name", key->name, "ssh_key",
			 seed_public_key);
}

void vultr_list_keys(struct request *request, struct reply *reply)
{
	vultr_list(request, reply, "ssh_keys", &states[VULTR].keys, NULL,
		   key_row);
}

static json_t *firewall_row(const struct request *request,
			    const struct thing *firewall)
{
	const struct pile *machines = &states[VULTR].machines;
	int count = 0;

	(void)request;
	for (size_t i = 0; i < machines->count; i++)
		count +=
			list_has(((struct machine *)machines->at[i])->firewalls,
				 firewall->id);
	return json_pack("{s:s, s:s, s:o, s:o, s:i, s:i, s:i}", "id",
			 firewall->id, "description", firewall->name,
			 "date_created", vultr_time(firewall->created),
			 "date_modified", vultr_time(firewall->created),
			 "instance_count", count, "rule_count", 2,
			 "max_rule_count", 50);
}

void vultr_list_firewalls(struct request *request, struct reply *reply)
{
	vultr_list(request, reply, "firewall_groups", &states[VULTR].firewalls,
		   NULL, firewall_row);
}
