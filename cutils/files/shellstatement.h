/* shellstatement.h - what shellscan.c and shellstatement.c need of each other.
 *
 * They are one parser: a word can hold a command substitution, whose statements
 * hold words. Everybody else includes shellscan.h. */
#ifndef FILES_SHELLSTATEMENT_H
#define FILES_SHELLSTATEMENT_H

#include "files/shellscan.h"

/* Ends the scan; the first problem stays. `why` is a literal. */
void shell_problem(struct shell_scan *, unsigned line, const char *why);

/* At the ( of $(: steps over the commands up to the ) that ends them. */
void shell_substitution(struct shell_scan *);

#endif
