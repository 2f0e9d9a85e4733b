/* SPDX-License-Identifier: BSD-3-Clause */
/* Why not one segment was dropped: read off what came instead. */
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "manager/internal.h"

enum test_reason test_reason_of_untested(const struct manager *m, const struct test *t)
{
    const struct aggregate_counters *c = &t->counts;
    uint64_t n_data = c->segments + c->unarmed + c->jumps, n_units = 0;

    for (unsigned int k = 0; t->units != NULL && k < UNIT_N_KINDS; k++)
        n_units += t->units->counts[k].seen;
    if (n_units > 0)
        return REASON_NO_DROP;
    if ((t->parameters.units & TEST_UNITS_DATA) == 0 && (c->packets > 0 || c->not_tcp > 0))
        return REASON_NO_UNITS;
    if (c->packets == 0) {
        if (c->not_tcp == 0 && c->fragments == 0 && c->unreadable == 0)
            return REASON_NO_TRAFFIC;
        if (c->not_tcp >= c->fragments && c->not_tcp >= c->unreadable)
            return REASON_NO_TCP;
        return c->fragments >= c->unreadable ? REASON_FRAGMENTS : REASON_UNREADABLE;
    }
    if (2 * c->checksums_wrong > c->checksums_sampled && c->segments == 0)
        return REASON_CHECKSUMS;
    if (c->packets == c->control_packets)
        return REASON_NO_CONNECTIONS;
    if (n_data == 0)
        return REASON_ONLY_ACKS;
    if (c->segments == 0)
        return REASON_FLOWS_TOO_YOUNG;
    /* Not even where drops are allowed. */
    if (c->spared > 0 && c->spared == c->in_order)
        return REASON_PROTECTED;
    /* Where drops are not allowed, no coin is thrown. */
    return c->droppable == 0 && !m->kill_switch && !m->suspended ? REASON_PROTECTED
                                                                 : REASON_NO_DROP;
}

bool test_reason_is_of_untested(enum test_reason reason)
{
    return reason >= REASON_NO_TRAFFIC;
}

const char *aggregate_report_reason_text(const struct aggregate_report *r,
                                         char out[TEST_REASON_TEXT_BYTES])
{
    const struct aggregate_counters *c = &r->test;
    char spared[80] = "";

    if (c->spared > 0)
        snprintf(spared, sizeof(spared), ", %" PRIu64 " segments of flows that never_drop spares",
                 c->spared);
    if (!test_reason_is_of_untested(r->reason))
        snprintf(out, TEST_REASON_TEXT_BYTES, "%s", test_reason_words(r->reason));
    else
        snprintf(out, TEST_REASON_TEXT_BYTES,
                 "%s Since the test began: %" PRIu64 " TCP packets, %" PRIu64
                 " of other protocols, %" PRIu64 " fragments%s.",
                 test_reason_words(r->reason), c->packets, c->not_tcp, c->fragments, spared);
    return out;
}

bool test_is_without_drops(const struct manager *m, const struct test *t)
{
    return t->state == TEST_POOLED && test_n_dropped(t) == 0 &&
           m->now_ns - t->started_ns >= UNTESTED_AFTER_NS;
}

void test_tell_untested(struct manager *m, struct aggregate_state *a)
{
    struct test *t = &a->test;

    if (t->told_untested || !test_is_without_drops(m, t) ||
        test_reason_of_untested(m, t) == REASON_NO_TRAFFIC)
        return;
    t->told_untested = true;
    manager_emit(m, EVENT_NOTHING_TESTED, a->number, NULL, NULL);
}
