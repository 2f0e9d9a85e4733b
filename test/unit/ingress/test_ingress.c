/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/random.h"
#include "ingress/ingress.h"

static const uint64_t secret[2] = {11, 22};

static struct ingress_table *open_table(uint32_t n_most, uint16_t n_ports)
{
    size_t n_bytes = ingress_table_memory_bytes(n_most);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    struct ingress_table *t = ingress_table_init(memory, n_bytes, n_most, n_ports, secret);

    assert_non_null(t);
    return t;
}

/* A packet as it was parsed. */
static struct packet_view view_of(uint16_t outer, uint16_t inner, uint8_t tunnel, uint32_t id)
{
    return (struct packet_view){
        .has_ip = true,
        .vlan_id = {outer, inner},
        .n_vlans = (uint8_t)((outer != PACKET_VLAN_NONE) + (inner != PACKET_VLAN_NONE)),
        .tunnel = tunnel,
        .tunnel_id = id};
}

static uint16_t number_of(struct ingress_table *t, const struct packet_view *v, uint16_t port)
{
    struct ingress_memo nothing_yet = {.number = INGRESS_NONE};

    return ingress_number(t, &nothing_yet, v, port);
}

/* Copies of one packet that several mirrors made are several flows. */
static void ways_that_packets_took_are_told_apart(void **state)
{
    static const uint16_t vlans[] = {PACKET_VLAN_NONE, 1, 7, 447, 1097, 4094};
    static const uint32_t ids[] = {0, 1, 3, 77, 1023, 4242, 16777215, UINT32_MAX};
    enum { N_VLANS = ARRAY_LENGTH(vlans), N_IDS = ARRAY_LENGTH(ids), N_PORTS = 2 };
    struct ingress_table *t = open_table(INGRESS_MOST, N_PORTS);
    static bool taken[INGRESS_MOST + 1];
    uint32_t n = 0;

    (void)state;
    for (int again = 0; again < 2; again++)
        for (uint16_t port = 0; port < N_PORTS; port++)
            for (uint8_t tunnel = 0; tunnel < PACKET_N_TUNNELS; tunnel++)
                for (size_t k = 0; k < (tunnel == PACKET_TUNNEL_NONE ? 1 : N_IDS); k++)
                    for (size_t i = 0; i < N_VLANS; i++)
                        for (size_t j = 0; j < (i == 0 ? 1 : N_VLANS); j++) {
                            struct packet_view v = view_of(vlans[i], vlans[j], tunnel, ids[k]);
                            uint16_t number = number_of(t, &v, port);
                            struct ingress who = ingress_of_packet(&v, port);

                            assert_int_not_equal(number, INGRESS_NONE);
                            assert_int_equal(taken[number], again);
                            n += !taken[number];
                            taken[number] = true;
                            assert_true(ingress_equal(ingress_table_at(t, number), &who));
                        }
    assert_int_equal(n, ingress_table_count(t));
    free(t);
}

static void a_priority_tag_names_no_vlan(void **state)
{
    struct ingress_table *t = open_table(16, 2);
    const struct packet_view tagged = view_of(0, PACKET_VLAN_NONE, PACKET_TUNNEL_NONE, 0),
                             twice = view_of(0, 0, PACKET_TUNNEL_NONE, 0),
                             around = view_of(0, 5, PACKET_TUNNEL_NONE, 0),
                             inside = view_of(5, 0, PACKET_TUNNEL_NONE, 0),
                             five = view_of(5, PACKET_VLAN_NONE, PACKET_TUNNEL_NONE, 0);
    const struct ingress at = ingress_of_packet(&around, 1);

    (void)state;
    assert_int_equal(number_of(t, &tagged, 1), ingress_number_of_port(1));
    assert_int_equal(number_of(t, &twice, 1), ingress_number_of_port(1));
    assert_int_equal(number_of(t, &around, 1), number_of(t, &five, 1));
    assert_int_equal(number_of(t, &inside, 1), number_of(t, &five, 1));
    assert_int_equal(ingress_outer_vlan(&at), 5);
    assert_int_equal(ingress_table_count(t), 3);
    free(t);
}

static void what_has_no_addresses_takes_no_number(void **state)
{
    struct ingress_table *t = open_table(16, 1);
    struct packet_view v = view_of(5, PACKET_VLAN_NONE, PACKET_TUNNEL_NONE, 0);

    (void)state;
    v.has_ip = false;
    assert_int_equal(number_of(t, &v, 0), INGRESS_NONE);
    assert_int_equal(ingress_table_count(t), 1);
    free(t);
}

static void the_memo_follows_the_packets(void **state)
{
    struct ingress_table *t = open_table(16, 1);
    struct ingress_memo memo = {.number = INGRESS_NONE};
    struct packet_view five = view_of(5, PACKET_VLAN_NONE, PACKET_TUNNEL_NONE, 0),
                       six = view_of(6, PACKET_VLAN_NONE, PACKET_TUNNEL_NONE, 0);
    uint16_t of_five = ingress_number(t, &memo, &five, 0);

    (void)state;
    assert_int_not_equal(ingress_number(t, &memo, &six, 0), of_five);
    assert_int_equal(ingress_number(t, &memo, &five, 0), of_five);
    assert_int_equal(ingress_number(t, &memo, &five, 0), of_five);
    free(t);
}

/* A later identity with a source MAC is another one. */
static void source_addresses_tell_ingresses_apart(void **state)
{
    struct ingress_table *t = open_table(16, 1);
    struct ingress who = *ingress_table_at(t, 1);

    (void)state;
    who.source_mac[5] = 1;
    assert_int_equal(ingress_table_find(t, &who), INGRESS_NONE);
    assert_int_equal(ingress_table_find_or_add(t, &who), 2);
    who.source_mac[5] = 2;
    assert_int_equal(ingress_table_find_or_add(t, &who), 3);
    free(t);
}

static uint16_t number_of_tunnel(struct ingress_table *t, uint32_t id, uint16_t port)
{
    struct packet_view v = view_of(PACKET_VLAN_NONE, PACKET_VLAN_NONE, PACKET_TUNNEL_VXLAN, id);

    return number_of(t, &v, port);
}

/* Whoever chooses tunnel numbers fills what is nobody else's, and no more. */
static void a_flood_of_tunnel_numbers_leaves_room_for_all_else(void **state)
{
    enum { N_PORTS = 2, PROMISE = 8, MOST = N_PORTS + 2 * (2 * N_PORTS * PROMISE) };
    struct ingress_table *t = open_table(MOST, N_PORTS);
    uint32_t n = 0;

    (void)state;
    for (uint32_t id = 0; id < 100000; id++)
        n += number_of_tunnel(t, id, 0) != INGRESS_NONE;
    assert_int_equal(n, MOST - N_PORTS - 3 * PROMISE);
    for (uint16_t i = 1; i <= PROMISE; i++) {
        struct packet_view v = view_of(i, PACKET_VLAN_NONE, PACKET_TUNNEL_NONE, 0);

        assert_int_not_equal(number_of(t, &v, 0), INGRESS_NONE);
        assert_int_not_equal(number_of(t, &v, 1), INGRESS_NONE);
        assert_int_not_equal(number_of_tunnel(t, i, 1), INGRESS_NONE);
    }
    assert_int_equal(ingress_table_count(t), MOST);
    assert_int_equal(number_of_tunnel(t, 100000, 0), INGRESS_NONE);
    assert_int_equal(number_of_tunnel(t, 100000, 1), INGRESS_NONE);
    /* Those that have a number keep it. */
    assert_int_equal(number_of_tunnel(t, 0, 0), N_PORTS + 1);
    free(t);
}

static void memory_and_bounds_are_checked(void **state)
{
    size_t n_bytes = ingress_table_memory_bytes(64);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, ingress_table_memory_bytes(INGRESS_MOST));

    (void)state;
    assert_null(ingress_table_init(memory, n_bytes - 1, 64, 2, secret));
    assert_null(ingress_table_init(memory, n_bytes, 64, 65, secret));
    assert_null(ingress_table_init(memory, n_bytes, 1, 2, secret));
    assert_null(ingress_table_init(memory, SIZE_MAX, INGRESS_MOST + 1, 2, secret));
    assert_non_null(ingress_table_init(memory, n_bytes, 64, 64, secret));
    free(memory);
}

enum { N_THREADS = 3, N_IDS = 2000 };

struct adder {
    struct ingress_table *table;
    uint64_t seed;
    uint16_t numbers[N_IDS];
};

/* Until all of them have a number: somebody else may be adding. */
static void *add_all(void *context)
{
    struct adder *a = context;
    struct random_source r;
    unsigned int n = 0;

    random_seed_fixed(&r, a->seed, 0);
    while (n < N_IDS) {
        uint32_t id = random_u32(&r) % N_IDS;
        uint16_t number = number_of_tunnel(a->table, id, 0);

        n += a->numbers[id] == INGRESS_NONE && number != INGRESS_NONE;
        a->numbers[id] = number != INGRESS_NONE ? number : a->numbers[id];
    }
    return NULL;
}

static void workers_that_add_at_once_agree(void **state)
{
    static struct adder adders[N_THREADS];
    struct ingress_table *t = open_table(2 * N_IDS + 100, 1);
    pthread_t threads[N_THREADS];

    (void)state;
    for (int i = 0; i < N_THREADS; i++) {
        adders[i].table = t;
        adders[i].seed = (uint64_t)i;
        assert_int_equal(pthread_create(&threads[i], NULL, add_all, &adders[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(ingress_table_count(t), N_IDS + 1);
    for (int i = 1; i < N_THREADS; i++)
        assert_memory_equal(adders[i].numbers, adders[0].numbers, sizeof(adders[0].numbers));
    for (uint32_t id = 0; id < N_IDS; id++)
        assert_int_equal(ingress_table_at(t, adders[0].numbers[id])->tunnel_id, id);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_that_packets_took_are_told_apart),
        cmocka_unit_test(a_priority_tag_names_no_vlan),
        cmocka_unit_test(what_has_no_addresses_takes_no_number),
        cmocka_unit_test(the_memo_follows_the_packets),
        cmocka_unit_test(source_addresses_tell_ingresses_apart),
        cmocka_unit_test(a_flood_of_tunnel_numbers_leaves_room_for_all_else),
        cmocka_unit_test(memory_and_bounds_are_checked),
        cmocka_unit_test(workers_that_add_at_once_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
