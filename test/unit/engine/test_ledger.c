/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/time.h"

#define N       64
#define TURN_NS (UINT64_C(1) << LEDGER_TURN_SHIFT)

static struct ledger ledger;

static int open_ledger(void **state)
{
    *state = malloc(ledger_memory_bytes(N));
    ledger_init(&ledger, *state, N, 0);
    return 0;
}

static int close_ledger(void **state)
{
    free(*state);
    return 0;
}

static void a_deadline_is_noticed_within_a_turn_and_never_early(void **state)
{
    const uint64_t deadline_ns = 3 * NS_PER_S;
    uint32_t entry = ledger_add(&ledger, 0, deadline_ns);
    uint64_t now_ns = 0;

    (void)state;
    while (ledger_next_due(&ledger, now_ns) == LEDGER_NONE)
        now_ns += NS_PER_MS;
    assert_true(now_ns >= deadline_ns);
    assert_true(now_ns <= deadline_ns + 2 * TURN_NS);
    assert_int_equal(ledger_next_due(&ledger, now_ns), entry);
    ledger_remove(&ledger, entry);
    assert_int_equal(ledger_next_due(&ledger, now_ns + NS_PER_S), LEDGER_NONE);
}

static void a_full_ledger_refuses_and_room_returns(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++)
        assert_int_not_equal(ledger_add(&ledger, 0, NS_PER_S), LEDGER_NONE);
    assert_int_equal(ledger_add(&ledger, 0, NS_PER_S), LEDGER_NONE);
    ledger_remove(&ledger, 7);
    assert_int_equal(ledger_add(&ledger, 0, NS_PER_S), 7);
}

/* Beside a naive twin: deadlines in an array. Times reach over several rounds of the wheel. */
static void due_entries_are_those_of_a_plain_list(void **state)
{
    uint64_t deadlines[N] = {0}, now_ns = 0; /* 0: not in use */
    struct random_source r;
    uint64_t last_id = 0;

    (void)state;
    random_seed_fixed(&r, 11, 0);
    for (int step = 0; step < 20000; step++) {
        uint64_t kind = random_u64(&r) % 4;
        uint32_t entry;

        if (kind == 0) {
            uint64_t deadline_ns = now_ns + 1 + random_u64(&r) % (30 * NS_PER_S);

            entry = ledger_add(&ledger, now_ns, deadline_ns);
            if (entry != LEDGER_NONE) {
                assert_true(deadlines[entry] == 0);
                deadlines[entry] = deadline_ns;
                assert_true(ledger.entries[entry].id > last_id);
                last_id = ledger.entries[entry].id;
            }
        } else if (kind == 1) {
            entry = (uint32_t)(random_u64(&r) % N);
            if (deadlines[entry] != 0 && random_u32(&r) % 2) {
                ledger_remove(&ledger, entry);
                deadlines[entry] = 0;
            } else if (deadlines[entry] != 0) {
                deadlines[entry] += NS_PER_S;
                ledger_extend(&ledger, entry, deadlines[entry]);
            }
        } else {
            /* Mostly small steps, now and then a silence longer than the wheel. */
            now_ns += random_u32(&r) % 50 == 0 ? 20 * NS_PER_S : random_u64(&r) % (200 * NS_PER_MS);
            while ((entry = ledger_next_due(&ledger, now_ns)) != LEDGER_NONE) {
                assert_true(deadlines[entry] != 0 && deadlines[entry] <= now_ns);
                ledger_remove(&ledger, entry);
                deadlines[entry] = 0;
            }
            for (int i = 0; i < N; i++)
                assert_true(deadlines[i] == 0 || deadlines[i] + 2 * TURN_NS > now_ns);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_deadline_is_noticed_within_a_turn_and_never_early,
                                        open_ledger, close_ledger),
        cmocka_unit_test_setup_teardown(a_full_ledger_refuses_and_room_returns, open_ledger,
                                        close_ledger),
        cmocka_unit_test_setup_teardown(due_entries_are_those_of_a_plain_list, open_ledger,
                                        close_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
