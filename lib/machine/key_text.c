/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys as people write them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "machine/machine.h"
#include "machine/print.h"

static bool is_address(enum machine_field field)
{
    return field == MACHINE_IP_SOURCE || field == MACHINE_IP_DESTINATION ||
           field == MACHINE_IPV4_SOURCE || field == MACHINE_IPV4_DESTINATION ||
           field == MACHINE_IPV6_SOURCE || field == MACHINE_IPV6_DESTINATION;
}

static bool is_mac(enum machine_field field)
{
    return field == MACHINE_ETH_SOURCE || field == MACHINE_ETH_DESTINATION;
}

static void format(enum machine_field field, const uint8_t *from, char out[IP_TEXT_BYTES])
{
    const uint8_t n = machine_field_bytes(field);
    unsigned long long number = 0;
    struct ip_address a;

    if (is_address(field)) {
        a = n == 4 ? ip_address_from_ipv4(from) : ip_address_from_ipv6(from);
        ip_address_format(&a, out);
    } else if (is_mac(field)) {
        snprintf(out, IP_TEXT_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", from[0], from[1], from[2],
                 from[3], from[4], from[5]);
    } else {
        for (uint8_t i = 0; i < n; i++)
            number = number << 8 | from[i];
        snprintf(out, IP_TEXT_BYTES, "%llu", number);
    }
}

const char *machine_key_text(const struct machine *m, const void *key,
                             char out[MACHINE_KEY_TEXT_BYTES])
{
    const struct machine_scope *s = &m->scopes[MACHINE_LOOKUP];
    const uint8_t *from = key;
    size_t used = 0;

    for (uint8_t i = 0; i < s->n_fields; i++) {
        char text[IP_TEXT_BYTES];

        format((enum machine_field)s->fields[i], from, text);
        from += machine_field_bytes((enum machine_field)s->fields[i]);
        used += (size_t)snprintf(out + used, MACHINE_KEY_TEXT_BYTES - used, "%s%s",
                                 i == 0 ? "" : ",", text);
        if (used >= MACHINE_KEY_TEXT_BYTES)
            break;
    }
    return out;
}

static bool read_mac(const char *text, uint8_t *to)
{
    unsigned int b[6];
    int n = 0;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &n) !=
            6 ||
        text[n] != '\0')
        return false;
    for (int i = 0; i < 6; i++)
        to[i] = (uint8_t)b[i];
    return true;
}

static bool read_number(const char *text, uint8_t n_bytes, uint8_t *to)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || number >> 4 * n_bytes >> 4 * n_bytes != 0)
        return false;
    for (uint8_t i = n_bytes; i > 0; i--, number >>= 8)
        to[i - 1] = (uint8_t)number;
    return true;
}

static bool read_address(enum machine_field field, const char *text, uint8_t *to)
{
    const uint8_t n = machine_field_bytes(field);
    struct ip_address a;

    if (ip_address_parse(text, &a) != 0 || (n == 4 && !ip_address_is_ipv4(&a)) ||
        ((field == MACHINE_IPV6_SOURCE || field == MACHINE_IPV6_DESTINATION) &&
         ip_address_is_ipv4(&a)))
        return false;
    memcpy(to, a.bytes + 16 - n, n);
    return true;
}

int machine_key_parse(const struct machine *m, const char *text, void *key, char *error,
                      size_t n_error)
{
    const struct machine_scope *s = &m->scopes[MACHINE_LOOKUP];
    uint8_t *to = key;
    char *copy = strdup(text), *rest = copy, *word;
    bool is_good = copy != NULL;
    size_t used;

    memset(key, 0, MACHINE_MAX_KEY_BYTES);
    for (uint8_t i = 0; i < s->n_fields && is_good; i++) {
        const enum machine_field field = (enum machine_field)s->fields[i];

        word = strsep(&rest, ",");
        is_good =
            word != NULL && (is_address(field) ? read_address(field, word, to)
                             : is_mac(field)   ? read_mac(word, to)
                                               : read_number(word, machine_field_bytes(field), to));
        to += machine_field_bytes(field);
    }
    is_good = is_good && rest == NULL;
    free(copy);
    if (is_good)
        return 0;
    used = (size_t)snprintf(error, n_error, "\"%.64s\" is no key; allowed:", text);
    for (uint8_t i = 0; i < s->n_fields && used < n_error; i++)
        used += (size_t)snprintf(error + used, n_error - used, "%s%s", i == 0 ? " " : ",",
                                 machine_field_name((enum machine_field)s->fields[i]));
    return -EINVAL;
}
