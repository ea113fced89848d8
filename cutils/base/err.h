/* err.h - what went wrong, said once, by whoever knows.
 *
 * A function that can fail takes a `struct err *` last and returns 0 or -1.
 * On -1 *err says why; on 0 it is untouched. Only bin/ prints it and exits;
 * the kind is the exit status (numbers of sysexits(3), see adt(7)). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum err_kind {
	ERR_NO = 1,	   /* asked and answered: there is none */
	ERR_USAGE = 64,	   /* wrong command line */
	ERR_DATA = 65,	   /* a file or name of ours is malformed */
	ERR_REFUSED = 69,  /* the cloud refuses, and will again */
	ERR_SYSTEM = 71,   /* memory, disk, permissions here */
	ERR_RETRY = 75,	   /* locked, throttled, deadline passed */
	ERR_PROTOCOL = 76, /* a reply is not what the API documents */
	ERR_DENIED = 77,   /* token or key missing, wrong, or without the right;
			    * or the server did not prove who it is */
};

#define ERR_TEXT_SIZE 512

struct err {
	enum err_kind kind;
	char text[ERR_TEXT_SIZE]; /* one line, no secret, no newline */
};

/* Both fill *err and return -1; err_sys() appends strerror(errno) and is
 * always ERR_SYSTEM. A text that does not fit is cut and ends in "...". */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
int err_sys(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "prefix: " before a text already set; returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts words behind a text already set, which is cut where both do not fit;
 * returns -1. */
int err_suffix(struct err *err, const char *words);

#endif
