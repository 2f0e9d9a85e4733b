/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/random.h"
#include "service/rows.h"
#include "service/service.h"

/* Members "web0", "web1" ... of the given weights. */
static struct service_members make_members(uint32_t n, uint32_t (*weight)(uint32_t i))
{
    struct service_members members = {.n = n};

    for (uint32_t i = 0; i < n; i++) {
        char name[16];

        snprintf(name, sizeof(name), "web%u", i);
        members.keys[i] = service_member_key(name);
        members.weights[i] = weight(i);
    }
    return members;
}

static uint32_t one(uint32_t i)
{
    (void)i;
    return 1;
}

static uint32_t rising(uint32_t i)
{
    return 1 + i % 7;
}

static uint32_t far_apart(uint32_t i)
{
    return i == 0 ? SERVICE_MOST_WEIGHT : 1;
}

static uint8_t *build(const struct service_members *members, uint64_t usable, uint32_t step)
{
    uint8_t *rows = malloc(SERVICE_ROWS);
    struct service_rows_build b;

    assert_non_null(rows);
    memset(rows, 0xee, SERVICE_ROWS);
    service_rows_begin(&b, members, usable, rows);
    while (!service_rows_continue(&b, step))
        ;
    return rows;
}

/* The definition, in floating point: the least of -ln(u) / w. Where the two best draws are nearer
 * to each other than the table of chords is exact (0.1 %, see rows.c), either is right. */
static bool is_right(const struct service_members *members, uint64_t usable, uint16_t row,
                     uint8_t chosen)
{
    uint64_t mixed = hash_fold(row ^ UINT64_C(0x3f84d5b5b5470917), UINT64_C(0xbe5466cf34e90c6c));
    long double least = INFINITY, own = INFINITY;

    for (uint32_t i = 0; i < members->n; i++) {
        uint64_t h = hash_fold(mixed ^ members->keys[i], UINT64_C(0xc0ac29b7c97c50dd));
        long double draw = -logl(((long double)h + 0.5L) / 18446744073709551616.0L);

        if ((usable >> i & 1) == 0 || members->weights[i] == 0)
            continue;
        draw /= members->weights[i];
        least = draw < least ? draw : least;
        own = i == chosen ? draw : own;
    }
    return chosen == SERVICE_NO_MEMBER ? isinf(least) : own <= least * 1.001L;
}

static void rows_are_what_the_definition_says(void **state)
{
    uint32_t (*const weights[])(uint32_t) = {one, rising, far_apart};
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 3, 1);
    for (unsigned int k = 0; k < 12; k++) {
        uint32_t n = k == 0 ? 0 : 1 + random_u32(&r) % SERVICE_MOST_MEMBERS;
        struct service_members members = make_members(n, weights[k % 3]);
        uint64_t usable = k < 4 ? service_all_members(n) : random_u64(&r);
        uint8_t *rows = build(&members, usable, 1 + random_u32(&r) % 5000);

        for (uint32_t row = 0; row < SERVICE_ROWS; row++) {
            assert_int_equal(rows[row], service_choose_member(&members, usable, (uint16_t)row));
            if (row % 16 == k)
                assert_true(is_right(&members, usable, (uint16_t)row, rows[row]));
        }
        free(rows);
    }
}

static void no_usable_member_is_said_so(void **state)
{
    struct service_members members = make_members(3, one);

    (void)state;
    assert_int_equal(service_choose_member(&members, 0, 7), SERVICE_NO_MEMBER);
    assert_int_equal(service_choose_member(&members, ~UINT64_C(7), 7), SERVICE_NO_MEMBER);
    members.weights[1] = 0;
    assert_int_equal(service_choose_member(&members, 2, 7), SERVICE_NO_MEMBER);
    assert_int_equal(service_choose_member(&members, 4, 7), 2);
}

/* Each row is a draw of its own: a member of share p has 65536 p of them, with the standard
 * deviation of the binomial distribution. Within six of them: a right choice misses that once in
 * 5e8 times. */
static void every_member_has_rows_by_its_weight(void **state)
{
    uint32_t (*const weights[])(uint32_t) = {one, rising, far_apart};

    (void)state;
    for (uint32_t n = 1; n <= SERVICE_MOST_MEMBERS; n += n < 4 ? 1 : 15) {
        for (size_t k = 0; k < ARRAY_LENGTH(weights); k++) {
            struct service_members members = make_members(n, weights[k]);
            uint8_t *rows = build(&members, service_all_members(n), SERVICE_ROWS);
            unsigned int counts[256] = {0};
            double sum = 0;

            for (uint32_t row = 0; row < SERVICE_ROWS; row++)
                counts[rows[row]]++;
            for (uint32_t i = 0; i < n; i++)
                sum += members.weights[i];
            for (uint32_t i = 0; i < n; i++) {
                double p = members.weights[i] / sum;

                assert_true(fabs(counts[i] - SERVICE_ROWS * p) <=
                            6 * sqrt(SERVICE_ROWS * p * (1 - p)) + 0.001 * SERVICE_ROWS * p);
            }
            free(rows);
        }
    }
}

/* Shares of rows, which is all that the choice itself adds to the luck of how flows fall. */
static void of_sixteen_members_the_largest_share_is_at_most_a_tenth_above_the_smallest(void **state)
{
    struct service_members members = make_members(16, one);
    uint8_t *rows = build(&members, service_all_members(16), SERVICE_ROWS);
    unsigned int counts[16] = {0}, least = SERVICE_ROWS, most = 0;

    (void)state;
    for (uint32_t row = 0; row < SERVICE_ROWS; row++)
        counts[rows[row]]++;
    for (int i = 0; i < 16; i++) {
        least = counts[i] < least ? counts[i] : least;
        most = counts[i] > most ? counts[i] : most;
    }
    assert_true((double)most / least <= 1.1);
    free(rows);
}

static void a_member_that_leaves_moves_its_own_rows_only_and_gets_them_back(void **state)
{
    struct service_members members = make_members(SERVICE_MOST_MEMBERS, rising);
    const uint64_t all = service_all_members(SERVICE_MOST_MEMBERS);
    uint8_t *before = build(&members, all, SERVICE_ROWS);

    (void)state;
    for (uint32_t lost = 0; lost < SERVICE_MOST_MEMBERS; lost += 9) {
        uint8_t *during = build(&members, all & ~(UINT64_C(1) << lost), SERVICE_ROWS);
        uint8_t *after = build(&members, all, 1000);

        for (uint32_t row = 0; row < SERVICE_ROWS; row++) {
            assert_int_not_equal(during[row], lost);
            if (before[row] != lost)
                assert_int_equal(during[row], before[row]);
        }
        assert_memory_equal(after, before, SERVICE_ROWS);
        free(during);
        free(after);
    }
    free(before);
}

/* What members are decides, not where they stand in a configuration, so a member that is added or
 * taken out moves nobody between others. */
static void numbers_of_members_do_not_matter(void **state)
{
    struct service_members members = make_members(20, rising), turned = {.n = 20};
    uint8_t *rows, *others;

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        turned.keys[i] = members.keys[(i + 7) % 20];
        turned.weights[i] = members.weights[(i + 7) % 20];
    }
    rows = build(&members, service_all_members(20), SERVICE_ROWS);
    others = build(&turned, service_all_members(20), SERVICE_ROWS);
    for (uint32_t row = 0; row < SERVICE_ROWS; row++)
        assert_int_equal((others[row] + 7) % 20, rows[row]);
    free(rows);
    free(others);
}

/* Boxes of different versions stand behind one router while they are upgraded. */
static void the_table_of_known_members_is_the_same_for_ever(void **state)
{
    struct service_members members = make_members(5, rising);
    uint8_t *rows = build(&members, service_all_members(5), SERVICE_ROWS);
    uint32_t sum = 0;

    (void)state;
    for (uint32_t row = 0; row < SERVICE_ROWS; row++)
        sum = sum * 31 + rows[row];
    assert_int_equal(sum, 0x43eb3077);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_the_definition_says),
        cmocka_unit_test(no_usable_member_is_said_so),
        cmocka_unit_test(every_member_has_rows_by_its_weight),
        cmocka_unit_test(
            of_sixteen_members_the_largest_share_is_at_most_a_tenth_above_the_smallest),
        cmocka_unit_test(a_member_that_leaves_moves_its_own_rows_only_and_gets_them_back),
        cmocka_unit_test(numbers_of_members_do_not_matter),
        cmocka_unit_test(the_table_of_known_members_is_the_same_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
