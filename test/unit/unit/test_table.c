/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "unit/unit.h"

static const uint64_t key[2] = {UINT64_C(0x0123456789abcdef), UINT64_C(0x13579bdf02468ace)};

/* As it may come from the caller: full of something. */
static struct unit_table *make_table(uint32_t n_units)
{
    const size_t n_bytes = (unit_table_memory_bytes(n_units) + CACHE_LINE_BYTES - 1) /
                           CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    uint8_t *memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    struct unit_table *t;

    assert_non_null(memory);
    for (size_t i = 0; i < n_bytes; i++)
        memory[i] = 0xa5;
    t = unit_table_init(memory, n_bytes, n_units, key);
    assert_non_null(t);
    return t;
}

static enum unit_sight see(struct unit_table *t, enum unit_kind kind, uint64_t identity,
                           uint64_t now_ms)
{
    struct unit *u;

    return unit_table_see(t, kind, identity, now_ms, &u);
}

static void a_table_of_nothing_or_with_too_little_memory_is_refused(void **state)
{
    const size_t n_bytes = unit_table_memory_bytes(100);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes + CACHE_LINE_BYTES);

    (void)state;
    assert_non_null(memory);
    assert_null(unit_table_init(memory, n_bytes, 0, key));
    assert_null(unit_table_init(memory, n_bytes - 1, 100, key));
    assert_null(unit_table_init(NULL, n_bytes, 100, key));
    assert_non_null(unit_table_init(memory, n_bytes, 100, key));
    free(memory);
}

static void kinds_have_rules_and_nothing_else_has(void **state)
{
    (void)state;
    for (unsigned int kind = 0; kind < UNIT_N_KINDS; kind++) {
        const struct unit_rule *r = unit_rule_of((enum unit_kind)kind);

        /* A dropped unit is over before it is forgotten, and not before it could be repeated. */
        assert_true(r->quiet_ms < r->timeout_ms && r->timeout_ms < UNIT_MEMORY_MS);
        assert_true(r->most_dropped >= 1 && r->most_dropped < 32);
    }
    assert_null(unit_rule_of(UNIT_N_KINDS));
}

/* Nothing at the edges but what the rule says, to the millisecond. */
static void quiet_and_memory_end_when_they_say(void **state)
{
    (void)state;
    for (unsigned int k = 0; k < UNIT_N_KINDS; k++) {
        const enum unit_kind kind = (enum unit_kind)k;
        const uint64_t quiet = unit_rule_of(kind)->quiet_ms, start = 0;
        struct unit_table *t = make_table(8);

        assert_int_equal(see(t, kind, 7, start), UNIT_FIRST);
        assert_int_equal(see(t, kind, 7, start), UNIT_FLIGHT);
        assert_int_equal(see(t, kind, 7, start + quiet - 1), UNIT_FLIGHT);
        assert_int_equal(see(t, kind, 7, start + quiet), UNIT_REPEATED);
        assert_int_equal(see(t, kind, 7, start + quiet), UNIT_AGAIN);
        assert_int_equal(see(t, kind, 7, start + UNIT_MEMORY_MS - 1), UNIT_AGAIN);
        assert_int_equal(see(t, kind, 7, start + UNIT_MEMORY_MS), UNIT_FIRST);
        assert_int_equal(see(t, kind, 7, start + UNIT_MEMORY_MS + quiet), UNIT_REPEATED);
        free(t);
    }
}

/* The repeats do not keep it: who repeats every second for a minute shows six units. */
static void memory_counts_from_the_first_sight(void **state)
{
    struct unit_table *t = make_table(8);
    unsigned int n_first = 0, n_repeated = 0;

    (void)state;
    for (uint64_t ms = 5000; ms < 65000; ms += 1000) {
        const enum unit_sight s = see(t, UNIT_HANDSHAKE, 9, ms);

        n_first += s == UNIT_FIRST;
        n_repeated += s == UNIT_REPEATED;
    }
    assert_int_equal(n_first, 6);
    assert_int_equal(n_repeated, 6);
    free(t);
}

static void what_the_caller_noted_stays_as_long_as_the_unit(void **state)
{
    struct unit_table *t = make_table(8);
    struct unit *u, *again;

    (void)state;
    assert_int_equal(unit_table_see(t, UNIT_QUIC, 5, 1000, &u), UNIT_FIRST);
    assert_false(u->is_awaited || u->n_dropped != 0 || u->note != 0);
    u->is_awaited = 1;
    u->n_dropped = 4;
    u->note = 0xfedcb;
    assert_int_equal(unit_table_see(t, UNIT_QUIC, 5, 2000, &again), UNIT_REPEATED);
    assert_ptr_equal(u, again);
    assert_true(u->is_awaited && u->n_dropped == 4 && u->note == 0xfedcb);
    assert_int_equal(unit_table_see(t, UNIT_QUIC, 5, 1000 + UNIT_MEMORY_MS, &u), UNIT_FIRST);
    assert_false(u->is_awaited || u->n_dropped != 0 || u->note != 0);
    free(t);
}

/* Also where 36 bits of milliseconds come round, and where the clock went back. */
static void time_may_wrap_or_go_back(void **state)
{
    const uint64_t last = (UINT64_C(1) << 36) - 1;
    struct unit_table *t = make_table(8);

    (void)state;
    assert_int_equal(see(t, UNIT_HANDSHAKE, 1, last - 100), UNIT_FIRST);
    assert_int_equal(see(t, UNIT_HANDSHAKE, 1, last + 99), UNIT_FLIGHT);
    assert_int_equal(see(t, UNIT_HANDSHAKE, 1, last + 100), UNIT_REPEATED);
    assert_int_equal(see(t, UNIT_HANDSHAKE, 1, last - 100 + UNIT_MEMORY_MS), UNIT_FIRST);
    assert_int_equal(see(t, UNIT_HANDSHAKE, 2, 500000), UNIT_FIRST);
    assert_int_equal(see(t, UNIT_HANDSHAKE, 2, 100000), UNIT_FLIGHT);
    free(t);
}

/* The same said plainly: a list of all units, looked through from its end. */
struct twin {
    struct {
        uint64_t identity, seen_ms;
        bool was_repeated;
    } units[20000];
    unsigned int n;
};

static enum unit_sight twin_see(struct twin *t, enum unit_kind kind, uint64_t identity,
                                uint64_t now_ms)
{
    for (unsigned int i = t->n; i-- > 0;) {
        if (t->units[i].identity != identity)
            continue;
        if (now_ms - t->units[i].seen_ms >= 10000)
            break;
        if (now_ms - t->units[i].seen_ms < (kind == UNIT_QUIC ? 100 : 200))
            return UNIT_FLIGHT;
        if (t->units[i].was_repeated)
            return UNIT_AGAIN;
        t->units[i].was_repeated = true;
        return UNIT_REPEATED;
    }
    assert_true(t->n < ARRAY_LENGTH(t->units));
    t->units[t->n].identity = identity;
    t->units[t->n].was_repeated = false;
    t->units[t->n++].seen_ms = now_ms;
    return UNIT_FIRST;
}

static void a_roomy_table_does_as_its_twin(void **state)
{
    static struct twin twin;
    struct unit_table *t = make_table(50000);
    unsigned int n_of[UNIT_NO_ROOM + 1] = {0};
    struct random_source r;
    uint64_t now_ms = 3;

    (void)state;
    twin.n = 0;
    random_seed_fixed(&r, 1, 0);
    for (unsigned int i = 0; i < 40000; i++) {
        /* Those of a kind are odd, those of the other even, as an identity knows its kind. */
        const uint64_t number = random_u32(&r) % 400;
        const enum unit_kind kind = number % 2 == 0 ? UNIT_HANDSHAKE : UNIT_QUIC;
        const uint64_t identity = number * UINT64_C(0x9e3779b97f4a7c15) + 1;
        enum unit_sight sight;

        now_ms += random_u32(&r) % 20;
        sight = see(t, kind, identity, now_ms);
        assert_int_equal(sight, twin_see(&twin, kind, identity, now_ms));
        n_of[sight]++;
    }
    for (unsigned int i = 0; i < UNIT_NO_ROOM; i++)
        assert_true(n_of[i] > 300);
    assert_int_equal(n_of[UNIT_NO_ROOM], 0);
    free(t);
}

/* A flood fills a small table. Whatever the caller notes of its units, the same are remembered. */
static void who_finds_room_does_not_depend_on_what_was_dropped(void **state)
{
    struct unit_table *a = make_table(64), *b = make_table(64);
    unsigned int n_no_room = 0, n_repeated = 0;
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 2, 0);
    for (unsigned int i = 0; i < 100000; i++) {
        const uint64_t identity = (1 + random_u32(&r) % 300) * UINT64_C(0xd1342543de82ef95);
        struct unit *u, *v;
        const enum unit_sight s = unit_table_see(a, UNIT_HANDSHAKE, identity, i, &u);

        assert_int_equal(unit_table_see(b, UNIT_HANDSHAKE, identity, i, &v), s);
        if (s == UNIT_FIRST && random_u32(&r) % 2 == 0) {
            u->is_awaited = 1;
            u->n_dropped = 1;
            u->note = (uint16_t)random_u32(&r);
        }
        assert_int_equal(u == NULL, s == UNIT_NO_ROOM);
        n_no_room += s == UNIT_NO_ROOM;
        n_repeated += s == UNIT_REPEATED;
    }
    assert_true(n_no_room > 10000 && n_repeated > 100);
    assert_int_equal(unit_table_n_without_room(a), n_no_room);
    assert_int_equal(unit_table_n_without_room(b), n_no_room);
    free(a);
    free(b);
}

/* table.c says one in 27 of a table as full as it is meant to be: 616 of 16384, with a standard
 * deviation of no more than sqrt(8192 * E max(N - 4, 0)^2) = 34, of which six are allowed. */
static void few_find_their_place_taken(void **state)
{
    enum { N = 16384 };
    struct unit_table *t = make_table(N);
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 3, 0);
    for (unsigned int i = 0; i < N; i++)
        see(t, UNIT_HANDSHAKE, random_u64(&r), 1);
    assert_true(unit_table_n_without_room(t) > 616 - 204);
    assert_true(unit_table_n_without_room(t) < 616 + 204);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_nothing_or_with_too_little_memory_is_refused),
        cmocka_unit_test(kinds_have_rules_and_nothing_else_has),
        cmocka_unit_test(quiet_and_memory_end_when_they_say),
        cmocka_unit_test(memory_counts_from_the_first_sight),
        cmocka_unit_test(what_the_caller_noted_stays_as_long_as_the_unit),
        cmocka_unit_test(time_may_wrap_or_go_back),
        cmocka_unit_test(a_roomy_table_does_as_its_twin),
        cmocka_unit_test(who_finds_room_does_not_depend_on_what_was_dropped),
        cmocka_unit_test(few_find_their_place_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
