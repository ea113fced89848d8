/* userdata.c - any bytes as a user-data template, and as a value in it: what
 * comes out is within its limit, and has no place left that was given. */
#include "files/userdata.h"

#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char text[] =
		"#cloud-config\na: @{Q:quoted}\nb: @{B:base64}\n";
	const char *any = (const char *)bytes;
	const struct userdata_value given = {"NAME", any, size};
	const struct userdata_value both[] = {{"Q", any, size},
					      {"B", any, size}};
	struct strbuf out = STRBUF(1u << 17), names = STRBUF(1u << 17);
	struct err err;
	bool named = userdata_names("x", any, size, &names, &err) == 0;

	if (userdata_render("x", any, size, &given, 1, &out, &err) == 0) {
		PROMISE(named);
		PROMISE(strcmp(strbuf_text(&names), "NAME\n") == 0);
		PROMISE(out.len <= USERDATA_MAX_BYTES);
	}
	strbuf_free(&names);
	strbuf_free(&out);
	/* A value brings no line of its own, whatever it is. */
	if (userdata_render("x", text, sizeof(text) - 1, both, 2, &out, &err) ==
	    0) {
		const char *at = strbuf_text(&out);
		unsigned lines = 0;

		for (; (at = strchr(at, '\n')) != NULL; at++)
			lines++;
		PROMISE(lines == 3);
		PROMISE(strlen(strbuf_text(&out)) == out.len);
	}
	strbuf_free(&out);
	return 0;
}
