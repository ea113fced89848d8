/* faults.h - what goes wrong, on demand: by cloud, operation and count. */
#ifndef EMULATOR_FAULTS_H
#define EMULATOR_FAULTS_H

#include "base/err.h"
#include "state.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_STATUS,
	FAULT_HTML,
	FAULT_CUT_BEFORE,
	FAULT_CUT_AFTER,
	FAULT_SLOW,
	FAULT_TRUNCATED,
	FAULT_OVERSIZED,
	FAULT_INVALID_JSON,
	FAULT_WRONG_TYPE,
	FAULT_MISSING_MEMBER,
	FAULT_ACTION_ERROR,
	FAULT_VANISH,
	FAULT_STUCK,
	FAULT_IGNORED,
	FAULT_REDIRECT,
};

struct fault {
	enum fault_kind kind;
	const char *name;
	int cloud;	    /* -1: every one */
	char operation[32]; /* "*": every one */
	char match[256];    /* "": everything */
	int count;	    /* times left; -1: no end */
	int skip;	    /* times to let pass first */
	int status;
	int retry_after_s; /* -1: none */
	int ms;
	int mb;
	char text[256]; /* message, member or location */
};

/* Adds what the JSON object says (README.md, "Faults"); ERR_DATA. */
int faults_add(const json_t *, struct err *) MUST_CHECK;

/* The fault that strikes this request, and counts it; kind FAULT_NONE where
 * there is none. Texts are searched for the fault's match. */
struct fault faults_take(enum cloud_id, const char *operation,
			 const char *target, const char *body);

/* What is left of each; owned. */
json_t *faults_list(void);

void faults_clear(void);

/* What a fault means for work that is started. */
enum outcome fault_outcome(const struct fault *);

/* Takes a member away, or gives it another type: the one at path ("rows.0.id"),
 * or, for "", the first of the first row. */
void fault_spoil(const struct fault *, json_t *body);

#endif
