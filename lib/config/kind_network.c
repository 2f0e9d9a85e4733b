/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of the network: MAC addresses, VLAN ids, lists of prefixes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option.h"

#define MAC_PATTERN "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"
/* IEEE 802.1Q-2018 9.6: 4095 is reserved; 0 is no VLAN, only a priority. */
#define MOST_VLAN 4094

static int read_mac(struct option_reader *r, const struct option_row *row, json_t *value,
                    void *object)
{
    static const uint8_t nobody[6];
    uint8_t *mac = (uint8_t *)object + row->offset;
    const char *text = json_string_value(value);
    int used = 0;

    if (row->nullable) {
        *(bool *)((char *)object + row->count) = !json_is_null(value);
        if (json_is_null(value))
            return 0;
    }
    /* The length keeps sscanf from taking spaces and signs for digits. */
    if (text == NULL || strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17 ||
        sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
               &mac[4], &mac[5], &used) != 6 ||
        used != 17 || (mac[0] & 1) != 0 || memcmp(mac, nobody, sizeof(nobody)) == 0)
        return reader_refuse_row(r, value, row);
    return 0;
}

static json_t *write_mac(const struct option_row *row, const void *object,
                         const struct config *config)
{
    const uint8_t *mac = (const uint8_t *)object + row->offset;

    (void)config;
    if (row->nullable && !*(const bool *)((const char *)object + row->count))
        return json_null();
    return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                        mac[5]);
}

static json_t *schema_mac(const struct option_row *row)
{
    if (row->nullable)
        return json_pack("{s:[s,s], s:s}", "type", "string", "null", "pattern", MAC_PATTERN);
    return json_pack("{s:s, s:s}", "type", "string", "pattern", MAC_PATTERN);
}

static void describe_mac(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a unicast MAC address like \"02:00:00:00:00:01\"%s",
             row->nullable ? ", or null" : "");
}

const struct option_kind kind_mac = {"MAC",     false,      false,       read_mac,
                                     write_mac, schema_mac, describe_mac};

static int read_vlan(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    uint16_t *vlan = (uint16_t *)((char *)object + row->offset);

    if (json_is_null(value)) {
        *vlan = CONFIG_NONE;
        return 0;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > MOST_VLAN)
        return reader_refuse_row(r, value, row);
    *vlan = (uint16_t)json_integer_value(value);
    return 0;
}

static json_t *write_vlan(const struct option_row *row, const void *object,
                          const struct config *config)
{
    uint16_t vlan = *(const uint16_t *)((const char *)object + row->offset);

    (void)config;
    return vlan == CONFIG_NONE ? json_null() : json_integer(vlan);
}

static json_t *schema_vlan(const struct option_row *row)
{
    (void)row;
    return json_pack("{s:[s,s], s:i, s:i}", "type", "integer", "null", "minimum", 0, "maximum",
                     MOST_VLAN);
}

static void describe_vlan(const struct option_row *row, char *out, size_t n)
{
    (void)row;
    snprintf(out, n, "a VLAN id from 0 (untagged) to %d, or null", MOST_VLAN);
}

const struct option_kind kind_vlan = {"VLAN",     false,       false,        read_vlan,
                                      write_vlan, schema_vlan, describe_vlan};

/* "10.0.0.1/8" -> "10.0.0.0/8": what was probably meant. */
static void without_host_bits(const char *text, char out[IP_TEXT_BYTES])
{
    char address_text[IP_TEXT_BYTES];
    struct ip_address address;
    struct ip_prefix prefix;
    size_t n = strcspn(text, "/");

    memcpy(address_text, text, n);
    address_text[n] = '\0';
    ip_address_parse(address_text, &address);
    prefix = ip_prefix_of_address(&address, (uint8_t)atoi(text + n + 1));
    ip_prefix_format(&prefix, out);
}

static int read_prefix(struct option_reader *r, json_t *value, struct ip_prefix *out)
{
    const char *text = json_string_value(value);
    int error = text != NULL ? ip_prefix_parse(text, out) : -EINVAL;
    char allowed[2 * IP_TEXT_BYTES];
    char masked[IP_TEXT_BYTES];

    switch (error) {
    case 0:
        return 0;
    case -EDOM:
        without_host_bits(text, masked);
        snprintf(allowed, sizeof(allowed), "no host bits, that is \"%s\"", masked);
        return reader_refuse_value(r, value, allowed);
    case -ERANGE:
        return reader_refuse_value(r, value,
                                   "a length of at most 32 (IPv4, also as ::ffff:192.0.2.0) or "
                                   "128 (IPv6)");
    default:
        return reader_refuse_value(
            r, value, "a prefix or address like \"192.0.2.0/24\" or \"2001:db8::/32\"");
    }
}

/* Length among all 128 bits, by which no prefix of one family is equal to one of the other. */
static int mapped_bits(const struct ip_prefix *p)
{
    return p->length + (p->is_ipv4 ? 96 : 0);
}

int option_compare_prefixes(const struct ip_prefix *a, const struct ip_prefix *b)
{
    int order = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));

    return order != 0 ? order : mapped_bits(a) - mapped_bits(b);
}

static int compare_items(const void *a, const void *b)
{
    return option_compare_prefixes(a, b);
}

/* Refuses the list when a prefix is in it twice. */
static int check_distinct(struct option_reader *r, const struct ip_prefix *prefixes, size_t n)
{
    struct ip_prefix *sorted;
    char text[IP_TEXT_BYTES];
    int error = 0;

    if (n < 2)
        return 0;
    sorted = calloc(n, sizeof(*sorted));
    if (sorted == NULL)
        return reader_no_memory(r);
    memcpy(sorted, prefixes, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare_items);
    for (size_t i = 1; i < n && error == 0; i++)
        if (ip_prefix_equal(&sorted[i - 1], &sorted[i])) {
            char found[IP_TEXT_BYTES + 16];

            snprintf(found, sizeof(found), "\"%s\" twice", ip_prefix_format(&sorted[i], text));
            error = reader_refuse(r, found, "each prefix once");
        }
    free(sorted);
    return error;
}

/* null, the default, means every address of both families. */
static int read_prefixes(struct option_reader *r, const struct option_row *row, json_t *value,
                         void *object)
{
    struct ip_prefix **out = (struct ip_prefix **)((char *)object + row->offset);
    uint32_t *count = (uint32_t *)((char *)object + row->count);
    size_t n = json_array_size(value);

    if (json_is_null(value))
        n = 2;
    else if (!json_is_array(value) || n < (size_t)row->least || n > (size_t)row->most)
        return reader_refuse_row(r, value, row);
    *count = 0;
    if (n == 0)
        return 0;
    *out = calloc(n, sizeof(**out));
    if (*out == NULL)
        return reader_no_memory(r);
    *count = (uint32_t)n;
    if (json_is_null(value)) {
        (*out)[0] = ip_prefix_any(true);
        (*out)[1] = ip_prefix_any(false);
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        size_t mark = reader_enter_item(r, i);
        int error = read_prefix(r, json_array_get(value, i), &(*out)[i]);

        if (error != 0)
            return error;
        reader_leave(r, mark);
    }
    return check_distinct(r, *out, n);
}

static json_t *write_prefixes(const struct option_row *row, const void *object,
                              const struct config *config)
{
    struct ip_prefix *const *prefixes =
        (struct ip_prefix *const *)((const char *)object + row->offset);
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    json_t *list = json_array();
    char text[IP_TEXT_BYTES];

    (void)config;
    for (uint32_t i = 0; i < n; i++)
        option_append(&list, json_string(ip_prefix_format(&(*prefixes)[i], text)));
    return list;
}

static json_t *schema_prefixes(const struct option_row *row)
{
    return json_pack("{s:[s,s], s:{s:s}, s:i, s:i, s:b}", "type", "array", "null", "items", "type",
                     "string", "minItems", (int)row->least, "maxItems", (int)row->most,
                     "uniqueItems", 1);
}

static void describe_prefixes(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of %.0f to %.0f prefixes, or null", row->least, row->most);
}

const struct option_kind kind_prefixes = {
    "prefixes", false, false, read_prefixes, write_prefixes, schema_prefixes, describe_prefixes};

static int read_tcp_ports(struct option_reader *r, const struct option_row *row, json_t *value,
                          void *object)
{
    uint16_t *ports = (uint16_t *)((char *)object + row->offset);
    uint32_t *count = (uint32_t *)((char *)object + row->count);
    size_t n = json_array_size(value);

    if (!json_is_array(value) || n > (size_t)row->most)
        return reader_refuse_row(r, value, row);
    for (size_t i = 0; i < n; i++) {
        json_t *item = json_array_get(value, i);
        json_int_t port = json_integer_value(item);
        size_t mark = reader_enter_item(r, i);

        if (!json_is_integer(item) || port < 1 || port > UINT16_MAX)
            return reader_refuse_value(r, item, "a TCP port from 1 to 65535");
        for (size_t k = 0; k < i; k++)
            if (ports[k] == port)
                return reader_refuse_value(r, item, "each port once");
        ports[i] = (uint16_t)port;
        reader_leave(r, mark);
    }
    *count = (uint32_t)n;
    return 0;
}

static json_t *write_tcp_ports(const struct option_row *row, const void *object,
                               const struct config *config)
{
    const uint16_t *ports = (const uint16_t *)((const char *)object + row->offset);
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    json_t *list = json_array();

    (void)config;
    for (uint32_t i = 0; i < n; i++)
        option_append(&list, json_integer(ports[i]));
    return list;
}

static json_t *schema_tcp_ports(const struct option_row *row)
{
    return json_pack("{s:s, s:{s:s, s:i, s:i}, s:i, s:b}", "type", "array", "items", "type",
                     "integer", "minimum", 1, "maximum", UINT16_MAX, "maxItems", (int)row->most,
                     "uniqueItems", 1);
}

static void describe_tcp_ports(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of up to %.0f TCP ports from 1 to 65535", row->most);
}

const struct option_kind kind_tcp_ports = {"TCP ports",       false,           false,
                                           read_tcp_ports,    write_tcp_ports, schema_tcp_ports,
                                           describe_tcp_ports};
