/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests that were asked for: from being accepted to what they found. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ondemand/internal.h"

/* So long after its time a test that nobody ended is over. */
#define GRACE_NS (60 * NS_PER_S)

struct asked_test *tests_find(const struct ondemand *o, uint32_t number)
{
    const struct asked_test *t = &o->tests[number % ONDEMAND_MOST_TESTS];

    return number != 0 && t->number == number && t->state != ASKED_FREE
               ? (struct asked_test *)(uintptr_t)t
               : NULL;
}

void tests_forget(struct asked_test *t)
{
    json_decref(t->source);
    json_decref(t->report);
    *t = (struct asked_test){.state = ASKED_FREE};
}

/* Numbers go round, and pass by those that last; no more last than there are places. */
struct asked_test *tests_new(struct ondemand *o)
{
    struct asked_test *t;

    do
        t = &o->tests[++o->n_asked % ONDEMAND_MOST_TESTS];
    while (t->state == ASKED_ACCEPTED || t->state == ASKED_RUNNING || o->n_asked == 0);
    tests_forget(t);
    t->number = o->n_asked;
    t->aggregate = AGGREGATE_NONE;
    return t;
}

struct asked_test *tests_running(struct ondemand *o, const char *slice, uint32_t aggregate)
{
    for (uint32_t i = 0; i < ONDEMAND_MOST_TESTS; i++)
        if (o->tests[i].state == ASKED_RUNNING && o->tests[i].aggregate == aggregate &&
            strcmp(o->tests[i].slice, slice) == 0)
            return &o->tests[i];
    return NULL;
}

static void let_slice_go(struct ondemand *o, const struct asked_test *t, uint64_t now_ns)
{
    struct wanted_slice *w = slices_of_test(o, t->number);

    if (w != NULL)
        slices_let_go(o, w, now_ns);
}

void tests_refuse(struct ondemand *o, struct asked_test *t, const char *error, uint64_t now_ns)
{
    json_t *members = json_pack("{s:I, s:s, s:s}", "test", (json_int_t)t->number, "slice", t->slice,
                                "reason", error);

    o->n_accepted -= t->state == ASKED_ACCEPTED;
    t->state = ASKED_REFUSED;
    snprintf(t->error, sizeof(t->error), "%s", error);
    if (t->label[0] != '\0')
        json_object_set_new(members, "label", json_string(t->label));
    o->config.tell(o->config.context, "test_refused", members);
    let_slice_go(o, t, now_ns);
}

static void begin_in(struct ondemand *o, struct asked_test *t, uint32_t slot, uint64_t now_ns)
{
    const struct slice *s = &o->in_force->slices[slot];
    const struct test_request request = {.cause = TEST_BY_COMMAND,
                                         .label = t->label[0] != '\0' ? t->label : NULL};
    char words[TEST_REFUSAL_BYTES];
    int error;

    o->n_accepted--;
    t->state = ASKED_RUNNING;
    t->aggregate = manager_aggregate_of_slice(o->config.manager, slot);
    if (s->parameters.max_duration_ms != 0)
        t->deadline_ns = now_ns + s->parameters.max_duration_ms * NS_PER_MS + GRACE_NS;
    if (s->mode != SLICE_ACTIVE)
        return;
    error = manager_test_start(o->config.manager, t->aggregate, &request, now_ns);
    if (error != 0)
        tests_refuse(o, t, manager_test_refusal(o->config.manager, error, now_ns, words), now_ns);
}

void tests_begin(struct ondemand *o, struct asked_test *t, uint64_t now_ns)
{
    uint32_t slot = slices_slot(o, t->slice);

    if (slot != UINT32_MAX)
        begin_in(o, t, slot, now_ns);
    else
        tests_refuse(o, t, "its slice is gone: the configuration changed meanwhile", now_ns);
}

/* Of those that are over, so many reports are kept. */
static void keep_report(struct ondemand *o, struct asked_test *t)
{
    uint32_t *place = &o->reported[o->n_reported++ % ONDEMAND_MOST_REPORTS];
    struct asked_test *oldest = tests_find(o, *place);

    if (oldest != NULL) {
        json_decref(oldest->report);
        oldest->report = NULL;
    }
    *place = t->number;
    t->report = report_aggregate(o->config.manager, t->aggregate, o->config.clock, true);
}

void tests_end(struct ondemand *o, struct asked_test *t, uint64_t now_ns)
{
    t->state = ASKED_OVER;
    keep_report(o, t);
    let_slice_go(o, t, now_ns);
}

void tests_end_overdue(struct ondemand *o, uint64_t now_ns)
{
    for (uint32_t i = 0; i < ONDEMAND_MOST_TESTS; i++) {
        struct asked_test *t = &o->tests[i];

        if (t->state == ASKED_RUNNING && t->deadline_ns != 0 && now_ns >= t->deadline_ns)
            tests_end(o, t, now_ns);
    }
}
