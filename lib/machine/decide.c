/* SPDX-License-Identifier: BSD-3-Clause */
/* One packet through a machine. */
#include <errno.h>
#include <string.h>

#include "machine/classify.h"

/* A word that changes under us so often is somebody else's. */
#define MOST_TRIES 64

/* What was met at a key, and stays as it is until let go where it was claimed. */
struct meeting {
    struct entry *entry; /* NULL: none */
    uint64_t head;       /* of the chain, when there was none */
    uint64_t stored;     /* the word, or what no entry says */
    uint64_t word;       /* after what is due */
    uint64_t *registers; /* MACHINE_MAX_REGISTERS; where they are read to, set by who meets */
};

struct walk {
    const struct machine_program *p;
    struct machine_table *t;
    struct machine_lane *lane;
    const struct machine_packet *packet;
    uint64_t now_ms;
    uint32_t spare; /* a free entry that was taken and not used yet */
    const struct packet_rows *rows;
    uint64_t values[N_VALUES]; /* as they were before the packet; registers: of the lookup's key */
};

enum outcome { DONE, NO_ROOM, CONTENDED };

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* The entry's word when nobody is at its registers; false when that lasts too long. */
static bool wait_unclaimed(struct entry *e, uint64_t *word)
{
    for (unsigned int i = 0; i < MACHINE_MOST_WAITS; i++) {
        *word = atomic_load_explicit(&e->word, memory_order_acquire);
        if (likely_true((*word & WORD_CLAIMED) == 0))
            return true;
        relax();
    }
    return false;
}

static void load_registers(const struct walk *w, struct entry *e, uint64_t *out)
{
    for (uint8_t i = 0; i < w->p->n_registers; i++)
        out[i] = atomic_load_explicit(&registers_of(w->t, e)[i], memory_order_relaxed);
}

static void store_registers(const struct walk *w, struct entry *e, const uint64_t *from)
{
    for (uint8_t i = 0; i < w->p->n_registers; i++)
        atomic_store_explicit(&registers_of(w->t, e)[i], from[i], memory_order_relaxed);
}

/* Meets a key; with registers it is claimed. False when it cannot be had. */
static bool meet(struct walk *w, const uint64_t *key, uint64_t hash, struct meeting *m)
{
    for (unsigned int i = 0; i < MOST_TRIES; i++) {
        m->entry = table_find(w->t, hash, key, &m->head);
        m->stored = m->word = w->p->initial;
        for (uint8_t r = 0; r < w->p->n_registers; r++)
            m->registers[r] = 0;
        if (m->entry == NULL)
            return true;
        if (!wait_unclaimed(m->entry, &m->stored))
            return false;
        if ((m->stored & WORD_GONE) != 0)
            continue;
        m->word = word_after_timers(w->p, m->stored,
                                    atomic_load_explicit(&m->entry->used_ms, memory_order_relaxed),
                                    w->now_ms, 0);
        if (w->p->n_registers == 0)
            return true;
        if (!entry_claim(m->entry, m->stored))
            continue;
        if ((m->word & WORD_KEPT) != 0)
            load_registers(w, m->entry, m->registers);
        return true;
    }
    return false;
}

/* The idle clock: not each packet writes. */
static void note_use(const struct walk *w, const struct meeting *m, uint64_t word)
{
    const struct program_timer *timer = &w->p->timers[word_timer(word)];
    uint64_t used_ms, armed_ms = word_armed_ms(word);

    if (word_timer(word) == 0 || timer->idle_ms == 0)
        return;
    used_ms = atomic_load_explicit(&m->entry->used_ms, memory_order_relaxed);
    if (armed_ms > used_ms)
        used_ms = armed_ms;
    if (w->now_ms >= used_ms + timer->tick_ms)
        atomic_store_explicit(&m->entry->used_ms, w->now_ms, memory_order_relaxed);
}

/* A new key. DONE; CONTENDED means: somebody else came first, look again. */
static enum outcome link_new(struct walk *w, const uint64_t *key, uint64_t hash,
                             const struct meeting *m, uint64_t word, const uint64_t *registers)
{
    struct entry *e;

    if (w->spare == NO_ENTRY)
        w->spare = table_take(w->t);
    if (w->spare == NO_ENTRY)
        return NO_ROOM;
    e = entry_at(w->t, w->spare);
    atomic_store_explicit(&e->word, word, memory_order_relaxed);
    atomic_store_explicit(&e->used_ms, 0, memory_order_relaxed);
    memcpy(e->words, key, 8 * (size_t)w->p->n_key_words);
    if (registers != NULL)
        store_registers(w, e, registers);
    if (!table_link(w->t, hash, m->head, w->spare))
        return CONTENDED;
    w->spare = NO_ENTRY;
    return DONE;
}

/* Puts the new word, and the new registers unless they are NULL and stay, where `m` was met. */
static enum outcome settle(struct walk *w, const uint64_t *key, uint64_t hash, struct meeting *m,
                           uint64_t word, const uint64_t *registers)
{
    uint64_t expected = m->stored;

    if (m->entry == NULL)
        return is_forgotten(w->p, word) ? DONE : link_new(w, key, hash, m, word, registers);
    if (w->p->n_registers > 0) {
        if (registers != NULL)
            store_registers(w, m->entry, registers);
        note_use(w, m, word);
        atomic_store_explicit(&m->entry->word, word, memory_order_release);
    } else {
        if (word != m->stored &&
            !atomic_compare_exchange_strong_explicit(&m->entry->word, &expected, word,
                                                     memory_order_acq_rel, memory_order_relaxed))
            return CONTENDED;
        note_use(w, m, word);
    }
    w->lane->counters.timeouts += m->word != m->stored;
    return DONE;
}

static inline uint64_t operand(const struct walk *w, const struct program_operand *o)
{
    return w->values[o->at] + o->constant;
}

static uint64_t compute(enum machine_operation by, uint64_t a, uint64_t b)
{
    if (likely_true(by == MACHINE_ADD))
        return a > UINT64_MAX - b ? UINT64_MAX : a + b;
    switch (by) {
    case MACHINE_COPY:
    case MACHINE_ADD:
        break;
    case MACHINE_SUBTRACT:
        return a > b ? a - b : 0;
    case MACHINE_MULTIPLY:
        return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
    case MACHINE_SHIFT_LEFT:
        if (a == 0)
            return 0;
        return b >= 64 || a > UINT64_MAX >> b ? UINT64_MAX : a << b;
    case MACHINE_SHIFT_RIGHT:
        break;
    }
    return b >= 64 ? 0 : a >> b;
}

static unsigned int conditions_of(const struct walk *w)
{
    unsigned int bits = 0;

    for (uint8_t i = 0; i < w->p->n_conditions; i++) {
        const struct program_condition *c = &w->p->conditions[i];
        const uint64_t left = operand(w, &c->left), right = operand(w, &c->right);

        bits |= (c->holds >> (1 + (left > right) - (left < right)) & 1) << i;
    }
    return bits;
}

/* Registers after a rule: those that it assigns, from the values; the others as at the key. NULL:
 * it assigns none. They are copied one by one: a wide copy of what was just written in parts waits
 * for it. */
static const uint64_t *update_registers(const struct walk *w, const struct program_rule *rule,
                                        const uint64_t *at_key, uint64_t out[MACHINE_MAX_REGISTERS])
{
    if (!rule->writes_registers)
        return NULL;
    for (uint8_t i = 0; i < w->p->n_registers; i++)
        out[i] = at_key[i];
    for (uint8_t i = 0; i < rule->n_updates; i++) {
        const struct program_update *u = &rule->update[i];

        if (likely_true(u->target < VALUE_GLOBAL))
            out[u->target] = compute((enum machine_operation)u->operation, operand(w, &u->left),
                                     operand(w, &u->right));
    }
    return out;
}

/* Each global is changed from what it is at that moment, so no count is lost among workers. */
static void update_globals(const struct walk *w, const struct program_rule *rule)
{
    if (likely_true(!rule->writes_globals))
        return;
    for (uint8_t i = 0; i < rule->n_updates; i++) {
        const struct program_update *u = &rule->update[i];
        const uint64_t left = operand(w, &u->left), right = operand(w, &u->right);
        _Atomic uint64_t *global;
        uint64_t before;

        if (u->target < VALUE_GLOBAL)
            continue;
        global = &w->t->globals[u->target - VALUE_GLOBAL];
        before = atomic_load_explicit(global, memory_order_relaxed);
        while (!atomic_compare_exchange_weak_explicit(
            global, &before,
            compute((enum machine_operation)u->operation, u->left.at == u->target ? before : left,
                    u->right.at == u->target ? before : right),
            memory_order_relaxed, memory_order_relaxed))
            ;
    }
}

static uint64_t word_after_rule(const struct walk *w, const struct program_rule *rule,
                                uint64_t word)
{
    uint64_t after = word_after_step(w->p, &rule->step, word, w->now_ms, w->packet->port);

    if (rule->writes_registers)
        after |= WORD_KEPT;
    return after;
}

/* What became of one packet so far. */
struct passage {
    const struct program_rule *rule;
    uint16_t number, state, next;
    uint16_t before; /* of the key whose state is set; UINT16_MAX: none was */
};

/* The registers at the key were read to the values. */
static void choose_rule(const struct walk *w, const struct meeting *m, struct passage *out)
{
    out->state = word_state(m->word);
    out->number = (uint16_t)rule_find(w->p, w->rows, w->packet, out->state,
                                      w->p->n_conditions > 0 ? conditions_of(w) : 0);
    out->rule = &w->p->rules[out->number];
}

/* Lookup and update are one key: state and registers change as one. */
static enum outcome pass_one_key(struct walk *w, struct passage *out)
{
    for (unsigned int i = 0; i < MOST_TRIES; i++) {
        uint64_t space[MACHINE_MAX_REGISTERS], after;
        struct meeting m = {.registers = w->values};
        const uint64_t *registers;
        enum outcome outcome;

        if (!meet(w, w->packet->key, w->packet->hash, &m))
            return CONTENDED;
        choose_rule(w, &m, out);
        registers = update_registers(w, out->rule, w->values, space);
        after = word_after_rule(w, out->rule, m.word);
        out->next = out->rule->step.next == MACHINE_KEEP ? MACHINE_KEEP : word_state(after);
        out->before = out->state;
        outcome = settle(w, w->packet->key, w->packet->hash, &m, after, registers);
        if (outcome != CONTENDED) {
            w->lane->counters.changes += outcome == DONE && word_state(after) != word_state(m.word);
            return outcome;
        }
    }
    return CONTENDED;
}

/* Takes the step at a key that was not looked at for the rule. */
static enum outcome step_key(struct walk *w, const uint64_t *key, const struct program_step *step,
                             const struct passage *by, bool is_update, uint16_t *before,
                             uint16_t *next)
{
    const uint64_t hash = key_hash(w->t, key);

    for (unsigned int i = 0; i < MOST_TRIES; i++) {
        uint64_t at_key[MACHINE_MAX_REGISTERS], space[MACHINE_MAX_REGISTERS], after;
        struct meeting m = {.registers = at_key};
        const uint64_t *registers = NULL;
        enum outcome outcome;

        if (!meet(w, key, hash, &m))
            return CONTENDED;
        after = word_after_step(w->p, step, m.word, w->now_ms, w->packet->port);
        if (is_update && by->rule->writes_registers) {
            registers = update_registers(w, by->rule, at_key, space);
            after |= WORD_KEPT;
        }
        *before = word_state(m.word);
        *next = word_state(after);
        outcome = settle(w, key, hash, &m, after, registers);
        if (outcome != CONTENDED) {
            w->lane->counters.changes += outcome == DONE && word_state(after) != word_state(m.word);
            return outcome;
        }
    }
    return CONTENDED;
}

/* The key whose state says the rule, and the one whose state it sets, are two. */
static enum outcome pass_two_keys(struct walk *w, struct passage *out, bool *is_missing)
{
    uint64_t key[MACHINE_KEY_WORDS];
    enum outcome outcome = CONTENDED;
    struct meeting m = {.registers = w->values};

    for (unsigned int i = 0; i < MOST_TRIES && outcome == CONTENDED; i++) {
        if (!meet(w, w->packet->key, w->packet->hash, &m))
            return CONTENDED;
        choose_rule(w, &m, out);
        outcome = settle(w, w->packet->key, w->packet->hash, &m, m.word, NULL);
    }
    if (outcome != DONE)
        return outcome;
    out->next = MACHINE_KEEP;
    if (out->rule->step.next == MACHINE_KEEP && !out->rule->writes_registers)
        return DONE;
    if (!scope_read(&w->p->scopes[MACHINE_UPDATE], w->packet, key)) {
        *is_missing = true;
        return DONE;
    }
    return step_key(w, key, &out->rule->step, out, true, &out->before, &out->next);
}

static enum outcome pass_sets(struct walk *w, const struct passage *by, bool *is_missing)
{
    enum outcome worst = DONE;

    for (uint8_t i = 0; i < by->rule->n_sets; i++) {
        uint64_t key[MACHINE_KEY_WORDS];
        enum outcome outcome = DONE;
        uint16_t before, next;

        if (!scope_read(&w->p->scopes[by->rule->set[i].scope], w->packet, key))
            *is_missing = true;
        else
            outcome = step_key(w, key, &by->rule->set[i].step, by, false, &before, &next);
        if (outcome != DONE)
            worst = outcome;
    }
    return worst;
}

static void act(const struct walk *w, const struct machine_action *a, struct machine_verdict *out)
{
    struct machine_counters *c = &w->lane->counters;

    out->where = a->where;
    out->target = a->target;
    out->has_mark = a->has_mark;
    out->mark = a->mark;
    out->test = a->test;
    out->event = a->event;
    c->tests += a->test;
    c->marked += a->has_mark;
    if (a->count != MACHINE_NO_NOTE)
        c->counts[a->count]++;
    if (a->event != MACHINE_NO_NOTE)
        c->events[a->event]++;
}

static void act_by_policy(const struct walk *w, uint8_t policy, struct machine_verdict *out)
{
    const struct machine_action plain = {
        .where = policy == MACHINE_BY_DROP ? MACHINE_DROP : MACHINE_FORWARD,
        .count = MACHINE_NO_NOTE,
        .event = MACHINE_NO_NOTE,
    };

    out->rule = (uint16_t)(w->p->n_rules - 1);
    act(w, policy == MACHINE_BY_OTHERWISE ? &w->p->rules[out->rule].action : &plain, out);
}

static void walk(struct walk *w, struct machine_verdict *out)
{
    struct machine_counters *c = &w->lane->counters;
    struct passage passage;
    bool is_missing = false;
    enum outcome outcome =
        w->p->has_one_key ? pass_one_key(w, &passage) : pass_two_keys(w, &passage, &is_missing);

    if (outcome == DONE && !is_missing)
        outcome = pass_sets(w, &passage, &is_missing);
    if (outcome == CONTENDED) {
        c->contended++;
        act_by_policy(w, w->p->when_full, out);
        return;
    }
    out->state = passage.state;
    if (outcome == NO_ROOM) {
        c->full++;
        act_by_policy(w, w->p->when_full, out);
        return;
    }
    update_globals(w, passage.rule);
    out->rule = passage.number;
    out->next = passage.next;
    out->before = passage.before;
    out->changed = passage.next != MACHINE_KEEP && passage.next != passage.before;
    if (likely_false(is_missing)) {
        c->field_missing++;
        act_by_policy(w, w->p->when_field_missing, out);
        return;
    }
    w->lane->rules[passage.number]++;
    act(w, &passage.rule->action, out);
    if (out->where == MACHINE_OUTPUT_STATE) {
        out->out_port = (uint16_t)(passage.state - 1);
        if (passage.state == 0)
            out->where = MACHINE_PAIR;
    }
}

void machine_decide(const struct machine_program *p, struct machine_table *t,
                    struct machine_lane *lane, const struct machine_packet *packet, uint64_t now_ns,
                    struct machine_verdict *out)
{
    struct walk w; /* not all of it is written for each packet */

    w.p = p;
    w.t = t;
    w.lane = lane;
    w.packet = packet;
    w.now_ms = since_start_ms(t, now_ns);
    w.spare = NO_ENTRY;
    w.values[VALUE_ZERO] = 0;
    *out = (struct machine_verdict){.event = MACHINE_NO_NOTE, .next = MACHINE_KEEP};
    lane->counters.packets++;
    if (likely_false(!packet->has_key)) {
        lane->counters.field_missing++;
        out->state = p->initial;
        act_by_policy(&w, p->when_field_missing, out);
    } else {
        struct packet_rows rows;

        packet_rows_read(p, packet, &rows);
        w.rows = &rows;
        w.values[VALUE_NOW_US] = now_ns / 1000;
        w.values[VALUE_FRAME_LENGTH] = packet->frame_bytes;
        for (uint8_t i = 0; i < p->n_globals; i++)
            w.values[VALUE_GLOBAL + i] = atomic_load_explicit(&t->globals[i], memory_order_relaxed);
        walk(&w, out);
        if (likely_false(w.spare != NO_ENTRY))
            table_give_back(t, w.spare);
    }
    lane->counters.dropped += out->where == MACHINE_DROP;
}

int machine_table_put(struct machine_table *t, const struct machine_program *p,
                      const uint64_t key[MACHINE_KEY_WORDS], uint16_t state)
{
    static const struct packet_view no_view;
    const struct machine_packet packet = {.view = &no_view};
    union {
        struct machine_lane lane;
        uint64_t words[(sizeof(struct machine_lane) + 8) / 8];
    } memory = {.lane = {.n_rules = 0}};
    struct walk w = {.p = p, .t = t, .lane = &memory.lane, .packet = &packet, .spare = NO_ENTRY};
    const struct program_step step = {.next = state};
    uint16_t before, next;
    enum outcome outcome = step_key(&w, key, &step, NULL, false, &before, &next);

    if (w.spare != NO_ENTRY)
        table_give_back(t, w.spare);
    return outcome == DONE ? 0 : -ENOSPC;
}
