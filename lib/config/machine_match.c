/* SPDX-License-Identifier: BSD-3-Clause */
/* `match`: fields with what their values may be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/machine_parts.h"

/* {"value": V, "mask": M} */
static int read_masked(struct option_reader *r, enum machine_field field, json_t *value,
                       struct machine_values *out)
{
    static const char *const keys[] = {"value", "mask"};
    struct machine_values parts[2];

    if (json_object_size(value) != 2 || json_object_get(value, "value") == NULL ||
        json_object_get(value, "mask") == NULL)
        return reader_refuse(r, "an object", "\"value\" and \"mask\", and nothing else");
    for (int i = 0; i < 2; i++) {
        size_t mark = reader_enter_key(r, keys[i]);
        int error = machine_read_value(r, field, json_object_get(value, keys[i]), &parts[i]);

        if (error != 0)
            return error;
        if (memcmp(parts[i].first, parts[i].last, sizeof(parts[i].first)) != 0)
            return reader_refuse_value(r, json_object_get(value, keys[i]), "one value, no prefix");
        reader_leave(r, mark);
    }
    for (int i = 0; i < MACHINE_VALUE_BYTES; i++)
        if ((parts[0].first[i] & ~parts[1].first[i]) != 0)
            return reader_refuse_value(r, json_object_get(value, "value"),
                                       "no bit that is not in \"mask\"");
    *out = parts[0];
    memcpy(out->last, parts[1].first, sizeof(out->last));
    out->is_mask = true;
    return 0;
}

/* [from, to] */
static int read_range(struct option_reader *r, enum machine_field field, json_t *value,
                      struct machine_values *out)
{
    struct machine_values to;

    for (size_t i = 0; i < 2; i++) {
        size_t mark = reader_enter_item(r, i);
        int error = machine_read_value(r, field, json_array_get(value, i), i == 0 ? out : &to);

        if (error != 0)
            return error;
        reader_leave(r, mark);
    }
    memcpy(out->last, to.last, sizeof(out->last));
    if (memcmp(out->first, out->last, sizeof(out->first)) > 0)
        return reader_refuse(r, "a range whose end is before its start", "[from, to]");
    return 0;
}

/* Two numbers are a range; a list of alternatives that are two numbers has them in lists. */
static bool is_range(json_t *value)
{
    return json_array_size(value) == 2 && !json_is_array(json_array_get(value, 0)) &&
           !json_is_object(json_array_get(value, 0)) && json_is_number(json_array_get(value, 0)) &&
           json_is_number(json_array_get(value, 1));
}

static int read_one(struct option_reader *r, enum machine_field field, json_t *value,
                    struct machine_values *out)
{
    if (json_is_object(value))
        return read_masked(r, field, value, out);
    if (json_is_array(value) && json_array_size(value) == 2)
        return read_range(r, field, value, out);
    return machine_read_value(r, field, value, out);
}

static int read_values(struct option_reader *r, uint32_t *n_so_far, json_t *value,
                       struct machine_match *out)
{
    const bool is_list = json_is_array(value) && !is_range(value);
    const size_t n = is_list ? json_array_size(value) : 1;

    if (n == 0 || *n_so_far + n > MACHINE_MAX_VALUES)
        return reader_refuse_value(r, value, "1 to 4096 values, in all matches together");
    *n_so_far += (uint32_t)n;
    out->values = calloc(n, sizeof(*out->values));
    if (out->values == NULL)
        return reader_no_memory(r);
    out->n_values = (uint32_t)n;
    if (!is_list)
        return read_one(r, out->field, value, &out->values[0]);
    for (size_t i = 0; i < n; i++) {
        size_t mark = reader_enter_item(r, i);
        int error = read_one(r, out->field, json_array_get(value, i), &out->values[i]);

        if (error != 0)
            return error;
        reader_leave(r, mark);
    }
    return 0;
}

int machine_read_matches(struct option_reader *r, struct machine *m, struct machine_rule *rule)
{
    const size_t n = json_object_size(rule->match);
    const char *name;
    json_t *value;
    size_t mark = reader_enter_key(r, "match");

    if (n > MACHINE_MAX_MATCHES)
        return reader_refuse_value(r, rule->match, "at most 8 fields");
    rule->matches = calloc(n + 1, sizeof(*rule->matches));
    if (rule->matches == NULL)
        return reader_no_memory(r);
    json_object_foreach (rule->match, name, value) {
        struct machine_match *match = &rule->matches[rule->n_matches];
        size_t inner = reader_enter_key(r, name);
        int error = machine_find_field(r, name, &match->field);

        if (error == 0 && match->field == MACHINE_PORT)
            error = reader_refuse(r, "a port by its number",
                                  "\"port\" in keys alone; `ports` of the machine names ports");
        if (error == 0) {
            rule->n_matches++;
            error = read_values(r, &m->n_values, value, match);
        }
        if (error != 0)
            return error;
        reader_leave(r, inner);
    }
    reader_leave(r, mark);
    return 0;
}
