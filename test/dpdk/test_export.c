/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring between a worker and the manager. The manager here is a stand-in that writes down what
 * it is handed, and stops accepting after an epoch mark, as the real one does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../unit/within.h"
#include "eal.h"
#include "export/export.h"

struct manager {
    uint64_t drop_ids[64];
    unsigned int n;
    bool accepts;
};

bool manager_accepts(const struct manager *m, uint16_t worker)
{
    assert_int_equal(worker, 3);
    return m->accepts;
}

void manager_receive(struct manager *m, const struct message *message)
{
    if (message->kind == MESSAGE_EPOCH)
        m->accepts = false;
    else
        m->drop_ids[m->n++] = message->drop_ended.id;
}

static struct message drop_ended(uint64_t id)
{
    return (struct message){.kind = MESSAGE_DROP_ENDED, .worker = 3, .drop_ended = {.id = id}};
}

static int make_ring(void **state)
{
    *state = export_ring_create(3, 15, SOCKET_ID_ANY);
    return *state == NULL ? -1 : 0;
}

static int free_ring(void **state)
{
    export_ring_free(*state);
    return 0;
}

static void messages_arrive_whole_and_in_order(void **state)
{
    struct manager m = {.accepts = true};

    for (uint64_t turn = 0; turn < 5; turn++) { /* more than once around the ring */
        m.n = 0;
        for (uint64_t id = 0; id < 10; id++) {
            struct message message = drop_ended(turn << 40 | id);

            assert_int_equal(export_post(*state, &message), 0);
        }
        assert_int_equal(export_drain(*state, &m, 3, 100), 10);
        assert_int_equal(m.n, 10);
        for (uint64_t id = 0; id < 10; id++)
            assert_int_equal(m.drop_ids[id], turn << 40 | id);
    }
}

static void a_full_ring_says_so_and_loses_nothing_older(void **state)
{
    struct manager m = {.accepts = true};
    unsigned int n_posted = 0;

    for (struct message message = drop_ended(0); export_post(*state, &message) == 0;
         message = drop_ended(++n_posted))
        assert_true(n_posted < 64);
    assert_within(n_posted, 15, 31);
    assert_int_equal(export_n_waiting(*state), n_posted);
    assert_int_equal(export_drain(*state, &m, 3, 100), n_posted);
    for (uint64_t id = 0; id < n_posted; id++)
        assert_int_equal(m.drop_ids[id], id);
}

static void nothing_is_taken_beyond_what_the_manager_accepts(void **state)
{
    struct manager m = {.accepts = true};
    struct message before = drop_ended(1), after = drop_ended(2);
    struct message mark = {.kind = MESSAGE_EPOCH, .worker = 3};

    assert_int_equal(export_post(*state, &before), 0);
    assert_int_equal(export_post(*state, &mark), 0);
    assert_int_equal(export_post(*state, &after), 0);
    assert_int_equal(export_drain(*state, &m, 3, 100), 2);
    assert_int_equal(export_drain(*state, &m, 3, 100), 0);
    assert_int_equal(m.n, 1);
    m.accepts = true;
    assert_int_equal(export_drain(*state, &m, 3, 100), 1);
    assert_int_equal(m.drop_ids[1], 2);
}

static void no_more_is_taken_than_asked_for(void **state)
{
    struct manager m = {.accepts = true};

    for (uint64_t id = 0; id < 8; id++) {
        struct message message = drop_ended(id);

        assert_int_equal(export_post(*state, &message), 0);
    }
    assert_int_equal(export_drain(*state, &m, 3, 5), 5);
    assert_int_equal(export_n_waiting(*state), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_arrive_whole_and_in_order, make_ring, free_ring),
        cmocka_unit_test_setup_teardown(a_full_ring_says_so_and_loses_nothing_older, make_ring,
                                        free_ring),
        cmocka_unit_test_setup_teardown(nothing_is_taken_beyond_what_the_manager_accepts, make_ring,
                                        free_ring),
        cmocka_unit_test_setup_teardown(no_more_is_taken_than_asked_for, make_ring, free_ring),
    };

    if (test_eal_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
