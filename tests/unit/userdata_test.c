/* userdata_test.c - places are filled by their form, and nothing is guessed. */
#include "files/userdata.h"

#include "check.h"

#define WORD(name, text)                     \
	{                                    \
		name, text, sizeof(text) - 1 \
	}

static const struct userdata_value values[] = {
	WORD("HOST", "ws-1.example"),
	WORD("TEXT", "a \"b\": #c\n\\d"),
	WORD("BYTES", "\0\xff\x01"),
};

static struct err err;

static int render(const char *text, size_t count, char **result)
{
	struct strbuf out = STRBUF(100000);
	int rc = userdata_render("t.yaml", text, strlen(text), values, count,
				 &out, &err);

	*result = NULL;
	if (rc == 0)
		CHECK(strbuf_take(&out, "out", result, &err) == 0);
	strbuf_free(&out);
	return rc;
}

static void check_filled(void)
{
	char *got;

	CHECK(render("## for readers @{NOBODY}\na: @{HOST}@{HOST}\n  ## x\n"
		     "b: @{TEXT:quoted}\nc: @{BYTES:base64}\n# kept",
		     3, &got) == 0);
	CHECK_TEXT(got, "a: ws-1.examplews-1.example\n"
			"b: \"a \\\"b\\\": #c\\n\\\\d\"\nc: AP8B\n# kept");
	free(got);
	CHECK(render("", 0, &got) == 0);
	CHECK_TEXT(got, "");
	free(got);
	CHECK(render("a@b {} } @", 0, &got) == 0);
	CHECK_TEXT(got, "a@b {} } @");
	free(got);
}

static void check_refused(void)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"\n@{}", "t.yaml:2: not @{NAME}"},
		{"@{host}", "t.yaml:1: not @{NAME}"},
		{"@{HOST", "t.yaml:1: not @{NAME}"},
		{"@{HOST\n}", "t.yaml:1: not @{NAME}"},
		{"@{HOST:raw}", "t.yaml:1: not @{NAME}"},
		{"@{HOST:base64", "t.yaml:1: not @{NAME}"},
		{"@{HOST} @{B} @{AB} @{A} @{B} @{TEXT:quoted} @{BYTES:base64}",
		 "no value was given for: B AB A"},
		{"@{HOST}", "it has no place for: TEXT BYTES"},
		{"@{TEXT}", "the value of TEXT is not one plain word"},
		{"@{BYTES:quoted}", "the value of BYTES is not UTF-8 text"},
	};
	char *got;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		err.text[0] = '\0';
		CHECK(render(cases[i].text, 3, &got) == -1);
		CHECK(err.kind == ERR_DATA);
		fprintf(stderr, "%s\n", err.text);
		CHECK(strstr(err.text, cases[i].words));
	}
}

static void check_plain_words(void)
{
	static const struct {
		const char *value;
		int rc;
	} cases[] = {
		{"private/90000001", 0},
		{"aZ09._/+=-", 0},
		{"", -1},
		{"-v", -1},
		{"a b", -1},
		{"a:", -1},
		{"'a'", -1},
		{"a\nb", -1},
		{"\xc3\xa9", -1},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct userdata_value value = {"V", cases[i].value,
						     strlen(cases[i].value)};
		struct strbuf out = STRBUF(1000);

		CHECK(userdata_render("t", "@{V}", 4, &value, 1, &out, &err) ==
		      cases[i].rc);
		strbuf_free(&out);
	}
}

/* 16384 bytes are sent, 16385 are not. */
static void check_size(void)
{
	static char bytes[USERDATA_MAX_BYTES + 1];
	struct userdata_value value = {"V", bytes, USERDATA_MAX_BYTES};
	struct strbuf out = STRBUF(100000);

	memset(bytes, 'x', sizeof(bytes));
	CHECK(userdata_render("t", "@{V}", 4, &value, 1, &out, &err) == 0);
	CHECK(out.len == USERDATA_MAX_BYTES);
	value.size++;
	CHECK(userdata_render("t", "@{V}", 4, &value, 1, &out, &err) == -1);
	CHECK(strstr(err.text, "16385 bytes"));
	strbuf_free(&out);
}

static void check_names(void)
{
	static const char text[] = "@{BC} @{C:quoted}\n## @{D}\n@{BC:base64}";
	struct strbuf out = STRBUF(1000);

	CHECK(userdata_names("t", text, strlen(text), &out, &err) == 0);
	CHECK_TEXT(strbuf_text(&out), "BC\nC\n");
	strbuf_free(&out);
	CHECK(userdata_names("t", "a\0b", 3, &out, &err) == -1);
	CHECK(strstr(err.text, "NUL"));
	strbuf_free(&out);
}

int main(void)
{
	check_filled();
	check_refused();
	check_plain_words();
	check_size();
	check_names();
	return 0;
}
