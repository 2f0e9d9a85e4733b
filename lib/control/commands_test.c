/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "control/command.h"
#include "ondemand/ondemand.h"
#include "report/report.h"
#include "verdict/outcome.h"

#define COUNT_DEFAULT 100

/* What the manager refuses, in words: what is the matter, and what to do. */
struct refusal {
    int error;
    const char *words;
};

static const struct refusal stop_refusals[] = {
    {-ENOENT, "there is no such aggregate; \"aggregates\" lists them"},
    {-ESRCH, "no test of it is running; there is nothing to stop"},
};

static const char *words_of(const struct refusal *refusals, size_t n, int error)
{
    for (size_t i = 0; i < n; i++)
        if (refusals[i].error == error)
            return refusals[i].words;
    return strerror(-error);
}

struct filter {
    const char *slice, *verdict;
    uint64_t changed_since_ns; /* 0: ever */
};

static bool has_changed(const struct aggregate_report *r, uint64_t since_ns)
{
    if (r->state != TEST_IDLE && r->state != TEST_DONE)
        return true;
    return r->first_seen_ns >= since_ns || r->last_seen_ns >= since_ns ||
           r->started_ns >= since_ns || r->verdict_ns >= since_ns || r->ended_ns >= since_ns;
}

static bool matches(const struct aggregate_report *r, const struct filter *filter)
{
    if (filter->slice != NULL && strcmp(r->slice->name, filter->slice) != 0)
        return false;
    if (!has_changed(r, filter->changed_since_ns))
        return false;
    return filter->verdict == NULL ||
           strcmp(verdict_name_outcome(r->verdict), filter->verdict) == 0;
}

static bool is_slice(const struct manager *m, const char *name)
{
    uint32_t n_slices;
    const struct slice *slices = manager_slices(m, &n_slices);

    for (uint32_t i = 0; i < n_slices; i++)
        if (slices[i].presence != SLICE_ABSENT && strcmp(slices[i].name, name) == 0)
            return true;
    return false;
}

static uint64_t changed_since_ns(const struct command_call *call)
{
    uint64_t within_ns = command_count(call, "changed_within_ms", UINT32_MAX) * NS_PER_MS;
    bool is_given = json_object_get(call->request, "changed_within_ms") != NULL;

    return is_given && within_ns < call->now_ns ? call->now_ns - within_ns : 0;
}

/* With where it came from, where there is more than one way. */
static json_t *slice_json(struct command_call *call, const struct slice *s)
{
    const struct ondemand *o = call->operations->ondemand;
    json_t *out = report_slice(s);

    if (o != NULL)
        json_object_set_new(out, "origin", json_string(ondemand_origin(o, s->name)));
    return out;
}

json_t *command_run_slices(struct command_call *call)
{
    uint32_t n_slices;
    const struct slice *slices = manager_slices(call->operations->manager, &n_slices);
    uint32_t offset = command_count(call, "offset", 0);
    uint32_t count = command_count(call, "count", UINT32_MAX);
    uint32_t n = 0;
    json_t *list = json_array();

    for (uint32_t i = 0; i < n_slices; i++) {
        if (!slice_is_present(&slices[i]))
            continue;
        if (n >= offset && n - offset < count)
            json_array_append_new(list, slice_json(call, &slices[i]));
        n++;
    }
    return json_pack("{s:I, s:I, s:o}", "total", (json_int_t)n, "offset", (json_int_t)offset,
                     "slices", list);
}

json_t *command_run_aggregates(struct command_call *call)
{
    const struct manager *m = call->operations->manager;
    struct filter filter = {command_text(call, "slice"), command_text(call, "verdict"),
                            changed_since_ns(call)};
    uint32_t offset = command_count(call, "offset", 0);
    uint32_t count = command_count(call, "count", COUNT_DEFAULT), n_matching = 0;
    bool drops = command_switch(call, "drops");
    struct aggregate_report report;
    json_t *page;

    if (filter.verdict != NULL && !verdict_is_outcome(filter.verdict))
        return command_refuse(call, "aggregates: verdict \"%.64s\": give " VERDICT_OUTCOMES_ALLOWED,
                              filter.verdict);
    if (filter.slice != NULL && !is_slice(m, filter.slice))
        return command_refuse(call,
                              "aggregates: slice \"%.64s\": there is none of that name; \"slices\" "
                              "lists them",
                              filter.slice);
    page = json_array();
    for (uint32_t i = command_count(call, "from", 0); i < manager_n_aggregates(m); i++) {
        if (!manager_report(m, i, &report) || !matches(&report, &filter))
            continue;
        if (n_matching >= offset && n_matching - offset < count)
            json_array_append_new(page, report_aggregate(m, i, call->operations->clock, drops));
        n_matching++;
    }
    return json_pack("{s:I, s:I, s:o}", "total", (json_int_t)n_matching, "offset",
                     (json_int_t)offset, "aggregates", page);
}

struct latest {
    uint32_t aggregate;
    uint64_t verdict_ns;
};

/* Keeps the `most` latest ones, latest first. Returns how many there are then. */
static uint32_t keep_latest(struct latest *kept, uint32_t n, uint32_t most, struct latest one)
{
    uint32_t at = n < most ? n : most;

    while (at > 0 && kept[at - 1].verdict_ns < one.verdict_ns) {
        if (at < most)
            kept[at] = kept[at - 1];
        at--;
    }
    if (at < most)
        kept[at] = one;
    return n < most ? n + 1 : n;
}

json_t *command_run_verdicts(struct command_call *call)
{
    const struct manager *m = call->operations->manager;
    uint32_t most = command_count(call, "count", 20), n = 0;
    struct latest kept[VERDICTS_MOST];
    struct aggregate_report report;
    json_t *list = json_array();

    for (uint32_t next = 0; most > 0 && manager_next_report(m, &next, &report);)
        if (report.verdict_ns != 0)
            n = keep_latest(kept, n, most, (struct latest){report.aggregate, report.verdict_ns});
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(
            list, report_aggregate(m, kept[i].aggregate, call->operations->clock, false));
    return list;
}

json_t *command_run_aggregate(struct command_call *call)
{
    uint32_t aggregate;

    if (!command_aggregate(call, &aggregate))
        return NULL;
    return report_aggregate(call->operations->manager, aggregate, call->operations->clock, true);
}

json_t *command_run_test_start(struct command_call *call)
{
    struct test_request request = {.cause = TEST_BY_COMMAND, .label = command_text(call, "label")};
    const char *trouble = request.label != NULL ? test_label_trouble(request.label) : NULL;
    char words[TEST_REFUSAL_BYTES];
    uint32_t aggregate;
    int error;

    if (trouble != NULL)
        return command_refuse(call, "test start: label \"%.64s\" %s", request.label, trouble);
    if (!command_aggregate(call, &aggregate))
        return NULL;
    error = manager_test_start(call->operations->manager, aggregate, &request, call->now_ns);
    if (error != 0)
        return command_refuse(
            call, "test start: aggregate %u: %s", aggregate,
            manager_test_refusal(call->operations->manager, error, call->now_ns, words));
    call->watch = command_switch(call, "watch");
    return json_pack("{s:I, s:s}", "aggregate", (json_int_t)aggregate, "test", "started");
}

json_t *command_run_test_stop(struct command_call *call)
{
    uint32_t aggregate;
    int error;

    if (!command_aggregate(call, &aggregate))
        return NULL;
    error = manager_test_stop(call->operations->manager, aggregate, REASON_STOPPED, call->now_ns);
    if (error != 0)
        return command_refuse(call, "test stop: aggregate %u: %s", aggregate,
                              words_of(stop_refusals, ARRAY_LENGTH(stop_refusals), error));
    return json_pack("{s:I, s:s}", "aggregate", (json_int_t)aggregate, "test", "stopped");
}

json_t *command_state_test(struct command_call *call)
{
    struct aggregate_report report;
    uint32_t aggregate;

    if (!command_aggregate(call, &aggregate) ||
        !manager_report(call->operations->manager, aggregate, &report))
        return NULL;
    return json_pack("{s:s}", "state", test_state_name(report.state));
}

json_t *command_state_kill_switch(struct command_call *call)
{
    return json_pack("{s:b}", "kill_switch", (int)manager_kill_switch(call->operations->manager));
}

json_t *command_run_kill_switch(struct command_call *call)
{
    bool on = command_switch(call, "on");

    manager_set_kill_switch(call->operations->manager, on, call->now_ns);
    return json_pack("{s:b}", "kill_switch", (int)on);
}

json_t *command_run_watch(struct command_call *call)
{
    call->watch = true;
    return json_pack("{s:b}", "watching", 1);
}
