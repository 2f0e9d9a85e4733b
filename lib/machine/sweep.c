/* SPDX-License-Identifier: BSD-3-Clause */
/* The control thread's part of a table: it forgets what is over, and looks at keys. */
#include <errno.h>
#include <string.h>

#include "machine/layout.h"

/* The places of entries that were left before every worker passed are free again. */
static void free_left(struct machine_table *t, uint64_t n_passed)
{
    uint32_t n_done = 0;

    while (n_done < t->n_marks && t->marks[n_done].epoch < n_passed) {
        for (; t->left_begin < t->marks[n_done].end; t->left_begin++)
            table_give_back(t, t->left[t->left_begin % t->n_entries]);
        n_done++;
    }
    t->n_marks -= n_done;
    memmove(t->marks, t->marks + n_done, t->n_marks * sizeof(t->marks[0]));
}

/* Entries that leave now are waited for with those of the same epoch, or of the latest one when
 * there is no room for another mark. */
static void mark_left(struct machine_table *t, uint64_t epoch)
{
    const uint32_t n_most = ARRAY_LENGTH(t->marks);

    if (t->n_marks == 0 || (t->marks[t->n_marks - 1].epoch != epoch && t->n_marks < n_most))
        t->n_marks++;
    t->marks[t->n_marks - 1].epoch = epoch;
    t->marks[t->n_marks - 1].end = t->left_end;
}

/* Takes the entry out of its chain. The one before it cannot leave meanwhile, but others may come
 * to the head. */
static void unlink_entry(struct machine_table *t, uint32_t chain, uint32_t i)
{
    struct entry *e = entry_at(t, i);
    const uint32_t next = atomic_load_explicit(&e->next, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&t->heads[chain], memory_order_acquire);

    while ((uint32_t)head == i)
        if (atomic_compare_exchange_strong_explicit(&t->heads[chain], &head,
                                                    next | ((head >> 32) + 1) << 32,
                                                    memory_order_release, memory_order_acquire))
            return;
    for (uint32_t k = (uint32_t)head; k != NO_ENTRY;) {
        struct entry *before = entry_at(t, k);

        k = atomic_load_explicit(&before->next, memory_order_relaxed);
        if (k == i) {
            atomic_store_explicit(&before->next, next, memory_order_release);
            return;
        }
    }
}

/* True when the entry is to be taken out. */
static bool look_at(struct machine_table *t, const struct machine_program *p, struct entry *e,
                    uint64_t now_ms)
{
    uint64_t word = atomic_load_explicit(&e->word, memory_order_acquire);
    uint64_t after;

    if ((word & WORD_CLAIMED) != 0)
        return false;
    after = word_after_timers(p, word, atomic_load_explicit(&e->used_ms, memory_order_relaxed),
                              now_ms, MACHINE_SWEEP_LATENESS_MS);
    if (is_forgotten(p, after))
        after |= WORD_GONE;
    if (after != word && !atomic_compare_exchange_strong_explicit(
                             &e->word, &word, after, memory_order_acq_rel, memory_order_relaxed))
        return false;
    t->n_here[word_state(after)] += (after & WORD_GONE) == 0;
    return (after & WORD_GONE) != 0;
}

static void sweep_chain(struct machine_table *t, const struct machine_program *p, uint32_t chain,
                        uint64_t now_ms)
{
    uint32_t i = (uint32_t)atomic_load_explicit(&t->heads[chain], memory_order_acquire);

    while (i != NO_ENTRY) {
        struct entry *e = entry_at(t, i);
        const uint32_t next = atomic_load_explicit(&e->next, memory_order_acquire);

        if (look_at(t, p, e, now_ms)) {
            unlink_entry(t, chain, i);
            t->left[t->left_end++ % t->n_entries] = i;
        }
        i = next;
    }
}

static void end_round(struct machine_table *t)
{
    t->at_chain = 0;
    memcpy(t->occupancy.n_in_state, t->n_here, sizeof(t->n_here));
    memset(t->n_here, 0, sizeof(t->n_here));
    t->occupancy.n_rounds++;
}

void machine_table_sweep(struct machine_table *t, const struct machine_program *p, uint64_t now_ns,
                         uint64_t epoch, uint64_t n_passed, uint32_t n_chains)
{
    const uint64_t now_ms = since_start_ms(t, now_ns), left_before = t->left_end;

    free_left(t, n_passed);
    for (uint32_t n = 0; n < n_chains && n < t->n_chains; n++) {
        sweep_chain(t, p, t->at_chain, now_ms);
        if (++t->at_chain == t->n_chains)
            end_round(t);
    }
    if (t->left_end != left_before)
        mark_left(t, epoch);
}

void machine_table_occupancy(const struct machine_table *t, struct machine_occupancy *out)
{
    *out = t->occupancy;
    out->n_keys = atomic_load_explicit(&t->n_taken, memory_order_relaxed);
}

static uint32_t left_ms(uint64_t end_ms, uint64_t now_ms)
{
    return end_ms > now_ms ? (uint32_t)(end_ms - now_ms) : 0;
}

static bool describe(const struct machine_table *t, const struct machine_program *p,
                     struct entry *e, uint64_t now_ms, struct machine_key_state *out)
{
    const uint64_t used_ms = atomic_load_explicit(&e->used_ms, memory_order_relaxed);
    const uint64_t stored = atomic_load_explicit(&e->word, memory_order_acquire);
    const uint64_t word = word_after_timers(p, stored & ~WORD_CLAIMED, used_ms, now_ms, 0);
    const struct program_timer *timer = &p->timers[word_timer(word)];

    *out = (struct machine_key_state){.state = word_state(word)};
    memcpy(out->key, e->words, 8 * (size_t)t->n_key_words);
    if ((stored & WORD_GONE) != 0 || is_forgotten(p, word))
        return false;
    if (timer->hard_ms > 0)
        out->hard_left_ms = left_ms(word_armed_ms(word) + timer->hard_ms, now_ms);
    if (timer->idle_ms > 0)
        out->idle_left_ms = left_ms(
            (used_ms > word_armed_ms(word) ? used_ms : word_armed_ms(word)) + timer->idle_ms,
            now_ms);
    /* As they are at this moment; where a worker is at them, some may be newer than others. */
    for (uint8_t i = 0; i < p->n_registers && (word & WORD_KEPT) != 0; i++)
        out->registers[i] = atomic_load_explicit(&registers_of(t, e)[i], memory_order_relaxed);
    return true;
}

bool machine_table_find(const struct machine_table *t, const struct machine_program *p,
                        const uint64_t key[MACHINE_KEY_WORDS], uint64_t now_ns,
                        struct machine_key_state *out)
{
    uint64_t head;
    struct entry *e = table_find(t, key_hash(t, key), key, &head);

    return e != NULL && describe(t, p, e, since_start_ms(t, now_ns), out);
}

void machine_table_visit(const struct machine_table *t, const struct machine_program *p,
                         uint64_t now_ns,
                         bool (*visit)(void *context, const struct machine_key_state *state),
                         void *context)
{
    const uint64_t now_ms = since_start_ms(t, now_ns);
    struct machine_key_state state;

    for (uint32_t chain = 0; chain < t->n_chains; chain++)
        for (uint32_t i = (uint32_t)atomic_load_explicit(&t->heads[chain], memory_order_acquire);
             i != NO_ENTRY; i = atomic_load_explicit(&entry_at(t, i)->next, memory_order_acquire))
            if (describe(t, p, entry_at(t, i), now_ms, &state) && !visit(context, &state))
                return;
}
