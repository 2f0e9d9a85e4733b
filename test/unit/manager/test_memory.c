/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of a manager: as much as is said, given back whole, and whichever part of it is not
 * there, nothing is left half done. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "box.h"

/* A sanitizer has an allocator of its own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#ifdef HAS_SANITIZER
int main(void)
{
    return 77; /* skipped */
}
#else

#define MOST_TAKEN 64

/* What calloc() gave while it was watched, and was not given back. */
static struct {
    bool is_on;
    unsigned int n_asked, fail_at; /* from 1; 0: none fails */
    size_t n_bytes;                /* asked for in all */
    void *taken[MOST_TAKEN];
    unsigned int n_taken;
} watched;

void *__libc_calloc(size_t n, size_t size);
void __libc_free(void *p);

void *calloc(size_t n, size_t size)
{
    void *p;

    if (watched.is_on && ++watched.n_asked == watched.fail_at) {
        errno = ENOMEM;
        return NULL;
    }
    p = __libc_calloc(n, size);
    if (watched.is_on && p != NULL) {
        watched.n_bytes += n * size;
        assert_true(watched.n_taken < MOST_TAKEN);
        watched.taken[watched.n_taken++] = p;
    }
    return p;
}

void free(void *p)
{
    for (unsigned int i = 0; p != NULL && i < watched.n_taken; i++)
        if (watched.taken[i] == p) {
            watched.taken[i] = watched.taken[--watched.n_taken];
            break;
        }
    __libc_free(p);
}

static void watch(unsigned int fail_at)
{
    watched.is_on = true;
    watched.n_asked = 0;
    watched.n_bytes = 0;
    watched.fail_at = fail_at;
}

/* True: as many were asked for as one should have failed. */
static bool unwatch(void)
{
    watched.is_on = false;
    return watched.n_asked >= watched.fail_at;
}

#define N_SLICES  4
#define HANDSHAKE TEST_UNITS_OF(UNIT_HANDSHAKE)

/* What a slice may want memory for. */
static const struct kind {
    enum slice_presence presence;
    enum slice_mode mode;
    double drop_probability, p_miss;
    uint32_t units, report_flows;
} kinds[] = {
    {SLICE_PRESENT, SLICE_ACTIVE, 0.05, 0, TEST_UNITS_DATA, 0},
    {SLICE_PRESENT, SLICE_ACTIVE, 0.5, 0, TEST_UNITS_DATA, 7},
    {SLICE_PRESENT, SLICE_ACTIVE, 0.05, 0.1, TEST_UNITS_DATA, 0},
    {SLICE_PRESENT, SLICE_ACTIVE, 0.05, 0.2, TEST_UNITS_DATA | HANDSHAKE, 0},
    {SLICE_PRESENT, SLICE_PASSIVE, 0.05, 0, TEST_UNITS_DATA, 3},
    {SLICE_LEAVING, SLICE_PASSIVE, 0.05, 0, TEST_UNITS_DATA, 0},
    {SLICE_ABSENT, SLICE_PASSIVE, 0.25, 0.3, TEST_UNITS_DATA | HANDSHAKE, 5},
};

struct world {
    struct ip_prefix any;
    struct slice slices[N_SLICES];
    void *table_memory;
    struct engine_gate gate;
    struct manager_config config;
};

static void put_slices(struct world *w, struct slice *slices, const unsigned int of[N_SLICES])
{
    for (unsigned int i = 0; i < N_SLICES; i++) {
        const struct kind *k = &kinds[of[i]];
        struct slice *s = &slices[i];

        *s = (struct slice){.presence = k->presence, .mode = k->mode};
        s->sources = s->destinations = &w->any;
        s->n_sources = s->n_destinations = 1;
        s->escalation.test = SLICE_NONE;
        test_parameters_default(&s->parameters);
        s->parameters.drop_probability = k->drop_probability;
        s->parameters.p_miss = k->p_miss;
        s->parameters.units = k->units;
        s->parameters.report_flows = k->report_flows;
    }
}

static struct world *open_world(const unsigned int of[N_SLICES])
{
    static const uint64_t secret[2] = {1, 2};
    const uint32_t capacity = 16;
    size_t n_bytes = aggregate_table_memory_bytes(capacity);
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->any = ip_prefix_any(true);
    w->table_memory = aligned_alloc(CACHE_LINE_BYTES, n_bytes);
    w->config = (struct manager_config){
        .aggregates = aggregate_table_init(w->table_memory, n_bytes, capacity, secret),
        .slices = w->slices,
        .n_slices = N_SLICES,
        .gate = &w->gate,
        .n_workers = 3,
        .epoch_ms = 10,
        .n_drop_records = 100,
        .n_concurrent_flow_phases = 2,
        .max_own_loss_ratio = 0.001,
    };
    put_slices(w, w->slices, of);
    return w;
}

static void close_world(struct world *w)
{
    free(w->table_memory);
    free(w);
}

static const unsigned int of_all_kinds[N_SLICES] = {1, 3, 4, 6};

/* Closes the world. */
static void takes_what_is_said(struct world *w)
{
    struct manager *m;

    watch(0);
    m = manager_create(&w->config);
    unwatch();
    assert_non_null(m);
    assert_int_equal(watched.n_bytes, manager_memory_bytes(&w->config));
    manager_destroy(m);
    assert_int_equal(watched.n_taken, 0);
    close_world(w);
}

static void so_much_memory_is_taken_as_is_said(void **state)
{
    static const unsigned int cases[][N_SLICES] = {
        {0, 0, 0, 0}, /* one coin */
        {0, 1, 2, 3}, /* four, and units */
        {6, 1, 0, 1}, /* one of three is another one's, one of nobody */
        {0, 2, 0, 6}, {3, 3, 6, 1}, {4, 0, 0, 0}, {1, 0, 4, 4}, {5, 6, 6, 0}, {6, 6, 6, 6},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (unsigned int more = 0; more < 4; more++) {
            struct world *w = open_world(cases[i]);

            w->config.may_escalate = (more & 1) != 0;
            w->config.max_tests_by_command = more & 2;
            takes_what_is_said(w);
        }
}

static void without_slices_nothing_of_them_is_taken(void **state)
{
    struct world *w = open_world(of_all_kinds);

    (void)state;
    w->config.n_slices = 0;
    w->config.slices = NULL;
    w->config.may_escalate = true;
    takes_what_is_said(w);
}

static void a_manager_without_all_its_memory_is_none(void **state)
{
    unsigned int n = 0;

    (void)state;
    for (bool is_failed = true; is_failed; n++) {
        struct world *w = open_world(of_all_kinds);
        struct manager *m;

        w->config.may_escalate = true;
        w->config.max_tests_by_command = 1;
        errno = 0;
        watch(n + 1);
        m = manager_create(&w->config);
        is_failed = unwatch();
        if (is_failed) {
            assert_null(m);
            assert_int_equal(errno, ENOMEM);
        } else {
            assert_non_null(m);
            manager_destroy(m);
        }
        assert_int_equal(watched.n_taken, 0);
        close_world(w);
    }
    assert_true(n > 20);
}

/* From slices that want little to such as want all there is. */
static void a_generation_that_finds_no_memory_changes_nothing(void **state)
{
    static const unsigned int before[N_SLICES] = {0, 0, 0, 6};
    static const enum slice_fate fates[N_SLICES] = {SLICE_IS_RETUNED, SLICE_IS_RETUNED,
                                                    SLICE_IS_RETUNED, SLICE_COMES};
    struct slice next[N_SLICES];
    unsigned int n = 0;

    (void)state;
    for (bool is_failed = true; is_failed; n++) {
        struct world *w = open_world(before);
        struct manager_generation g = {
            .slices = next, .fates = fates, .max_own_loss_ratio = 0.5, .max_drops_per_hour = 9};
        struct manager_drop_budget budget;
        struct manager *m;
        int error;

        put_slices(w, next, (const unsigned int[]){1, 3, 4, 4});
        watch(0);
        m = manager_create(&w->config);
        assert_non_null(m);
        manager_tick(m, NS_PER_S);
        manager_start(m, NS_PER_S);
        watch(n + 1);
        error = manager_follow(m, &g, 2 * NS_PER_S);
        is_failed = unwatch();
        assert_int_equal(error, is_failed ? -ENOMEM : 0);
        assert_null(manager_check(m));
        manager_drop_budget(m, &budget);
        for (uint32_t i = 0; i < 3; i++) {
            struct aggregate_report r;

            assert_true(manager_report(m, i, &r));
            assert_int_equal(r.reason, is_failed ? REASON_RUNNING : REASON_RECONFIGURED);
        }
        assert_int_equal(budget.max_per_hour, is_failed ? 0 : 9);
        assert_int_equal(manager_n_aggregates(m), is_failed ? 3 : 4);
        watch(0);
        assert_int_equal(manager_follow(m, &g, 3 * NS_PER_S), 0);
        unwatch();
        assert_null(manager_check(m));
        manager_destroy(m);
        assert_int_equal(watched.n_taken, 0);
        close_world(w);
    }
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_much_memory_is_taken_as_is_said),
        cmocka_unit_test(without_slices_nothing_of_them_is_taken),
        cmocka_unit_test(a_manager_without_all_its_memory_is_none),
        cmocka_unit_test(a_generation_that_finds_no_memory_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
