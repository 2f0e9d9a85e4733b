/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots of ports, given by several threads at once. */
#include "sources/directory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"

#define N_THREADS 4
#define N_ROUNDS  200
#define N_SLOTS   64
#define N_ASKED   2000
#define N_PORTS   80 /* more than slots */

static struct sources_directory directory;
static pthread_barrier_t barrier;

struct asker {
    uint64_t seed;
    uint32_t first_slots[UINT16_MAX + 1];
    bool is_wrong;
};

static void *ask(void *context)
{
    struct asker *a = context;
    struct random_source random;

    random_seed_fixed(&random, a->seed, 0);
    for (uint32_t i = 0; i <= UINT16_MAX; i++)
        a->first_slots[i] = SOURCES_NO_SLOT;
    pthread_barrier_wait(&barrier);
    for (unsigned int i = 0; i < N_ASKED; i++) {
        const uint16_t port = (uint16_t)(1000 + random_u32(&random) % N_PORTS);
        const uint32_t slot = sources_directory_slot(&directory, port);

        if (a->first_slots[port] == SOURCES_NO_SLOT)
            a->first_slots[port] = slot;
        a->is_wrong |= a->first_slots[port] != slot;
    }
    return NULL;
}

/* All slots are given, none to two ports, and all threads were told the same. */
static void assert_agreed(struct asker *const *askers)
{
    bool is_taken[N_SLOTS] = {false};
    unsigned int n_own = 0;

    for (unsigned int i = 0; i < N_THREADS; i++)
        assert_false(askers[i]->is_wrong);
    for (uint16_t port = 1000; port < 1000 + N_PORTS; port++) {
        const uint32_t slot = sources_directory_slot(&directory, port);

        for (unsigned int i = 0; i < N_THREADS; i++)
            assert_true(askers[i]->first_slots[port] == SOURCES_NO_SLOT ||
                        askers[i]->first_slots[port] == slot);
        if (slot == N_SLOTS) {
            assert_int_equal(sources_directory_port(&directory, slot), -1);
            continue;
        }
        assert_false(is_taken[slot]);
        is_taken[slot] = true;
        assert_int_equal(sources_directory_port(&directory, slot), port);
        n_own++;
    }
    assert_int_equal(n_own, N_SLOTS);
}

static void threads_agree_on_the_slot_of_each_port_and_waste_none(void **state)
{
    const struct sources_plan plan = {.takes_any_port = true, .n_ports = N_SLOTS};
    struct asker *askers[N_THREADS];
    pthread_t threads[N_THREADS];

    (void)state;
    for (unsigned int i = 0; i < N_THREADS; i++)
        assert_non_null(askers[i] = calloc(1, sizeof(*askers[i])));
    pthread_barrier_init(&barrier, NULL, N_THREADS);
    for (unsigned int round = 0; round < N_ROUNDS; round++) {
        sources_directory_reset(&directory, &plan);
        for (unsigned int i = 0; i < N_THREADS; i++) {
            askers[i]->seed = round * N_THREADS + i;
            pthread_create(&threads[i], NULL, ask, askers[i]);
        }
        for (unsigned int i = 0; i < N_THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_agreed(askers);
    }
    pthread_barrier_destroy(&barrier);
    for (unsigned int i = 0; i < N_THREADS; i++)
        free(askers[i]);
}

static void listed_ports_have_their_slots_and_others_none(void **state)
{
    const struct sources_plan plan = {.n_ports = 3, .ports = {443, 0, UINT16_MAX}};

    (void)state;
    sources_directory_reset(&directory, &plan);
    assert_int_equal(sources_directory_slot(&directory, 443), 0);
    assert_int_equal(sources_directory_slot(&directory, 0), 1);
    assert_int_equal(sources_directory_slot(&directory, UINT16_MAX), 2);
    assert_int_equal(sources_directory_slot(&directory, 80), SOURCES_NO_SLOT);
    assert_int_equal(sources_directory_port(&directory, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_agree_on_the_slot_of_each_port_and_waste_none),
        cmocka_unit_test(listed_ports_have_their_slots_and_others_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
