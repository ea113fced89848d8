/* linode_account.c - regions, types, VPCs, firewalls; paging.
 *
 * Source: techdocs.akamai.com/linode-api. */
#include "linode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct region linode_regions[] = {
	{"ap-west", "Mumbai, IN", "in", ""},
	{"ca-central", "Toronto, CA", "ca", ""},
	{"ap-southeast", "Sydney, AU", "au", ""},
	{"us-iad", "Washington, DC", "us", ""},
	{"us-ord", "Chicago, IL", "us", ""},
	{"fr-par", "Paris, FR", "fr", ""},
	{"us-sea", "Seattle, WA", "us", ""},
	{"br-gru", "Sao Paulo, BR", "br", ""},
	{"es-mad", "Madrid, ES", "es", ""},
	{"in-maa", "Chennai, IN", "in", ""},
	{"jp-osa", "Osaka, JP", "jp", ""},
	{"id-cgk", "Jakarta, ID", "id", ""},
	{"au-mel", "Melbourne, AU", "au", ""},
	{"in-bom-2", "Mumbai 2, IN", "in", ""},
	{"sg-sin-2", "Singapore 2, SG", "sg", ""},
	{"jp-tyo-3", "Tokyo 3, JP", "jp", ""},
	{"ap-south", "Singapore, SG", "sg", ""},
	{"ap-northeast", "Tokyo 2, JP", "jp", ""},
	{"nl-ams", "Amsterdam, NL", "nl", ""},
	{"se-sto", "Stockholm, SE", "se", ""},
	{"it-mil", "Milan, IT", "it", ""},
	{"us-mia", "Miami, FL", "us", ""},
	{"us-lax", "Los Angeles, CA", "us", ""},
	{"gb-lon", "London 2, UK", "gb", ""},
	{"de-fra-2", "Frankfurt 2, DE", "de", ""},
	{"us-central", "Dallas, TX", "us", ""},
	{"us-west", "Fremont, CA", "us", ""},
	{"us-southeast", "Atlanta, GA", "us", ""},
	{"us-east", "Newark, NJ", "us", ""},
	{"eu-west", "London, UK", "gb", ""},
	{"eu-central", "Frankfurt, DE", "de", ""},
	{0},
};

const struct size linode_types[] = {
	{"g6-nanode-1", "Nanode 1GB", 1024, 1, 25, 5},
	{"g6-standard-1", "Linode 2GB", 2048, 1, 50, 12},
	{"g6-standard-2", "Linode 4GB", 4096, 2, 80, 24},
	{"g6-standard-4", "Linode 8GB", 8192, 4, 160, 48},
	{0},
};

static const struct stock stock[] = {
	{"linode/debian12", "Debian 12", "Debian"},
	{"linode/debian13", "Debian 13", "Debian"},
	{"linode/ubuntu24.04", "Ubuntu 24.04 LTS", "Ubuntu"},
};

void linode_seed(void)
{
	seed_account(LINODE, linode_regions, "adt-vpc");
	for (size_t i = 0; i < sizeof(stock) / sizeof(*stock); i++) {
		struct image *image =
			seed_stock(LINODE, &stock[i], linode_regions);

		copy_text(image->thing.id, ID_SIZE, stock[i].id);
	}
}

static void reply_rows(struct reply *reply, json_t *rows, long page, long pages,
		       size_t results)
{
	reply_json(reply, 200,
		   json_pack("{s:o, s:I, s:I, s:I}", "data", rows, "page",
			     (json_int_t)page, "pages",
			     (json_int_t)(pages ? pages : 1), "results",
			     (json_int_t)results));
}

static bool row_shown(const json_t *filter, const json_t *row)
{
	return !filter || linode_filter(filter, row);
}

void linode_list(struct request *request, struct reply *reply,
		 const struct pile *pile, bool newest_first,
		 json_t *(*render)(const struct request *,
				   const struct thing *))
{
	long number = query_int(request, "page", 1);
	long most = query_int(request, "page_size", 100);
	json_t *filter = NULL, *rows;
	size_t count = 0, first;

	if (most < 25 || most > 500) {
		linode_fail_field(reply, "page_size", "Must be 25-500");
		return;
	}
	if (*request->filter &&
	    !(filter = json_loads(request->filter, 0, NULL))) {
		linode_fail_field(reply, "X-Filter", "Cannot parse filter");
		return;
	}
	rows = json_array();
	first = number > 0 ? (size_t)(number - 1) * (size_t)most : 0;
	for (size_t i = 0; i < pile->count; i++) {
		const struct thing *thing =
			pile->at[newest_first ? pile->count - 1 - i : i];
		bool on_page = count >= first && count - first < (size_t)most;
		json_t *row;

		if (!listed(thing))
			continue;
		/* Only the page's rows are rendered, unless one must look. */
		if (!filter && !on_page) {
			count++;
			continue;
		}
		row = render(request, thing);
		if (row_shown(filter, row)) {
			if (on_page)
				json_array_append(rows, row);
			count++;
		}
		json_decref(row);
	}
	json_decref(filter);
	if (number < 1 || (number > 1 && first >= count)) {
		json_decref(rows);
		linode.fail(reply, 404, "Not found");
		return;
	}
	reply_rows(reply, rows, number,
		   (long)((count + (size_t)most - 1) / (size_t)most), count);
}

void linode_whoami(struct request *request, struct reply *reply)
{
	(void)request;
	reply_json(
		reply, 200,
		json_pack("{s:s, s:[], s:s, s:b, s:b, s:s, s:b, s:s, s:b, s:i, "
			  "s:s, s:n, s:{s:s, s:i, s:i, s:i, s:i, s:s}}",
			  "authentication_type", "password", "authorized_keys",
			  "email", "demo@example.test", "email_notifications",
			  1, "ip_whitelist_enabled", 0, "lish_auth_method",
			  "password_keys", "restricted", 0, "timezone", "GMT",
			  "two_factor_auth", 1, "uid", 1234, "username", "demo",
			  "verified_phone_number", "referrals", "code",
			  "871be32f49c1411b14f29f618aaf0c14637fb8d3",
			  "completed", 0, "credit", 0, "pending", 0, "total", 0,
			  "url", "https://www.linode.com/?r=871be32f"));
}

void linode_list_regions(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (const struct region *at = linode_regions; at->slug; at++)
		json_array_append_new(
			rows,
			json_pack("{s:s, s:s, s:s, s:[s, s, s, s], s:s, s:s, "
				  "s:{s:i, s:i}, s:{s:s, s:s}}",
				  "id", at->slug, "label", at->name, "country",
				  at->country, "capabilities", "Linodes",
				  "Cloud Firewall", "VPCs", "Metadata",
				  "status", "ok", "site-type", "core",
				  "placement_group_limits",
				  "maximum_pgs_per_customer", 100,
				  "maximum_linodes_per_pg", 5, "resolvers",
				  "ipv4", "192.0.2.0,192.0.2.1", "ipv6",
				  "2001:db8::5"));
	reply_rows(reply, rows, 1, 1, json_array_size(rows));
}

static json_t *price(double monthly)
{
	return json_pack("{s:f, s:f}", "hourly",
			 round(monthly / 667 * 1e4) / 1e4, "monthly", monthly);
}

void linode_list_types(struct request *request, struct reply *reply)
{
	json_t *rows = json_array();

	(void)request;
	for (const struct size *at = linode_types; at->slug; at++)
		json_array_append_new(
			rows,
			json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, "
				  "s:i, s:n, s:o, s:[], s:{s:{s:o, s:[]}}}",
				  "id", at->slug, "label", at->label, "class",
				  at->memory_mb == 1024 ? "nanode" : "standard",
				  "disk", 1024 * at->disk_gb, "memory",
				  at->memory_mb, "vcpus", at->vcpus, "gpus", 0,
				  "network_out", 1000, "transfer", 1000,
				  "successor", "price", price(at->monthly),
				  "region_prices", "addons", "backups", "price",
				  price(at->monthly / 4), "region_prices"));
	reply_rows(reply, rows, 1, 1, json_array_size(rows));
}

static json_t *vpc_row(const struct request *request, const struct thing *vpc)
{
	(void)request;
	return json_pack(
		"{s:I, s:s, s:s, s:s, s:o, s:o, s:[{s:I, s:s, s:s, s:[], s:o, "
		"s:o}]}",
		"id", (json_int_t)vpc->number, "label", vpc->name,
		"description", "", "region", vpc->region, "created",
		time_json_no_zone(vpc->created), "updated",
		time_json_no_zone(vpc->created), "subnets", "id",
		(json_int_t)vpc->number, "label", "adt-subnet", "ipv4",
		"10.0.0.0/16", "linodes", "created",
		time_json_no_zone(vpc->created), "updated",
		time_json_no_zone(vpc->created));
}

void linode_list_vpcs(struct request *request, struct reply *reply)
{
	linode_list(request, reply, &states[LINODE].vpcs, false, vpc_row);
}

static json_t *firewall_row(const struct request *request,
			    const struct thing *firewall)
{
	(void)request;
	return json_pack(
		"{s:I, s:s, s:s, s:[], s:o, s:o, s:{s:s, s:s, s:i, s:s, s:[], "
		"s:[{s:s, s:s, s:s, s:s, s:{s:[s]}}]}}",
		"id", (json_int_t)firewall->number, "label", firewall->name,
		"status", "enabled", "tags", "created",
		time_json_no_zone(firewall->created), "updated",
		time_json_no_zone(firewall->created), "rules", "inbound_policy",
		"DROP", "outbound_policy", "ACCEPT", "version", 1,
		"fingerprint", "997dd135", "outbound", "inbound", "action",
		"ACCEPT", "label", "ssh", "protocol", "TCP", "ports", "1035",
		"addresses", "ipv4", "0.0.0.0/0");
}

void linode_list_firewalls(struct request *request, struct reply *reply)
{
	linode_list(request, reply, &states[LINODE].firewalls, false,
		    firewall_row);
}
