/* SPDX-License-Identifier: BSD-3-Clause */
/* The fields of packets by name, and their values as text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "config/machine_parts.h"

enum value_kind { NUMBER, MAC, ETHERTYPE, ADDRESS, IPV4, IPV6, PROTOCOL, FLAGS };

static const struct {
    const char *name;
    uint8_t n_bytes;
    uint8_t kind;
} fields[] = {
#define MACHINE_FIELD_ROW(suffix, name, bytes, kind) {name, bytes, kind},
    MACHINE_FIELDS(MACHINE_FIELD_ROW)
#undef MACHINE_FIELD_ROW
};

/* Numbers that have a name. */
static const struct {
    uint8_t kind;
    const char *name;
    uint16_t value;
} words[] = {
    {ETHERTYPE, "ipv4", 0x0800}, {ETHERTYPE, "arp", 0x0806}, {ETHERTYPE, "ipv6", 0x86dd},
    {ETHERTYPE, "lldp", 0x88cc}, {PROTOCOL, "icmp", 1},      {PROTOCOL, "tcp", 6},
    {PROTOCOL, "udp", 17},       {PROTOCOL, "icmpv6", 58},   {PROTOCOL, "sctp", 132},
};

/* FIN lowest (RFC 9293 3.1). */
static const char flag_letters[] = "FSRPAUEC";

static const char *const allowed[] = {
    [NUMBER] = "a whole number of the field's width",
    [MAC] = "a MAC address like \"02:00:00:00:00:01\"",
    [ETHERTYPE] = "an EtherType: a number, or \"ipv4\", \"ipv6\", \"arp\", \"lldp\"",
    [ADDRESS] = "an address or prefix like \"192.0.2.0/24\" or \"2001:db8::/32\"",
    [IPV4] = "an address or prefix like \"192.0.2.0/24\"",
    [IPV6] = "an address or prefix like \"2001:db8::/32\"",
    [PROTOCOL] = "a protocol: a number, or \"tcp\", \"udp\", \"icmp\", \"icmpv6\", \"sctp\"",
    [FLAGS] = "flags of TCP by their letters: some of \"FSRPAUEC\", or \"\"",
};

const char *machine_field_name(enum machine_field field)
{
    return fields[field].name;
}

uint8_t machine_field_bytes(enum machine_field field)
{
    return fields[field].n_bytes;
}

static const char *field_name_at(const void *from, size_t i)
{
    (void)from;
    return fields[i].name;
}

int machine_find_field(struct option_reader *r, const char *name, uint8_t *out)
{
    for (uint8_t i = 0; i < MACHINE_N_FIELDS; i++)
        if (strcmp(fields[i].name, name) == 0) {
            *out = i;
            return 0;
        }
    return machine_refuse_name(r, name, "a field of a packet", field_name_at, NULL,
                               MACHINE_N_FIELDS);
}

int machine_read_field(struct option_reader *r, json_t *value, uint8_t *out)
{
    const char *name = json_string_value(value);

    return name != NULL ? machine_find_field(r, name, out)
                        : reader_refuse_value(r, value, "the name of a field, as \"ip.source\"");
}

static void store_number(uint64_t value, uint8_t n_bytes, uint8_t out[MACHINE_VALUE_BYTES])
{
    memset(out, 0, MACHINE_VALUE_BYTES);
    for (uint8_t i = 0; i < n_bytes; i++)
        out[i] = (uint8_t)(value >> 8 * (n_bytes - 1 - i));
}

static bool read_flags(const char *text, uint64_t *out)
{
    for (*out = 0; *text != '\0'; text++) {
        const char *at = strchr(flag_letters, *text);

        if (at == NULL)
            return false;
        *out |= UINT64_C(1) << (at - flag_letters);
    }
    return true;
}

static bool read_number(uint8_t kind, json_t *value, uint64_t *out)
{
    const char *text = json_string_value(value);

    if (json_is_integer(value)) {
        *out = (uint64_t)json_integer_value(value);
        return json_integer_value(value) >= 0;
    }
    if (text == NULL)
        return false;
    if (kind == FLAGS)
        return read_flags(text, out);
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (words[i].kind == kind && strcmp(words[i].name, text) == 0) {
            *out = words[i].value;
            return true;
        }
    return false;
}

static bool read_mac(const char *text, uint8_t out[MACHINE_VALUE_BYTES])
{
    unsigned int b[6];
    int n = 0;

    if (text == NULL ||
        sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &n) !=
            6 ||
        n != 17 || text[n] != '\0')
        return false;
    memset(out, 0, MACHINE_VALUE_BYTES);
    for (int i = 0; i < 6; i++)
        out[i] = (uint8_t)b[i];
    return true;
}

/* Of a prefix its first and its last address. */
static bool read_prefix(uint8_t kind, const char *text, struct machine_values *out)
{
    struct ip_prefix p;
    unsigned int skipped = 0, n_bits;

    if (text == NULL || ip_prefix_parse(text, &p) != 0 || (kind == IPV4 && !p.is_ipv4) ||
        (kind == IPV6 && p.is_ipv4))
        return false;
    if (kind == IPV4)
        skipped = 12;
    n_bits = p.length + (p.is_ipv4 ? 96u : 0u);
    memset(out, 0, sizeof(*out));
    memcpy(out->first, p.address.bytes + skipped, 16 - skipped);
    memcpy(out->last, out->first, sizeof(out->last));
    for (unsigned int bit = n_bits; bit < 128; bit++)
        out->last[bit / 8 - skipped] |= (uint8_t)(0x80 >> bit % 8);
    return true;
}

int machine_read_value(struct option_reader *r, enum machine_field field, json_t *value,
                       struct machine_values *out)
{
    const uint8_t kind = fields[field].kind, n_bytes = fields[field].n_bytes;
    uint64_t number;
    bool is_good;

    *out = (struct machine_values){0};
    if (kind == MAC) {
        is_good = read_mac(json_string_value(value), out->first);
        memcpy(out->last, out->first, sizeof(out->last));
    } else if (kind == ADDRESS || kind == IPV4 || kind == IPV6) {
        is_good = read_prefix(kind, json_string_value(value), out);
    } else {
        is_good = read_number(kind, value, &number) && number >> 4 * n_bytes >> 4 * n_bytes == 0;
        if (is_good) {
            store_number(number, n_bytes, out->first);
            store_number(number, n_bytes, out->last);
        }
    }
    return is_good ? 0 : reader_refuse_value(r, value, allowed[kind]);
}
