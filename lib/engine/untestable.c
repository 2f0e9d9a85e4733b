/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes of a slice and cannot be tested, counted so that a test without a drop can say why. */
#include "engine/attribution.h"
#include "engine/internal.h"

void engine_count_untestable(struct engine *e, uint32_t slice, const struct packet_view *view,
                             uint32_t n)
{
    const struct engine_packet p = {.view = view, .slice = slice};
    const struct slice_rules *rules = &e->rules[slice];
    struct aggregate_counters *c =
        engine_delta(e, engine_find_aggregate(e, &p, rules, WANT_SAMPLE));

    switch (view->reason) {
    case PACKET_NOT_TCP:
    case PACKET_UDP:
    case PACKET_TRUNCATED_UDP:
    case PACKET_BAD_UDP_LENGTH:
        c->not_tcp += n;
        return;
    case PACKET_IPV4_FRAGMENT:
    case PACKET_IPV6_FRAGMENT:
        c->fragments += n;
        return;
    default:
        c->unreadable += n;
        return;
    }
}

bool engine_takes_notes(const struct engine *e)
{
    return e->units != NULL || e->tested_units != NULL;
}

void engine_note_fragment(struct engine *e, uint32_t slice, const struct packet_view *view,
                          uint16_t ingress)
{
    const struct engine_packet p = {.view = view, .slice = slice, .ingress = ingress};

    if (e->rules[slice].is_passive)
        engine_passive_fragment(e, &p, &e->rules[slice]);
}

enum engine_action engine_note_datagram(struct engine *e, uint32_t slice,
                                        const struct packet_view *view, const uint8_t *data,
                                        uint32_t captured_bytes, uint16_t ingress)
{
    const struct engine_packet p = {.view = view, .slice = slice, .ingress = ingress, .data = data};
    const struct slice_rules *rules = &e->rules[slice];

    if (!rules->is_passive)
        return engine_first_flight(e, &p, captured_bytes, rules);
    engine_passive_datagram(e, &p, captured_bytes, rules);
    return ENGINE_FORWARD;
}

void engine_count_checksum(struct engine *e, uint32_t slice, const struct packet_view *view,
                           bool is_wrong)
{
    const struct engine_packet p = {.view = view, .slice = slice};
    struct aggregate_counters *c =
        engine_delta(e, engine_find_aggregate(e, &p, &e->rules[slice], WANT_NOTHING));

    c->checksums_sampled++;
    c->checksums_wrong += is_wrong;
}
