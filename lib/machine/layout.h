/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the library share. Nobody else includes this. */
#ifndef MACHINE_LAYOUT_H
#define MACHINE_LAYOUT_H

#include <stdalign.h>
#include <stdatomic.h>

#include "base/compiler.h"
#include "machine/machine.h"

/* The word of a key: its state, the timers that were armed with it (an index; 0: none), and when. A
 * word that is the initial state and nothing else says what no entry at all would say.
 *
 * KEPT: its registers hold something. CLAIMED: a worker is at its registers. GONE: the sweeper took
 * it out; who meets it looks on. */
#define WORD_STATE_BITS  8
#define WORD_TIMER_SHIFT 11
#define WORD_TIMER_BITS  13
#define WORD_ARMED_SHIFT 24 /* 40 bits of ms: 34 years */
#define WORD_STATE       UINT64_C(0xff)
#define WORD_KEPT        (UINT64_C(1) << 8)
#define WORD_CLAIMED     (UINT64_C(1) << 9)
#define WORD_GONE        (UINT64_C(1) << 10)
#define MAX_TIMERS       ((1u << WORD_TIMER_BITS) - 1)

#define NO_ENTRY UINT32_MAX

/* An idle timer is looked at to a 16th of its time, and to 64 ms, so that not every packet writes.
 */
#define IDLE_TICK_PARTS 16
#define MOST_IDLE_TICK  64

struct program_timer {
    uint32_t idle_ms, hard_ms;
    uint16_t idle_next, hard_next;
    uint32_t tick_ms;
};

/* What conditions and updates read: where it stands among the values of a packet. A constant is
 * the value that is always 0, and itself added. */
enum {
    VALUE_REGISTER,
    VALUE_GLOBAL = VALUE_REGISTER + MACHINE_MAX_REGISTERS,
    VALUE_NOW_US = VALUE_GLOBAL + MACHINE_MAX_GLOBALS,
    VALUE_FRAME_LENGTH,
    VALUE_ZERO,
    N_VALUES
};

struct program_operand {
    uint64_t constant;
    uint32_t at;
};

/* It holds when the bit is set of how they stand: less, equal, more. */
struct program_condition {
    struct program_operand left, right;
    uint32_t holds;
};

/* To copy is to add 0. */
struct program_update {
    struct program_operand left, right;
    uint8_t operation; /* enum machine_operation */
    uint8_t target;    /* among the values */
};

struct program_step {
    uint16_t next;
    uint16_t timer;
};

struct program_rule {
    struct machine_action action;
    struct program_step step;
    bool writes_registers, writes_globals;
    uint8_t n_updates, n_sets;
    uint8_t n_masked; /* matches that the rows do not know, as those under a mask of a wide field */
    struct program_update update[MACHINE_MAX_UPDATES];
    struct {
        uint8_t scope;
        struct program_step step;
    } set[MACHINE_MAX_SETS];
    struct {
        uint8_t field;
        uint32_t first, n; /* in `masked` */
    } masked[MACHINE_MAX_MATCHES];
};

/* A field's value as a number of 128 bits. */
struct field_value {
    uint64_t high, low;
};

/* From `first` to `last`; with `is_mask`, whose bits of `last` are those of `first`. */
struct masked_value {
    struct field_value first, last;
    bool is_mask;
};

/* The rules that hold for each value of a field, as rows of bits. A value's row is found at once
 * (fields of up to 2 bytes), or among the starts of intervals. */
struct field_rows {
    uint8_t field;
    uint32_t n_starts;          /* 0: by `classes` */
    uint16_t *classes;          /* of each value */
    struct field_value *starts; /* ascending, the first one is 0 */
    uint64_t *rows;
    uint64_t *absent; /* the row of a packet that lacks the field */
};

struct program_scope {
    uint8_t n_fields;
    uint8_t fields[MACHINE_MAX_FIELDS];
    uint8_t widths[MACHINE_MAX_FIELDS];
};

struct machine_program {
    uint32_t n_rules; /* with `otherwise` */
    uint32_t n_words; /* of a row: a bit for each rule */
    uint32_t n_states;
    uint16_t initial;
    bool has_one_key; /* update is lookup */
    uint8_t n_key_words;
    uint8_t n_registers, n_globals, n_conditions;
    uint8_t n_fields;
    uint8_t when_full, when_field_missing; /* enum machine_policy */
    uint32_t max_keys;
    struct program_scope scopes[MACHINE_MAX_SCOPES];
    uint32_t n_scopes;
    struct field_rows fields[MACHINE_N_FIELDS];
    uint64_t *state_rows;     /* n_states of them */
    uint64_t *condition_rows; /* one for each set of conditions that hold */
    struct program_condition conditions[MACHINE_MAX_CONDITIONS];
    struct program_rule *rules;
    struct program_timer *timers; /* from 1 on */
    uint32_t n_timers;
    struct masked_value *masked;
    struct machine_target targets[MACHINE_MAX_TARGETS];
};

/* One key, `entry_bytes` apart. Who links it in writes tag, key and registers before; afterwards
 * registers change under a claim alone. */
struct entry {
    _Atomic uint64_t word;
    _Atomic uint64_t used_ms; /* a packet looked then, or somewhat later */
    _Atomic uint32_t next;    /* in its chain, or in the list of free places */
    uint32_t tag;
    uint64_t words[]; /* the key, then registers, which are read and written as atomic words */
};

struct machine_table {
    uint64_t secret[2];
    uint64_t start_ms;
    uint32_t n_chains; /* a power of 2 */
    uint32_t n_entries;
    uint32_t entry_bytes;
    uint32_t n_key_words;
    _Atomic uint64_t *heads; /* index of the first entry below, a count of changes above */
    uint8_t *entries;
    alignas(CACHE_LINE_BYTES) _Atomic uint64_t free_head; /* as `heads` */
    _Atomic uint32_t n_taken;
    alignas(CACHE_LINE_BYTES) _Atomic uint64_t globals[MACHINE_MAX_GLOBALS];
    /* The sweeper's own. */
    alignas(CACHE_LINE_BYTES) uint32_t at_chain;
    uint32_t n_here[MACHINE_MAX_STATES];
    struct machine_occupancy occupancy;
    uint32_t *left; /* a ring of entries that were taken out, for n_entries */
    uint64_t left_begin, left_end;
    struct {
        uint64_t epoch, end;
    } marks[8];
    uint32_t n_marks;
};

struct machine_lane {
    struct machine_counters counters;
    uint32_t n_rules;
    uint64_t rules[];
};

static inline struct entry *entry_at(const struct machine_table *t, uint32_t i)
{
    return (struct entry *)(void *)(t->entries + (size_t)i * t->entry_bytes);
}

static inline _Atomic uint64_t *registers_of(const struct machine_table *t, struct entry *e)
{
    return (_Atomic uint64_t *)(e->words + t->n_key_words);
}

static inline uint16_t word_state(uint64_t word)
{
    return (uint16_t)(word & WORD_STATE);
}

static inline uint32_t word_timer(uint64_t word)
{
    return (uint32_t)(word >> WORD_TIMER_SHIFT) & MAX_TIMERS;
}

static inline uint64_t word_armed_ms(uint64_t word)
{
    return word >> WORD_ARMED_SHIFT;
}

/* Says the word what no entry would say? */
static inline bool is_forgotten(const struct machine_program *p, uint64_t word)
{
    return word == p->initial;
}

/* fields.c */
bool field_read(enum machine_field field, const struct machine_packet *packet,
                struct field_value *out);
bool scope_read(const struct program_scope *s, const struct machine_packet *packet,
                uint64_t key[MACHINE_KEY_WORDS]);

/* timer.c: the word as of `now_ms` (since the table's start), after what is due. `lateness_ms` must
 * have passed since. */
uint64_t word_after_timers(const struct machine_program *p, uint64_t word, uint64_t used_ms,
                           uint64_t now_ms, uint64_t lateness_ms);
/* The word after a step. */
uint64_t word_after_step(const struct machine_program *p, const struct program_step *s,
                         uint64_t word, uint64_t now_ms, uint16_t port);

/* table.c */
uint64_t key_hash(const struct machine_table *t, const uint64_t *key);
struct entry *table_find(const struct machine_table *t, uint64_t hash, const uint64_t *key,
                         uint64_t *head);
uint32_t table_take(struct machine_table *t);
void table_give_back(struct machine_table *t, uint32_t i);
/* Links entry `i`, which nobody else knows, at the head of its chain; false when that is not `head`
 * any more. */
bool table_link(struct machine_table *t, uint64_t hash, uint64_t head, uint32_t i);
/* Claims the word as it is; false when it changed. */
static inline bool entry_claim(struct entry *e, uint64_t word)
{
    return atomic_compare_exchange_strong_explicit(&e->word, &word, word | WORD_CLAIMED,
                                                   memory_order_acquire, memory_order_relaxed);
}

static inline uint64_t since_start_ms(const struct machine_table *t, uint64_t now_ns)
{
    uint64_t now_ms = now_ns / 1000000;

    return now_ms > t->start_ms ? now_ms - t->start_ms : 0;
}

#endif
