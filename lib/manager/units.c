/* SPDX-License-Identifier: BSD-3-Clause */
/* Units beside data segments: handshakes and first flights of QUIC. Each kind has an e-process of
 * its own with a share of alpha (lib/verdict/evidence.c); drops of all kinds come from one budget.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "manager/internal.h"

static_assert((int)EVIDENCE_HANDSHAKE == (int)UNIT_HANDSHAKE &&
                  (int)EVIDENCE_QUIC == (int)UNIT_QUIC &&
                  VIA_HANDSHAKE + (int)UNIT_QUIC == (int)VIA_QUIC,
              "kinds of evidence begin with the kinds of units, in their order");

/* A drop of a segment costs its sender a round trip, one of a handshake a second and more: so as
 * long as segments come, and come back, nothing else is dropped. */
#define DATA_ALONE_NS NS_PER_S
#define DATA_EXPIRED  3

static bool any_slice_has_kinds(const struct slice *slices, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (slices[i].presence != SLICE_ABSENT && slice_has_more_units(&slices[i]))
            return true;
    return false;
}

size_t units_memory_bytes(const struct manager_config *c)
{
    return any_slice_has_kinds(c->slices, c->n_slices)
               ? aggregate_table_capacity(c->aggregates) * sizeof(struct aggregate_units)
               : 0;
}

int units_prepare(struct manager *m, const struct slice *slices)
{
    if (m->units != NULL || !any_slice_has_kinds(slices, m->config.n_slices))
        return 0;
    m->units = calloc(aggregate_table_capacity(m->config.aggregates), sizeof(*m->units));
    return m->units != NULL ? 0 : -ENOMEM;
}

struct aggregate_units *units_begin(struct manager *m, const struct aggregate_state *a,
                                    const struct test_parameters *p)
{
    struct aggregate_units *u = m->units != NULL ? &m->units[a->number] : NULL;

    if (u == NULL || test_parameters_kinds(p) == 0)
        return NULL;
    memcpy(u->base, u->total, sizeof(u->base));
    memset(u->counts, 0, sizeof(u->counts));
    memset(u->log10_e, 0, sizeof(u->log10_e));
    memset(u->n_repairs_needed, 0, sizeof(u->n_repairs_needed));
    u->strongest_kind = -1;
    return u;
}

void units_forget(struct manager *m, uint32_t aggregate)
{
    if (m->units != NULL)
        m->units[aggregate] = (struct aggregate_units){0};
}

uint64_t units_n_dropped(const struct manager *m, uint32_t aggregate)
{
    uint64_t n = 0;

    for (unsigned int k = 0; m->units != NULL && k < UNIT_N_KINDS; k++)
        n += m->units[aggregate].total[k].dropped;
    return n;
}

uint64_t units_n_dropped_packets(const struct manager *m, uint32_t aggregate)
{
    uint64_t n = 0;

    for (unsigned int k = 0; m->units != NULL && k < UNIT_N_KINDS; k++)
        n += m->units[aggregate].total[k].dropped_packets;
    return n;
}

uint32_t units_packets_per_drop(const struct test_parameters *p)
{
    const uint32_t kinds = test_parameters_kinds(p) >> 1;
    uint32_t most = 1;

    for (unsigned int k = 0; k < UNIT_N_KINDS; k++) {
        const uint32_t n = unit_rule_of((enum unit_kind)k)->most_dropped;

        most = (kinds >> k & 1) != 0 && n > most ? n : most;
    }
    return most;
}

uint32_t units_most_pooled(const struct test *t)
{
    const struct test_parameters *p = &t->parameters;

    return (p->units & TEST_UNITS_DATA) == 0 && units_speak_for_a_sender(t)
               ? test_parameters_most_drops(p)
               : p->max_drops_per_aggregate;
}

bool units_may_yet_speak(const struct test *t)
{
    return (t->parameters.units & TEST_UNITS_DATA) == 0 && test_pending(t) > 0 &&
           test_n_dropped(t) < test_parameters_most_drops(&t->parameters);
}

/* It comes too slowly, or most of it does not come back. */
static bool data_does_not_answer(const struct manager *m, const struct test *t)
{
    const struct aggregate_counters *c = &t->counts;

    return (m->now_ns - t->data_stepped_ns >= DATA_ALONE_NS && test_n_dropped(t) < t->granted) ||
           (c->expired >= DATA_EXPIRED && c->expired > c->retransmitted);
}

bool units_are_wanted(const struct manager *m, struct test *t)
{
    const struct aggregate_counters *c = &t->counts;
    const uint64_t n_steps = 2 * c->dropped - aggregate_counters_pending(c);

    if (t->units == NULL || t->units_are_in)
        return false;
    if (n_steps != t->n_data_steps) {
        t->n_data_steps = n_steps;
        t->data_stepped_ns = m->now_ns;
    }
    return data_does_not_answer(m, t);
}

bool units_read(const struct test *t)
{
    struct aggregate_units *u = t->units;
    bool grew = false;

    for (unsigned int k = 0; u != NULL && k < UNIT_N_KINDS; k++) {
        const struct unit_counters before = u->counts[k];

        unit_counters_subtract(&u->counts[k], &u->total[k], &u->base[k]);
        grew |= u->counts[k].retransmitted != before.retransmitted ||
                u->counts[k].duplicates != before.duplicates;
    }
    return grew;
}

struct anytime_kinds units_kinds(const struct test *t)
{
    struct anytime_kinds kinds = {0};

    if (t->units == NULL)
        return kinds;
    kinds.on = test_parameters_kinds(&t->parameters) >> 1;
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++)
        kinds.counts[k] = (struct anytime_counts){
            .n_retransmitted = t->units->counts[k].retransmitted,
            .n_duplicates = t->units->counts[k].duplicates,
        };
    return kinds;
}

bool units_speak_for_a_sender(const struct test *t)
{
    for (unsigned int k = 0; t->units != NULL && k < UNIT_N_KINDS; k++)
        if (t->units->log10_e[k] > 0)
            return true;
    return false;
}

const char *units_check(const struct manager *m, uint32_t aggregate)
{
    const char *broken = NULL;

    for (unsigned int k = 0; m->units != NULL && broken == NULL && k < UNIT_N_KINDS; k++)
        broken = unit_counters_check(&m->units[aggregate].total[k]);
    return broken;
}
