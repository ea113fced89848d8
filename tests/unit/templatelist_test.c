/* templatelist_test.c - a whole template as records, as JSON, as findings. */
#include "files/template.h"

#include "check.h"

static struct template parsed(const char *text)
{
	struct template is;
	struct err err;

	CHECK(template_parse(&is, "t", text, strlen(text), &err) == 0);
	return is;
}

static void lists_all_or_nothing(void)
{
	struct template is = parsed("B=1\nA='a\tb\n\\'\nB=2\n");
	struct strbuf out = STRBUF(1000);
	struct err err;

	CHECK(template_list(&is, false, &out, &err) == 0);
	CHECK_TEXT(strbuf_text(&out), "A\ta\\tb\\n\\\\\nB\t2\n");
	strbuf_free(&out);
	CHECK(template_list(&is, true, &out, &err) == 0);
	CHECK_TEXT(strbuf_text(&out),
		   "{\n  \"A\": \"a\\tb\\n\\\\\",\n  \"B\": \"2\"\n}\n");
	strbuf_free(&out);
	template_free(&is);
	is = parsed("A=x\nB=$A\n");
	CHECK(template_list(&is, false, &out, &err) < 0);
	CHECK(err.kind == ERR_DATA);
	strbuf_free(&out);
	template_free(&is);
	is = parsed("A='\377'\n");
	CHECK(template_list(&is, true, &out, &err) < 0);
	CHECK_TEXT(err.text, "t: the value of A is not UTF-8, so not JSON");
	strbuf_free(&out);
	template_free(&is);
}

static void finds_what_is_foreign(void)
{
	struct template is =
		parsed("A=x\nif y\nthen z\nfi\n\nfoo\nA=y # c\r\n'\n");
	struct strbuf out = STRBUF(1000);

	CHECK(template_findings(&is, &out) == 4);
	CHECK_TEXT(strbuf_text(&out),
		   "2\tnot a plain assignment: left alone\n"
		   "6\tnot a plain assignment: left alone\n"
		   "8\tno closing single quote\n"
		   "7\tthis and 0 more lines end in CR LF: sh takes the CR "
		   "into the value\n");
	strbuf_free(&out);
	template_free(&is);
}

int main(void)
{
	lists_all_or_nothing();
	finds_what_is_foreign();
	return 0;
}
