/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow as JSON names it, whoever tells of one. */
#include "report/internal.h"

json_t *report_flow_key(const struct flow_key *key)
{
    char source[IP_TEXT_BYTES], destination[IP_TEXT_BYTES];

    return json_pack("{s:s, s:i, s:s, s:i, s:I}", "source", ip_address_format(&key->source, source),
                     "source_port", (int)key->source_port, "destination",
                     ip_address_format(&key->destination, destination), "destination_port",
                     (int)key->destination_port, "ingress", (json_int_t)key->ingress);
}
