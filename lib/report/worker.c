/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>

#include "packet/packet.h"
#include "report/report.h"

static json_t *counters_json(const void *counters, const struct counter_row *rows, size_t n)
{
    json_t *out = json_object();

    for (size_t i = 0; i < n; i++)
        json_object_set_new(out, rows[i].name,
                            json_integer((json_int_t)counter_value(counters, &rows[i])));
    return out;
}

/* Reasons that never occurred say nothing. */
static json_t *reasons_json(const uint64_t *reasons)
{
    json_t *out = json_object();

    for (int i = 0; i < PACKET_N_REASONS; i++)
        if (reasons[i] != 0)
            json_object_set_new(out, packet_reason_name((enum packet_reason)i),
                                json_integer((json_int_t)reasons[i]));
    return out;
}

/* Nor do stages that saw nothing. */
static json_t *stages_json(const struct stage_counters *stages)
{
    json_t *out = json_object();

    for (int i = 0; i < N_STAGES; i++)
        if (stages[i].packets != 0)
            json_object_set_new(
                out, stage_name((enum port_stage)i),
                counters_json(&stages[i], stage_counter_rows, n_stage_counter_rows));
    return out;
}

static json_t *flows_json(const struct report_worker *w)
{
    const struct flow_table_counters *f = w->flows;
    json_t *admissions = json_object();

    for (int i = 0; i < FLOW_N_ADMISSIONS; i++)
        json_object_set_new(admissions, flow_admission_name((enum flow_admission)i),
                            json_integer((json_int_t)f->admissions[i]));
    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:I}", "now", (json_int_t)f->n_flows, "most",
                     (json_int_t)w->n_flows_max, "admissions", admissions, "evicted_syn_only",
                     (json_int_t)f->evicted_syn_only, "evicted_idle", (json_int_t)f->evicted_idle,
                     "aged", (json_int_t)f->aged, "removed", (json_int_t)f->removed);
}

static json_t *rates_json(const struct load_rates *r)
{
    json_t *stages = json_object();

    for (int i = 0; i < LOAD_N_STAGES; i++)
        json_object_set_new(stages, load_stage_name((enum load_stage)i),
                            isnan(r->stage_cycles_per_packet[i])
                                ? json_null()
                                : json_real(r->stage_cycles_per_packet[i]));
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:o}", "seconds", r->seconds, "packets_per_second",
                     r->packets_per_second, "busy_share", r->busy_share, "cycles_per_packet",
                     r->cycles_per_packet, "packets_per_burst", r->packets_per_burst,
                     "stage_cycles_per_packet", stages);
}

/* Under the least packets of each range: telemetry takes no "2-3". */
static json_t *fills_json(const struct worker_load *load)
{
    json_t *out = json_object();
    char name[12];

    for (unsigned int i = 0; i < LOAD_N_FILLS; i++) {
        snprintf(name, sizeof(name), "%u", load_fill_least(i));
        json_object_set_new(out, name, json_integer((json_int_t)load->bursts[i]));
    }
    return out;
}

/* All since the start, but "recent". */
static json_t *load_json(const struct report_worker *w)
{
    const struct worker_load *l = w->load;
    json_t *stages = json_object();

    for (int i = 0; i < LOAD_N_STAGES; i++)
        json_object_set_new(stages, load_stage_name((enum load_stage)i),
                            json_integer((json_int_t)l->stage_cycles[i]));
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I, s:o}",
        "tsc_hz", (json_int_t)w->tsc_hz, "packets", (json_int_t)l->packets, "busy_turns",
        (json_int_t)l->turns[1].n, "busy_cycles", (json_int_t)l->turns[1].cycles, "idle_turns",
        (json_int_t)l->turns[0].n, "idle_cycles", (json_int_t)l->turns[0].cycles, "bursts",
        (json_int_t)load_n_bursts(l), "bursts_by_packets", fills_json(l), "stage_cycles", stages,
        "sampled_bursts", (json_int_t)l->sampled_bursts, "sampled_packets",
        (json_int_t)l->sampled_packets, "long_turns", (json_int_t)l->long_turns.n,
        "long_turn_cycles", (json_int_t)l->long_turns.cycles, "reload_turns",
        (json_int_t)l->reload_turns.n, "reload_turn_cycles", (json_int_t)l->reload_turns.cycles,
        "longest_reload_turn_cycles", (json_int_t)l->longest_reload_turn_cycles, "recent",
        w->rates != NULL ? rates_json(w->rates) : json_null());
}

json_t *report_worker_json(unsigned int i, const struct report_worker *w)
{
    json_t *out = json_pack("{s:I, s:I}", "worker", (json_int_t)i, "lcore", (json_int_t)w->lcore);

    if (w->counters != NULL)
        json_object_set_new(out, "counters",
                            counters_json(w->counters, worker_counter_rows, n_worker_counter_rows));
    if (w->packet_reasons != NULL)
        json_object_set_new(out, "packet_reasons", reasons_json(w->packet_reasons));
    if (w->flows != NULL)
        json_object_set_new(out, "flows", flows_json(w));
    if (w->stages != NULL)
        json_object_set_new(out, "stages", stages_json(w->stages));
    if (w->load != NULL)
        json_object_set_new(out, "load", load_json(w));
    if (w->stalled != NULL)
        json_object_set_new(out, "stalled",
                            w->stalled[0] != '\0' ? json_string(w->stalled) : json_null());
    return out;
}
