/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory.h"

#include <rte_common.h>
#include <stdlib.h>

#include "base/time.h"
#include "counters.h"
#include "export/export.h"
#include "info/read.h"
#include "machine/machine.h"
#include "map/map.h"
#include "port/port.h"
#include "prefix/prefix.h"
#include "say.h"
#include "worker.h"

#define USUAL_DESCRIPTORS 2048
#define SPARE_EVENTS      4096
/* That the manager keeps, over all aggregates. */
#define DROP_RECORDS           65536
#define CONCURRENT_FLOW_PHASES 1024
/* Of one lcore: 10 Gbit/s of minimal frames. */
#define MOST_PACKETS_PER_S 14880952
#define MIB(bytes)         ((double)(bytes) / (1 << 20))

/* A worker's turn takes well below a millisecond. Two that share a CPU wait for each other for some
 * milliseconds; a receive queue at line rate is full after less than one. */
#define MAX_STALL_MS 100

struct engine_config memory_engine_config(const struct config *config)
{
    const struct config_instance *i = &config->instance;

    return (struct engine_config){
        .slices = config->slices,
        .n_slices = config->n_slices,
        .never_drop = &config->never_drop,
        .n_flows = i->flows_per_lcore,
        .admissions_per_second = i->flow_admissions_per_second,
        .n_pending_drops = i->max_pending_drops,
        .n_places = i->max_flow_places < UINT16_MAX ? i->max_flow_places : UINT16_MAX - 1,
        .max_manager_lateness_ms = i->max_manager_lateness_ms,
        .max_stall_ms = MAX_STALL_MS,
    };
}

/* An epoch cannot change more aggregates than a worker takes packets in it. */
uint32_t memory_n_messages(const struct config *config)
{
    const struct config_instance *i = &config->instance;
    uint64_t n_changed = (uint64_t)MOST_PACKETS_PER_S * i->epoch_ms / MS_PER_S;

    if (n_changed > i->max_aggregates)
        n_changed = i->max_aggregates;
    return (uint32_t)n_changed + i->max_flow_places + SPARE_EVENTS;
}

static uint64_t responding_bytes(const struct config *config)
{
    return config->n_responders > 0 ? sizeof(struct responding) : 0;
}

uint32_t memory_n_sticky_flows(const struct config *config)
{
    return rte_align32pow2(config->instance.sticky_flows_per_lcore);
}

uint64_t memory_sticky_bytes(const struct config *config)
{
    for (uint32_t i = 0; i < config->n_services; i++)
        if (config->services[i].sticky)
            return service_memory_bytes(memory_n_sticky_flows(config));
    return 0;
}

/* Tables of keys, and the counters of workers. */
static uint64_t machines_memory_bytes(const struct config *config, uint32_t n_workers)
{
    uint64_t n_bytes = 0;

    for (uint32_t i = 0; i < config->n_machines; i++) {
        struct machine_program *p = machine_compile(&config->machines[i]);

        if (p == NULL)
            continue;
        n_bytes += machine_table_memory_bytes(p) + n_workers * machine_lane_memory_bytes(p);
        machine_program_free(p);
    }
    return n_bytes;
}

static void expect_ports(const struct config *config, const struct places *places,
                         struct port ports[CONFIG_MAX_PORTS])
{
    for (uint32_t i = 0; i < config->n_ports; i++) {
        const struct config_port *c = &config->ports[i];
        uint32_t rx = c->rx_descriptors > 0 ? c->rx_descriptors : USUAL_DESCRIPTORS;
        uint32_t tx = c->tx_descriptors > 0 ? c->tx_descriptors : USUAL_DESCRIPTORS;

        ports[i].config = c;
        ports[i].socket = places->port_nodes[i];
        ports[i].is_kernel_interface = config_device_kind(c->device) == PORT_DEVICE_INTERFACE;
        ports[i].n_rx_queues =
            (uint16_t)(c->queues > places->n_workers ? c->queues : places->n_workers);
        ports[i].n_tx_queues = ports[i].n_rx_queues;
        ports[i].n_rx_descriptors = (uint16_t)rx;
        ports[i].n_tx_descriptors = (uint16_t)tx;
    }
}

/* A pool for each node that has ports; packets of each lie in the transmit rings of all. */
static void estimate_packets(const struct config *config, const struct places *places,
                             struct memory_budget *b)
{
    struct port ports[CONFIG_MAX_PORTS] = {0};
    bool done[HUGEPAGES_MAX_NODES] = {false};

    expect_ports(config, places, ports);
    for (uint32_t i = 0; i < config->n_ports; i++) {
        unsigned int node = places->port_nodes[i];
        uint64_t n_bytes;

        if (done[node])
            continue;
        done[node] = true;
        n_bytes = port_pool_memory_bytes(ports, config->n_ports, places->n_workers, (int)node);
        b->packets_bytes += n_bytes;
        b->node_bytes[node] += n_bytes;
    }
}

static void estimate_by_node(const struct places *places, struct memory_budget *b)
{
    bool has_workers[HUGEPAGES_MAX_NODES] = {false};

    for (uint32_t i = 0; i < places->n_workers; i++) {
        unsigned int node = places->worker_nodes[i];

        b->node_bytes[node] += b->engine_bytes + b->ring_bytes + b->other_bytes;
        if (has_workers[node])
            continue;
        has_workers[node] = true;
        b->n_sockets++;
        b->node_bytes[node] += b->prefixes_bytes;
    }
    b->node_bytes[places->manager_node] += b->aggregates_bytes + b->info_bytes;
}

struct manager_config memory_manager_config(const struct config *config, uint32_t n_workers,
                                            struct aggregate_table *aggregates)
{
    return (struct manager_config){
        .slices = config->slices,
        .n_slices = config->n_slices,
        .aggregates = aggregates,
        .n_workers = (uint16_t)n_workers,
        .epoch_ms = config->instance.epoch_ms,
        .n_drop_records = DROP_RECORDS,
        .n_concurrent_flow_phases = CONCURRENT_FLOW_PHASES,
        .max_own_loss_ratio = config->instance.max_own_loss_ratio,
        .may_shed = config->instance.shed_tracking,
        .max_drops_per_hour = config->instance.max_drops_per_hour,
        .max_tests_by_command = config->instance.max_tests_by_command,
        .max_stall_ms = config->instance.max_manager_lateness_ms,
    };
}

struct info_shape memory_info_shape(const struct config *config, uint32_t n_workers,
                                    uint32_t n_pools)
{
    return (struct info_shape){.n_workers = n_workers,
                               .n_ports = config->n_ports,
                               .n_pools = n_pools,
                               .n_slices = config->n_slices,
                               .n_aggregates_most = config->instance.max_aggregates};
}

/* With one pool of packet buffers: how many there are, is not known before EAL is up. */
static uint64_t info_memory_bytes(const struct config *config, uint32_t n_workers)
{
    struct info_shape shape = memory_info_shape(config, n_workers, 1);

    return info_bytes(&shape);
}

/* Engine and manager ask the table of aggregates for its capacity, so one is made for a moment. */
static void estimate_by_aggregates(const struct config *config, struct memory_budget *b)
{
    static const uint64_t no_secret[2] = {0, 0};
    struct engine_config engine = memory_engine_config(config);
    struct manager_config manager;
    uint32_t capacity = config->instance.max_aggregates;
    size_t n_bytes = aggregate_table_memory_bytes(capacity);
    void *memory = aligned_alloc(CACHE_LINE_BYTES, RTE_ALIGN_CEIL(n_bytes, CACHE_LINE_BYTES));

    engine.aggregates =
        memory != NULL ? aggregate_table_init(memory, n_bytes, capacity, no_secret) : NULL;
    if (engine.aggregates != NULL) {
        manager = memory_manager_config(config, b->n_workers, engine.aggregates);
        b->engine_bytes = engine_memory_bytes(&engine);
        b->manager_bytes = manager_memory_bytes(&manager);
        b->aggregates_bytes = n_bytes + ingress_table_memory_bytes(INGRESS_MOST) +
                              machines_memory_bytes(config, b->n_workers);
    }
    free(memory);
}

struct memory_budget memory_estimate(const struct config *config, const struct places *places)
{
    struct memory_budget b = {
        .n_workers = places->n_workers,
        .ring_bytes = export_ring_memory_bytes(memory_n_messages(config)),
        .other_bytes = sizeof(struct worker) + sizeof(struct worker_services) +
                       memory_sticky_bytes(config) + counters_worker_bytes(config) +
                       responding_bytes(config),
        .info_bytes = info_memory_bytes(config, places->n_workers),
        /* Those in force, and those of the generation that comes. */
        .prefixes_bytes = 2 * (prefix_table_memory_bytes(config->slices, config->n_slices) +
                               policy_services_bytes(config)),
    };

    if (config->map.entries > 0) {
        const struct map_memory map = map_memory_bytes(config->map.entries, places->n_workers);

        b.map_bytes = map.workers + map.manager;
    }
    estimate_by_aggregates(config, &b);
    b.aggregates_bytes += counters_shared_bytes(config);
    b.manager_bytes += counters_manager_bytes(config);
    estimate_packets(config, places, &b);
    estimate_by_node(places, &b);
    return b;
}

uint64_t memory_eal_bytes(const struct memory_budget *b)
{
    return b->n_workers * (b->engine_bytes + b->ring_bytes + b->other_bytes) + b->packets_bytes +
           b->n_sockets * b->prefixes_bytes + b->aggregates_bytes + b->info_bytes;
}

uint64_t memory_total_bytes(const struct memory_budget *b)
{
    return memory_eal_bytes(b) + b->manager_bytes + b->map_bytes;
}

void memory_say(const struct memory_budget *b)
{
    say_info("memory: %.1f MiB for each of %u workers (flows, drops and counters %.1f, messages "
             "%.1f), packets %.1f, prefixes %.1f for each of %u NUMA nodes, aggregates and manager "
             "%.1f, what pennyline-info reads %.1f, the map %.1f; in all %.1f MiB",
             MIB(b->engine_bytes + b->ring_bytes + b->other_bytes), b->n_workers,
             MIB(b->engine_bytes), MIB(b->ring_bytes), MIB(b->packets_bytes),
             MIB(b->prefixes_bytes), b->n_sockets, MIB(b->aggregates_bytes + b->manager_bytes),
             MIB(b->info_bytes), MIB(b->map_bytes), MIB(memory_total_bytes(b)));
}

struct info_memory memory_of_budget(const struct memory_budget *b)
{
    return (struct info_memory){.n_workers = b->n_workers,
                                .worker_engine_bytes = b->engine_bytes,
                                .worker_ring_bytes = b->ring_bytes,
                                .packets_bytes = b->packets_bytes,
                                .prefixes_bytes = b->n_sockets * b->prefixes_bytes,
                                .aggregates_and_manager_bytes =
                                    b->aggregates_bytes + b->manager_bytes + b->map_bytes,
                                .info_bytes = b->info_bytes,
                                .total_bytes = memory_total_bytes(b)};
}

json_t *memory_to_json(const struct memory_budget *b)
{
    struct info_memory m = memory_of_budget(b);

    return info_memory_json(&m);
}
