/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands where, beside a count of all entries. */
#include "fixture.h"

#define N_SOURCES 40

static void expect_as_counted(const struct fixture *f)
{
    const struct map *m = f->map;

    for (uint16_t place = 0; place < map_places(m)->n; place++)
        for (uint8_t g = 0; g < EXPECT_N_GRADES; g++)
            for (uint8_t r = 0; r < MAP_N_REALITIES; r++) {
                const struct map_stood *c = &map_stand_of(m, place)->cells[g][r];
                double bytes_per_s = 0;
                uint32_t n = 0;

                for (uint32_t slot = 1; slot <= map_n_slots(m); slot++) {
                    const struct map_entry *e = map_at(m, slot);

                    if (e->life != MAP_LIVE || e->key.ingress != place || e->grade != g ||
                        e->reality.state != r)
                        continue;
                    n++;
                    bytes_per_s += (double)e->bytes_per_s[MAP_RATE_10_S];
                }
                assert_int_equal(c->entries, n);
                assert_true(c->bytes_per_s >= 0.999 * bytes_per_s &&
                            c->bytes_per_s <= 1.001 * bytes_per_s);
            }
}

static uint32_t entries_of(const struct fixture *f, const char *place, uint8_t grade, uint8_t state)
{
    return map_stand_of(f->map, place_of(f, place))->cells[grade][state].entries;
}

static void send_all(struct fixture *f)
{
    for (uint32_t i = 0; i < N_SOURCES; i++) {
        const struct ip_address a = ipv4(0x14000001 + i * 256);

        send_from(f, 0, &a, ingress_of_vlan(f, (uint16_t)(1 + i % 3)), 8 + i);
    }
}

static void what_stands_is_what_a_count_of_all_entries_says(void **state)
{
    struct map_reality genuine = {.state = MAP_GENUINE, .at_ns = 1};
    struct expect_builder *b;
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    for (int i = 0; i < 3; i++) {
        send_all(&f);
        fixture_turn(&f);
    }
    map_read_all(f.map, &f.turn);
    expect_as_counted(&f);
    assert_int_equal(entries_of(&f, "customer", EXPECT_UNKNOWN, MAP_UNTESTED), 14);
    assert_int_equal(entries_of(&f, "transit", EXPECT_UNKNOWN, MAP_UNTESTED), 13);

    /* another expectation, and a verdict: in the next round */
    b = begin_expectation(f.config);
    add_route(b, "20.0.0.0/16", 64501);
    assert_int_equal(map_expect(f.map, finish_expectation(b), f.turn.epoch), 0);
    assert_true(map_set_reality(f.map, 1, map_at(f.map, 1)->generation, &genuine));
    assert_int_equal(entries_of(&f, "customer", EXPECT_UNKNOWN, MAP_UNTESTED), 14);
    fixture_turn(&f);
    map_read_all(f.map, &f.turn);
    expect_as_counted(&f);
    /* a customer's source, by transit; entries as coarse as the route are still to come elsewhere
     */
    assert_int_equal(entries_of(&f, "transit", EXPECT_UNEXPECTED, MAP_UNTESTED), 13);
    assert_int_equal(entries_of(&f, "customer", EXPECT_ROUTE, MAP_GENUINE), 1);
    fixture_close(&f);
}

static void nothing_stands_where_nothing_came(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, 64, 1);
    ingress_of_vlan(&f, 1);
    fixture_turn(&f);
    fixture_turn(&f);
    expect_as_counted(&f);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_is_what_a_count_of_all_entries_says),
        cmocka_unit_test(nothing_stands_where_nothing_came),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
