/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/dpdk_compat.h"
#include "telemetry/internal.h"
#include "json/json.h"

static int add_value(struct rte_tel_data *out, const char *name, json_t *value);

static int add_members(struct rte_tel_data *out, json_t *object)
{
    const char *key;
    json_t *value;
    int error = 0;

    json_object_foreach (object, key, value) {
        error = add_value(out, key, value);
        if (error != 0)
            break;
    }
    return error;
}

/* A list is a dictionary by position: telemetry knows no list of objects below its top. */
static int add_items(struct rte_tel_data *out, json_t *list)
{
    json_t *value;
    char name[24];
    size_t i;
    int error = 0;

    json_array_foreach (list, i, value) {
        snprintf(name, sizeof(name), "%zu", i);
        error = add_value(out, name, value);
        if (error != 0)
            break;
    }
    return error;
}

static int add_container(struct rte_tel_data *out, const char *name, json_t *value)
{
    struct rte_tel_data *inner = rte_tel_data_alloc();
    int error;

    if (inner == NULL)
        return -ENOMEM;
    rte_tel_data_start_dict(inner);
    error = json_is_object(value) ? add_members(inner, value) : add_items(inner, value);
    if (error == 0)
        error = rte_tel_data_add_dict_container(out, name, inner, 0);
    if (error != 0)
        rte_tel_data_free(inner);
    return error;
}

/* Telemetry has no real numbers, no truth values, and no null. */
static int add_real(struct rte_tel_data *out, const char *name, double value)
{
    char text[32];

    snprintf(text, sizeof(text), "%.15g", value);
    return rte_tel_data_add_dict_string(out, name, text);
}

/* What telemetry has no room for is left out visibly. */
static int add_string(struct rte_tel_data *out, const char *name, const char *text)
{
    char shortened[RTE_TEL_MAX_STRING_LEN];

    if (strlen(text) < sizeof(shortened))
        return rte_tel_data_add_dict_string(out, name, text);
    snprintf(shortened, sizeof(shortened), "%.*s...", (int)sizeof(shortened) - 4, text);
    return rte_tel_data_add_dict_string(out, name, shortened);
}

static int add_value(struct rte_tel_data *out, const char *name, json_t *value)
{
    int error = 0;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        error = add_container(out, name, value);
        break;
    case JSON_STRING:
        error = add_string(out, name, json_string_value(value));
        break;
    case JSON_INTEGER:
        error = dpdk_tel_dict_uint(out, name, (uint64_t)json_integer_value(value));
        break;
    case JSON_REAL:
        error = add_real(out, name, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        error = rte_tel_data_add_dict_int(out, name, json_is_true(value));
        break;
    case JSON_NULL:
        error = rte_tel_data_add_dict_string(out, name, "");
        break;
    }
    return error;
}

int telemetry_convert(const json_t *object, struct rte_tel_data *out)
{
    if (json_is_string(object))
        return rte_tel_data_string(out, json_string_value(object));
    if (!json_is_object(object))
        return -EINVAL;
    if (json_dumpb(object, NULL, 0, JSON_ALL_DIGITS) > TELEMETRY_REPLY_BYTES)
        return -E2BIG;
    rte_tel_data_start_dict(out);
    return add_members(out, (json_t *)(uintptr_t)object);
}
