/* settings.h - what can be set from outside, and what time it is here.
 *
 * Emulated time starts at real time and runs settings.speed times as fast.
 * Limits and signatures are held to the client's time. */
#ifndef EMULATOR_SETTINGS_H
#define EMULATOR_SETTINGS_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct settings {
	double speed;	    /* emulated seconds in a real one */
	double limit_scale; /* the windows of the limits are divided by it */
	bool limits;
	bool promote_answers_snapshot; /* Exoscale: as its reference */
	double appear_s;
	double image_s, image_gb_s, promote_s, transfer_s;
	double create_s, boot_s, stop_s, kill_s, delete_s, drop_s;
	double task_lag_s;
	int image_quota; /* images of one's own a cloud lets one have; 0: any */
	int request_log; /* requests kept */
	char token[128];
	char exoscale_key[64], exoscale_secret[128];
	char exoscale_zone[24]; /* the one without a zone in its path */
};

extern struct settings settings;

/* The settings of the start; later changes of it by the command line are kept
 * by settings_keep() and come back with settings_reset(). */
void settings_init(void);
void settings_keep(void);
void settings_reset(void);

/* Sets what the object names; ERR_DATA names what it does not know, and then
 * nothing is changed. */
int settings_apply(const json_t *object, struct err *) MUST_CHECK;

/* Seconds since 1970: emulated; real; and as the client reads its clock. That
 * is real time, unless limit_scale is speed: then the client lives as fast as
 * the emulator (ADT_CLOCK does that), and its time is emulated time.
 * clock_advance() moves the first and the last on. */
double emulated_now(void);
double real_now(void);
double client_now(void);
bool client_is_fast(void);

/* What clock_advance() has added in all: the client's clock knows nothing of
 * it. */
double clock_advanced(void);
void clock_advance(double seconds);

#endif
