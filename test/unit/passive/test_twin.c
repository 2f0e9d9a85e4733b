/* SPDX-License-Identifier: BSD-3-Clause */
/* A second implementation that keeps a record of every byte, on random traffic, from sequence
 * numbers that wrap: both must say the same of each segment. */
#include "bench.h"

#include <string.h>

#include "base/random.h"

enum { N_BYTES = 20000, N_FLOWS = 600, N_STEPS = 600, HOLE_TIMEOUT_S = 10 };

enum fate { BEYOND, SEEN, MISSING, MERGED, GIVEN_UP };

struct byte_record {
    enum fate fate;
    uint64_t opened_ns;
    uint32_t opener; /* how many segments went by until then */
};

struct twin {
    struct byte_record bytes[N_BYTES];
    uint32_t start; /* sequence number of the first byte */
    uint32_t end, n_passed;
    uint32_t unknown_end; /* repeats before it tell nothing */
    uint64_t n_missing_bytes;
    /* The hole that was made of several; all its bytes are MERGED, whatever they were. */
    uint32_t merged_from, merged_to, merged_missing; /* 0 missing: there is none */
    struct byte_record merged_record;
};

static uint32_t find_missing(const struct twin *t, uint32_t from)
{
    while (from < t->end && t->bytes[from].fate != MISSING)
        from++;
    return from;
}

static uint32_t end_of_run(const struct twin *t, uint32_t from)
{
    while (from < t->end && t->bytes[from].fate == MISSING)
        from++;
    return from;
}

/* Nothing is missing below it. */
static uint32_t whole_end(const struct twin *t)
{
    uint32_t first = find_missing(t, 0);

    return t->merged_missing > 0 && t->merged_from < first ? t->merged_from : first;
}

static unsigned int count_runs(const struct twin *t)
{
    unsigned int n = t->merged_missing > 0;

    for (uint32_t i = find_missing(t, 0); i < t->end; i = find_missing(t, end_of_run(t, i)))
        n++;
    return n;
}

static void paint(struct twin *t, uint32_t from, uint32_t to, enum fate fate)
{
    for (uint32_t i = from; i < to; i++)
        t->bytes[i].fate = fate;
}

static void give_up_lowest(struct twin *t)
{
    uint32_t from = find_missing(t, 0), to = end_of_run(t, from), n_missing = to - from;

    if (t->merged_missing > 0) {
        from = t->merged_from;
        to = t->merged_to;
        n_missing = t->merged_missing;
        t->merged_missing = 0;
    }
    paint(t, from, to, GIVEN_UP);
    t->n_missing_bytes += n_missing;
    if (to > t->unknown_end)
        t->unknown_end = to;
}

/* The merged one, or else the lowest, goes up in the next. */
static void merge_lowest(struct twin *t)
{
    uint32_t from = find_missing(t, 0), to = end_of_run(t, from);

    if (t->merged_missing == 0) {
        t->merged_from = from;
        t->merged_missing = to - from;
        from = find_missing(t, to);
        to = end_of_run(t, from);
    }
    t->merged_missing += to - from;
    t->merged_to = to;
    t->merged_record = t->bytes[from];
    paint(t, t->merged_from, to, MERGED);
}

static uint64_t lowest_opened_ns(const struct twin *t)
{
    if (t->merged_missing > 0)
        return t->merged_record.opened_ns;
    return t->bytes[find_missing(t, 0)].opened_ns;
}

/* Returns what was filled first, or NULL. */
static const struct byte_record *fill(struct twin *t, uint32_t from, uint32_t to)
{
    uint32_t a = from > t->merged_from ? from : t->merged_from;
    uint32_t b = to < t->merged_to ? to : t->merged_to, first = find_missing(t, from);

    if (t->merged_missing > 0 && a < b) {
        t->merged_missing -= b - a < t->merged_missing ? b - a : t->merged_missing;
        if (t->merged_missing == 0)
            paint(t, t->merged_from, t->merged_to, SEEN);
        return &t->merged_record;
    }
    return first < to && first < t->end ? &t->bytes[first] : NULL;
}

static void see(struct twin *t, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        if (t->bytes[i].fate != MERGED)
            t->bytes[i].fate = SEEN;
    if (to > t->end)
        t->end = to;
}

/* Old holes are looked for by every segment that is not simply the next one, and when the sequence
 * passes a multiple of 2^28. */
static enum passive_kind twin_segment(struct twin *t, uint32_t from, uint32_t n, uint64_t now_ns,
                                      uint32_t rtt_ticks)
{
    const struct byte_record *filled;
    enum passive_kind kind = PASSIVE_FIRST_TIME;
    uint32_t to = from + n;

    t->n_passed++;
    if (from == t->end && ((t->start + from) ^ (t->start + to)) >> 28 == 0) {
        see(t, from, to);
        return kind;
    }
    while (count_runs(t) > 0 && passive_ticks(now_ns) - passive_ticks(lowest_opened_ns(t)) >
                                    passive_ticks(HOLE_TIMEOUT_S * NS_PER_S))
        give_up_lowest(t);
    if (from > t->end) {
        for (uint32_t i = t->end; i < from; i++)
            t->bytes[i] = (struct byte_record){MISSING, now_ns, t->n_passed};
    } else if (from == t->end) {
        kind = PASSIVE_FIRST_TIME;
    } else if ((filled = fill(t, from, to < t->end ? to : t->end)) != NULL) {
        const struct passive_hole none = {.start = 0};

        kind = passive_is_retransmission(
                   &none, NULL, passive_ticks(now_ns) - passive_ticks(filled->opened_ns),
                   filled == &t->merged_record ? PASSIVE_MAX_HOLES - 1
                                               : t->n_passed - filled->opener - 1,
                   rtt_ticks)
                   ? PASSIVE_RETRANSMITTED
                   : PASSIVE_REORDERED;
        /* Late segments and repairs make senders repeat what nobody lost. */
        t->unknown_end = t->end;
    } else {
        bool is_behind_hole = (to < t->end ? to : t->end) > whole_end(t);

        kind = is_behind_hole || to >= t->end || from < t->unknown_end ? PASSIVE_UNKNOWN
                                                                       : PASSIVE_REPEAT;
    }
    see(t, from, to);
    while (count_runs(t) > PASSIVE_MAX_HOLES)
        merge_lowest(t);
    return kind;
}

/* Mostly onward, at times skipping some, at times anywhere before. A tidy flow misses hardly
 * anything, so that its repeats tell of losses. */
static bool next_segment(const struct twin *t, struct random_source *r, bool is_tidy,
                         uint32_t *from, uint32_t *n)
{
    uint32_t what = random_u32(r) % 8;

    *n = 1 + random_u32(r) % 200;
    if (is_tidy && what == 0 && random_u32(r) % 64 != 0)
        what = 4;
    switch (what) {
    case 0:
        *from = t->end + 1 + random_u32(r) % 300;
        break;
    case 1:
    case 2:
        *from = t->end > 0 ? random_u32(r) % t->end : 0;
        break;
    case 3:
        *from = find_missing(t, t->end > 0 ? random_u32(r) % t->end : 0);
        break;
    default:
        *from = t->end;
        break;
    }
    return *from + *n < N_BYTES;
}

static void random_traffic_is_seen_as_the_twin_sees_it(void **state)
{
    static struct twin t;
    unsigned int n_of_kind[PASSIVE_N_KINDS] = {0};
    struct random_source r;

    (void)state;
    random_seed_fixed(&r, 4737, 6298);
    for (unsigned int flow = 0; flow < N_FLOWS; flow++) {
        uint32_t start = (uint32_t)0 - random_u32(&r) % (2 * N_BYTES);
        struct bench b;

        memset(&t, 0, sizeof(t));
        t.start = start;
        bench_open(&b, start);
        bench_wait_us(&b, random_u32(&r) % 50000);
        for (unsigned int i = 0; i < N_STEPS; i++) {
            uint32_t from, n, rtt_ticks = passive_ticks_of_code(b.hot.rtt_code);
            enum passive_kind kind;

            if (!next_segment(&t, &r, flow % 2 != 0, &from, &n))
                break;
            if (i > 0)
                bench_wait_us(&b, random_u32(&r) % (random_u32(&r) % 50 == 0 ? 9000000 : 4000));
            else
                rtt_ticks = 0;
            kind = bench_data(&b, start + from, n);
            if (kind != twin_segment(&t, from, n, b.now_ns, rtt_ticks))
                fail_msg("flow %u, segment %u", flow, i);
            assert_int_equal(b.hot.snd_max, start + t.end);
            assert_int_equal(b.line.n_holes, count_runs(&t));
            assert_int_equal(b.c.missing_bytes, t.n_missing_bytes);
            bench_check(&b);
            n_of_kind[kind]++;
        }
    }
    for (unsigned int kind = 0; kind < PASSIVE_JUMP; kind++)
        if (kind != PASSIVE_LATE) /* needs timestamps */
            if (n_of_kind[kind] <= 1000)
                fail_msg("only %u of kind %u", n_of_kind[kind], kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_traffic_is_seen_as_the_twin_sees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
