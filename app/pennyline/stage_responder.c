/* SPDX-License-Identifier: BSD-3-Clause */
/* The stage that answers SYNs for addresses that nobody has, and counts who answers back. What is
 * for such an address and asks for nothing that is answered passes on, but for TCP segments that
 * belong to what was answered: they end here. */
#include "stage_responder.h"

#include <rte_mbuf.h>
#include <string.h>

#include "acl/acl.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "burst.h"
#include "stages.h"
#include "tcp/flags.h"

#define HOUR_S 3600

/* What is the same for all packets of a burst. */
struct moment {
    uint32_t slot, now_s, now_ms;
};

static const struct policy_responder *find(const struct policy_responders *all, uint16_t port,
                                           const struct ip_address *address, uint32_t *number)
{
    for (uint32_t i = 0; i < all->n; i++) {
        if ((all->responders[i].ports >> port & 1) == 0 ||
            !acl_permits(all->responders[i].acl, address))
            continue;
        *number = all->responders[i].number;
        return &all->responders[i];
    }
    return NULL;
}

static bool is_its_port(const struct policy_responder *r, uint16_t tcp_port)
{
    return r->has_all_tcp_ports || (r->tcp_ports[tcp_port / 8] >> tcp_port % 8 & 1) != 0;
}

/* In the path a box takes what passes; at the end of a link, what is for it. */
static bool is_for_us(const struct policy *policy, const struct burst *b, const uint8_t *frame)
{
    return policy->ports[b->port].pair != b->port ||
           memcmp(frame, policy->responders->macs[b->port], 6) == 0;
}

static struct responder_flow flow_of(const struct packet_view *view, uint16_t path,
                                     uint32_t initial)
{
    return (struct responder_flow){.client = view->source,
                                   .address = view->destination,
                                   .client_port = view->source_port,
                                   .port = view->destination_port,
                                   .path = path,
                                   .initial = initial};
}

static bool may_answer(struct worker *w, uint32_t number, const struct packet_view *view,
                       const struct moment *now)
{
    struct responding_counters *c = &w->responding->counters[number];
    enum responder_permission p =
        responder_limit_take(&w->responding->limits[number], &view->source, now->now_ms);

    c->limited_prefix += p == RESPONDER_PREFIX_LIMIT;
    c->limited += p == RESPONDER_LIMIT;
    return p == RESPONDER_MAY_ANSWER;
}

static void send_reply(struct worker *w, struct burst *b, unsigned int i,
                       const struct responder_reply *reply)
{
    struct rte_mbuf *mbuf = stages_take(w, b, i);
    const uint32_t n_before = rte_pktmbuf_data_len(mbuf);
    const uint32_t n =
        responder_write(rte_pktmbuf_mtod(mbuf, uint8_t *), n_before, &b->views[i], reply);

    rte_pktmbuf_trim(mbuf, (uint16_t)(n_before - n));
    stages_send(w, b, b->port, mbuf);
}

static void take_syn(struct worker *w, struct burst *b, unsigned int i,
                     const struct policy_responder *r, uint32_t number, const struct moment *now)
{
    const struct packet_view *view = &b->views[i];
    const struct responder_flow flow = flow_of(view, b->ingresses[i], view->sequence);
    const struct responder_reply reply = {
        .sequence = responder_cookie(&w->responding->shared->keys, &flow, now->slot),
        .acknowledgement = view->sequence + 1,
        .flags = TCP_FLAG_SYN | TCP_FLAG_ACK,
        .window = r->window,
        .mss = r->mss};

    w->responding->counters[number].syns++;
    if (!may_answer(w, number, view, now)) {
        stages_drop(w, b, i);
        return;
    }
    w->responding->counters[number].answered++;
    send_reply(w, b, i, &reply);
}

/* The place of a source prefix, as new in a new hour; NULL: there is none. */
static struct responder_witnesses *witnesses_of(struct worker *w, const struct ip_address *client,
                                                const struct moment *now)
{
    const bool is_ipv4 = ip_address_is_ipv4(client);
    const struct ip_prefix p =
        ip_prefix_of_address(client, is_ipv4 ? RESPONDING_BITS_IPV4 : RESPONDING_BITS_IPV6);
    const uint64_t hash = hash_words(p.address.bytes, 2, w->responding->shared->alive.secret);
    const uint32_t hour = now->now_s / HOUR_S;
    struct responding_source *free_one = NULL;

    for (unsigned int k = 0; k < 8; k++) {
        struct responding_source *s = &w->responding->sources[(hash + k) % RESPONDING_SOURCES];
        const bool is_old = !s->is_used || s->witnesses.hour != hour;

        if (!is_old && ip_address_equal(&s->prefix, &p.address))
            return &s->witnesses;
        if (is_old && free_one == NULL)
            free_one = s;
    }
    if (free_one == NULL) {
        w->responding->sources_full++;
        return NULL;
    }
    free_one->prefix = p.address;
    responder_witnesses_init(&free_one->witnesses, hour, now->slot);
    free_one->is_used = true;
    return &free_one->witnesses;
}

/* Whether the number is right; counted for the evidence as its proof asks. */
static bool look_at_ack(struct worker *w, const struct responder_flow *flow, uint32_t number,
                        uint32_t acknowledgement, const struct moment *now)
{
    const struct responder_keys *keys = &w->responding->shared->keys;
    struct responding_counters *c = &w->responding->counters[number];
    struct responder_witnesses *witnesses = witnesses_of(w, &flow->client, now);
    const uint64_t tuple[5] = {load_word(flow->client.bytes), load_word(flow->client.bytes + 8),
                               load_word(flow->address.bytes), load_word(flow->address.bytes + 8),
                               (uint64_t)flow->client_port << 16 | flow->port};
    const uint64_t hash = hash_words(tuple, 5, w->responding->shared->alive.secret);
    const bool counts = witnesses != NULL && responder_witnesses_asks(witnesses, hash, now->slot,
                                                                      w->responding->n_workers);
    const bool is_right = responder_is_right(keys, flow, now->slot, acknowledgement);

    if (counts)
        responder_witnesses_note(witnesses, hash, is_right);
    c->not_counted += !counts;
    c->right += is_right;
    c->wrong += !is_right;
    c->late += !is_right && responder_is_late(keys, flow, now->slot, acknowledgement);
    return is_right;
}

static void take_ack(struct worker *w, struct burst *b, unsigned int i,
                     const struct policy_responder *r, uint32_t number, const struct moment *now)
{
    const struct packet_view *view = &b->views[i];
    const uint8_t *tcp = rte_pktmbuf_mtod(b->mbufs[i], const uint8_t *) + view->l4_offset;
    const struct responder_flow flow = flow_of(view, b->ingresses[i], view->sequence - 1);
    const uint32_t acknowledgement = load_be32(tcp + 8);
    const struct responder_reply reset = {.sequence = acknowledgement, .flags = TCP_FLAG_RST};
    const struct responder_reply hold = {
        .sequence = acknowledgement, .acknowledgement = view->sequence, .flags = TCP_FLAG_ACK};

    w->responding->counters[number].acks++;
    /* Who holds what is not proved to be a conversation might hold another responder. */
    if (!look_at_ack(w, &flow, number, acknowledgement, now) || r->after_ack == AFTER_ACK_IGNORE ||
        !may_answer(w, number, view, now))
        stages_drop(w, b, i);
    else
        send_reply(w, b, i, r->after_ack == AFTER_ACK_RESET ? &reset : &hold);
}

static void take(struct worker *w, struct burst *b, unsigned int i, const struct policy *policy,
                 const struct moment *now)
{
    const struct packet_view *view = &b->views[i];
    const struct rte_mbuf *mbuf = b->mbufs[i];
    const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
    uint32_t number = 0;
    const struct policy_responder *r =
        find(policy->responders, b->port, &view->destination, &number);
    struct responding_counters *c;
    enum responder_silence silence;
    enum responder_ask ask;

    if (r == NULL || !is_for_us(policy, b, frame))
        return;
    if (view->reason == PACKET_TCP && !is_its_port(r, view->destination_port))
        return;
    c = &w->responding->counters[number];
    if (responder_is_alive(&w->responding->shared->alive, &view->destination, now->now_s)) {
        c->alive++;
        return;
    }
    /* In several buffers, or without an ingress number to bind a cookie to: as if damaged. */
    silence = RESPONDER_SILENCE_FRAME;
    ask = rte_pktmbuf_data_len(mbuf) != rte_pktmbuf_pkt_len(mbuf) || b->ingresses[i] == INGRESS_NONE
              ? RESPONDER_ASK_NOTHING
              : responder_read(view, frame, rte_pktmbuf_data_len(mbuf), &silence);
    if (ask == RESPONDER_ASK_SYN)
        take_syn(w, b, i, r, number, now);
    else if (ask == RESPONDER_ASK_ACK)
        take_ack(w, b, i, r, number, now);
    else
        c->silences[silence]++;
    if (ask == RESPONDER_ASK_NOTHING && silence == RESPONDER_SILENCE_FLAGS)
        stages_drop(w, b, i);
}

/* Who sends from one of the addresses may have it. */
static void note_life(struct worker *w, const struct burst *b, unsigned int i,
                      const struct policy *policy, const struct moment *now)
{
    uint32_t number;

    for (number = 0; number < policy->responders->n; number++)
        if (acl_permits(policy->responders->responders[number].acl, &b->views[i].source)) {
            responder_alive_note(&w->responding->shared->alive, &b->views[i].source, now->now_s);
            return;
        }
}

void stage_responder(struct worker *w, struct burst *b, const struct policy *policy)
{
    const uint64_t now_ns = tsc_clock_ns_of(&w->clock, tsc_clock_ticks());
    const struct moment now = {.slot = responder_slot(now_ns),
                               .now_s = (uint32_t)(now_ns / UINT64_C(1000000000)) + 1,
                               .now_ms = (uint32_t)(now_ns / UINT64_C(1000000))};

    if (w->responding == NULL)
        return;
    for (unsigned int i = 0; i < b->n; i++) {
        if (!b->views[i].has_ip || b->views[i].tunnel != PACKET_TUNNEL_NONE ||
            (b->cut >> i & 1) != 0)
            continue;
        note_life(w, b, i, policy, &now);
        take(w, b, i, policy, &now);
    }
}
