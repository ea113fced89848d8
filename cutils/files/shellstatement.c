/* shellstatement.c - see shellstatement.h. */
#include "files/shellstatement.h"

#include "files/shellnest.h"
#include "files/shellscan.h"

#include <string.h>

bool shell_statement(struct shell_scan *scan, struct shell_statement *is)
{
	struct shell_nest nest = SHELL_NEST_NONE;

	memset(is, 0, sizeof(*is));
	for (;;) {
		size_t before = scan->at;
		struct shell_token token = shell_next(scan, NULL);

		if (is->tokens == 0) {
			is->start = before;
			is->line = token.line;
		}
		if (token.kind == SHELL_END) {
			shell_nest_ended(scan, &nest);
			break;
		}
		if (token.kind != SHELL_NEWLINE) {
			if (is->tokens < 2)
				is->first[is->tokens] = token;
			is->tokens++;
		} else if (is->tokens > 0 && nest.count == 0 && !nest.goes_on) {
			break;
		}
		shell_nest_see(scan, &nest, &token);
	}
	is->end = scan->at;
	return is->tokens > 0 && !scan->problem;
}
