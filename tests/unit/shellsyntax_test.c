/* shellsyntax_test.c - what sh -n accepts and refuses, of any size. */
#include "files/shellsyntax.h"

#include "check.h"

/* More than a socket holds, and an error before its end. */
static void asks_the_shell(void)
{
	size_t size = 2000000;
	char *text = malloc(size);
	struct err err;

	CHECK(text);
	memset(text, '\n', size);
	CHECK(shell_syntax(text, size, 60000, &err) == 0);
	CHECK(shell_syntax(text, 0, 60000, &err) == 0);
	memcpy(text, "if\nfi\n", 6);
	CHECK(shell_syntax(text, size, 60000, &err) < 0);
	CHECK(err.kind == ERR_DATA);
	CHECK(strncmp(err.text, "sh -n refuses it: ", 18) == 0);
	CHECK(shell_syntax(text, size, 0, &err) < 0);
	CHECK(err.kind == ERR_RETRY);
	free(text);
}

int main(void)
{
	asks_the_shell();
	return 0;
}
