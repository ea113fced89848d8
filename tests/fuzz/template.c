/* template.c - any bytes as a template: a change keeps every other value. */
#include "files/template.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct template_value wanted = {"REGION", "a'b \"$`\\\nc"};

static void changed(const struct template *is, struct err *err)
{
	struct strbuf out = STRBUF(1u << 21);
	struct template now;
	char *value;
	bool change;

	if (template_edit(is, &wanted, 1, &out, &change, err) == 0) {
		PROMISE(template_parse(&now, "x", strbuf_text(&out), out.len,
				       err) == 0);
		PROMISE(template_get(&now, wanted.name, &value, err) == 0);
		PROMISE(strcmp(value, wanted.value) == 0);
		free(value);
		template_free(&now);
	}
	strbuf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct strbuf out = STRBUF(1u << 22);
	struct template is;
	struct err err;
	char *value;

	if (template_parse(&is, "x", (const char *)bytes, size, &err) < 0)
		return 0;
	template_findings(&is, &out);
	if (template_list(&is, size % 2 == 0, &out, &err) == 0)
		PROMISE(!is.problem);
	strbuf_free(&out);
	if (template_get(&is, "REGION", &value, &err) == 0)
		free(value);
	if (template_cut(&is, "REGION", &out, &err) == 0)
		PROMISE(out.len < size);
	strbuf_free(&out);
	changed(&is, &err);
	template_free(&is);
	return 0;
}
