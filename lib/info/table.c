/* SPDX-License-Identifier: BSD-3-Clause */
#include "info/table.h"

#include <assert.h>

#include "base/compiler.h"

#define MOST_TRIES 100

/* Words, since a word is never torn; sequence numbers tell whether words belong together. */
typedef _Atomic uint64_t word;
static_assert(sizeof(word) == sizeof(uint64_t) && ATOMIC_LLONG_LOCK_FREE == 2,
              "words that other processes read need no lock");

static word *undo_copy(const struct info_table *t)
{
    return (word *)((uintptr_t)t + sizeof(*t));
}

/* The sequence number of a record; its words follow. */
static word *sequence_of(const struct info_table *t, uint32_t i)
{
    return (word *)((uintptr_t)t + sizeof(*t) + t->record_bytes + i * t->stride_bytes);
}

size_t info_table_bytes(uint32_t n_records, size_t record_bytes)
{
    return sizeof(struct info_table) + record_bytes + n_records * (record_bytes + sizeof(word));
}

void info_table_init(struct info_table *t, uint32_t n_records, size_t record_bytes)
{
    size_t n_words = (info_table_bytes(n_records, record_bytes) - sizeof(*t)) / sizeof(word);

    t->n_records = n_records;
    t->record_bytes = (uint32_t)record_bytes;
    t->stride_bytes = record_bytes + sizeof(word);
    atomic_init(&t->undo_sequence, 0);
    atomic_init(&t->undo_of, UINT64_MAX);
    for (size_t i = 0; i < n_words; i++)
        atomic_init(undo_copy(t) + i, 0);
}

static void store_words(word *to, const uint64_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        atomic_store_explicit(to + i, from[i], memory_order_relaxed);
}

static void load_words(uint64_t *to, const word *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = atomic_load_explicit(from + i, memory_order_relaxed);
}

/* Writer: odd from here on until end_write(). */
static void begin_write(word *sequence)
{
    uint64_t now = atomic_load_explicit(sequence, memory_order_relaxed);

    atomic_store_explicit(sequence, now + 1, memory_order_release);
    atomic_thread_fence(memory_order_release);
}

static void end_write(word *sequence)
{
    uint64_t now = atomic_load_explicit(sequence, memory_order_relaxed);

    atomic_store_explicit(sequence, now + 1, memory_order_release);
}

static void keep_undo(struct info_table *t, uint32_t i)
{
    const word *from = sequence_of(t, i) + 1;

    begin_write(&t->undo_sequence);
    atomic_store_explicit(&t->undo_of, i, memory_order_relaxed);
    for (size_t k = 0; k < t->record_bytes / sizeof(word); k++)
        atomic_store_explicit(undo_copy(t) + k,
                              atomic_load_explicit(from + k, memory_order_relaxed),
                              memory_order_relaxed);
    end_write(&t->undo_sequence);
}

void info_table_write(struct info_table *t, uint32_t i, const void *record)
{
    word *sequence = sequence_of(t, i);

    keep_undo(t, i);
    begin_write(sequence);
    store_words(sequence + 1, record, t->record_bytes / sizeof(word));
    end_write(sequence);
}

static bool is_still(const word *sequence, uint64_t before)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(sequence, memory_order_relaxed) == before;
}

static bool try_read(const struct info_table *t, uint32_t i, void *record)
{
    size_t n_words = t->record_bytes / sizeof(word);
    const word *sequence = sequence_of(t, i);
    uint64_t before = atomic_load_explicit(sequence, memory_order_acquire), undo_before;

    if (before % 2 == 0) {
        load_words(record, sequence + 1, n_words);
        return is_still(sequence, before);
    }
    undo_before = atomic_load_explicit(&t->undo_sequence, memory_order_acquire);
    if (undo_before % 2 != 0 || atomic_load_explicit(&t->undo_of, memory_order_relaxed) != i)
        return false;
    load_words(record, undo_copy(t), n_words);
    return is_still(&t->undo_sequence, undo_before);
}

bool info_table_read(const struct info_table *t, uint32_t i, void *record)
{
    if (i >= t->n_records)
        return false;
    for (unsigned int n = 0; n < MOST_TRIES; n++)
        if (try_read(t, i, record))
            return true;
    return false;
}
