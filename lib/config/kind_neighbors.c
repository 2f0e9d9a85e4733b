/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of neighbors: addresses as text, AS numbers as numbers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"

int option_compare_neighbors(const struct config_neighbor *a, const struct config_neighbor *b)
{
    if (a->is_as != b->is_as)
        return a->is_as - b->is_as;
    if (a->is_as)
        return (a->as > b->as) - (a->as < b->as);
    return memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
}

const char *option_neighbor_text(const struct config_neighbor *neighbor, char out[IP_TEXT_BYTES])
{
    if (neighbor->is_as)
        snprintf(out, IP_TEXT_BYTES, "%u", neighbor->as);
    else
        ip_address_format(&neighbor->address, out);
    return out;
}

static int read_neighbor(struct option_reader *r, json_t *value, void *items, size_t i)
{
    struct config_neighbor *out = (struct config_neighbor *)items + i;
    const char *text = json_string_value(value);
    json_int_t number = json_integer_value(value);

    *out = (struct config_neighbor){.is_as = json_is_integer(value)};
    if (text != NULL && ip_address_parse(text, &out->address) == 0)
        return 0;
    out->as = (uint32_t)number;
    /* RFC 7607: 0 is no AS; RFC 7300: nor is the last one. */
    if (out->is_as && number > 0 && number < UINT32_MAX)
        return 0;
    return reader_refuse_value(r, value,
                               "an address like \"192.0.2.1\", or an AS number like 64500");
}

static int read_neighbors(struct option_reader *r, const struct option_row *row, json_t *value,
                          void *object)
{
    return reader_read_items(r, row, value, object, sizeof(struct config_neighbor), read_neighbor);
}

static json_t *write_neighbors(const struct option_row *row, const void *object,
                               const struct config *config)
{
    struct config_neighbor *const *neighbors =
        (struct config_neighbor *const *)((const char *)object + row->offset);
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    json_t *list = json_array();
    char text[IP_TEXT_BYTES];

    (void)config;
    for (uint32_t i = 0; i < n; i++) {
        const struct config_neighbor *neighbor = &(*neighbors)[i];

        option_append(&list, neighbor->is_as ? json_integer(neighbor->as)
                                             : json_string(option_neighbor_text(neighbor, text)));
    }
    return list;
}

static json_t *schema_neighbors(const struct option_row *row)
{
    return json_pack("{s:s, s:{s:[s,s], s:i, s:I}, s:i, s:b}", "type", "array", "items", "type",
                     "string", "integer", "minimum", 1, "maximum", (json_int_t)UINT32_MAX - 1,
                     "maxItems", (int)row->most, "uniqueItems", 1);
}

static void describe_neighbors(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of up to %.0f addresses and AS numbers", row->most);
}

const struct option_kind kind_neighbors = {"neighbors",       false,           false,
                                           read_neighbors,    write_neighbors, schema_neighbors,
                                           describe_neighbors};
