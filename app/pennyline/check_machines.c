/* SPDX-License-Identifier: BSD-3-Clause */
#include "check_parts.h"

#include "packet/packet.h"

/* May the rule drop a TCP packet? */
static bool drops_tcp(const struct machine_rule *rule)
{
    if (rule->action.where != MACHINE_DROP)
        return false;
    for (uint32_t i = 0; i < rule->n_matches; i++) {
        const struct machine_match *m = &rule->matches[i];

        if (m->field == MACHINE_UDP_SOURCE || m->field == MACHINE_UDP_DESTINATION ||
            m->field == MACHINE_ICMP_TYPE || m->field == MACHINE_ICMP_CODE)
            return false;
        if (m->field == MACHINE_IP_PROTOCOL && m->n_values == 1 &&
            m->values[0].first[0] == m->values[0].last[0] && !m->values[0].is_mask &&
            m->values[0].first[0] != PACKET_PROTOCOL_TCP)
            return false;
    }
    return true;
}

static bool machine_drops_tcp(const struct machine *m)
{
    for (uint32_t i = 0; i <= m->n_rules; i++)
        if (drops_tcp(&m->rules[i]))
            return true;
    return m->when_full == MACHINE_BY_DROP || m->when_field_missing == MACHINE_BY_DROP;
}

void check_machines(struct check *c)
{
    bool is_tested = false;

    for (uint32_t i = 0; i < c->config->n_slices; i++)
        is_tested = is_tested || (slice_is_present(&c->config->slices[i]) &&
                                  c->config->slices[i].mode == SLICE_ACTIVE);
    for (uint32_t i = 0; is_tested && i < c->config->n_machines; i++)
        if (machine_drops_tcp(&c->config->machines[i]))
            check_advises(
                c,
                "machine %s: it may drop TCP, and a slice is active; what it drops is for "
                "a test as if it were lost before this box, so repeats tell less: give "
                "the machine other ports, or let it drop no TCP of the slice",
                c->config->machines[i].name);
}
