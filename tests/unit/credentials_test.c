/* credentials_test.c - tokens as build machines and the vendors' clients keep
 * them: which place is trusted more, and what is refused. */
#include "files/credentials.h"

#include "base/atomicfile.h"
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *const one_file[] = {".client", NULL};
static const char *const other_file[] = {".config/client", NULL};
static const struct credential_places token = {
	.variables = {"TOKEN", NULL},
	.token_file = true,
	.home_files = one_file,
	.user_files = other_file,
	.members = {"token", NULL},
};
static const struct credential_places pair = {
	.variables = {"ACCESS_KEY", "SECRET_KEY"},
	.home_files = one_file,
	.user_files = other_file,
	.members = {"key", "secret"},
};

static char folder[] = "build/credentials_test.XXXXXX";
static char build[100], user[100];
static struct err err;

/* Below the test's folder; text NULL removes it. */
static void put(const char *name, const char *text, mode_t mode)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (text)
		CHECK(file_replace(path, text, strlen(text), mode, &err) == 0);
	else
		unlink(path);
}

static void make_folder(const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	CHECK(mkdir(path, 0700) == 0);
}

static void make_folders(void)
{
	static const char *const names[] = {"home",	     "home/RT",
					    "home/RT/cloud", "home/RT/cloud/b",
					    "user",	     "user/.config"};
	size_t i;

	CHECK(mkdtemp(folder));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		make_folder(names[i]);
	snprintf(build, sizeof(build), "%s/home/RT/cloud/b", folder);
	snprintf(user, sizeof(user), "%s/user", folder);
	setenv("HOME", user, 1);
}

/* What a file named by --credentials may hold. */
static void forms(void)
{
	static const struct {
		const struct credential_places *places;
		const char *text, *key, *secret;
	} rows[] = {
		{&token, "abc\n", "abc", ""},
		{&token, "\n  abc  \r\n\n", "abc", ""},
		{&token, "TOKEN=abc\n", "abc", ""},
		{&token, "XTOKEN=no\nTOKEN = \"abc\"\n", "abc", ""},
		{&token, "[DEFAULT]\ndefault-user = me\n\n[me]\ntoken = abc\n",
		 "abc", ""},
		{&token, "TOKEN=\ntoken: abc\n", "abc", ""},
		{&pair, "ACCESS_KEY=k\nSECRET_KEY=s=/+\n", "k", "s=/+"},
		{&pair,
		 "defaultaccount = \"me\"\n[[accounts]]\n  account = \"me\"\n"
		 "  key = \"k\"\n  name = \"me\"\n  secret = 's'\n",
		 "k", "s"},
	};
	struct credentials found;
	char path[400];
	size_t i;

	snprintf(path, sizeof(path), "%s/file", folder);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put("file", rows[i].text, 0600);
		CHECK(credentials_find(rows[i].places, path, NULL, &found,
				       &err) == 0);
		CHECK_TEXT(found.key, rows[i].key);
		CHECK_TEXT(found.secret, rows[i].secret);
	}
}

static void refuse(const struct credential_places *places, const char *text,
		   mode_t mode, enum err_kind kind, const char *words)
{
	struct credentials found;
	char path[400];

	snprintf(path, sizeof(path), "%s/file", folder);
	put("file", text, mode);
	CHECK(credentials_find(places, path, NULL, &found, &err) < 0);
	if (err.kind != kind || !strstr(err.text, words)) {
		fprintf(stderr, "%d: %s\n", (int)err.kind, err.text);
		exit(1);
	}
	CHECK(!strstr(err.text, "s3cret")); /* words tell no token */
	CHECK(!found.key[0] && !found.secret[0]);
}

static void refused(void)
{
	char path[400];
	struct credentials found;
	char large[700];

	refuse(&token, "", 0600, ERR_DENIED, "no TOKEN in it");
	refuse(&token, "two s3crets\n", 0600, ERR_DENIED, "no TOKEN in it");
	refuse(&token, "TOKEN=s3cret more\n", 0600, ERR_DATA,
	       "a blank or a control character");
	refuse(&token, "s3c\001ret\n", 0600, ERR_DATA,
	       "a blank or a control character");
	refuse(&pair, "ACCESS_KEY=s3cret\n", 0600, ERR_DENIED,
	       "no ACCESS_KEY and SECRET_KEY in it");
	refuse(&token, "s3cret\n", 0644, ERR_DENIED, "chmod");
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	refuse(&token, large, 0600, ERR_DATA, "longer than 511");
	snprintf(path, sizeof(path), "%s/nothing", folder);
	CHECK(credentials_find(&token, path, NULL, &found, &err) < 0);
	CHECK(strstr(err.text, "nothing"));
}

static void expect(const struct credential_places *places, const char *key)
{
	struct credentials found;
	int rc = credentials_find(places, NULL, build, &found, &err);

	if (!key) {
		CHECK(rc < 0 && err.kind == ERR_DENIED);
		return;
	}
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK(rc == 0);
	CHECK_TEXT(found.key, key);
}

#define BUILD "home/RT/cloud/b/"

/* The least trusted place first; each that comes is trusted more. */
static void order(void)
{
	expect(&token, NULL);
	CHECK(strstr(err.text, "TOKEN in build_environment, for the file "
			       "TOKEN beside it"));
	put("user/.config/client", "token = of-user\n", 0400);
	expect(&token, "of-user");
	put("home/.client", "token = of-home\n", 0400);
	expect(&token, "of-home");
	put(BUILD "TOKEN", "of-file\n", 0600);
	expect(&token, "of-file");
	/* a whole environment, never sourced: look-alikes, junk, values with
	 * "=" and blanks; the first line of the name counts */
	put(BUILD "build_environment",
	    "APPLICATION_REPOSITORY_TOKEN=no\nGIT_USER=Demo Person\n"
	    "X=$(touch build/never)\nA.B=1\nTOKEN=of-environment\nTOKEN=late\n",
	    0644);
	expect(&token, "of-environment");
	put(BUILD "build_environment", "TOKEN=\nOTHER=1\n", 0644);
	expect(&token, "of-file"); /* it is empty there */
	put(BUILD "TOKEN", "of-file\n", 0644);
	expect(&token, NULL); /* others may read it: said, not skipped */
	CHECK(strstr(err.text, "chmod"));
	put(BUILD "TOKEN", NULL, 0);
	expect(&token, "of-home");
}

/* Half a pair of one place and half of another make none. */
static void halves(void)
{
	put("home/.client", "key = \"k1\"\nsecret = \"s1\"\n", 0400);
	put("user/.config/client", "secret = \"s2\"\n", 0400);
	put(BUILD "build_environment", "ACCESS_KEY=k3\n", 0644);
	expect(&pair, "k1");
	put("home/.client", "key = \"k1\"\n", 0400);
	expect(&pair, NULL);
	put(BUILD "build_environment", "ACCESS_KEY=k3\nSECRET_KEY=s3\n", 0644);
	expect(&pair, "k3");
}

/* Files first, and each folder after what is in it. */
static void remove_all(void)
{
	static const char *const names[] = {
		"file",
		"home/.client",
		"user/.config/client",
		BUILD "build_environment",
		BUILD,
		"home/RT/cloud",
		"home/RT",
		"home",
		"user/.config",
		"user",
		"",
	};
	char path[400];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		CHECK(remove(path) == 0);
	}
}

int main(void)
{
	make_folders();
	forms();
	refused();
	order();
	halves();
	CHECK(access("build/never", F_OK) != 0);
	remove_all();
	return 0;
}
