/* SPDX-License-Identifier: BSD-3-Clause */
/* By which ingress a prefix mostly comes in. */
#include "fixture.h"
#include "map/prefixes.h"

struct row {
    const char *what;
    struct map_dominance before;
    struct map_share shares[4];
    unsigned int n;
    uint16_t ingress; /* expected */
    uint8_t n_bundle;
};

#define NOBODY                                                                                     \
    {                                                                                              \
        MAP_NO_INGRESS, 0, 0                                                                       \
    }

static void test_dominance_has_hysteresis_and_bundles(void **state)
{
    static const struct row rows[] = {
        {"nothing came: as before", {3, 1, 1}, {{0}}, 0, 3, 1},
        {"all of it", NOBODY, {{4, 10}}, 1, 4, 1},
        {"80 % make it", NOBODY, {{1, 80}, {2, 20}}, 2, 1, 1},
        {"less does not", NOBODY, {{1, 79}, {2, 21}}, 2, MAP_NO_INGRESS, 0},
        {"79 % leave it", {1, 1, 1}, {{1, 79}, {2, 21}}, 2, 1, 1},
        {"50 % leave it", {1, 1, 1}, {{1, 50}, {2, 44}, {3, 6}}, 3, 1, 1},
        {"less unmakes it", {1, 1, 1}, {{1, 49}, {2, 41}, {3, 10}}, 3, MAP_NO_INGRESS, 0},
        {"another one takes over", {1, 1, 1}, {{1, 20}, {2, 80}}, 2, 2, 1},
        {"equal shares are a bundle", NOBODY, {{5, 51}, {2, 49}}, 2, 2, 2},
        {"three, too", NOBODY, {{5, 30}, {2, 28}, {9, 32}, {1, 10}}, 4, 2, 3},
        {"unequal ones are none", NOBODY, {{5, 55}, {2, 45}}, 2, MAP_NO_INGRESS, 0},
        {"together too little", NOBODY, {{5, 30}, {2, 30}, {1, 22}, {3, 18}}, 4, MAP_NO_INGRESS, 0},
        {"a bundle that drifts apart stays", {2, 2, 1}, {{5, 60}, {2, 40}}, 2, 2, 2},
        {"a bundle that is left by the other", {2, 2, 1}, {{5, 79}, {2, 21}}, 2, MAP_NO_INGRESS, 0},
    };

    (void)state;
    for (unsigned int i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct map_share shares[4];
        struct map_dominance after;

        memcpy(shares, rows[i].shares, sizeof(shares));
        after = map_dominance_next(rows[i].before, shares, rows[i].n);
        if (after.ingress != rows[i].ingress || after.n_bundle != rows[i].n_bundle)
            fail_msg("%s: ingress %u, bundle of %u", rows[i].what, after.ingress, after.n_bundle);
    }
}

/* A minute of traffic of one prefix from two ingresses. */
static void send_a_minute(struct fixture *f, unsigned int n_first, unsigned int n_second)
{
    const struct ip_address source = prefix_of("20.0.0.7").address;

    for (int i = 0; i < 62; i++) {
        send_from(f, 0, &source, ingress_of_vlan(f, 1), n_first);
        send_from(f, 0, &source, ingress_of_vlan(f, 2), n_second);
        for (int k = 0; k < 100; k++)
            fixture_turn(f);
    }
}

static bool next_dominant(struct fixture *f, struct map_change *out)
{
    while (map_next_change(f->map, out))
        if (out->kind == MAP_CHANGE_DOMINANT)
            return true;
    return false;
}

static void test_a_change_of_the_dominant_ingress_is_told(void **state)
{
    struct map_change change;
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    ingress_of_vlan(&f, 1);
    ingress_of_vlan(&f, 2);
    fixture_turn(&f);
    send_a_minute(&f, 20, 1);
    assert_true(next_dominant(&f, &change));
    assert_int_equal(change.from.ingress, MAP_NO_INGRESS);
    assert_int_equal(change.to.ingress, place_of(&f, "customer"));
    send_a_minute(&f, 20, 1);
    assert_false(next_dominant(&f, &change));
    send_a_minute(&f, 1, 20);
    send_a_minute(&f, 1, 20);
    assert_true(next_dominant(&f, &change));
    assert_int_equal(change.to.ingress, place_of(&f, "peer"));
    fixture_close(&f);
}

static void set_reality(struct fixture *f, const char *place, enum map_reality_state state)
{
    const struct map_entry *e = entry_of(f, "20.0.0.0/24", place_of(f, place));
    const struct map_reality reality = {.state = (uint8_t)state};

    assert_non_null(e);
    assert_true(map_set_reality(f->map, map_find(f->map, &e->key), e->generation, &reality));
}

static void test_spoofed_volume_does_not_move_the_map(void **state)
{
    struct map_change change;
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    ingress_of_vlan(&f, 1);
    ingress_of_vlan(&f, 2);
    fixture_turn(&f);
    send_a_minute(&f, 20, 1);
    set_reality(&f, "customer", MAP_GENUINE);
    assert_true(next_dominant(&f, &change));
    send_a_minute(&f, 1, 50);
    send_a_minute(&f, 1, 50);
    assert_false(next_dominant(&f, &change));
    set_reality(&f, "peer", MAP_GENUINE);
    send_a_minute(&f, 1, 50);
    assert_true(next_dominant(&f, &change));
    assert_int_equal(change.to.ingress, place_of(&f, "peer"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dominance_has_hysteresis_and_bundles),
        cmocka_unit_test(test_a_change_of_the_dominant_ingress_is_told),
        cmocka_unit_test(test_spoofed_volume_does_not_move_the_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
