/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of addresses, of both families. */
#include <stdio.h>
#include <stdlib.h>

#include "config/option.h"

static int read_address(struct option_reader *r, json_t *value, void *items, size_t n_before)
{
    const struct ip_address *before = items;
    struct ip_address *out = (struct ip_address *)items + n_before;
    const char *text = json_string_value(value);

    if (text == NULL || ip_address_parse(text, out) != 0)
        return reader_refuse_value(r, value, "an address like \"192.0.2.1\" or \"2001:db8::1\"");
    for (size_t i = 0; i < n_before; i++)
        if (ip_address_equal(&before[i], out))
            return reader_refuse_value(r, value, "each address once");
    return 0;
}

static int read_addresses(struct option_reader *r, const struct option_row *row, json_t *value,
                          void *object)
{
    return reader_read_items(r, row, value, object, sizeof(struct ip_address), read_address);
}

static json_t *write_addresses(const struct option_row *row, const void *object,
                               const struct config *config)
{
    struct ip_address *const *addresses =
        (struct ip_address *const *)((const char *)object + row->offset);
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    json_t *list = json_array();
    char text[IP_TEXT_BYTES];

    (void)config;
    for (uint32_t i = 0; i < n; i++)
        option_append(&list, json_string(ip_address_format(&(*addresses)[i], text)));
    return list;
}

static json_t *schema_addresses(const struct option_row *row)
{
    return json_pack("{s:s, s:{s:s}, s:i, s:i, s:b}", "type", "array", "items", "type", "string",
                     "minItems", (int)row->least, "maxItems", (int)row->most, "uniqueItems", 1);
}

static void describe_addresses(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of %.0f to %.0f addresses", row->least, row->most);
}

const struct option_kind kind_addresses = {"addresses",       false,           false,
                                           read_addresses,    write_addresses, schema_addresses,
                                           describe_addresses};
