/* SPDX-License-Identifier: BSD-3-Clause */
/* What the twin does not see: full tables, places that come back, keys that somebody holds. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "machine/layout.h"

#define MS UINT64_C(1000000)

#define ONE_KNOCK(more)                                                                            \
    "{\"machines\":[{\"name\":\"m\",\"lookup\":[\"udp.source\"],\"states\":[\"shut\",\"open\"],"   \
    "\"max_keys\":4," more "\"rules\":[{\"state\":\"shut\",\"match\":{\"udp.destination\":7},"     \
    "\"do\":\"drop\",\"next\":\"open\",\"idle_ms\":1000},{\"state\":\"open\",\"match\":{"          \
    "\"udp.destination\":9},\"do\":\"drop\",\"next\":\"shut\"}],"                                  \
    "\"otherwise\":{\"do\":\"drop\"}}]}"

struct box {
    struct machine *machines;
    uint32_t n;
    struct machine_program *program;
    struct machine_table *table;
    struct machine_lane *lane;
};

static void *take(size_t n)
{
    n = (n + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    return memset(aligned_alloc(CACHE_LINE_BYTES, n), 0xa5, n);
}

static struct box make(const char *text)
{
    static const uint64_t secret[2] = {3, 5};
    struct config_error e;
    struct box b = {0};

    if (machine_list_load_text(text, &b.machines, &b.n, &e) != 0)
        fail_msg("%s", e.text);
    b.program = machine_compile(&b.machines[0]);
    assert_non_null(b.program);
    b.table = machine_table_init(take(machine_table_memory_bytes(b.program)), b.program, secret, 0);
    b.lane = machine_lane_init(take(machine_lane_memory_bytes(b.program)), b.program);
    return b;
}

static void end(struct box *b)
{
    free(b->lane);
    free(b->table);
    machine_program_free(b->program);
    machine_list_free(b->machines, b->n);
}

static struct machine_verdict send(struct box *b, uint16_t source, uint16_t destination,
                                   uint64_t now_ms)
{
    const struct packet_view view = {.reason = PACKET_UDP,
                                     .source_port = source,
                                     .destination_port = destination,
                                     .protocol = PACKET_PROTOCOL_UDP,
                                     .has_ip = true,
                                     .is_ipv4 = true};
    struct machine_packet packet = {.view = &view, .frame_bytes = 64};
    struct machine_verdict verdict;

    machine_ask(b->program, b->table, &packet);
    machine_ask_entry(b->table, &packet);
    machine_decide(b->program, b->table, b->lane, &packet, now_ms * MS, &verdict);
    return verdict;
}

static uint32_t n_keys(const struct box *b)
{
    struct machine_occupancy o;

    machine_table_occupancy(b->table, &o);
    return o.n_keys;
}

/* All chains, with every epoch before this one closed. */
static void sweep(struct box *b, uint64_t now_ms, uint64_t epoch)
{
    machine_table_sweep(b->table, b->program, now_ms * MS, epoch, epoch,
                        machine_table_n_chains(b->table));
}

static void a_full_table_acts_by_its_policy_and_keys_that_are_there_go_on(void **state)
{
    static const struct {
        const char *text;
        enum machine_where where;
    } policies[] = {
        {ONE_KNOCK(""), MACHINE_DROP},
        {ONE_KNOCK("\"when_full\":\"drop\","), MACHINE_DROP},
        {ONE_KNOCK("\"when_full\":\"forward\","), MACHINE_FORWARD},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        struct box b = make(policies[i].text);

        for (uint16_t source = 0; source < 4; source++)
            assert_int_equal(send(&b, source, 7, 1).next, 1);
        for (uint16_t source = 4; source < 8; source++) {
            struct machine_verdict v = send(&b, source, 7, 1);

            assert_int_equal(v.where, policies[i].where);
            assert_int_equal(v.next, MACHINE_KEEP);
        }
        assert_int_equal(machine_lane_counters(b.lane)->full, 4);
        assert_int_equal(send(&b, 2, 8, 2).state, 1);
        assert_int_equal(n_keys(&b), 4);
        end(&b);
    }
}

static void the_place_of_a_forgotten_key_is_free_when_every_worker_passed(void **state)
{
    struct box b = make(ONE_KNOCK(""));

    (void)state;
    for (uint16_t source = 0; source < 4; source++)
        send(&b, source, 7, 1);
    send(&b, 0, 9, 2); /* forgotten by its rule */
    sweep(&b, 3, 10);
    assert_int_equal(send(&b, 5, 7, 3).next, MACHINE_KEEP); /* somebody may still stand on it */
    sweep(&b, 3, 10);
    assert_int_equal(n_keys(&b), 4);
    sweep(&b, 3, 11);
    assert_int_equal(n_keys(&b), 3);
    assert_int_equal(send(&b, 5, 7, 3).next, 1);
    /* Idle since 1 ms: over at 1,001, and the sweeper comes a second later. */
    sweep(&b, 1 + 1000 + MACHINE_SWEEP_LATENESS_MS - 1, 12);
    sweep(&b, 1 + 1000 + MACHINE_SWEEP_LATENESS_MS - 1, 13);
    assert_int_equal(n_keys(&b), 4);
    sweep(&b, 1 + 1000 + MACHINE_SWEEP_LATENESS_MS, 14);
    sweep(&b, 1 + 1000 + MACHINE_SWEEP_LATENESS_MS, 15);
    assert_int_equal(n_keys(&b), 1);
    end(&b);
}

static void a_key_comes_again_in_the_place_that_it_was_forgotten_in(void **state)
{
    struct box b = make(ONE_KNOCK(""));

    (void)state;
    for (unsigned int turn = 0; turn < 100; turn++) {
        assert_int_equal(send(&b, 1, 7, turn).next, 1);
        assert_int_equal(send(&b, 1, 9, turn).next, 0);
    }
    assert_int_equal(n_keys(&b), 1);
    assert_int_equal(machine_lane_counters(b.lane)->full, 0);
    end(&b);
}

/* For many rounds of many keys no place is lost, and none is given twice. */
static void places_are_conserved(void **state)
{
    struct box b = make(ONE_KNOCK(""));
    uint64_t now_ms = 0, epoch = 0;

    (void)state;
    for (unsigned int turn = 0; turn < 2000; turn++) {
        for (uint16_t k = 0; k < 5; k++)
            send(&b, (uint16_t)(turn * 3 + k), 7, now_ms);
        assert_true(n_keys(&b) <= 4);
        now_ms += 3000;
        sweep(&b, now_ms, ++epoch);
        sweep(&b, now_ms, ++epoch);
        assert_int_equal(n_keys(&b), 0);
    }
    end(&b);
}

static const char counting[] =
    "{\"machines\":[{\"name\":\"m\",\"lookup\":[\"udp.source\"],\"states\":[\"a\"],"
    "\"registers\":[\"n\"],\"when_full\":\"forward\",\"rules\":[{\"do\":\"drop\","
    "\"update\":[\"n = n + 1\"]}]}]}";

static void a_key_that_is_held_too_long_is_treated_by_policy_and_counted(void **state)
{
    struct box b = make(counting);
    uint64_t head, key[MACHINE_KEY_WORDS] = {0};
    struct machine_key_state known;
    struct entry *e;

    (void)state;
    ((uint8_t *)key)[1] = 7;
    send(&b, 7, 1, 1);
    e = table_find(b.table, key_hash(b.table, key), key, &head);
    assert_non_null(e);
    assert_true(entry_claim(e, atomic_load(&e->word)));
    assert_int_equal(send(&b, 7, 1, 1).where, MACHINE_FORWARD);
    assert_int_equal(machine_lane_counters(b.lane)->contended, 1);
    atomic_fetch_and(&e->word, ~WORD_CLAIMED);
    assert_int_equal(send(&b, 7, 1, 1).where, MACHINE_DROP);
    assert_true(machine_table_find(b.table, b.program, key, 1, &known));
    assert_int_equal(known.registers[0], 2);
    end(&b);
}

static void a_key_can_be_put_into_a_state_and_forgotten(void **state)
{
    struct box b = make(ONE_KNOCK(""));
    uint64_t key[MACHINE_KEY_WORDS] = {0};
    struct machine_key_state known;

    (void)state;
    for (uint16_t source = 1; source <= 5; source++) {
        ((uint8_t *)key)[1] = (uint8_t)source;
        assert_int_equal(machine_table_put(b.table, b.program, key, 1), source <= 4 ? 0 : -ENOSPC);
    }
    assert_false(machine_table_find(b.table, b.program, key, 1, &known));
    ((uint8_t *)key)[1] = 4;
    assert_true(machine_table_find(b.table, b.program, key, 1, &known));
    assert_int_equal(known.state, 1);
    assert_int_equal(send(&b, 4, 8, 1).state, 1);
    assert_int_equal(machine_table_put(b.table, b.program, key, 0), 0);
    assert_false(machine_table_find(b.table, b.program, key, 1, &known));
    assert_int_equal(send(&b, 4, 8, 1).state, 0);
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_table_acts_by_its_policy_and_keys_that_are_there_go_on),
        cmocka_unit_test(the_place_of_a_forgotten_key_is_free_when_every_worker_passed),
        cmocka_unit_test(a_key_comes_again_in_the_place_that_it_was_forgotten_in),
        cmocka_unit_test(places_are_conserved),
        cmocka_unit_test(a_key_that_is_held_too_long_is_treated_by_policy_and_counted),
        cmocka_unit_test(a_key_can_be_put_into_a_state_and_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
