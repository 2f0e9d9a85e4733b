/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "packet/packet.h"

static const char document[] =
    "{\"instance\": {\"max_aggregates\": 64}, \"slices\": ["
    "{\"name\": \"edge\", \"sources\": [\"192.0.2.0/24\"],"
    " \"mode\": \"active\", \"start\": \"manual\"},"
    "{\"name\": \"lab\", \"sources\": [\"198.51.100.0/24\"],"
    " \"ports\": {\"destination\": [443, \"8000-8100\"]},"
    " \"mode\": \"active\", \"start\": \"manual\"},"
    "{\"name\": \"mirror\", \"sources\": [\"2001:db8::/32\"], \"mode\": \"passive\"},"
    "{\"name\": \"twice\", \"sources\": [\"203.0.113.0/25\", \"203.0.113.128/25\"],"
    " \"mode\": \"active\", \"start\": \"manual\"}]}";

static struct worker_counters counters = {.rx_packets = 7, .tx_packets = 6, .dropped = 1};
static struct flow_table_counters flows = {.n_flows = 3};
static struct worker_load load = {
    .packets = 7, .turns = {{90, 900}, {2, 2100}}, .bursts = {0, 1, 1}};
static struct load_rates rates = {.seconds = 1, .busy_share = 0.7};
static uint64_t reasons[PACKET_N_REASONS] = {[PACKET_TCP] = 5, [PACKET_NOT_IP] = 2};

static bool worker(void *context, unsigned int i, struct report_worker *out)
{
    (void)context;
    if (i > 0)
        return false;
    *out = (struct report_worker){
        .lcore = 1,
        .counters = &counters,
        .packet_reasons = reasons,
        .flows = &flows,
        .n_flows_max = 1024,
        .load = &load,
        .rates = &rates,
        .tsc_hz = 1000,
    };
    return true;
}

static json_t *ports(void *context)
{
    (void)context;
    return json_pack("[{s:s}]", "name", "west");
}

static void drain(void *context, uint32_t timeout_s, uint64_t now_ns)
{
    struct world *w = context;

    w->is_draining = true;
    w->drain_timeout_s = timeout_s;
    manager_drain(w->operations.manager, now_ns);
}

static json_t *drain_state(void *context, uint64_t now_ns)
{
    const struct world *w = context;

    (void)now_ns;
    if (!w->is_draining)
        return NULL;
    return json_pack("{s:f, s:o, s:f}", "for_s", 0.0, "ends_within_s",
                     w->drain_timeout_s == UINT32_MAX ? json_null()
                                                      : json_integer(w->drain_timeout_s),
                     "quiet_s", 0.0);
}

static const struct report_clock the_clock;

const struct control_peer world_operator = {
    .may_operate = true, .way = "test", .user = 7, .process = 70};

static void count_event(void *context, const struct manager_event *event)
{
    struct world *w = context;

    (void)event;
    w->n_events++;
}

int world_open(struct world *w)
{
    const uint64_t secret[2] = {1, 2};
    struct config_error error;
    size_t n = aggregate_table_memory_bytes(64);

    *w = (struct world){.now_ns = NS_PER_S};
    w->memory = aligned_alloc(CACHE_LINE_BYTES, (n + 63) / 64 * 64);
    w->gate = aligned_alloc(CACHE_LINE_BYTES, sizeof(*w->gate));
    if (config_load_text(document, &w->config, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return -1;
    }
    if (w->memory == NULL || w->gate == NULL)
        return -1;
    memset(w->gate, 0, sizeof(*w->gate));
    w->operations = (struct control_operations){
        .manager = manager_create(&(struct manager_config){
            .slices = w->config->slices,
            .n_slices = w->config->n_slices,
            .aggregates = aggregate_table_init(w->memory, n, 64, secret),
            .gate = w->gate,
            .n_workers = 1,
            .epoch_ms = 10,
            .n_drop_records = 64,
            .n_concurrent_flow_phases = 4,
            .max_own_loss_ratio = 0.001,
            .max_tests_by_command = w->config->instance.max_tests_by_command,
            .on_event = count_event,
            .event_context = w,
        }),
        .instance = "test",
        .clock = &the_clock,
        .worker = worker,
        .ports = ports,
        .context = w,
        .drain = drain,
        .drain_state = drain_state,
    };
    world_run(w, 2);
    return w->operations.manager != NULL ? 0 : -1;
}

void world_run(struct world *w, unsigned int n_epochs)
{
    for (unsigned int i = 0; i < n_epochs; i++) {
        struct message mark = {.kind = MESSAGE_EPOCH};

        w->now_ns += 10 * NS_PER_MS;
        manager_tick(w->operations.manager, w->now_ns);
        mark.epoch.epoch = manager_epoch(w->operations.manager);
        manager_receive(w->operations.manager, &mark);
    }
}

void world_close(struct world *w)
{
    manager_destroy(w->operations.manager);
    config_free(w->config);
    free(w->memory);
    free(w->gate);
}
