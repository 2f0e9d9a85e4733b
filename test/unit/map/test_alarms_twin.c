/* SPDX-License-Identifier: BSD-3-Clause */
/* Alarms against a naive twin: what is told in each second of random lives of causes. The twin has
 * no table and no index; it looks at everything each second, and at the whole list of changes for
 * each penalty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/random.h"
#include "base/time.h"
#include "map/alarms.h"

#define N_CAUSES  48
#define MOST_NEWS 256
#define SECONDS   24000
#define CALM      14000

/* One line of what is told. */
struct line {
    int news, kind, at, from, n_ever;
};

struct lines {
    struct line lines[MOST_NEWS];
    uint32_t n;
};

struct naive_cause {
    struct alarm_cause cause;
    bool holds, damped, punished;
    int64_t since, seen, ended;
    int64_t changes[SECONDS];
    uint32_t n_changes;
    int alarm; /* -1: none */
};

struct naive_alarm {
    bool up, raised;
    struct alarm_cause cause;
    int64_t opened, joined, began;
    int n_members, n_ever, n_told, n_reminders;
};

struct twin {
    struct naive_cause causes[2 * N_CAUSES]; /* the second half: their flapping */
    struct naive_alarm alarms[SECONDS];
    int n_alarms;
    bool accepts[N_CAUSES];
    struct lines told;
};

static int64_t hold_of(enum alarm_kind kind)
{
    return kind == ALARM_NOT_FOR_US ? 300 : kind == ALARM_INGRESS_GONE ? 60 : 0;
}

static int64_t gather_of(enum alarm_kind kind)
{
    return kind == ALARM_INGRESS_GONE || kind == ALARM_INGRESS_CHANGE ? 60 : 0;
}

static void add_line(struct lines *l, enum alarm_news news, const struct alarm_cause *c, int n_ever)
{
    assert_true(l->n < MOST_NEWS);
    l->lines[l->n++] = (struct line){(int)news, (int)c->kind, c->at, c->from, n_ever};
}

static void say(struct twin *t, struct naive_alarm *a, enum alarm_news news)
{
    a->n_told = a->n_ever;
    add_line(&t->told, news, &a->cause, a->n_ever);
}

static double penalty(const struct naive_cause *c, int64_t now)
{
    double sum = 0;

    for (uint32_t i = 0; i < c->n_changes; i++) {
        sum *= i > 0 ? exp2(-(double)(c->changes[i] - c->changes[i - 1]) / 900) : 1;
        sum = fmin(sum + 1000, 12000);
    }
    return c->n_changes == 0 ? 0 : sum * exp2(-(double)(now - c->changes[c->n_changes - 1]) / 900);
}

static void change(struct naive_cause *c, int64_t now)
{
    c->changes[c->n_changes++] = now;
}

static void naive_leave(struct twin *t, struct naive_cause *c, bool accepted, int64_t now)
{
    struct naive_alarm *a;

    if (c->alarm < 0)
        return;
    a = &t->alarms[c->alarm];
    c->alarm = -1;
    if (--a->n_members == 0) {
        a->up = false;
        if (a->raised)
            say(t, a, accepted ? ALARM_WAS_ACCEPTED : ALARM_ENDED);
    }
    if (!accepted)
        change(c, now);
}

static void naive_join(struct twin *t, struct naive_cause *c, int64_t now)
{
    int found = -1;

    for (int i = 0; i < t->n_alarms; i++) {
        const struct naive_alarm *a = &t->alarms[i];

        if (a->up && a->cause.kind == c->cause.kind && a->cause.at == c->cause.at &&
            a->cause.from == c->cause.from && now - a->joined <= 60)
            found = i;
    }
    if (found < 0) {
        found = t->n_alarms++;
        t->alarms[found] =
            (struct naive_alarm){.up = true, .cause = c->cause, .opened = now, .joined = now};
    }
    c->alarm = found;
    t->alarms[found].n_members++;
    t->alarms[found].n_ever++;
    t->alarms[found].joined = now;
    change(c, now);
    if (!t->alarms[found].raised && gather_of(c->cause.kind) == 0) {
        t->alarms[found].raised = true;
        t->alarms[found].began = now;
        say(t, &t->alarms[found], ALARM_BEGAN);
    }
}

static void naive_observe(struct naive_cause *c, int64_t now)
{
    if (!c->holds) {
        c->holds = true;
        c->since = now;
        if (c->damped)
            change(c, now);
    }
    c->seen = now;
}

static void naive_stop(struct naive_cause *c, int64_t ended, int64_t now)
{
    if (!c->holds)
        return;
    c->holds = false;
    c->ended = ended;
    if (c->damped)
        change(c, now);
}

static void naive_tick_cause(struct twin *t, uint32_t i, int64_t now)
{
    struct naive_cause *c = &t->causes[i];
    const bool is_flapping = i >= N_CAUSES, accepted = !is_flapping && t->accepts[i];
    const int64_t hold = hold_of(c->cause.kind);

    if (c->holds && now - c->seen > 60)
        naive_stop(c, c->seen, now);
    if (!is_flapping) {
        if (!c->damped && penalty(c, now) > 6000)
            c->damped = true;
        else if (c->damped && penalty(c, now) < 750)
            c->damped = false;
        if (c->damped) {
            naive_leave(t, c, false, now);
            if (c->cause.has_prefix)
                naive_observe(&t->causes[N_CAUSES + i], now);
        }
    }
    if (c->alarm >= 0 && accepted)
        naive_leave(t, c, true, now);
    else if (c->alarm >= 0 && !c->holds && now - c->ended >= 3 * (hold > 60 ? hold : 60))
        naive_leave(t, c, false, now);
    else if (c->alarm < 0 && c->holds && now - c->since >= hold && !accepted && !c->damped)
        naive_join(t, c, now);
    /* It is forgotten. */
    if (!c->holds && c->alarm < 0 && !c->damped && penalty(c, now) < 750)
        c->n_changes = 0;
}

static void naive_tick(struct twin *t, int64_t now)
{
    for (uint32_t i = 2 * N_CAUSES; i-- > 0;)
        naive_tick_cause(t, i, now);
    for (int i = 0; i < t->n_alarms; i++) {
        static const int64_t reminders[] = {3600, 14400, 86400};
        struct naive_alarm *a = &t->alarms[i];

        if (!a->up)
            continue;
        if (!a->raised) {
            if (now - a->opened < 60)
                continue;
            a->raised = true;
            a->began = now;
            say(t, a, ALARM_BEGAN);
        } else if (a->n_ever > a->n_told && now - a->joined > 60) {
            say(t, a, ALARM_GREW);
        } else if (a->n_reminders < 3 && now - a->began >= reminders[a->n_reminders]) {
            a->n_reminders++;
            say(t, a, ALARM_GOES_ON);
        }
    }
}

static int compare(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct line));
}

static void assert_told_the_same(struct lines *x, struct lines *y)
{
    qsort(x->lines, x->n, sizeof(struct line), compare);
    qsort(y->lines, y->n, sizeof(struct line), compare);
    assert_int_equal(x->n, y->n);
    assert_memory_equal(x->lines, y->lines, x->n * sizeof(struct line));
    x->n = y->n = 0;
}

static void tell(void *context, enum alarm_news news, const struct alarm *alarm, uint64_t now_ns)
{
    (void)now_ns;
    add_line(context, news, &alarm->cause, (int)alarm->n_members_ever);
}

/* Of four kinds at two ingresses, each of a prefix of its own; those of an ingress at one each. */
static struct alarm_cause nth_cause(uint32_t i)
{
    static const enum alarm_kind kinds[] = {ALARM_UNEXPECTED_GENUINE, ALARM_INGRESS_CHANGE,
                                            ALARM_INGRESS_GONE, ALARM_NOT_FOR_US};
    struct alarm_cause c = {.kind = kinds[i % 4], .from = ALARM_NO_INGRESS};
    const uint8_t bytes[4] = {192, 0, (uint8_t)i, 0};

    c.at = (uint16_t)(i / 4 % 2);
    if (c.kind == ALARM_NOT_FOR_US)
        c.at = (uint16_t)i;
    else
        c.prefix = (struct ip_prefix){ip_address_from_ipv4(bytes), 24, true};
    c.has_prefix = c.kind != ALARM_NOT_FOR_US;
    if (c.kind == ALARM_INGRESS_CHANGE)
        c.from = (uint16_t)(2 + c.at);
    return c;
}

struct process {
    bool is_so;
    uint32_t mean_on_s, mean_off_s;
};

static void live(struct twin *t, struct alarms *a, struct process *p, uint32_t i,
                 struct random_source *r, int64_t now)
{
    const struct alarm_facts facts = {.severity = ALARM_WARNING, .bytes_per_s = 1000};
    struct naive_cause *c = &t->causes[i];

    /* At last all is calm, so that what was damped is told again. */
    if (!p->is_so && now > CALM)
        return;
    if (random_u32(r) % (p->is_so ? p->mean_on_s : p->mean_off_s) == 0) {
        p->is_so = !p->is_so;
        /* Half of the ends are known at once. */
        if (!p->is_so && random_u32(r) % 2 == 0) {
            naive_stop(c, now, now);
            alarms_end(a, &c->cause, (uint64_t)now * NS_PER_S);
        }
    }
    if (p->is_so && random_u32(r) % 8 == 0) {
        naive_observe(c, now);
        alarms_observe(a, &c->cause, &facts, (uint64_t)now * NS_PER_S);
    }
}

static void toggle_accept(struct twin *t, struct alarms *a, uint32_t i, int64_t now)
{
    const struct alarm_cause *c = &t->causes[i].cause;
    const struct alarm_accept_row row = {
        .kind = c->kind, .at = c->at, .has_prefix = c->has_prefix, .prefix = c->prefix};

    t->accepts[i] = !t->accepts[i];
    if (t->accepts[i])
        assert_int_equal(alarms_add_accept(a, &row, (uint64_t)now * NS_PER_S), 0);
    else
        assert_int_equal(alarms_remove_accept(a, &row, (uint64_t)now * NS_PER_S), 0);
}

static uint32_t n_news[ALARM_N_KINDS][ALARM_ENDED + 1];

static void count(const struct lines *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        n_news[l->lines[i].kind][l->lines[i].news]++;
}

static void compare_lives(uint64_t seed)
{
    struct twin *t = calloc(1, sizeof(*t));
    struct lines told = {.n = 0};
    struct process processes[N_CAUSES];
    struct alarms_config config = {
        .n_causes = 1024, .n_alarms = 256, .secret = {seed, 1}, .tell = tell, .context = &told};
    struct alarms *a = alarms_create(&config);
    struct random_source r;

    assert_true(t != NULL && a != NULL);
    random_seed_fixed(&r, seed, 0);
    for (uint32_t i = 0; i < N_CAUSES; i++) {
        static const uint32_t means_s[] = {30, 200, 1000, 10000};

        t->causes[i].cause = nth_cause(i);
        t->causes[i].alarm = t->causes[N_CAUSES + i].alarm = -1;
        t->causes[N_CAUSES + i].cause = t->causes[i].cause;
        t->causes[N_CAUSES + i].cause.kind = ALARM_FLAPPING;
        t->causes[N_CAUSES + i].cause.from = ALARM_NO_INGRESS;
        processes[i] =
            (struct process){false, means_s[random_u32(&r) % 4], means_s[random_u32(&r) % 3]};
    }
    for (int64_t now = 1000; now < 1000 + SECONDS; now++) {
        for (uint32_t i = 0; i < N_CAUSES; i++)
            live(t, a, &processes[i], i, &r, now);
        if (random_u32(&r) % 500 == 0)
            toggle_accept(t, a, random_u32(&r) % N_CAUSES, now);
        naive_tick(t, now);
        alarms_tick(a, (uint64_t)now * NS_PER_S);
        count(&told);
        assert_told_the_same(&told, &t->told);
    }
    alarms_destroy(a);
    free(t);
}

static void what_is_told_in_each_second_is_what_the_twin_tells(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++)
        compare_lives(seed);
    /* All of it was there. */
    assert_true(n_news[ALARM_UNEXPECTED_GENUINE][ALARM_BEGAN] > 100);
    assert_true(n_news[ALARM_UNEXPECTED_GENUINE][ALARM_GREW] > 10);
    assert_true(n_news[ALARM_UNEXPECTED_GENUINE][ALARM_GOES_ON] > 0);
    assert_true(n_news[ALARM_INGRESS_CHANGE][ALARM_ENDED] > 100);
    assert_true(n_news[ALARM_INGRESS_GONE][ALARM_ENDED] > 10);
    assert_true(n_news[ALARM_NOT_FOR_US][ALARM_WAS_ACCEPTED] > 0);
    assert_true(n_news[ALARM_FLAPPING][ALARM_BEGAN] > 10);
    assert_true(n_news[ALARM_FLAPPING][ALARM_ENDED] > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_in_each_second_is_what_the_twin_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
