/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/aggregate.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"

/* Open addressing with linear probing over numbers (0: free, else aggregate + 1), at most half
 * full. Only ever grows, so a reader that meets a free slot knows that what it looks for was not
 * published before. */
struct aggregate_table {
    uint32_t capacity;
    uint32_t slot_mask;
    uint64_t secret[2];
    _Atomic uint32_t n;
    struct aggregate_control *controls;
    struct aggregate_identity *identities;
    _Atomic uint32_t *slots;
};

static uint32_t slots_for(uint32_t capacity)
{
    uint32_t n = 16;

    while (n < 2 * capacity)
        n *= 2;
    return n;
}

static size_t round_to_line(size_t n_bytes)
{
    return (n_bytes + CACHE_LINE_BYTES - 1) & ~(size_t)(CACHE_LINE_BYTES - 1);
}

size_t aggregate_table_memory_bytes(uint32_t capacity)
{
    return round_to_line(sizeof(struct aggregate_table)) +
           round_to_line(capacity * sizeof(struct aggregate_control)) +
           round_to_line(capacity * sizeof(struct aggregate_identity)) +
           round_to_line(slots_for(capacity) * sizeof(uint32_t));
}

struct aggregate_table *aggregate_table_init(void *memory, size_t n_bytes, uint32_t capacity,
                                             const uint64_t secret[2])
{
    struct aggregate_table *t = memory;
    uint8_t *next = memory;

    if (capacity == 0 || capacity > UINT32_C(1) << 30 ||
        n_bytes < aggregate_table_memory_bytes(capacity))
        return NULL;
    memset(memory, 0, aggregate_table_memory_bytes(capacity));
    next += round_to_line(sizeof(*t));
    t->controls = (void *)next;
    next += round_to_line(capacity * sizeof(*t->controls));
    t->identities = (void *)next;
    next += round_to_line(capacity * sizeof(*t->identities));
    t->slots = (void *)next;
    t->capacity = capacity;
    t->slot_mask = slots_for(capacity) - 1;
    memcpy(t->secret, secret, sizeof(t->secret));
    return t;
}

/* The three words that tell aggregates apart. */
static uint64_t identity_hash(const struct aggregate_table *t, uint32_t slice,
                              const struct ip_prefix *prefix)
{
    struct {
        uint32_t slice;
        uint8_t has_prefix, length, is_ipv4, zero;
        struct ip_address address;
    } words;

    memset(&words, 0, sizeof(words));
    words.slice = slice;
    if (prefix != NULL) {
        words.has_prefix = 1;
        words.length = prefix->length;
        words.is_ipv4 = prefix->is_ipv4;
        words.address = prefix->address;
    }
    return hash_words(&words, sizeof(words) / sizeof(uint64_t), t->secret);
}

static bool identity_is(const struct aggregate_identity *identity, uint32_t slice,
                        const struct ip_prefix *prefix)
{
    if (identity->slice != slice || identity->has_prefix != (prefix != NULL))
        return false;
    return prefix == NULL || ip_prefix_equal(&identity->prefix, prefix);
}

/* The aggregate, or AGGREGATE_NONE with *free_slot where it would go. */
static uint32_t probe(const struct aggregate_table *t, uint32_t slice,
                      const struct ip_prefix *prefix, uint32_t *free_slot)
{
    uint32_t i = (uint32_t)identity_hash(t, slice, prefix) & t->slot_mask;

    for (;; i = (i + 1) & t->slot_mask) {
        uint32_t number = atomic_load_explicit(&t->slots[i], memory_order_acquire);

        if (number == 0) {
            *free_slot = i;
            return AGGREGATE_NONE;
        }
        if (identity_is(&t->identities[number - 1], slice, prefix))
            return number - 1;
    }
}

uint32_t aggregate_table_find(const struct aggregate_table *t, uint32_t slice,
                              const struct ip_prefix *prefix)
{
    uint32_t unused;

    return probe(t, slice, prefix, &unused);
}

int64_t aggregate_table_add(struct aggregate_table *t, const struct aggregate_identity *identity)
{
    const struct ip_prefix *prefix = identity->has_prefix ? &identity->prefix : NULL;
    uint32_t free_slot, n = aggregate_table_count(t);
    uint32_t known = probe(t, identity->slice, prefix, &free_slot);

    if (known != AGGREGATE_NONE)
        return known;
    if (n == t->capacity)
        return -ENOSPC;
    t->identities[n] = *identity;
    atomic_store_explicit(&t->n, n + 1, memory_order_release);
    atomic_store_explicit(&t->slots[free_slot], n + 1, memory_order_release);
    return n;
}

uint32_t aggregate_table_count(const struct aggregate_table *t)
{
    return atomic_load_explicit(&t->n, memory_order_acquire);
}

uint32_t aggregate_table_capacity(const struct aggregate_table *t)
{
    return t->capacity;
}

const struct aggregate_identity *aggregate_table_identity(const struct aggregate_table *t,
                                                          uint32_t aggregate)
{
    return &t->identities[aggregate];
}

struct aggregate_control *aggregate_table_control(const struct aggregate_table *t,
                                                  uint32_t aggregate)
{
    return &t->controls[aggregate];
}

static uint64_t word_of_order(struct aggregate_order order)
{
    return order.threshold | (uint64_t)order.test_id << AGGREGATE_WORD_TEST_ID_SHIFT |
           (uint64_t)order.phase << AGGREGATE_WORD_PHASE_SHIFT |
           (uint64_t)order.repaired_flows_only << AGGREGATE_WORD_REPAIRED_SHIFT |
           (uint64_t)order.screening << AGGREGATE_WORD_SCREENING_SHIFT;
}

void aggregate_control_order(struct aggregate_control *c, struct aggregate_order order)
{
    atomic_store_explicit(&c->word, word_of_order(order), memory_order_release);
}

void aggregate_control_end_pooled(struct aggregate_control *c, struct aggregate_order order)
{
    uint64_t word = word_of_order(order);

    order.phase = AGGREGATE_SETTLING;
    atomic_compare_exchange_strong_explicit(&c->word, &word, word_of_order(order),
                                            memory_order_acq_rel, memory_order_relaxed);
}

/* A plain fetch-sub would show others a negative budget for a moment, and what the manager
 * withdraws in that moment would come back to life. Drops are rare, so compare-and-swap costs
 * nothing. */
bool aggregate_take(_Atomic int32_t *left)
{
    int32_t now = atomic_load_explicit(left, memory_order_relaxed);

    while (now > 0)
        if (atomic_compare_exchange_weak_explicit(left, &now, now - 1, memory_order_acq_rel,
                                                  memory_order_relaxed))
            return true;
    return false;
}
