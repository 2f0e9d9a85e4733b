/* SPDX-License-Identifier: BSD-3-Clause */
#include "check_parts.h"

#include "packet/packet.h"

/* Does the match leave TCP out? */
static bool is_without_tcp(const struct machine_match *m)
{
    bool has_tcp = false;

    if (m->field == MACHINE_UDP_SOURCE || m->field == MACHINE_UDP_DESTINATION ||
        m->field == MACHINE_ICMP_TYPE || m->field == MACHINE_ICMP_CODE)
        return true;
    if (m->field != MACHINE_IP_PROTOCOL)
        return false;
    for (uint32_t i = 0; i < m->n_values; i++) {
        const struct machine_values *v = &m->values[i];

        has_tcp |= v->is_mask
                       ? (PACKET_PROTOCOL_TCP & v->last[0]) == v->first[0]
                       : v->first[0] <= PACKET_PROTOCOL_TCP && PACKET_PROTOCOL_TCP <= v->last[0];
    }
    return !has_tcp;
}

/* May the rule drop a TCP packet? */
static bool drops_tcp(const struct machine_rule *rule)
{
    for (uint32_t i = 0; i < rule->n_matches; i++)
        if (is_without_tcp(&rule->matches[i]))
            return false;
    return rule->action.where == MACHINE_DROP;
}

static bool machine_drops_tcp(const struct machine *m)
{
    for (uint32_t i = 0; i <= m->n_rules; i++)
        if (drops_tcp(&m->rules[i]))
            return true;
    return m->when_full == MACHINE_BY_DROP || m->when_field_missing == MACHINE_BY_DROP;
}

/* May packets of the slice come in by a port of the machine? */
static bool covers(const struct machine *m, const struct slice *s)
{
    return m->ports == 0 || s->ingress.port == SLICE_ANY_PORT ||
           (m->ports >> s->ingress.port & 1) != 0;
}

/* An active slice of which the machine may drop packets, or NULL. */
static const struct slice *tested_behind(const struct config *c, const struct machine *m)
{
    for (uint32_t i = 0; i < c->n_slices; i++)
        if (slice_is_present(&c->slices[i]) && c->slices[i].mode == SLICE_ACTIVE &&
            covers(m, &c->slices[i]))
            return &c->slices[i];
    return NULL;
}

static bool marks(const struct machine *m, uint32_t mark)
{
    for (uint32_t i = 0; i <= m->n_rules; i++)
        if (m->rules[i].action.has_mark && m->rules[i].action.mark == mark)
            return true;
    return false;
}

/* A slice whose mark nobody makes never has a packet. */
static void check_marks(struct check *c)
{
    for (uint32_t i = 0; i < c->config->n_slices; i++) {
        const struct slice *s = &c->config->slices[i];
        bool is_made = !slice_is_present(s) || !s->has_mark;

        for (uint32_t k = 0; k < c->config->n_machines && !is_made; k++)
            is_made = covers(&c->config->machines[k], s) && marks(&c->config->machines[k], s->mark);
        if (!is_made)
            check_advises(c,
                          "slice %s: no machine of its ports marks packets with %u, so it has "
                          "none: give one a rule that does \"mark %u\"",
                          s->name, s->mark, s->mark);
    }
}

void check_machines(struct check *c)
{
    for (uint32_t i = 0; i < c->config->n_machines; i++) {
        const struct machine *m = &c->config->machines[i];
        const struct slice *s = tested_behind(c->config, m);

        if (s != NULL && machine_drops_tcp(m))
            check_advises(c,
                          "machine %s: it may drop TCP, and slice %s is active. Where it drops by "
                          "what was answered, a test sees repeats of what it dropped alone, and "
                          "closed_loop proves nothing: give the machine other ports, or let it "
                          "drop no TCP of the slice",
                          m->name, s->name);
    }
    check_marks(c);
}
