/* SPDX-License-Identifier: BSD-3-Clause */
#include "json/json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

json_t *json_at(const json_t *object, const char *key)
{
    const char *dot;

    while ((dot = strchr(key, '.')) != NULL) {
        object = json_object_getn(object, key, (size_t)(dot - key));
        key = dot + 1;
    }
    return json_object_get(object, key);
}

bool json_has_at(const json_t *object, const char *key)
{
    const json_t *value = json_at(object, key);

    return value != NULL && !json_is_null(value);
}

double json_number_at(const json_t *object, const char *key)
{
    const json_t *value = json_at(object, key);

    return json_is_boolean(value) ? json_is_true(value) : json_number_value(value);
}

double json_sum_of_members(json_t *object, const char *key)
{
    const char *name;
    json_t *member;
    double sum = 0;

    json_object_foreach (object, name, member)
        sum += json_number_at(member, key);
    return sum;
}

const char *json_string_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_at(object, key));

    return text != NULL ? text : "";
}

const char *json_text_at(const json_t *object, const char *key, char out[JSON_TEXT_BYTES])
{
    const json_t *value = json_at(object, key);

    if (json_is_string(value))
        snprintf(out, JSON_TEXT_BYTES, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, JSON_TEXT_BYTES, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, JSON_TEXT_BYTES, "%.4g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(out, JSON_TEXT_BYTES, "%s", json_is_true(value) ? "yes" : "no");
    else
        snprintf(out, JSON_TEXT_BYTES, "-");
    return out;
}

json_t *json_real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_text_or_null(const char *text)
{
    return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}
