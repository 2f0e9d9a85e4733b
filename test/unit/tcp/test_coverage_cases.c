/* SPDX-License-Identifier: BSD-3-Clause */
/* What a segment is, as a numbered table. Every case runs at many places of the sequence space: so
 * that each of its numbers in turn falls on, just before and just after zero, the sign bit, and the
 * tidying boundary. */
#include "tcp/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"

#define MAX_LIST (TCP_MAX_HOLES + 1)
#define WINDOW   10000u

/* Intervals up to the first empty one. */
struct list {
    struct tcp_interval at[MAX_LIST];
};
#define LIST(...) INITIALIZER({__VA_ARGS__})
#define NONE      INITIALIZER({{0, 0}})

struct state {
    uint32_t snd_max;
    struct list holes;
    struct list open; /* the gap's pieces not yet back; its extent is the case's */
};

struct coverage_case {
    const char *rule;
    struct tcp_interval extent; /* of the gap; empty: none pending */
    struct state before;
    struct tcp_interval segment;
    enum tcp_segment_kind kind;
    struct state after;
    bool gap_repaired;
    uint8_t n_closed, n_left_behind;
};

#define NO_GAP INITIALIZER(0, 0)
#define SEVEN_HOLES                                                                                \
    LIST({100, 110}, {200, 210}, {300, 310}, {400, 410}, {500, 510}, {600, 610}, {700, 710})

/* clang-format off */
static const struct coverage_case cases[] = {
    /* Nothing below snd_max: in order. */
    {"1 right at snd_max", NO_GAP, {1000, NONE, NONE}, {1000, 1100}, TCP_IN_ORDER, {1100, NONE, NONE}, 0, 0, 0},
    {"2 one byte at snd_max", NO_GAP, {1000, NONE, NONE}, {1000, 1001}, TCP_IN_ORDER, {1001, NONE, NONE}, 0, 0, 0},
    {"3 beyond: a hole opens", NO_GAP, {1000, NONE, NONE}, {1200, 1300}, TCP_IN_ORDER, {1300, LIST({1000, 1200}), NONE}, 0, 0, 0},
    {"4 beyond: holes stay in order", NO_GAP, {1000, LIST({100, 200}, {300, 400}), NONE}, {1001, 1002}, TCP_IN_ORDER,
     {1002, LIST({100, 200}, {300, 400}, {1000, 1001}), NONE}, 0, 0, 0},
    {"5 in order beside holes and a gap", {800, 900}, {1000, LIST({100, 200}), LIST({800, 900})}, {1000, 1100}, TCP_IN_ORDER,
     {1100, LIST({100, 200}), LIST({800, 900})}, 0, 0, 0},
    {"6 beyond, with a gap pending", {900, 1000}, {1000, NONE, LIST({900, 1000})}, {1100, 1200}, TCP_IN_ORDER,
     {1200, LIST({1000, 1100}), LIST({900, 1000})}, 0, 0, 0},
    {"7 the eighth hole closes the oldest", NO_GAP, {1000, SEVEN_HOLES, NONE}, {1010, 1020}, TCP_IN_ORDER,
     {1020, LIST({200, 210}, {300, 310}, {400, 410}, {500, 510}, {600, 610}, {700, 710}, {1000, 1010}), NONE}, 0, 1, 0},

    /* Farther than the window: nothing changes. */
    {"10 as far ahead as the window", NO_GAP, {1000, NONE, NONE}, {1000 + WINDOW, 11100}, TCP_IN_ORDER, {11100, LIST({1100, 11000}), NONE}, 0, 0, 0},
    {"11 one byte farther ahead", NO_GAP, {1000, LIST({100, 200}), NONE}, {1001 + WINDOW, 11100}, TCP_JUMP, {1000, LIST({100, 200}), NONE}, 0, 0, 0},
    {"12 half a turn ahead", {900, 1000}, {1000, NONE, LIST({900, 1000})}, {1000 + (1u << 31), 1100 + (1u << 31)}, TCP_JUMP, {1000, NONE, LIST({900, 1000})}, 0, 0, 0},
    {"13 just below half a turn ahead", NO_GAP, {1000, NONE, NONE}, {999 + (1u << 31), 1100 + (1u << 31)}, TCP_JUMP, {1000, NONE, NONE}, 0, 0, 0},
    {"14 as far below as the window", NO_GAP, {20000, LIST({10000, 10100}), NONE}, {10000, 10050}, TCP_OUT_OF_ORDER, {20000, LIST({10050, 10100}), NONE}, 0, 0, 0},
    {"15 one byte farther below", NO_GAP, {20000, LIST({9990, 10100}), NONE}, {9999, 10050}, TCP_JUMP, {20000, LIST({9990, 10100}), NONE}, 0, 0, 0},
    {"16 far below, up to snd_max", {9000, 20000}, {20000, NONE, LIST({9000, 20000})}, {9000, 20000}, TCP_JUMP, {20000, NONE, LIST({9000, 20000})}, 0, 0, 0},

    /* All in holes: out of order. */
    {"20 fills a hole", NO_GAP, {1000, LIST({100, 200}, {300, 400}), NONE}, {100, 200}, TCP_OUT_OF_ORDER, {1000, LIST({300, 400}), NONE}, 0, 0, 0},
    {"21 its lower part", NO_GAP, {1000, LIST({100, 200}), NONE}, {100, 150}, TCP_OUT_OF_ORDER, {1000, LIST({150, 200}), NONE}, 0, 0, 0},
    {"22 its upper part", NO_GAP, {1000, LIST({100, 200}), NONE}, {150, 200}, TCP_OUT_OF_ORDER, {1000, LIST({100, 150}), NONE}, 0, 0, 0},
    {"23 its middle splits it", NO_GAP, {1000, LIST({100, 200}), NONE}, {120, 130}, TCP_OUT_OF_ORDER, {1000, LIST({100, 120}, {130, 200}), NONE}, 0, 0, 0},
    {"24 splitting the lowest of a full list closes its lower part", NO_GAP, {1000, SEVEN_HOLES, NONE}, {104, 106}, TCP_OUT_OF_ORDER,
     {1000, LIST({106, 110}, {200, 210}, {300, 310}, {400, 410}, {500, 510}, {600, 610}, {700, 710}), NONE}, 0, 1, 0},
    {"25 splitting another of a full list closes the lowest", NO_GAP, {1000, SEVEN_HOLES, NONE}, {404, 406}, TCP_OUT_OF_ORDER,
     {1000, LIST({200, 210}, {300, 310}, {400, 404}, {406, 410}, {500, 510}, {600, 610}, {700, 710}), NONE}, 0, 1, 0},
    {"26 filling one of a full list makes room", NO_GAP, {1000, SEVEN_HOLES, NONE}, {400, 410}, TCP_OUT_OF_ORDER,
     {1000, LIST({100, 110}, {200, 210}, {300, 310}, {500, 510}, {600, 610}, {700, 710}), NONE}, 0, 0, 0},
    {"27 a hole and new bytes: a hole up to snd_max", NO_GAP, {1000, LIST({900, 1000}), NONE}, {900, 1200}, TCP_OUT_OF_ORDER, {1200, NONE, NONE}, 0, 0, 0},

    /* Seen bytes and no open one: duplicate. */
    {"30 seen before", NO_GAP, {1000, NONE, NONE}, {500, 600}, TCP_DUPLICATE, {1000, NONE, NONE}, 0, 0, 0},
    {"31 the last segment again", NO_GAP, {1000, NONE, NONE}, {900, 1000}, TCP_DUPLICATE, {1000, NONE, NONE}, 0, 0, 0},
    {"32 the last byte again", NO_GAP, {1000, NONE, NONE}, {999, 1000}, TCP_DUPLICATE, {1000, NONE, NONE}, 0, 0, 0},
    {"33 seen and new bytes", NO_GAP, {1000, NONE, NONE}, {900, 1200}, TCP_DUPLICATE, {1200, NONE, NONE}, 0, 0, 0},
    {"34 a hole and one seen byte above", NO_GAP, {1000, LIST({100, 200}), NONE}, {100, 201}, TCP_DUPLICATE, {1000, NONE, NONE}, 0, 0, 0},
    {"35 a hole and one seen byte below", NO_GAP, {1000, LIST({100, 200}), NONE}, {99, 200}, TCP_DUPLICATE, {1000, NONE, NONE}, 0, 0, 0},
    {"36 two holes and what lies between", NO_GAP, {1000, LIST({100, 200}, {300, 400}), NONE}, {150, 350}, TCP_DUPLICATE,
     {1000, LIST({100, 150}, {350, 400}), NONE}, 0, 0, 0},
    {"37 all holes at once", NO_GAP, {1000, SEVEN_HOLES, NONE}, {50, 1050}, TCP_DUPLICATE, {1050, NONE, NONE}, 0, 0, 0},
    {"38 right below and right above a gap", {500, 600}, {1000, NONE, LIST({500, 600})}, {400, 500}, TCP_DUPLICATE, {1000, NONE, LIST({500, 600})}, 0, 0, 0},
    {"39 right above a gap", {500, 600}, {1000, NONE, LIST({500, 600})}, {600, 700}, TCP_DUPLICATE, {1000, NONE, LIST({500, 600})}, 0, 0, 0},
    {"40 the repaired piece of a gap alone", {500, 600}, {1000, NONE, LIST({550, 600})}, {500, 550}, TCP_DUPLICATE, {1000, NONE, LIST({550, 600})}, 0, 0, 0},
    {"41 part of the repaired piece and a seen byte", {500, 600}, {1000, NONE, LIST({550, 600})}, {499, 520}, TCP_DUPLICATE, {1000, NONE, LIST({550, 600})}, 0, 0, 0},
    {"42 the repaired piece and the hole beside it", {500, 600}, {1000, LIST({400, 500}), LIST({550, 600})}, {450, 550}, TCP_DUPLICATE,
     {1000, LIST({400, 450}), LIST({550, 600})}, 0, 0, 0},
    {"43 a gap all repaired", {500, 600}, {1000, NONE, NONE}, {500, 600}, TCP_DUPLICATE, {1000, NONE, NONE}, 0, 0, 0},

    /* Open bytes of the gap, all else in its extent or in holes: repair. */
    {"50 the dropped segment again", {500, 600}, {1000, NONE, LIST({500, 600})}, {500, 600}, TCP_REPAIR, {1000, NONE, NONE}, 1, 0, 0},
    {"51 split: its lower half", {500, 600}, {1000, NONE, LIST({500, 600})}, {500, 550}, TCP_REPAIR, {1000, NONE, LIST({550, 600})}, 0, 0, 0},
    {"52 split: then its upper half", {500, 600}, {1000, NONE, LIST({550, 600})}, {550, 600}, TCP_REPAIR, {1000, NONE, NONE}, 1, 0, 0},
    {"53 split: its upper half first", {500, 600}, {1000, NONE, LIST({500, 600})}, {550, 600}, TCP_REPAIR, {1000, NONE, LIST({500, 550})}, 0, 0, 0},
    {"54 split: the middle first", {500, 600}, {1000, NONE, LIST({500, 600})}, {520, 580}, TCP_REPAIR, {1000, NONE, LIST({500, 520}, {580, 600})}, 0, 0, 0},
    {"55 re-cut: a repaired piece and an open one", {500, 600}, {1000, NONE, LIST({550, 600})}, {520, 570}, TCP_REPAIR, {1000, NONE, LIST({570, 600})}, 0, 0, 0},
    {"56 re-cut: all of it after half of it", {500, 600}, {1000, NONE, LIST({550, 600})}, {500, 600}, TCP_REPAIR, {1000, NONE, NONE}, 1, 0, 0},
    {"57 re-cut: over two open pieces", {500, 600}, {1000, NONE, LIST({500, 520}, {580, 600})}, {510, 590}, TCP_REPAIR, {1000, NONE, LIST({500, 510}, {590, 600})}, 0, 0, 0},
    {"58 merged with the hole below", {500, 600}, {1000, LIST({400, 500}), LIST({500, 600})}, {400, 600}, TCP_REPAIR, {1000, NONE, NONE}, 1, 0, 0},
    {"59 merged with part of the hole above", {500, 600}, {1000, LIST({600, 700}), LIST({500, 600})}, {500, 650}, TCP_REPAIR, {1000, LIST({650, 700}), NONE}, 1, 0, 0},
    {"60 merged with the holes on both sides", {500, 600}, {1000, LIST({400, 500}, {600, 700}), LIST({500, 600})}, {450, 650}, TCP_REPAIR,
     {1000, LIST({400, 450}, {650, 700}), NONE}, 1, 0, 0},
    {"61 a tail drop merged with new bytes", {900, 1000}, {1000, NONE, LIST({900, 1000})}, {900, 1100}, TCP_REPAIR, {1100, NONE, NONE}, 1, 0, 0},
    {"62 half a tail drop merged with new bytes", {900, 1000}, {1000, NONE, LIST({900, 1000})}, {950, 1100}, TCP_REPAIR, {1100, NONE, LIST({900, 950})}, 0, 0, 0},
    {"63 a gap, a hole up to snd_max, and new bytes", {800, 900}, {1000, LIST({900, 1000}), LIST({800, 900})}, {800, 1100}, TCP_REPAIR, {1100, NONE, NONE}, 1, 0, 0},
    {"64 a repair leaves four pieces", {500, 600}, {1000, NONE, LIST({500, 510}, {520, 530}, {540, 600})}, {550, 560}, TCP_REPAIR,
     {1000, NONE, LIST({500, 510}, {520, 530}, {540, 550}, {560, 600})}, 0, 0, 0},
    {"65 a repair of one of four pieces", {500, 600}, {1000, NONE, LIST({500, 510}, {520, 530}, {540, 550}, {560, 600})}, {520, 530}, TCP_REPAIR,
     {1000, NONE, LIST({500, 510}, {540, 550}, {560, 600})}, 0, 0, 0},
    {"66 one byte of one", {500, 501}, {1000, NONE, LIST({500, 501})}, {500, 501}, TCP_REPAIR, {1000, NONE, NONE}, 1, 0, 0},
    {"67 a repair that splits a hole of a full list", {90, 100}, {1000, SEVEN_HOLES, LIST({90, 100})}, {90, 105}, TCP_REPAIR,
     {1000, LIST({105, 110}, {200, 210}, {300, 310}, {400, 410}, {500, 510}, {600, 610}, {700, 710}), NONE}, 1, 0, 0},

    /* Open bytes and bytes forwarded before: ambiguous, the gap is void. */
    {"70 one seen byte below", {500, 600}, {1000, NONE, LIST({500, 600})}, {499, 600}, TCP_AMBIGUOUS, {1000, NONE, NONE}, 0, 0, 0},
    {"71 one seen byte above", {500, 600}, {1000, NONE, LIST({500, 600})}, {500, 601}, TCP_AMBIGUOUS, {1000, NONE, NONE}, 0, 0, 0},
    {"72 one open byte and one seen", {500, 600}, {1000, NONE, LIST({500, 600})}, {599, 601}, TCP_AMBIGUOUS, {1000, NONE, NONE}, 0, 0, 0},
    {"73 a sweep over everything", {500, 600}, {1000, LIST({100, 200}), LIST({500, 600})}, {50, 1000}, TCP_AMBIGUOUS, {1000, NONE, NONE}, 0, 0, 0},
    {"74 a sweep with new bytes", {500, 600}, {1000, NONE, LIST({500, 600})}, {500, 1100}, TCP_AMBIGUOUS, {1100, NONE, NONE}, 0, 0, 0},
    {"75 gap, hole and the seen bytes between", {500, 600}, {1000, LIST({610, 700}), LIST({500, 600})}, {500, 650}, TCP_AMBIGUOUS, {1000, LIST({650, 700}), NONE}, 0, 0, 0},
    {"76 a repaired, an open and a seen byte", {500, 600}, {1000, NONE, LIST({599, 600})}, {598, 601}, TCP_AMBIGUOUS, {1000, NONE, NONE}, 0, 0, 0},
    {"77 a fifth piece", {500, 600}, {1000, NONE, LIST({500, 510}, {520, 530}, {540, 550}, {560, 600})}, {570, 580}, TCP_AMBIGUOUS, {1000, NONE, NONE}, 0, 0, 0},
    {"78 a fifth piece of a tail drop", {900, 1000}, {1000, NONE, LIST({900, 910}, {920, 930}, {940, 950}, {960, 1000})}, {905, 906}, TCP_AMBIGUOUS, {1000, NONE, NONE}, 0, 0, 0},

    /* What falls below the window is given up. */
    {"80 a hole left behind", NO_GAP, {20000, LIST({9000, 10000}, {15000, 15100}), NONE}, {15000, 15050}, TCP_OUT_OF_ORDER, {20000, LIST({15050, 15100}), NONE}, 0, 0, 1},
    {"81 a hole left behind in part", NO_GAP, {20000, LIST({9000, 10001}), NONE}, {19000, 19100}, TCP_DUPLICATE, {20000, LIST({10000, 10001}), NONE}, 0, 0, 0},
    {"82 a gap left behind is not repaired by its upper bytes", {9999, 10100}, {20000, NONE, LIST({9999, 10100})}, {10000, 10100}, TCP_DUPLICATE, {20000, NONE, NONE}, 0, 0, 0},
    {"83 a gap just inside the window", {10000, 10100}, {20000, NONE, LIST({10000, 10100})}, {10000, 10100}, TCP_REPAIR, {20000, NONE, NONE}, 1, 0, 0},
    {"84 left behind by the segment itself", {9000, 9100}, {10000, LIST({100, 200}), LIST({9000, 9100})}, {20000, 20100}, TCP_IN_ORDER, {20100, LIST({10100, 20000}), NONE}, 0, 0, 1},
    {"85 a hole taller than the window", NO_GAP, {1000, NONE, NONE}, {9000, 29000}, TCP_IN_ORDER, {29000, NONE, NONE}, 0, 0, 1},
};
/* clang-format on */

static unsigned int list_length(const struct list *list)
{
    unsigned int n = 0;

    while (n < MAX_LIST && list->at[n].start != list->at[n].end)
        n++;
    return n;
}

static unsigned int shift(const struct list *list, uint32_t base, struct tcp_interval *out)
{
    unsigned int n = list_length(list);

    for (unsigned int i = 0; i < n; i++)
        out[i] = (struct tcp_interval){list->at[i].start + base, list->at[i].end + base};
    return n;
}

static bool same(const struct list *list, uint32_t base, const struct tcp_interval *found,
                 unsigned int n_found)
{
    struct tcp_interval expected[MAX_LIST];
    unsigned int n = shift(list, base, expected);

    return n == n_found && memcmp(expected, found, n * sizeof(*found)) == 0;
}

static void run_case(const struct coverage_case *c, uint32_t base)
{
    bool has_gap = c->extent.start != c->extent.end;
    uint32_t snd_max = c->before.snd_max + base;
    struct tcp_holes holes = {0};
    struct tcp_gap gap = {.extent = {c->extent.start + base, c->extent.end + base}};
    struct tcp_observation seen;

    holes.n = (uint8_t)shift(&c->before.holes, base, holes.hole);
    gap.n_open = (uint8_t)shift(&c->before.open, base, gap.open);
    seen = tcp_coverage_observe(&snd_max, &holes, has_gap ? &gap : NULL, c->segment.start + base,
                                c->segment.end - c->segment.start, WINDOW);
    if (seen.kind != c->kind)
        fail_msg("%s (base %08x): %s, not %s", c->rule, base, tcp_segment_kind_name(seen.kind),
                 tcp_segment_kind_name(c->kind));
    if (snd_max - base != c->after.snd_max)
        fail_msg("%s (base %08x): snd_max %u, not %u", c->rule, base, snd_max - base,
                 c->after.snd_max);
    if (!same(&c->after.holes, base, holes.hole, holes.n))
        fail_msg("%s (base %08x): other holes", c->rule, base);
    if (!same(&c->after.open, base, gap.open, gap.n_open))
        fail_msg("%s (base %08x): other open pieces", c->rule, base);
    if (seen.gap_repaired != c->gap_repaired || seen.n_holes_closed != c->n_closed ||
        seen.n_holes_left_behind != c->n_left_behind)
        fail_msg("%s (base %08x): repaired %d, closed %d, left behind %d", c->rule, base,
                 seen.gap_repaired, seen.n_holes_closed, seen.n_holes_left_behind);
}

/* Puts `number` on and beside each boundary of the sequence space in turn. */
static void run_case_around(const struct coverage_case *c, uint32_t number)
{
    static const uint32_t boundary[] = {0, 0x80000000, 0x10000000, 0xf0000000};

    for (size_t i = 0; i < ARRAY_LENGTH(boundary); i++) {
        run_case(c, boundary[i] - number - 1);
        run_case(c, boundary[i] - number);
        run_case(c, boundary[i] - number + 1);
    }
}

static void run_case_around_list(const struct coverage_case *c, const struct list *list)
{
    for (unsigned int i = 0; i < list_length(list); i++) {
        run_case_around(c, list->at[i].start);
        run_case_around(c, list->at[i].end);
    }
}

static void each_rule_of_the_table_holds_wherever_the_numbers_wrap(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        const struct coverage_case *c = &cases[i];

        run_case(c, 0);
        run_case(c, 0xffffff00);
        run_case_around(c, c->before.snd_max);
        run_case_around(c, c->segment.start);
        run_case_around(c, c->segment.end);
        run_case_around(c, c->extent.start);
        run_case_around(c, c->extent.end);
        run_case_around_list(c, &c->before.holes);
        run_case_around_list(c, &c->before.open);
    }
}

static void a_gap_opens_as_one_piece(void **state)
{
    struct tcp_gap gap;

    (void)state;
    memset(&gap, 0xff, sizeof(gap));
    tcp_gap_open(&gap, 0xffffff00, 0x200);
    assert_int_equal(gap.extent.start, 0xffffff00);
    assert_int_equal(gap.extent.end, 0x100);
    assert_int_equal(gap.n_open, 1);
    assert_memory_equal(&gap.open[0], &gap.extent, sizeof(gap.extent));
}

static void every_kind_has_its_own_name(void **state)
{
    (void)state;
    for (int i = 0; i < TCP_N_SEGMENT_KINDS; i++)
        for (int j = 0; j <= i; j++)
            assert_true((strcmp(tcp_segment_kind_name((enum tcp_segment_kind)i),
                                tcp_segment_kind_name((enum tcp_segment_kind)j)) == 0) == (i == j));
    assert_string_equal(tcp_segment_kind_name(TCP_N_SEGMENT_KINDS), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_of_the_table_holds_wherever_the_numbers_wrap),
        cmocka_unit_test(a_gap_opens_as_one_piece),
        cmocka_unit_test(every_kind_has_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
