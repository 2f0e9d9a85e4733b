/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow as JSON names it, whoever tells of one. */
#include <stdio.h>

#include "base/siphash.h"
#include "report/internal.h"

/* Of the process, since every text that names a flow is made here. */
static struct {
    enum report_privacy how;
    uint64_t key[2];
} privacy;

void report_set_privacy(enum report_privacy how, const uint64_t key[2])
{
    privacy.how = how;
    for (int i = 0; key != NULL && i < 2; i++)
        privacy.key[i] = key[i];
}

static const char *name_address(const struct ip_address *a, char out[IP_TEXT_BYTES])
{
    struct ip_prefix prefix;

    switch (privacy.how) {
    case REPORT_PRIVACY_CUT:
        prefix = ip_prefix_of_address(a, ip_address_is_ipv4(a) ? 24 : 48);
        return ip_prefix_format(&prefix, out);
    case REPORT_PRIVACY_HASH:
        snprintf(out, IP_TEXT_BYTES, "#%016llx",
                 (unsigned long long)siphash(a->bytes, sizeof(a->bytes), privacy.key));
        return out;
    case REPORT_PRIVACY_NONE:
        break;
    }
    return ip_address_format(a, out);
}

json_t *report_flow_key(const struct flow_key *key)
{
    char source[IP_TEXT_BYTES], destination[IP_TEXT_BYTES];

    return json_pack("{s:s, s:i, s:s, s:i, s:I}", "source", name_address(&key->source, source),
                     "source_port", (int)key->source_port, "destination",
                     name_address(&key->destination, destination), "destination_port",
                     (int)key->destination_port, "ingress", (json_int_t)key->ingress);
}
