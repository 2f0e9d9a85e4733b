/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling whoever listens: below all that have something to tell. */
#include "manager/internal.h"

void manager_emit(const struct manager *m, enum manager_event_kind kind, uint32_t aggregate,
                  const struct drop_record *drop, const char *text)
{
    const struct manager_event event = {
        .kind = kind, .time_ns = m->now_ns, .aggregate = aggregate, .drop = drop, .text = text};

    if (m->config.on_event != NULL)
        m->config.on_event(m->config.event_context, &event);
}

void manager_emit_stall(const struct manager *m, uint16_t thread, uint64_t ended_ns,
                        uint64_t duration_ns)
{
    const struct manager_event event = {.kind = EVENT_STALL,
                                        .time_ns = ended_ns,
                                        .aggregate = AGGREGATE_NONE,
                                        .worker = thread,
                                        .duration_ns = duration_ns};

    if (m->config.on_event != NULL)
        m->config.on_event(m->config.event_context, &event);
}

void manager_emit_finding(const struct manager *m, enum manager_event_kind kind, uint32_t aggregate,
                          int finding)
{
    const struct manager_event event = {
        .kind = kind, .time_ns = m->now_ns, .aggregate = aggregate, .finding = finding};

    if (m->config.on_event != NULL)
        m->config.on_event(m->config.event_context, &event);
}
