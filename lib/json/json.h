/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing JSON where a member may be missing or null. Functions have no state: any
 * thread, as long as nobody changes the values meanwhile.
 *
 * A key may lead into objects by dots: "counters.rx_packets". */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>

#define JSON_TEXT_BYTES 128

/* A flag of json_dumps(): whoever writes a number writes it so that a reader who passes it on
 * changes no digit. 15 digits are what every double keeps (DBL_DIG); 9 are a tenth of a second
 * after a year. */
#define JSON_ALL_DIGITS JSON_REAL_PRECISION(15)

/* json_loadb() for when memory may be short: then NULL, errno is ENOMEM, error->text says so, and
 * what was read up to there is never freed. json_loadb() itself may end the process. Any thread;
 * `error` may be NULL. The value is the caller's. */
json_t *json_parse(const char *text, size_t n, size_t flags, json_error_t *error);

/* The value at a dotted key, borrowed. NULL when it is not there, or `object` is none. */
json_t *json_at(const json_t *object, const char *key);

/* Is there a value, and not null? */
bool json_has_at(const json_t *object, const char *key);

/* A number; true is 1. 0 when it is not there, null, or of another kind. */
double json_number_at(const json_t *object, const char *key);

/* The sum of a number that each member of an object (or none) has: of {"a": {"n": 1}, "b": {"n":
 * 2}} at "n", 3. */
double json_sum_of_members(json_t *object, const char *key);

/* A string, borrowed. "" when it is not there, null, or of another kind. */
const char *json_string_at(const json_t *object, const char *key);

/* Any value as text for people, cut to the buffer: reals with four digits, "yes" and "no"; "-" when
 * it is not there, null, or an object or array. Returns `out`. */
const char *json_text_at(const json_t *object, const char *key, char out[JSON_TEXT_BYTES]);

/* New references, the caller's. JSON has no NaN and no infinity: null. */
json_t *json_real_or_null(double value);

/* NULL and "" are null. NULL when the text is not UTF-8, or memory is short. */
json_t *json_text_or_null(const char *text);

#endif
