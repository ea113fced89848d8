/* template_test.c - what a template says, what it refuses, and how it reads
 * after a change: text in, text out, no file. */
#include "base/atomicfile.h"
#include "files/template.h"

#include "check.h"

static struct template parsed(const char *text)
{
	struct template is;
	struct err err;

	CHECK(template_parse(&is, "t", text, strlen(text), &err) == 0);
	return is;
}

/* What template_get() gives for A: "=value", or the error's text. */
static void check_get(const char *text, const char *want)
{
	struct template is = parsed(text);
	char *value = NULL;
	char got[ERR_TEXT_SIZE + 2];
	struct err err;

	if (template_get(&is, "A", &value, &err) == 0)
		snprintf(got, sizeof(got), "=%s", value);
	else
		snprintf(got, sizeof(got), "%d %s", (int)err.kind, err.text);
	if (strncmp(got, want, strlen(want)) != 0 ||
	    (*want == '=' && strcmp(got, want) != 0)) {
		fprintf(stderr, "%s\ngot  %s\nwant %s\n", text, got, want);
		exit(1);
	}
	free(value);
	template_free(&is);
}

#define NONE "1 t: A: no such variable"
#define COMPUTED(line) "65 t:" line ": the shell would compute"
#define FOREIGN(line) "65 t:" line ": this may set A"

static void reads_what_sh_reads(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"export A=\"x\"\n", "=x"},
		{"export A=\"x\"", "=x"},
		{"A=x", "=x"},
		{"export A=\"\" # \"y\"\n", "="},
		{"export A= #y\n", "="},
		{"export A=#y\n", "=#y"},
		{"export A=\"x\"#y\n", "=x#y"},
		{"\t export \t A='a b' \t# '\n", "=a b"},
		{"A=a\"b \"'c '\\ d\\'\n", "=ab c  d'"},
		{"A=\"\\$ \\` \\\" \\\\ \\n \\'\"\n", "=$ ` \" \\ \\n \\'"},
		{"A='\\'\n", "=\\"},
		{"A=\"a\nb\n\"\n", "=a\nb\n"},
		{"A=\"a\\\nb\"\n", "=ab"},
		{"A=a\\\nb\n", "=ab"},
		{"export \\\n A=\\\nb\n", "=b"},
		{"A=\"\\\"\n#\"\n", "=\"\n#"},
		{"A=x\nA=y\n#A=z\n", "=y"},
		{"#A=x\n  # A=\"x\n", NONE},
		{"# A=x \\\nA=y\n", "=y"},
		{"MY_A=x\nAA=x\nA_=x\n", NONE},
		{"B=\"\nA=x\n\"\n", NONE},
		{"B='\nexport A=x\n'\n", NONE},
		{"A=\"\303\251\377\"\n", "=\303\251\377"},
		{"A=a=b\n", "=a=b"},
		{"A=x*\n", "=x*"},
		{"", NONE},
		{"\n\n", NONE},
		/* the ends of lines of other systems */
		{"A=\"x\"\r\nB=y\r\n", "=x"},
		{"A=x\r\n", "=x"},
		{"A=x\r", "=x"},
		{"A=\"x\r\n\"\r\n", "=x\r\n"},
		{"A=x\ry\n", "=x\ry"},
		{"\r\n# c\r\nA=x # d\r\n", "=x"},
		/* what the shell would compute */
		{"A=\"$B\"\n", COMPUTED("1")},
		{"A=$B\n", COMPUTED("1")},
		{"A=\"a\n$\"\n", COMPUTED("1")},
		{"A=`b`\n", COMPUTED("1")},
		{"A=\"`b \\` \\`c`\"\n", COMPUTED("1")},
		{"\nA=\"$(b \"c\" ')' # )\n)\"\n", COMPUTED("2")},
		{"A=\"$((1 << (2)))\"\n", COMPUTED("1")},
		{"A=${B:-'}'\"}\"}\n", COMPUTED("1")},
		{"A=\"$(case b in (b) ;; c) x;; esac)\"\n", COMPUTED("1")},
		{"A=~/x\n", COMPUTED("1")},
		{"A=x:~/x\n", COMPUTED("1")},
		{"A=\"~/x\"\n", "=~/x"},
		{"A=x~\n", "=x~"},
		{"export A=x*\n", COMPUTED("1")},
		{"export A={x,y}\n", COMPUTED("1")},
		{"export A='*'\\?\n", "=*?"},
		{"A=x\nA=$B\n", COMPUTED("2")},
		{"A=$B\nA=x\n", "=x"},
		{"A=$'a'\n", COMPUTED("1")},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_get(cases[i].text, cases[i].want);
}

static void refuses_what_may_set_it(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"A=x B=y\n", FOREIGN("1")},
		{"B=y A=x\n", FOREIGN("1")},
		{"A=x\nA=y;\n", FOREIGN("2")},
		{"A=x; rm y\n", FOREIGN("1")},
		{"A=x & \n", FOREIGN("1")},
		{"A=x >y\n", FOREIGN("1")},
		{"A+=x\n", FOREIGN("1")},
		{"A=(x)\n", FOREIGN("1")},
		{"A[1]=x\n", FOREIGN("1")},
		{"A=x\nunset A\n", FOREIGN("2")},
		{"A=x\nunset B \"A\"\n", FOREIGN("2")},
		{"A=x\nexport A\n", FOREIGN("2")},
		{"A=x\nread -r B A <y\n", FOREIGN("2")},
		{"A=x\nreadonly A=y\n", FOREIGN("2")},
		{"A=x\nexport 'A=y'\n", FOREIGN("2")},
		{"A=x\n\"export\" A=y\n", FOREIGN("2")},
		{"A=x\nexport \\\nA\\\n=y B=z\n", FOREIGN("2")},
		{"A=x\neval \"A=y\"\n", FOREIGN("2")},
		{"A=x\nfor A in y; do :; done\n", FOREIGN("2")},
		{"A=x\n: ${A:=y}\n", FOREIGN("2")},
		{"A=x\nB=\"${A=y}\"\n", FOREIGN("2")},
		{"A=x\nB=$((A += 1))\n", FOREIGN("2")},
		{"A=x\nB=$((A++))\n", FOREIGN("2")},
		{"if x\nthen\nexport A=y\nfi\nA=z\n", FOREIGN("1")},
		{"f() {\nA=y\n}\nA=z\n", FOREIGN("1")},
		{"f()\nA=y\nA=z\n", FOREIGN("1")},
		{"(\nA=y\n)\n", FOREIGN("1")},
		{"case x in\nx)\nA=y ;;\n(y | w) : ;;\nesac\nA=z\n",
		 FOREIGN("1")},
		{"while x; do if y; then A=x; fi; done >z\nA=x\n",
		 FOREIGN("1")},
		{"B=y &&\nA=x\n", FOREIGN("1")},
		{"b |\n\n# c\nA=x\n", FOREIGN("1")},
		/* and not what only looks like it */
		{"echo \"A=y\"\nA=x\n", "=x"},
		{"echo 'A=y\nA=z'\nA=x\n", "=x"},
		{"export B=1 C='A=2'\nA=x\n", "=x"},
		{"if x; then B=$A; fi\nA=x\n", "=x"},
		{"f() { echo $A; }\nA=x\n", "=x"},
		{"echo if case {\nA=x\n", "=x"},
		{"B=if\nA=x\n", "=x"},
		{"unset A_B\nA=x\n", "=x"},
		{"x >if <case\nA=x\n", "=x"},
		{"for b in if; do :; done 2>&1 </dev/null\nA=x\n", "=x"},
		{"B=\"${A:-y}\"\nC=$((A + 1))\nA=x\n", "=x"},
		{"case x in esac\nA=x\n", "=x"},
		{"! x\nA=x\n", "=x"},
		{"if (x) then { y; } fi\nA=x\n", "=x"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_get(cases[i].text, cases[i].want);
}

static void refuses_what_it_cannot_follow(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"A=x\nB=\"\n\n", "65 t:2: no closing double quote"},
		{"A=x\nB='\n", "65 t:2: no closing single quote"},
		{"A=x\nB=`\n", "65 t:2: no closing backquote"},
		{"A=x\nB=\"$(\n\"\n", "65 t:3: no closing double quote"},
		{"A=x\nB=$(b\n\n", "65 t:2: a compound command or $("},
		{"A=x\nB=${b\n", "65 t:2: no closing brace"},
		{"A=x\nB=\"${b:-'}\"\n", "65 t:2: a quote inside ${"},
		{"A=x\nB=$((1\n", "65 t:2: no end of $(("},
		{"A=x\nB=$'\\''\n", "65 t:2: a backslash inside $'"},
		{"A=x\ncat <<B\nA=y\nB\n", "65 t:2: a here-document"},
		{"A=x\nB=$(cat <<B\nA=y\nB\n)\n", "65 t:2: a here-document"},
		{"A=x\nif y; then\nA=z\n", "65 t:2: a compound command"},
		{"A=x\nfi\n", "65 t:2: the end of a command"},
		{"A=x\n( }\n", "65 t:2: the end of a command"},
		{"A=x\ncase y is\n", "65 t:2: case without in"},
		{"A=x\nfunction f {\nA=y\n}\n", "65 t:2: function or select"},
		{"A=x\ni\\\nf y\n", "65 t:3: the name of a command"},
		{"A=x\nB=y\\", "65 t:2: a backslash ends the file"},
		{"A=x\nB=y\\\r\n", "65 t:2: a backslash before CR LF"},
	};
	char deep[200] = "A=", *at = deep + 2;
	struct template is;
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_get(cases[i].text, cases[i].want);
	for (i = 0; i < 40; i++)
		at = stpcpy(at, "$(");
	check_get(deep, "65 t:1: expansions nested too deep");
	memset(deep, '(', 100);
	deep[100] = '\0';
	check_get(deep, "65 t:1: commands nested too deep");
	CHECK(template_parse(&is, "t", "A=x\n\0", 5, &err) == 0);
	CHECK(is.problem_line == 2);
	CHECK_TEXT(is.problem, "a NUL byte");
	template_free(&is);
}

/* A="new" in each text; what stands for a failure is "!" and its text. */
static void changes_the_value_alone(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", "export A=\"n\"\n"},
		{"export A=\"x\"  #c\n", "export A=\"n\"  #c\n"},
		{"A=x", "A=\"n\""},
		{"A=", "A=\"n\""},
		{"A= #c", "A=\"n\" #c"},
		{"A='x\ny'z\\\nq #c\n#d", "A=\"n\" #c\n#d"},
		{"A=$(x)\n", "A=\"n\"\n"},
		{"A=1\nMY_A=1\nA=\"2\" #c\n", "A=\"n\"\nMY_A=1\nA=\"n\" #c\n"},
		{"A='n'\nA=x\n", "A='n'\nA=\"n\"\n"},
		{"#c", "#c\nexport A=\"n\"\n"},
		{"B=\"\nA=\"\n", "B=\"\nA=\"\nexport A=\"n\"\n"},
		{"A=\"x\"\r\nB=y\r\n", "A=\"n\"\r\nB=y\r\n"},
		{"B=y\r\n", "B=y\r\nexport A=\"n\"\r\n"},
		{"C=z\r\nB=y", "C=z\r\nB=y\r\nexport A=\"n\"\r\n"},
		{"B=y\r", "B=y\r\nexport A=\"n\"\r\n"},
		{"B=y\r\nC=z\n", "B=y\r\nC=z\nexport A=\"n\"\n"},
		{"if x; then y; fi\nA=\n", "if x; then y; fi\nA=\"n\"\n"},
		{"A=n\n", "same"},
		{"A=\\n # n\n", "same"},
		{"A=m\r\nA=n\r\n", "A=\"n\"\r\nA=n\r\n"},
		{"B=y \\\n", "!t: the change would not read back"},
		{"A=x; y\n", "!t:1: this may set A"},
	};
	const struct template_value value = {"A", "n"};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct template is = parsed(cases[i].text);
		struct strbuf out = STRBUF(FILE_MAX_BYTES);
		const char *want = cases[i].want;
		bool changed = false;
		struct err err;
		int rc = template_edit(&is, &value, 1, &out, &changed, &err);

		if (*want == '!') {
			CHECK(rc < 0 && err.kind == ERR_DATA);
			CHECK(strncmp(err.text, want + 1, strlen(want) - 1) ==
			      0);
		} else {
			CHECK(rc == 0);
			CHECK(changed == (strcmp(want, "same") != 0));
			CHECK_TEXT(strbuf_text(&out),
				   changed ? want : cases[i].text);
		}
		strbuf_free(&out);
		template_free(&is);
	}
}

static void cuts_whole_lines(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"A=x\n", ""},
		{"#a\n A=\"x\ny\" #c\nB=y", "#a\nB=y"},
		{"B=y\r\nA=x #c\r\n\r\nA=z", "B=y\r\n\r\n"},
		{"AA=x\nA=$B\nA_=x\n", "AA=x\nA_=x\n"},
		{"\n\\\n export A=x\nB=y\n", "\nB=y\n"},
		{"AA=x\n", "!t: A: no such variable"},
		{"A=x\nexport A\n", "!t:2: this may set A"},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct template is = parsed(cases[i].text);
		struct strbuf out = STRBUF(FILE_MAX_BYTES);
		const char *want = cases[i].want;
		struct err err;

		if (template_cut(&is, "A", &out, &err) < 0)
			CHECK(*want == '!' && strncmp(err.text, want + 1,
						      strlen(want) - 1) == 0);
		else
			CHECK_TEXT(strbuf_text(&out), want);
		strbuf_free(&out);
		template_free(&is);
	}
}

/* Every pair of bytes: what is written reads back as it was. */
static void writes_every_byte(void)
{
	struct template is = parsed("export A=\"\"\nB='b'\n");
	char value[4] = "";
	struct template_value change = {"A", value};
	int first, second;

	for (first = 1; first < 256; first++) {
		for (second = 0; second < 256; second++) {
			struct strbuf out = STRBUF(FILE_MAX_BYTES);
			bool changed;
			struct err err;

			value[0] = (char)first;
			value[1] = (char)second;
			CHECK(template_edit(&is, &change, 1, &out, &changed,
					    &err) == 0);
			CHECK(changed);
			strbuf_free(&out);
		}
	}
	template_free(&is);
}

static void knows_names(void)
{
	static const char *const bad[] = {"",	 "1A",	"A-B", "A B",
					  "A=B", "A\n", "-A",  "\303\251"};
	static const char *const good[] = {"A", "_", "a1", "DBaaS_X9"};
	struct template is = parsed("A=x\n");
	char *value;
	struct err err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(template_get(&is, bad[i], &value, &err) < 0);
		CHECK(err.kind == ERR_DATA);
	}
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(template_check_name(good[i], &err) == 0);
	template_free(&is);
}

static void limits_statements(void)
{
	size_t count = TEMPLATE_STATEMENTS_MAX, i;
	char *text = malloc(4 * (count + 1));
	struct template is;
	struct err err;

	CHECK(text);
	for (i = 0; i <= count; i++)
		memcpy(text + 4 * i, "A=x\n", 4);
	CHECK(template_parse(&is, "t", text, 4 * count, &err) == 0);
	CHECK(is.count == count);
	template_free(&is);
	CHECK(template_parse(&is, "t", text, 4 * (count + 1), &err) < 0);
	CHECK(err.kind == ERR_DATA);
	free(text);
}

int main(void)
{
	reads_what_sh_reads();
	refuses_what_may_set_it();
	refuses_what_it_cannot_follow();
	changes_the_value_alone();
	cuts_whole_lines();
	writes_every_byte();
	knows_names();
	limits_statements();
	return 0;
}
