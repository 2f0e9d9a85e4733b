/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/aggregate.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"

#define LINK_END UINT32_MAX

/* One aggregate in the chain of its hash. */
struct entry {
    struct aggregate_identity identity;
    uint32_t generation;
    _Atomic uint32_t next; /* number, or LINK_END; of a free one: the manager's free list */
};

/* Chains by hash. A retired entry leaves its chain by one store and keeps its own link, so a reader
 * who stands on it goes on to the rest of the chain, and it is not written again before all readers
 * have left it (aggregate.h). */
struct aggregate_table {
    uint32_t capacity;
    uint32_t head_mask;
    uint64_t secret[2];
    _Atomic uint32_t n;      /* numbers given at least once */
    _Atomic uint32_t n_free; /* that could be given now */
    uint32_t first_free, last_free;
    struct aggregate_control *controls;
    struct entry *entries;
    _Atomic uint32_t *heads;
};

static uint32_t heads_for(uint32_t capacity)
{
    uint32_t n = 16;

    while (n < capacity)
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
           round_to_line(capacity * sizeof(struct entry)) +
           round_to_line(heads_for(capacity) * sizeof(uint32_t));
}

struct aggregate_table *aggregate_table_init(void *memory, size_t n_bytes, uint32_t capacity,
                                             const uint64_t secret[2])
{
    struct aggregate_table *t = memory;
    uint8_t *next = memory;

    if (capacity == 0 || capacity > AGGREGATE_MOST ||
        n_bytes < aggregate_table_memory_bytes(capacity))
        return NULL;
    memset(memory, 0, aggregate_table_memory_bytes(capacity));
    next += round_to_line(sizeof(*t));
    t->controls = (void *)next;
    next += round_to_line(capacity * sizeof(*t->controls));
    t->entries = (void *)next;
    next += round_to_line(capacity * sizeof(*t->entries));
    t->heads = (void *)next;
    t->capacity = capacity;
    t->head_mask = heads_for(capacity) - 1;
    memcpy(t->secret, secret, sizeof(t->secret));
    t->last_free = LINK_END; /* so there is no first one, either */
    atomic_store_explicit(&t->n_free, capacity, memory_order_relaxed);
    for (uint32_t i = 0; i <= t->head_mask; i++)
        atomic_store_explicit(&t->heads[i], LINK_END, memory_order_relaxed);
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

static _Atomic uint32_t *head_of(const struct aggregate_table *t, uint32_t slice,
                                 const struct ip_prefix *prefix)
{
    return &t->heads[(uint32_t)identity_hash(t, slice, prefix) & t->head_mask];
}

static const struct ip_prefix *prefix_of(const struct aggregate_identity *identity)
{
    return identity->has_prefix ? &identity->prefix : NULL;
}

uint32_t aggregate_table_find(const struct aggregate_table *t, uint32_t slice,
                              const struct ip_prefix *prefix)
{
    const _Atomic uint32_t *link = head_of(t, slice, prefix);
    uint32_t number;

    while ((number = atomic_load_explicit(link, memory_order_acquire)) != LINK_END) {
        if (identity_is(&t->entries[number].identity, slice, prefix))
            return number;
        link = &t->entries[number].next;
    }
    return AGGREGATE_NONE;
}

uint32_t aggregate_table_handle(const struct aggregate_table *t, uint32_t aggregate)
{
    return aggregate_handle(aggregate, t->entries[aggregate].generation);
}

/* A number that was never given, or else the one that was released longest ago. */
static uint32_t take_free(struct aggregate_table *t)
{
    uint32_t n = aggregate_table_count(t), number = t->first_free;

    if (n < t->capacity) {
        atomic_store_explicit(&t->n, n + 1, memory_order_release);
        return n;
    }
    t->first_free = atomic_load_explicit(&t->entries[number].next, memory_order_relaxed);
    if (t->first_free == LINK_END)
        t->last_free = LINK_END;
    return number;
}

int64_t aggregate_table_add(struct aggregate_table *t, const struct aggregate_identity *identity)
{
    const struct ip_prefix *prefix = prefix_of(identity);
    uint32_t number = aggregate_table_find(t, identity->slice, prefix);
    uint32_t n_free = aggregate_table_n_free(t);
    _Atomic uint32_t *head;

    if (number != AGGREGATE_NONE)
        return number;
    if (n_free == 0)
        return -ENOSPC;
    number = take_free(t);
    atomic_store_explicit(&t->n_free, n_free - 1, memory_order_relaxed);
    t->entries[number].identity = *identity;
    t->controls[number].slice = identity->slice;
    head = head_of(t, identity->slice, prefix);
    atomic_store_explicit(&t->entries[number].next,
                          atomic_load_explicit(head, memory_order_relaxed), memory_order_relaxed);
    atomic_store_explicit(head, number, memory_order_release);
    return number;
}

static void unlink_entry(struct aggregate_table *t, uint32_t aggregate)
{
    const struct aggregate_identity *identity = &t->entries[aggregate].identity;
    _Atomic uint32_t *link = head_of(t, identity->slice, prefix_of(identity));

    while (atomic_load_explicit(link, memory_order_relaxed) != aggregate)
        link = &t->entries[atomic_load_explicit(link, memory_order_relaxed)].next;
    atomic_store_explicit(link,
                          atomic_load_explicit(&t->entries[aggregate].next, memory_order_relaxed),
                          memory_order_release);
}

void aggregate_table_retire(struct aggregate_table *t, uint32_t aggregate)
{
    uint32_t generation = (t->entries[aggregate].generation + 1) % AGGREGATE_GENERATIONS;

    unlink_entry(t, aggregate);
    atomic_store_explicit(&t->controls[aggregate].word,
                          (uint64_t)generation << AGGREGATE_WORD_GENERATION_SHIFT,
                          memory_order_release);
}

void aggregate_table_release(struct aggregate_table *t, uint32_t aggregate)
{
    struct entry *e = &t->entries[aggregate];

    atomic_store_explicit(&t->controls[aggregate].silent_ns, 0, memory_order_relaxed);
    e->generation = (e->generation + 1) % AGGREGATE_GENERATIONS;
    atomic_store_explicit(&e->next, LINK_END, memory_order_relaxed);
    if (t->last_free == LINK_END)
        t->first_free = aggregate;
    else
        atomic_store_explicit(&t->entries[t->last_free].next, aggregate, memory_order_relaxed);
    t->last_free = aggregate;
    atomic_store_explicit(&t->n_free, aggregate_table_n_free(t) + 1, memory_order_relaxed);
}

uint32_t aggregate_table_count(const struct aggregate_table *t)
{
    return atomic_load_explicit(&t->n, memory_order_acquire);
}

uint32_t aggregate_table_n_free(const struct aggregate_table *t)
{
    return atomic_load_explicit(&t->n_free, memory_order_relaxed);
}

uint32_t aggregate_table_capacity(const struct aggregate_table *t)
{
    return t->capacity;
}

const struct aggregate_identity *aggregate_table_identity(const struct aggregate_table *t,
                                                          uint32_t aggregate)
{
    return &t->entries[aggregate].identity;
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
           (uint64_t)order.n_repairs << AGGREGATE_WORD_REPAIRS_SHIFT |
           (uint64_t)order.screening << AGGREGATE_WORD_SCREENING_SHIFT;
}

/* It changes while nobody works by the order only. */
static uint64_t generation_bits(const struct aggregate_control *c)
{
    uint64_t word = atomic_load_explicit(&c->word, memory_order_relaxed);

    return (uint64_t)aggregate_generation_of_word(word) << AGGREGATE_WORD_GENERATION_SHIFT;
}

void aggregate_control_order(struct aggregate_control *c, struct aggregate_order order)
{
    atomic_store_explicit(&c->word, word_of_order(order) | generation_bits(c),
                          memory_order_release);
}

void aggregate_control_end_pooled(struct aggregate_control *c, struct aggregate_order order)
{
    uint64_t generation = generation_bits(c), word = word_of_order(order) | generation;

    order.phase = AGGREGATE_SETTLING;
    atomic_compare_exchange_strong_explicit(&c->word, &word, word_of_order(order) | generation,
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
