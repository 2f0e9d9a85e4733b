/* SPDX-License-Identifier: BSD-3-Clause */
/* A hijacked prefix that is really there, among 100,000 spoofed ones: how long until it is tested.
 * A day of a box, second by second; each entry is offered every ten seconds, as the sweep of the
 * map's table does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "base/time.h"
#include "map/schedule.h"

#define N_SPOOFED 100000
#define SWEEP_S   10
/* The flood begins so long before, so that all budgets are as they are under it. */
#define BEFORE_S 5400
#define MOST_S   3600
#define TEST_S   8

struct world {
    struct schedule_candidate *entries; /* N_SPOOFED, then the one that is real */
    uint32_t n;
    struct {
        bool is_taken;
        struct schedule_pick pick;
        uint64_t ends_ns;
    } running[SCHEDULE_MOST_TESTS];
};

static struct schedule_candidate entry(uint32_t number, uint16_t ingress, double bytes_per_s)
{
    struct schedule_candidate c = {.slot = number + 1,
                                   .grade = EXPECT_UNEXPECTED,
                                   .is_forwarded = true,
                                   .bytes_per_s = bytes_per_s,
                                   .payload_segments_per_s = bytes_per_s / 1000};

    c.key.length = 24;
    c.key.is_ipv4 = 1;
    c.key.ingress = ingress;
    memcpy(c.key.address.bytes + 12, &number, 3);
    return c;
}

static void end_tests(struct world *w, struct schedule *s, uint64_t now_ns)
{
    for (uint32_t i = 0; i < SCHEDULE_MOST_TESTS; i++) {
        struct schedule_candidate *e;

        if (!w->running[i].is_taken || w->running[i].ends_ns > now_ns)
            continue;
        e = &w->entries[w->running[i].pick.candidate.slot - 1];
        w->running[i].is_taken = false;
        e->reality = MAP_SPOOFED;
        e->tested_ns = now_ns;
        schedule_end(s, i, MAP_SPOOFED, w->running[i].pick.n_drops, now_ns);
    }
}

/* Seconds until the real one is picked; MOST_S: not within that. */
static uint32_t time_to_test(uint16_t n_flood_ingresses, uint16_t ingress, double bytes_per_s,
                             uint64_t seed)
{
    const uint64_t secret[2] = {seed, 1};
    struct world w = {.entries = calloc(N_SPOOFED + 1, sizeof(*w.entries)), .n = N_SPOOFED};
    struct schedule_config c;
    struct schedule_pick pick;
    struct random_source r;
    struct schedule *s;
    uint32_t found_s = MOST_S;

    assert_non_null(w.entries);
    schedule_config_init(&c);
    c.off = false;
    c.max_drops_per_hour = 2000;
    random_seed_fixed(&r, seed, 2);
    for (uint32_t i = 0; i < N_SPOOFED; i++)
        /* 10 Gbit/s in all, in unequal parts. */
        w.entries[i] = entry(i, (uint16_t)(1 + i % n_flood_ingresses), 12500 * 2 * random_unit(&r));
    w.entries[N_SPOOFED] = entry(N_SPOOFED, ingress, bytes_per_s);
    s = schedule_create(&c, secret, NS_PER_S);
    assert_non_null(s);
    schedule_allow(s, SCHEDULE_N_REFUSALS);
    for (uint32_t t = 0; t < BEFORE_S + MOST_S && found_s == MOST_S; t++) {
        const uint64_t now_ns = (t + 1) * NS_PER_S;

        w.n = t >= BEFORE_S ? N_SPOOFED + 1 : N_SPOOFED;
        /* What is not looked at in the flood costs time only. */
        for (uint32_t i = t % SWEEP_S; i < w.n; i += SWEEP_S)
            if (t >= BEFORE_S || i % 16 == 0)
                schedule_offer(s, &w.entries[i], now_ns);
        end_tests(&w, s, now_ns);
        while (schedule_next(s, now_ns, &pick)) {
            if (pick.candidate.slot == N_SPOOFED + 1)
                found_s = t - BEFORE_S;
            w.entries[pick.candidate.slot - 1].reality = MAP_TESTING;
            w.running[pick.ticket].is_taken = true;
            w.running[pick.ticket].pick = pick;
            w.running[pick.ticket].ends_ns = now_ns + TEST_S * NS_PER_S;
        }
    }
    schedule_destroy(s);
    free(w.entries);
    return found_s;
}

/* Elsewhere: the flood has a quarter of the budget, so there is always room, and its ingress's turn
 * comes at once: a sweep until it is offered, however little traffic it has. */
static void at_another_ingress_it_is_tested_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        assert_true(time_to_test(1, 2, 2000, seed) <= SWEEP_S);
}

/* At the same ingress it has more traffic than each spoofed one, and so it comes first: as soon as
 * the quarter of the budget has room for a test, which is every 12 / 250 h, or 173 s. */
static void at_the_same_ingress_it_waits_for_the_next_test(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        assert_true(time_to_test(1, 1, 1e6, seed) <= SWEEP_S + 173);
}

/* The flood comes in everywhere: three tests at each ingress, and all of them share the quarter. */
static void a_flood_at_every_ingress_does_not_starve_another(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++)
        assert_true(time_to_test(40, 41, 2000, seed) <= SWEEP_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_another_ingress_it_is_tested_at_once),
        cmocka_unit_test(at_the_same_ingress_it_waits_for_the_next_test),
        cmocka_unit_test(a_flood_at_every_ingress_does_not_starve_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
