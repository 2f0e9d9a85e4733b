/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of permits and denies: ["deny 192.0.2.7", "permit 192.0.2.0/24"]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acl/acl.h"
#include "config/option.h"

static int read_rule(struct option_reader *r, json_t *value, void *items, size_t i)
{
    struct acl_rule *out = (struct acl_rule *)items + i;
    const char *text = json_string_value(value);
    char copy[128];

    if (text != NULL && strlen(text) < sizeof(copy)) {
        strcpy(copy, text);
        if (acl_parse_rule(copy, out) == 1)
            return 0;
    }
    return reader_refuse_value(r, value,
                               "\"permit PREFIX\" or \"deny PREFIX\", as \"deny 192.0.2.7\"");
}

static int read_acl(struct option_reader *r, const struct option_row *row, json_t *value,
                    void *object)
{
    return reader_read_items(r, row, value, object, sizeof(struct acl_rule), read_rule);
}

static json_t *write_acl(const struct option_row *row, const void *object,
                         const struct config *config)
{
    struct acl_rule *const *rules = (struct acl_rule *const *)((const char *)object + row->offset);
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    json_t *list = json_array();
    char text[IP_TEXT_BYTES];

    (void)config;
    for (uint32_t i = 0; i < n; i++)
        option_append(&list, json_sprintf("%s %s", (*rules)[i].permit ? "permit" : "deny",
                                          ip_prefix_format(&(*rules)[i].prefix, text)));
    return list;
}

static json_t *schema_acl(const struct option_row *row)
{
    return json_pack("{s:s, s:{s:s, s:s}, s:i}", "type", "array", "items", "type", "string",
                     "pattern", "^ *((permit|deny) +)?[0-9A-Fa-f.:]+(/[0-9]+)? *$", "maxItems",
                     (int)row->most);
}

static void describe_acl(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of up to %.0f permits and denies of prefixes", row->most);
}

const struct option_kind kind_acl = {"permits and denies", false,       false, read_acl, write_acl,
                                     schema_acl,           describe_acl};
