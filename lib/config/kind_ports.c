/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of TCP ports and ranges of them: [443, "8000-8100"]. null, the default, means any. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"

#define ONE_ALLOWED "a TCP port from 1 to 65535, or a range of them like \"8000-8100\""

static bool read_number(const char **text, unsigned long *out)
{
    char *end;

    if (**text < '0' || **text > '9')
        return false;
    *out = strtoul(*text, &end, 10);
    *text = end;
    return true;
}

/* Are bounds of a range in it? */
static bool parse(json_t *item, unsigned long *first, unsigned long *last)
{
    const char *text = json_string_value(item);

    if (json_is_integer(item)) {
        json_int_t port = json_integer_value(item);

        *first = *last = port > 0 ? (unsigned long)port : 0;
        return true;
    }
    if (text == NULL || !read_number(&text, first))
        return false;
    *last = *first;
    if (*text == '-') {
        text++;
        if (!read_number(&text, last))
            return false;
    }
    return *text == '\0';
}

static int read_range(struct option_reader *r, json_t *item, struct slice_port_range *out)
{
    unsigned long first, last;

    if (!parse(item, &first, &last) || first < 1 || last > UINT16_MAX || first > last)
        return reader_refuse_value(r, item, ONE_ALLOWED);
    *out = (struct slice_port_range){(uint16_t)first, (uint16_t)last};
    return 0;
}

static int read_ranges(struct option_reader *r, const struct option_row *row, json_t *value,
                       void *object)
{
    struct slice_port_range *ranges = (struct slice_port_range *)((char *)object + row->offset);
    uint32_t *count = (uint32_t *)((char *)object + row->count);
    size_t n = json_array_size(value);

    *count = 0;
    if (json_is_null(value))
        return 0;
    if (!json_is_array(value) || n < (size_t)row->least || n > (size_t)row->most)
        return reader_refuse_row(r, value, row);
    for (size_t i = 0; i < n; i++) {
        size_t mark = reader_enter_item(r, i);
        int error = read_range(r, json_array_get(value, i), &ranges[i]);

        if (error != 0)
            return error;
        for (size_t k = 0; k < i; k++)
            if (ranges[k].first <= ranges[i].last && ranges[i].first <= ranges[k].last)
                return reader_refuse_value(r, json_array_get(value, i), "each port once");
        reader_leave(r, mark);
    }
    *count = (uint32_t)n;
    return 0;
}

static json_t *write_ranges(const struct option_row *row, const void *object,
                            const struct config *config)
{
    const struct slice_port_range *ranges =
        (const struct slice_port_range *)((const char *)object + row->offset);
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    json_t *list = n > 0 ? json_array() : json_null();

    (void)config;
    for (uint32_t i = 0; i < n; i++)
        option_append(&list, ranges[i].first == ranges[i].last
                                 ? json_integer(ranges[i].first)
                                 : json_sprintf("%u-%u", ranges[i].first, ranges[i].last));
    return list;
}

static json_t *schema_ranges(const struct option_row *row)
{
    return json_pack("{s:[s,s], s:{s:[s,s], s:i, s:i, s:s}, s:i, s:i, s:b}", "type", "array",
                     "null", "items", "type", "integer", "string", "minimum", 1, "maximum",
                     UINT16_MAX, "pattern", "^[0-9]{1,5}(-[0-9]{1,5})?$", "minItems",
                     (int)row->least, "maxItems", (int)row->most, "uniqueItems", 1);
}

static void describe_ranges(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n,
             "a list of %.0f to %.0f TCP ports from 1 to 65535 and ranges of them like "
             "\"8000-8100\", or null",
             row->least, row->most);
}

const struct option_kind kind_port_ranges = {
    "TCP ports and ranges", false,         false,          read_ranges,
    write_ranges,           schema_ranges, describe_ranges};

#define PORTS(member) OPTION_FIELD(struct slice_ports, member)

static const struct option_row ports_rows[] = {
    {.name = "source",
     .kind = &kind_port_ranges,
     PORTS(source),
     .count = offsetof(struct slice_ports, n_source),
     .least = 1,
     .most = SLICE_MAX_PORT_RANGES,
     .fallback = "null",
     .otherwise = "any",
     .help = "Ports of the source; the list holds numbers, and ranges like `\"8000-8100\"`."},
    {.name = "destination",
     .kind = &kind_port_ranges,
     PORTS(destination),
     .count = offsetof(struct slice_ports, n_destination),
     .least = 1,
     .most = SLICE_MAX_PORT_RANGES,
     .fallback = "null",
     .otherwise = "any",
     .help = "Likewise of the destination."},
};

const struct option_object object_slice_ports = {
    .noun = "ports",
    .help = "Which TCP ports the packets of a slice have.",
    .rows = ports_rows,
    .n_rows = ARRAY_LENGTH(ports_rows),
};
