/* s3list_test.c - pages of a list, whole and broken; error documents. */
#include "store/s3list.h"

#include "check.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define LIST(inside)                                                  \
	HEAD "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/" \
	     "2006-03-01/\"><Name>b</Name>" inside "</ListBucketResult>"
#define OBJECT(key)                                                      \
	"<Contents><Key>" key "</Key><LastModified>2026-01-02T03:04:05." \
	"678Z</LastModified><ETag>&quot;abc&quot;</ETag><Size>12</Size>" \
	"<Owner><ID>me</ID></Owner></Contents>"
#define URL "<EncodingType>url</EncodingType>"
#define OVER "<IsTruncated>false</IsTruncated>"

/* What a page must give: keys joined by "|", or the words of its refusal. */
static const struct {
	const char *xml, *keys, *words;
} cases[] = {
	{LIST(OVER), "", NULL},
	{LIST(OVER OBJECT("a")), "a", NULL},
	{LIST(OVER URL OBJECT("a%20b%2B%26%C3%A9") OBJECT("c+d")),
	 "a b+&\xc3\xa9|c d", NULL},
	{LIST(OVER OBJECT("c+d%20")), "c+d%20", NULL},
	{LIST(OVER OBJECT("a&amp;&lt;&#65;")), "a&<A", NULL},
	/* the encoding may be told behind the keys */
	{LIST(OBJECT("x%0Ay") URL OVER), "x\ny", NULL},
	{LIST(OVER URL OBJECT("%zz")), NULL, "encoded wrongly"},
	{LIST(OVER URL OBJECT("%4")), NULL, "encoded wrongly"},
	{LIST(OVER URL OBJECT("a%00b")), NULL, "encoded wrongly"},
	{LIST(OVER "<Contents><Size>1</Size></Contents>"), NULL, "no key"},
	{LIST(OVER "<Contents><Key>a</Key><Key>b</Key></Contents>"), NULL,
	 "not what it must be"},
	{LIST(OVER "<Contents><Key>a</Key><Size>-1</Size></Contents>"), NULL,
	 "not what it must be"},
	{LIST(OVER "<Contents><Key>a</Key><Size>1x</Size></Contents>"), NULL,
	 "not what it must be"},
	{LIST("<IsTruncated>perhaps</IsTruncated>"), NULL,
	 "not what it must be"},
	{LIST("<IsTruncated>true</IsTruncated>"), NULL, "how to go on"},
	{"<!DOCTYPE x [<!ENTITY e \"eeee\">]>" LIST(OVER), NULL, ""},
	{"<!DOCTYPE x [<!ENTITY e \"eeee\">]><ListBucketResult>&e;"
	 "</ListBucketResult>",
	 NULL, "document type"},
	{HEAD "<Error><Code>NoSuchKey</Code></Error>", NULL, "another kind"},
	{"<ListBucketResult><Contents><Key>a</Key></Contents>", NULL, ""},
	{"<ListBucketResult>&nbsp;</ListBucketResult>", NULL, ""},
	{"", NULL, ""},
	{"garbage", NULL, ""},
	{"<other/>", NULL, "another kind"},
	{LIST(OVER) "<again/>", NULL, ""},
};

static void read_cases(void)
{
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct s3_list list = S3_LIST_EMPTY;
		char keys[256] = "";
		struct err err;
		int rc = s3_list_read(&list, cases[i].xml, strlen(cases[i].xml),
				      &err);

		printf("case %zu: %s\n", i, rc < 0 ? err.text : "read");
		CHECK((rc == 0) == (cases[i].keys != NULL));
		if (rc < 0) {
			CHECK(err.kind == ERR_PROTOCOL);
			CHECK(strstr(err.text, cases[i].words));
			CHECK(list.count == 0);
		}
		for (k = 0; k < list.count; k++) {
			size_t len = strlen(keys);

			snprintf(keys + len, sizeof(keys) - len, "%s%s",
				 k ? "|" : "", list.objects[k].key);
		}
		if (rc == 0)
			CHECK_TEXT(keys, cases[i].keys);
		s3_list_free(&list);
	}
}

/* Pages add up; one that is bad takes nothing from those before it. */
static void read_pages(void)
{
	static const char first[] =
		LIST("<IsTruncated>true</IsTruncated><NextContinuationToken>"
		     "t&amp;1</NextContinuationToken>" OBJECT("a") OBJECT("b"));
	static const char broken[] = LIST(OVER OBJECT("c") "<x>");
	static const char second[] = LIST(OVER OBJECT("c"));
	struct s3_list list = S3_LIST_EMPTY;
	struct err err;

	CHECK(s3_list_read(&list, first, sizeof(first) - 1, &err) == 0);
	CHECK(list.more && list.count == 2);
	CHECK_TEXT(list.token, "t&1");
	CHECK_TEXT(list.objects[1].etag, "abc");
	CHECK(list.objects[1].size_bytes == 12);
	CHECK_TEXT(list.objects[1].modified, "2026-01-02T03:04:05.678Z");
	CHECK(s3_list_read(&list, broken, sizeof(broken) - 1, &err) < 0);
	CHECK(list.count == 2 && list.more);
	CHECK(s3_list_read(&list, second, sizeof(second) - 1, &err) == 0);
	CHECK(!list.more && list.count == 3);
	CHECK_TEXT(list.objects[2].key, "c");
	s3_list_free(&list);
}

static void read_bounds(void)
{
	struct s3_list list = S3_LIST_EMPTY;
	char xml[16384], key[8000];
	struct err err;
	int len;

	memset(key, 'k', sizeof(key));
	key[S3_KEY_MOST] = '\0';
	len = snprintf(xml, sizeof(xml), LIST(OVER OBJECT("%s")), key);
	CHECK(s3_list_read(&list, xml, (size_t)len, &err) == 0);
	key[S3_KEY_MOST] = 'k';
	key[S3_KEY_MOST + 1] = '\0';
	len = snprintf(xml, sizeof(xml), LIST(OVER OBJECT("%s")), key);
	CHECK(s3_list_read(&list, xml, (size_t)len, &err) < 0);
	memset(key, 'k', sizeof(key));
	key[sizeof(key) - 1] = '\0';
	len = snprintf(xml, sizeof(xml), LIST(OVER OBJECT("%s")), key);
	CHECK(s3_list_read(&list, xml, (size_t)len, &err) < 0);
	len = 0;
	while (len < 16000)
		len += snprintf(xml + len, sizeof(xml) - (size_t)len, "%s",
				len ? "<a>" : "<ListBucketResult>");
	CHECK(s3_list_read(&list, xml, (size_t)len, &err) < 0);
	CHECK(strstr(err.text, "too deep"));
	CHECK(list.count == 1);
	s3_list_free(&list);
}

static void read_words(void)
{
	static const char error[] =
		HEAD "<Error><Code>NoSuchKey</Code><Message>It is &lt;gone>"
		     "</Message><Key>Code</Key></Error>";
	struct s3_words words;

	s3_words_read(&words, error, sizeof(error) - 1);
	CHECK_TEXT(words.code, "NoSuchKey");
	CHECK_TEXT(words.message, "It is <gone>");
	s3_words_read(&words, error, sizeof(error) - 4);
	CHECK_TEXT(words.code, "");
	s3_words_read(&words, "<html><Code>no</Code></html>", 28);
	CHECK_TEXT(words.code, "");
	s3_words_read(&words, "", 0);
	CHECK_TEXT(words.code, "");
}

int main(void)
{
	read_cases();
	read_pages();
	read_bounds();
	read_words();
	return 0;
}
