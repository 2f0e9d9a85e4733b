/* SPDX-License-Identifier: BSD-3-Clause */
/* Open addressing with linear probing over numbers (0: free), at most half full. It only ever
 * grows, so a reader that meets a free slot knows that what it looks for was not published before.
 * An identity is written whole before its number is published (release).
 *
 * Shares. Ingresses are of a group each: a port, in a tunnel or not. A group is promised a number
 * of ingresses; beyond that it may take what is not promised to another one. So a flood of tunnel
 * numbers or VLANs on one port leaves room for all else. */
#include "ingress/ingress.h"

#include <stdatomic.h>
#include <string.h>

#include "base/hash.h"

/* Half of all numbers is promised, in equal parts. */
#define PROMISED_SHARE 2
#define MOST_GROUPS    (2 * INGRESS_MOST_PORTS)

struct ingress_table {
    uint32_t n_most;
    uint32_t slot_mask;
    uint64_t secret[2];
    _Atomic uint32_t n;
    _Atomic uint32_t is_adding; /* somebody adds now: what follows is theirs */
    uint32_t n_promised;        /* numbers that are kept for groups */
    uint32_t promise;           /* to each group */
    uint32_t n_groups;
    uint32_t taken[MOST_GROUPS];        /* by each group */
    _Atomic bool is_spent[MOST_GROUPS]; /* the group gets no more: for good, as none come back */
    struct ingress *identities;         /* by number; that of 0 is not used */
    _Atomic uint16_t *slots;
};

static uint32_t slots_for(uint32_t n_most)
{
    uint32_t n = 16;

    while (n < 2 * n_most)
        n *= 2;
    return n;
}

static size_t round_to_line(size_t n_bytes)
{
    return (n_bytes + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
}

size_t ingress_table_memory_bytes(uint32_t n_most)
{
    return round_to_line(sizeof(struct ingress_table)) +
           round_to_line((n_most + 1) * sizeof(struct ingress)) +
           round_to_line(slots_for(n_most) * sizeof(uint16_t));
}

static uint32_t group_of(const struct ingress *who)
{
    return 2u * who->port + (who->tunnel != PACKET_TUNNEL_NONE);
}

struct ingress_table *ingress_table_init(void *memory, size_t n_bytes, uint32_t n_most,
                                         uint16_t n_ports, const uint64_t secret[2])
{
    struct ingress_table *t = memory;
    uint8_t *next = memory;

    if (n_ports > INGRESS_MOST_PORTS || n_most < n_ports || n_most > INGRESS_MOST ||
        n_bytes < ingress_table_memory_bytes(n_most))
        return NULL;
    memset(memory, 0, ingress_table_memory_bytes(n_most));
    next += round_to_line(sizeof(*t));
    t->identities = (void *)next;
    next += round_to_line((n_most + 1) * sizeof(*t->identities));
    t->slots = (void *)next;
    t->n_most = n_most;
    t->slot_mask = slots_for(n_most) - 1;
    memcpy(t->secret, secret, sizeof(t->secret));
    t->n_groups = 2u * n_ports;
    for (uint16_t port = 0; port < n_ports; port++) {
        const struct packet_view untagged = {.has_ip = true};
        const struct ingress who = ingress_of_packet(&untagged, port);

        ingress_table_find_or_add(t, &who);
    }
    t->promise = n_ports > 0 ? (n_most - n_ports) / PROMISED_SHARE / t->n_groups : 0;
    t->n_promised = t->promise * t->n_groups;
    /* What each port has from the start is not of its share. */
    memset(t->taken, 0, sizeof(t->taken));
    return t;
}

struct ingress ingress_of_packet(const struct packet_view *view, uint16_t port)
{
    struct ingress who;
    unsigned int n = 0;

    memset(&who, 0, sizeof(who));
    who.port = port;
    who.vlan[0] = who.vlan[1] = PACKET_VLAN_NONE;
    for (unsigned int i = 0; i < view->n_vlans; i++)
        if (view->vlan_id[i] != 0)
            who.vlan[n++] = view->vlan_id[i];
    who.tunnel = view->tunnel;
    who.tunnel_id = view->tunnel_id;
    return who;
}

/* The number, or INGRESS_NONE with *free_slot where it would go. */
static uint16_t probe(const struct ingress_table *t, const struct ingress *who, uint32_t *free_slot)
{
    uint32_t i = (uint32_t)hash_words(who, INGRESS_WORDS, t->secret) & t->slot_mask;

    for (;; i = (i + 1) & t->slot_mask) {
        uint16_t number = atomic_load_explicit(&t->slots[i], memory_order_acquire);

        if (number == INGRESS_NONE) {
            *free_slot = i;
            return INGRESS_NONE;
        }
        if (ingress_equal(&t->identities[number], who))
            return number;
    }
}

uint16_t ingress_table_find(const struct ingress_table *t, const struct ingress *who)
{
    uint32_t unused;

    return probe(t, who, &unused);
}

/* Is there a number for this group? Then it is taken from what was promised, or from what is left.
 * What is left beyond the promises never grows. */
static bool take_share(struct ingress_table *t, uint32_t group)
{
    uint32_t n_free = t->n_most - ingress_table_count(t);

    if (t->taken[group] < t->promise) {
        t->n_promised--;
    } else if (n_free <= t->n_promised) {
        atomic_store_explicit(&t->is_spent[group], true, memory_order_relaxed);
        return false;
    }
    t->taken[group]++;
    return true;
}

/* While nobody else adds. */
static uint16_t add(struct ingress_table *t, const struct ingress *who)
{
    uint32_t free_slot, n = ingress_table_count(t);
    uint16_t number = probe(t, who, &free_slot);

    /* It may have come in since the caller looked. */
    if (number != INGRESS_NONE || !take_share(t, group_of(who)))
        return number;
    number = (uint16_t)(n + 1);
    t->identities[number] = *who;
    atomic_store_explicit(&t->n, number, memory_order_release);
    atomic_store_explicit(&t->slots[free_slot], number, memory_order_release);
    return number;
}

uint16_t ingress_table_find_or_add(struct ingress_table *t, const struct ingress *who)
{
    uint16_t number = ingress_table_find(t, who);
    uint32_t group = group_of(who);

    if (likely_true(number != INGRESS_NONE) || group >= t->n_groups ||
        atomic_load_explicit(&t->is_spent[group], memory_order_relaxed) ||
        atomic_exchange_explicit(&t->is_adding, 1, memory_order_acquire) != 0)
        return number;
    number = add(t, who);
    atomic_store_explicit(&t->is_adding, 0, memory_order_release);
    return number;
}

const struct ingress *ingress_table_at(const struct ingress_table *t, uint16_t number)
{
    return &t->identities[number];
}

uint32_t ingress_table_count(const struct ingress_table *t)
{
    return atomic_load_explicit(&t->n, memory_order_acquire);
}

uint32_t ingress_table_most(const struct ingress_table *t)
{
    return t->n_most;
}

uint16_t ingress_number_elsewhere(struct ingress_table *t, struct ingress_memo *memo,
                                  const struct packet_view *view, uint16_t port)
{
    struct ingress who;

    if (!view->has_ip)
        return INGRESS_NONE;
    who = ingress_of_packet(view, port);
    if (likely_true(memo->number != INGRESS_NONE && ingress_equal(&memo->who, &who)))
        return memo->number;
    memo->who = who;
    memo->number = ingress_table_find_or_add(t, &who);
    return memo->number;
}
