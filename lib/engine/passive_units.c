/* SPDX-License-Identifier: BSD-3-Clause */
/* Mode passive: handshakes and first flights of QUIC, and which of them came again because nobody
 * answered (lib/unit). */
#include "base/time.h"
#include "engine/attribution.h"
#include "engine/internal.h"

/* In the unit's note: for whom its first sight was counted, so that its repeat is counted for the
 * same or not at all. Tests (units.c) have smaller notes. */
enum { NOTE_COUNTED = 0x8000 };

static uint16_t note_of(uint32_t aggregate)
{
    return aggregate == AGGREGATE_NONE ? 0 : (uint16_t)(NOTE_COUNTED | (aggregate & 0x7fff));
}

static_assert(NOTE_COUNTED > UINT8_MAX, "no test has such a number");

static enum unit_sight see(struct engine *e, enum unit_kind kind, uint64_t identity,
                           struct passive_counters *c, uint16_t note)
{
    struct unit *unit;
    enum unit_sight sight = unit_table_see(e->units, kind, identity, e->now_ns / NS_PER_MS, &unit);

    if (sight == UNIT_FIRST)
        unit->note = note;
    else if (sight == UNIT_NO_ROOM)
        c->units_without_room++;
    else if (unit->note != note)
        return UNIT_AGAIN;
    return sight;
}

void engine_passive_handshake(struct engine *e, const struct engine_packet *p,
                              const struct slice_rules *rules)
{
    struct passive_counters *c;
    enum unit_sight sight;
    uint32_t aggregate;
    uint64_t identity;

    if (!unit_identify_handshake(p->view, p->ingress, unit_table_key(e->units), &identity))
        return;
    aggregate = engine_find_aggregate(e, p, rules, WANT_NOTHING);
    c = engine_passive_delta(e, aggregate);
    sight = see(e, UNIT_HANDSHAKE, identity, c, note_of(aggregate));
    c->handshakes += sight == UNIT_FIRST;
    c->handshakes_unanswered += sight == UNIT_REPEATED;
}

void engine_passive_datagram(struct engine *e, const struct engine_packet *p,
                             uint32_t captured_bytes, const struct slice_rules *rules)
{
    const uint64_t *key = unit_table_key(e->units);
    struct passive_counters *c;
    enum unit_sight sight;
    uint32_t aggregate;
    uint64_t identity;

    if (!unit_identify_quic(p->view, p->data, captured_bytes, p->ingress, key, &identity))
        return;
    aggregate = engine_find_aggregate(e, p, rules, WANT_NOTHING);
    c = engine_passive_delta(e, aggregate);
    sight = see(e, UNIT_QUIC, identity, c, note_of(aggregate));
    c->quic_attempts += sight == UNIT_FIRST;
    c->quic_attempts_unanswered += sight == UNIT_REPEATED;
    if (sight != UNIT_FIRST)
        return;
    /* Another attempt of the same flow, as after a Retry, has another connection ID. */
    identity = unit_identity_of_flow(p->view, p->ingress, key);
    c->quic_flows += see(e, UNIT_QUIC, identity, c, note_of(aggregate)) == UNIT_FIRST;
}
