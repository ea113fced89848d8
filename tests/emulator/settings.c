/* settings.c - the settings by name, and the two clocks. */
#include "settings.h"

#include <string.h>
#include <time.h>

struct settings settings;

static const struct settings defaults = {
	.speed = 1,
	.limit_scale = 1,
	.limits = true,
	.appear_s = 5,
	.image_s = 60,
	.image_gb_s = 6,
	.promote_s = 40,
	.transfer_s = 60,
	.create_s = 15,
	.boot_s = 20,
	.stop_s = 10,
	.kill_s = 3,
	.delete_s = 3,
	.drop_s = 2,
	.task_lag_s = 2,
	.request_log = 20000,
	.token = "emulator-token",
	.exoscale_key = "EXOemulator",
	.exoscale_secret = "emulator-secret",
	.exoscale_zone = "ch-gva-2",
};

static struct settings kept;

/* Emulated time is base_s + (monotonic - since_s) * speed. */
static double base_s, since_s, advanced_s;

static const struct number {
	const char *name;
	double *value;
} numbers[] = {
	{"appear_s", &settings.appear_s},
	{"image_s", &settings.image_s},
	{"image_gb_s", &settings.image_gb_s},
	{"promote_s", &settings.promote_s},
	{"transfer_s", &settings.transfer_s},
	{"create_s", &settings.create_s},
	{"boot_s", &settings.boot_s},
	{"stop_s", &settings.stop_s},
	{"kill_s", &settings.kill_s},
	{"delete_s", &settings.delete_s},
	{"drop_s", &settings.drop_s},
	{"task_lag_s", &settings.task_lag_s},
	{"limit_scale", &settings.limit_scale},
	{"speed", &settings.speed},
};

static const struct word {
	const char *name;
	char *value;
	size_t size;
} words[] = {
	{"token", settings.token, sizeof(settings.token)},
	{"exoscale_key", settings.exoscale_key, sizeof(settings.exoscale_key)},
	{"exoscale_secret", settings.exoscale_secret,
	 sizeof(settings.exoscale_secret)},
	{"exoscale_zone", settings.exoscale_zone,
	 sizeof(settings.exoscale_zone)},
};

static double monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double real_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool client_is_fast(void)
{
	return settings.speed > 1 && settings.limit_scale == settings.speed;
}

double client_now(void)
{
	return client_is_fast() ? emulated_now() : real_now() + advanced_s;
}

double emulated_now(void)
{
	return base_s + (monotonic() - since_s) * settings.speed;
}

double clock_advanced(void)
{
	return advanced_s;
}

void clock_advance(double seconds)
{
	base_s += seconds;
	advanced_s += seconds;
}

/* A change of speed bends time, it does not break it. */
static void set_speed(double speed)
{
	double now = emulated_now();

	since_s = monotonic();
	base_s = now;
	settings.speed = speed;
}

void settings_init(void)
{
	settings = defaults;
	base_s = real_now();
	since_s = monotonic();
	settings_keep();
}

void settings_keep(void)
{
	kept = settings;
}

void settings_reset(void)
{
	double speed = kept.speed;

	set_speed(speed);
	settings = kept;
}

/* 0 where value may be given to name. */
static int check(const char *name, const json_t *value, struct err *err)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (strcmp(name, numbers[i].name) == 0) {
			bool divisor =
				numbers[i].value == &settings.speed ||
				numbers[i].value == &settings.limit_scale;

			if (!json_is_number(value) ||
			    json_number_value(value) < 0 ||
			    (divisor && json_number_value(value) <= 0))
				return err_set(err, ERR_DATA,
					       "%s: not a number it can be",
					       name);
			return 0;
		}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(name, words[i].name) == 0) {
			if (!json_is_string(value) ||
			    json_string_length(value) >= words[i].size)
				return err_set(err, ERR_DATA,
					       "%s: not a text that fits",
					       name);
			return 0;
		}
	if ((strcmp(name, "limits") == 0 ||
	     strcmp(name, "promote_answers_snapshot") == 0) &&
	    json_is_boolean(value))
		return 0;
	if ((strcmp(name, "image_quota") == 0 ||
	     strcmp(name, "request_log") == 0) &&
	    json_is_integer(value) && json_integer_value(value) >= 0)
		return 0;
	return err_set(err, ERR_DATA, "%s: no such setting, or not its type",
		       name);
}

static void set(const char *name, const json_t *value)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (strcmp(name, numbers[i].name) == 0) {
			if (numbers[i].value == &settings.speed)
				set_speed(json_number_value(value));
			else
				*numbers[i].value = json_number_value(value);
			return;
		}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(name, words[i].name) == 0) {
			memcpy(words[i].value, json_string_value(value),
			       json_string_length(value) + 1);
			return;
		}
	if (strcmp(name, "limits") == 0)
		settings.limits = json_is_true(value);
	else if (strcmp(name, "promote_answers_snapshot") == 0)
		settings.promote_answers_snapshot = json_is_true(value);
	else if (strcmp(name, "image_quota") == 0)
		settings.image_quota = (int)json_integer_value(value);
	else
		settings.request_log = (int)json_integer_value(value);
}

int settings_apply(const json_t *object, struct err *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return err_set(err, ERR_DATA, "settings: not a JSON object");
	json_object_foreach ((json_t *)object, name, value)
		if (check(name, value, err) < 0)
			return -1;
	json_object_foreach ((json_t *)object, name, value)
		set(name, value);
	return 0;
}
