/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-info/print.h"

#include <string.h>

#include "common/aggregates.h"
#include "common/table.h"

static void lost_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.0f",
             json_number_at(row, "lost_tx_full") + json_number_at(row, "lost_no_headroom") +
                 json_number_at(row, "lost_cut") + json_number_at(row, "device_counters.missed") +
                 json_number_at(row, "device_counters.no_buffer"));
}

static const struct column port_columns[] = {
    {"port", "name", NULL, true},
    {"driver", "driver", NULL, true},
    {"role", "role", NULL, true},
    {"link", "link_up", NULL, true},
    {"queues", "rx_queues", NULL, false},
    {"received", "rx_packets", NULL, false},
    {"forwarded", "forwarded", NULL, false},
    {"sent", "tx_packets", NULL, false},
    {"dropped", "dropped", NULL, false},
    {"lost", NULL, lost_cell, false},
    {"errors", "device_counters.rx_errors", NULL, false},
    {"device", "device", NULL, true},
    {0},
};

static void share_cell(const json_t *row, const char *key, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.1f %%", 100 * json_number_at(row, key));
}

static void busy_cell(const json_t *row, char out[CELL_BYTES])
{
    share_cell(row, "load.recent.busy_share", out);
}

static void rate_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.0f", json_number_at(row, "load.recent.packets_per_second"));
}

static void cycles_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.1f", json_number_at(row, "load.recent.cycles_per_packet"));
}

static void fill_cell(const json_t *row, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%.1f", json_number_at(row, "load.recent.packets_per_burst"));
}

/* Bursts that were full, of all since the start: more was waiting. */
static void full_cell(const json_t *row, char out[CELL_BYTES])
{
    double n = json_number_at(row, "load.bursts");

    snprintf(out, CELL_BYTES, "%.1f %%",
             n > 0 ? 100 * json_number_at(row, "load.bursts_by_packets.64") / n : 0);
}

/* Sampled, so since the start: a short interval may hold no sample. */
static void stage_cell(const json_t *row, const char *stage, char out[CELL_BYTES])
{
    double n = json_number_at(row, "load.sampled_packets");
    char key[64];

    snprintf(key, sizeof(key), "load.stage_cycles.%s", stage);
    if (n > 0)
        snprintf(out, CELL_BYTES, "%.0f", json_number_at(row, key) / n);
    else
        snprintf(out, CELL_BYTES, "-");
}

static void receive_cell(const json_t *row, char out[CELL_BYTES])
{
    stage_cell(row, "receive", out);
}

static void classify_cell(const json_t *row, char out[CELL_BYTES])
{
    stage_cell(row, "parse_classify", out);
}

static void engine_cell(const json_t *row, char out[CELL_BYTES])
{
    stage_cell(row, "lookup_engine", out);
}

static void transmit_cell(const json_t *row, char out[CELL_BYTES])
{
    stage_cell(row, "transmit", out);
}

static const struct column lcore_columns[] = {
    {"lcore", "lcore", NULL, false},
    {"received", "counters.rx_packets", NULL, false},
    {"sent", "counters.tx_packets", NULL, false},
    {"dropped", "counters.dropped", NULL, false},
    {"packets/s", NULL, rate_cell, false},
    {"busy", NULL, busy_cell, false},
    {"cycles/packet", NULL, cycles_cell, false},
    {"packets/burst", NULL, fill_cell, false},
    {"full bursts", NULL, full_cell, false},
    {"receive", NULL, receive_cell, false},
    {"parse", NULL, classify_cell, false},
    {"engine", NULL, engine_cell, false},
    {"transmit", NULL, transmit_cell, false},
    {0},
};

static void occupancy_cell(const json_t *row, char out[CELL_BYTES])
{
    double most = json_number_at(row, "most");

    snprintf(out, CELL_BYTES, "%.1f %%", most > 0 ? 100 * json_number_at(row, "now") / most : 0);
}

static void refused_cell(const json_t *row, char out[CELL_BYTES])
{
    const json_t *admissions = json_object_get(row, "admissions");
    const char *name;
    json_t *n;
    double sum = 0;

    json_object_foreach ((json_t *)admissions, name, n)
        if (strncmp(name, "refused", strlen("refused")) == 0)
            sum += json_number_value(n);
    snprintf(out, CELL_BYTES, "%.0f", sum);
}

static const struct column flow_columns[] = {
    {"lcore", "lcore", NULL, false},
    {"flows", "now", NULL, false},
    {"room", "most", NULL, false},
    {"full", NULL, occupancy_cell, false},
    {"admitted", "admissions.admitted", NULL, false},
    {"refused", NULL, refused_cell, false},
    {"evicted SYN only", "evicted_syn_only", NULL, false},
    {"evicted idle", "evicted_idle", NULL, false},
    {"aged", "aged", NULL, false},
    {"removed", "removed", NULL, false},
    {0},
};

static const struct column ring_columns[] = {
    {"ring", "ring", NULL, true},
    {"lcore", "lcore", NULL, false},
    {"waiting", "waiting", NULL, false},
    {"capacity", "capacity", NULL, false},
    {0},
};

static const struct column pool_columns[] = {
    {"packet buffers", "pool", NULL, true},
    {"in all", "buffers", NULL, false},
    {"available", "available", NULL, false},
    {0},
};

static void prefixes_cell(const json_t *row, char out[CELL_BYTES])
{
    json_t *sources = json_object_get(row, "sources");
    const char *first = json_string_value(json_array_get(sources, 0));
    double more = json_number_at(row, "n_sources") - 1;

    if (more > 0)
        snprintf(out, CELL_BYTES, "%.80s and %.0f more", first, more);
    else
        snprintf(out, CELL_BYTES, "%.80s", first != NULL ? first : "-");
}

static void verdicts_cell(const json_t *row, char out[CELL_BYTES])
{
    const char *name, *comma = "";
    json_t *n;
    size_t at = 0;

    snprintf(out, CELL_BYTES, "-");
    json_object_foreach (json_object_get(row, "verdicts"), name, n) {
        if (at < CELL_BYTES)
            at += (size_t)snprintf(out + at, CELL_BYTES - at, "%s%lld %s", comma,
                                   (long long)json_integer_value(n), name);
        comma = ", ";
    }
}

static const struct column slice_columns[] = {
    {"slice", "slice", NULL, true},
    {"mode", "mode", NULL, true},
    {"start", "start", NULL, true},
    {"sources", NULL, prefixes_cell, true},
    {"aggregates", "aggregates", NULL, false},
    {"verdicts", NULL, verdicts_cell, true},
    {0},
};

void print_ports(FILE *out, const json_t *ports)
{
    table_print(out, port_columns, ports);
}

void print_lcores(FILE *out, const json_t *lcores)
{
    table_print(out, lcore_columns, lcores);
}

void print_flows(FILE *out, const json_t *flows)
{
    table_print(out, flow_columns, flows);
}

void print_rings(FILE *out, const json_t *rings)
{
    table_print(out, ring_columns, rings);
}

static void print_use(FILE *out, const char *title, const json_t *use, const char *now,
                      const char *most)
{
    fprintf(out, "%-36s  %10.0f of %.0f\n", title, json_number_at(use, now),
            json_number_at(use, most));
}

void print_memory(FILE *out, const json_t *memory)
{
    static const struct {
        const char *title, *key;
    } rows[] = {
        {"each worker: flows, drops, counters", "worker_engine_bytes"},
        {"each worker: messages", "worker_ring_bytes"},
        {"packet buffers", "packets_bytes"},
        {"prefixes", "prefixes_bytes"},
        {"aggregates and manager", "aggregates_and_manager_bytes"},
        {"what pennyline-info reads", "info_bytes"},
        {"in all", "total_bytes"},
        {"DPDK's heap", "heap_bytes"},
        {"of it in use", "heap_used_bytes"},
    };

    fprintf(out, "%-36s  %10.0f\n", "workers", json_number_at(memory, "workers"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        fprintf(out, "%-36s  %10.1f MiB\n", rows[i].title,
                json_number_at(memory, rows[i].key) / (1 << 20));
    print_use(out, "flows", json_object_get(memory, "use"), "flows", "flows_most");
    print_use(out, "aggregates", json_object_get(memory, "use"), "aggregates", "aggregates_most");
    fprintf(out, "\n");
    table_print(out, pool_columns, json_object_get(memory, "pools"));
}

void print_slices(FILE *out, const json_t *slices)
{
    table_print(out, slice_columns, slices);
}

void print_aggregates(FILE *out, const json_t *page)
{
    const json_t *rows = json_object_get(page, "aggregates");
    size_t n = json_array_size(rows);
    double total = json_number_at(page, "total"), offset = json_number_at(page, "offset");

    aggregates_print(out, rows);
    if (n == 0)
        fprintf(out, "none shown, of %.0f\n", total);
    else if (offset + (double)n < total || offset > 0)
        fprintf(out, "%.0f to %.0f of %.0f; --offset and --count show others, --count 0 all\n",
                offset + 1, offset + (double)n, total);
}

static void print_counts(FILE *out, const char *title, const json_t *counts)
{
    const char *name, *comma = "";
    json_t *n;

    fprintf(out, "%-11s", title);
    json_object_foreach ((json_t *)counts, name, n) {
        fprintf(out, "%s%lld %s", comma, (long long)json_integer_value(n), name);
        comma = ", ";
    }
    fprintf(out, "%s\n", *comma == '\0' ? "none" : "");
}

void print_overview(FILE *out, const json_t *o)
{
    const json_t *box = json_object_get(o, "box");
    const char *suspended = json_string_value(json_object_get(box, "suspended"));
    char text[CELL_BYTES];

    fprintf(out, "%-11s%s, pennyline ", "instance", json_text_at(box, "instance", text));
    fprintf(out, "%s, up %.0f s\n", json_text_at(box, "version", text),
            json_number_at(box, "uptime_s"));
    fprintf(out, "%-11s%s%s\n", "drops",
            json_is_true(json_object_get(box, "kill_switch")) ? "none: the kill switch is on"
            : suspended != NULL                               ? "suspended: "
                                                              : "allowed",
            suspended != NULL ? suspended : "");
    print_counts(out, "verdicts", json_object_get(o, "verdicts"));
    print_counts(out, "tests", json_object_get(o, "tests"));
    fprintf(out, "\n");
    print_ports(out, json_object_get(o, "ports"));
    fprintf(out, "\n");
    print_lcores(out, json_object_get(o, "lcores"));
    fprintf(out, "\n");
    print_rings(out, json_object_get(o, "rings"));
}
