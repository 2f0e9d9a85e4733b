/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys in chains, without a lock.
 *
 * An entry is linked in at the head of its chain alone, by a compare-and-swap of the head and its
 * count of changes: so who found a key in no entry, and links it in, knows that nobody did so
 * meanwhile. Only the sweeper takes entries out; it marks the word GONE first, so that no change of
 * it is lost, and keeps the entry's own link, so that who stands on it walks on. */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "machine/layout.h"

static uint32_t chains_for(uint32_t n_keys)
{
    uint32_t n = 1;

    while (n < 4 * n_keys)
        n *= 2;
    return n;
}

static size_t whole_lines(size_t n)
{
    return (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
}

/* No entry lies in one line more than it must. */
static uint32_t entry_bytes_of(const struct machine_program *p)
{
    size_t n = sizeof(struct entry) + 8 * (size_t)(p->n_key_words + p->n_registers);

    return (uint32_t)(n <= 32 ? 32 : whole_lines(n));
}

size_t machine_table_memory_bytes(const struct machine_program *p)
{
    return whole_lines(sizeof(struct machine_table)) +
           whole_lines(chains_for(p->max_keys) * sizeof(uint64_t)) +
           whole_lines((size_t)p->max_keys * entry_bytes_of(p)) +
           whole_lines((size_t)p->max_keys * sizeof(uint32_t));
}

static uint64_t head_of(uint32_t first, uint64_t before)
{
    return first | ((before >> 32) + 1) << 32;
}

struct machine_table *machine_table_init(void *memory, const struct machine_program *p,
                                         const uint64_t secret[2], uint64_t start_ns)
{
    struct machine_table *t = memory;
    uint8_t *at = (uint8_t *)memory + whole_lines(sizeof(*t));

    memset(t, 0, sizeof(*t));
    t->secret[0] = secret[0];
    t->secret[1] = secret[1];
    t->start_ms = start_ns / 1000000;
    t->n_chains = chains_for(p->max_keys);
    t->n_entries = p->max_keys;
    t->entry_bytes = entry_bytes_of(p);
    t->n_key_words = p->n_key_words;
    t->heads = (_Atomic uint64_t *)(void *)at;
    at += whole_lines(t->n_chains * sizeof(uint64_t));
    t->entries = at;
    at += whole_lines((size_t)t->n_entries * t->entry_bytes);
    t->left = (uint32_t *)(void *)at;
    for (uint32_t i = 0; i < t->n_chains; i++)
        atomic_init(&t->heads[i], NO_ENTRY);
    memset(t->entries, 0, (size_t)t->n_entries * t->entry_bytes);
    for (uint32_t i = 0; i < t->n_entries; i++)
        atomic_init(&entry_at(t, i)->next, i + 1 < t->n_entries ? i + 1 : NO_ENTRY);
    atomic_init(&t->free_head, 0);
    return t;
}

uint32_t machine_table_n_chains(const struct machine_table *t)
{
    return t->n_chains;
}

uint64_t key_hash(const struct machine_table *t, const uint64_t *key)
{
    return hash_words(key, t->n_key_words, t->secret);
}

static _Atomic uint64_t *chain_of(const struct machine_table *t, uint64_t hash)
{
    return &t->heads[hash & (t->n_chains - 1)];
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static bool has_key(const struct machine_table *t, const struct entry *e, uint64_t hash,
                    const uint64_t *key)
{
    uint64_t differs = e->tag ^ tag_of(hash);

    if (differs != 0)
        return false;
    for (uint32_t i = 0; i < t->n_key_words; i++)
        differs |= e->words[i] ^ key[i];
    return differs == 0;
}

struct entry *table_find(const struct machine_table *t, uint64_t hash, const uint64_t *key,
                         uint64_t *head)
{
    uint32_t i;

    *head = atomic_load_explicit(chain_of(t, hash), memory_order_acquire);
    for (i = (uint32_t)*head; i != NO_ENTRY;) {
        struct entry *e = entry_at(t, i);

        if (has_key(t, e, hash, key) &&
            likely_true((atomic_load_explicit(&e->word, memory_order_relaxed) & WORD_GONE) == 0))
            return e;
        i = atomic_load_explicit(&e->next, memory_order_acquire);
    }
    return NULL;
}

uint32_t table_take(struct machine_table *t)
{
    uint64_t head = atomic_load_explicit(&t->free_head, memory_order_acquire);

    while ((uint32_t)head != NO_ENTRY) {
        /* It may be somebody else's by now; then the count differs. */
        uint32_t next =
            atomic_load_explicit(&entry_at(t, (uint32_t)head)->next, memory_order_relaxed);

        if (atomic_compare_exchange_weak_explicit(&t->free_head, &head, head_of(next, head),
                                                  memory_order_acquire, memory_order_acquire)) {
            atomic_fetch_add_explicit(&t->n_taken, 1, memory_order_relaxed);
            return (uint32_t)head;
        }
    }
    return NO_ENTRY;
}

void table_give_back(struct machine_table *t, uint32_t i)
{
    uint64_t head = atomic_load_explicit(&t->free_head, memory_order_relaxed);

    do
        atomic_store_explicit(&entry_at(t, i)->next, (uint32_t)head, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&t->free_head, &head, head_of(i, head),
                                                  memory_order_release, memory_order_relaxed));
    atomic_fetch_sub_explicit(&t->n_taken, 1, memory_order_relaxed);
}

bool table_link(struct machine_table *t, uint64_t hash, uint64_t head, uint32_t i)
{
    struct entry *e = entry_at(t, i);

    e->tag = tag_of(hash);
    atomic_store_explicit(&e->next, (uint32_t)head, memory_order_relaxed);
    return atomic_compare_exchange_strong_explicit(chain_of(t, hash), &head, head_of(i, head),
                                                   memory_order_release, memory_order_relaxed);
}

void machine_ask(const struct machine_program *p, const struct machine_table *t,
                 struct machine_packet *packet)
{
    packet->has_key = scope_read(&p->scopes[MACHINE_LOOKUP], packet, packet->key);
    if (likely_false(!packet->has_key))
        return;
    packet->hash = key_hash(t, packet->key);
    prefetch_line(chain_of(t, packet->hash));
}

void machine_ask_entry(const struct machine_table *t, const struct machine_packet *packet)
{
    uint32_t first;

    if (!packet->has_key)
        return;
    first = (uint32_t)atomic_load_explicit(chain_of(t, packet->hash), memory_order_relaxed);
    if (first == NO_ENTRY)
        return;
    /* A wide key, or one with registers, takes two lines. */
    for (uint32_t at = 0; at < t->entry_bytes; at += CACHE_LINE_BYTES)
        prefetch_line((const uint8_t *)entry_at(t, first) + at);
}

bool machine_key_of(const struct machine_program *p, uint32_t scope,
                    const struct machine_packet *packet, uint64_t key[MACHINE_KEY_WORDS])
{
    return scope_read(&p->scopes[scope], packet, key);
}
