/* SPDX-License-Identifier: BSD-3-Clause */
#include "inspect.h"

#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <rte_memzone.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "info/publish.h"
#include "info/read.h"
#include "manager/manager.h"
#include "say.h"

/* base/time.h does not go together with DPDK's headers of memory. */
#define INTERVAL_NS            UINT64_C(100000000)
#define ROUND_NS               UINT64_C(250000000) /* in which each aggregate has its turn */
#define MOST_SLICES_A_TURN     128
#define MOST_AGGREGATES_A_TURN 512 /* each takes about 0.3 us */

static uint32_t n_pools(const struct appliance *a)
{
    uint32_t n = 0;

    for (uint32_t s = 0; s < RTE_MAX_NUMA_NODES; s++)
        n += a->pools[s] != NULL;
    return n;
}

static void set_workers(const struct appliance *a)
{
    rte_cpuset_t cpus;

    for (uint32_t i = 0; i < a->n_workers; i++) {
        const struct worker *w = a->workers[i];
        struct info_worker out = {.number = w->number,
                                  .lcore = w->lcore,
                                  .n_flows_most = a->config->instance.flows_per_lcore,
                                  .counters = w->counters,
                                  .flows = engine_flow_counters(w->engine),
                                  .packet_reasons = w->packet_reasons,
                                  .stages = w->stages,
                                  .load = &w->load,
                                  .rates = &w->rates,
                                  .ports = w->ports,
                                  .ring = w->ring};

        static_assert(sizeof(out.cpus) == sizeof(cpu_set_t), "as many CPUs as sched.h knows");
        cpus = rte_lcore_cpuset(w->lcore);
        memcpy(out.cpus, &cpus, sizeof(out.cpus));
        info_set_worker(a->info, i, &out);
    }
}

static void write_ports(const struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_ports; i++) {
        const struct port *p = &a->ports[i];
        struct info_port out = {.is_mirror = p->config->role == PORT_ROLE_MIRROR,
                                .link_up = p->link_up,
                                .n_rx_queues = p->n_rx_queues,
                                .n_tx_queues = p->n_tx_queues};

        snprintf(out.name, sizeof(out.name), "%s", p->config->name);
        snprintf(out.device, sizeof(out.device), "%s", p->config->device);
        snprintf(out.driver, sizeof(out.driver), "%s", port_driver_name(p));
        out.has_counted = port_read_statistics(p, &out.counted) == 0;
        info_write_port(a->info, i, &out);
    }
}

static bool read_pool(const struct appliance *a, uint32_t socket, struct info_pool *out)
{
    const struct rte_mempool *pool = a->pools[socket];

    if (pool == NULL)
        return false;
    *out = (struct info_pool){.n = pool->size, .n_available = rte_mempool_avail_count(pool)};
    snprintf(out->name, sizeof(out->name), "%s", pool->name);
    return true;
}

static void write_pools(const struct appliance *a)
{
    struct info_pool out;
    uint32_t n = 0;

    for (uint32_t s = 0; s < RTE_MAX_NUMA_NODES; s++)
        if (read_pool(a, s, &out))
            info_write_pool(a->info, n++, &out);
}

static struct info_use use_of(const struct appliance *a)
{
    const struct config_instance *i = &a->config->instance;
    struct info_use use = {.n_flows_most = (uint64_t)a->n_workers * i->flows_per_lcore,
                           .n_aggregates = manager_n_live_aggregates(a->manager),
                           .n_aggregates_most = i->max_aggregates};

    for (uint32_t w = 0; w < a->n_workers; w++)
        use.n_flows += engine_flow_counters(a->workers[w]->engine)->n_flows;
    return use;
}

json_t *inspect_memory_json(const struct appliance *a)
{
    json_t *out = memory_to_json(&a->memory), *pools = json_array();
    struct info_use use = use_of(a);
    struct info_pool pool;

    if (a->info != NULL) {
        json_decref(out);
        out = info_memory_json(&a->info->memory);
    }
    for (uint32_t s = 0; s < RTE_MAX_NUMA_NODES; s++)
        if (read_pool(a, s, &pool))
            json_array_append_new(pools, info_pool_json(&pool));
    json_object_set_new(out, "pools", pools);
    json_object_set_new(out, "use", info_use_json(&use));
    return out;
}

static void write_box(struct appliance *a, uint64_t now_ns)
{
    const char *suspended = manager_suspended(a->manager);
    struct info_box out = {.written_ns = now_ns,
                           .epoch = manager_epoch(a->manager),
                           .kill_switch = manager_kill_switch(a->manager),
                           .is_suspended = suspended != NULL,
                           .n_aggregates = a->inspected.n_written,
                           .n_aggregates_live = manager_n_live_aggregates(a->manager),
                           .aggregates_are_full = manager_aggregates_full_since(a->manager) != 0,
                           .n_aggregates_refused = manager_n_aggregates_refused(a->manager)};

    if (suspended != NULL)
        snprintf(out.suspended, sizeof(out.suspended), "%s", suspended);
    info_write_box(a->info, &out);
    atomic_store_explicit(&a->info->wall_offset_ns, a->report_clock.wall_offset_ns,
                          memory_order_relaxed);
}

static void set_memory(struct info_memory *out, const struct memory_budget *b)
{
    struct rte_malloc_socket_stats heap;

    *out = memory_of_budget(b);
    for (int s = 0; s < RTE_MAX_NUMA_NODES; s++)
        if (rte_malloc_get_socket_stats(s, &heap) == 0) {
            out->heap_bytes += heap.heap_totalsz_bytes;
            out->heap_used_bytes += heap.heap_allocsz_bytes;
        }
}

/* Some at a time: thousands of them would keep the manager for milliseconds. */
static void write_slices(struct appliance *a, uint32_t most)
{
    uint32_t *left = &a->inspected.n_slices_left;

    for (; most > 0 && *left > 0; most--) {
        uint32_t slot = --*left;

        info_write_slice(a->info, slot, &a->config->slices[slot]);
    }
}

static void set_header(const struct appliance *a, struct info_header *h)
{
    snprintf(h->instance, sizeof(h->instance), "%s", a->config->instance.name);
    h->pid = getpid();
    h->tsc_hz = tsc_clock_of(&a->steering, &a->clock_board).hz;
    h->started_ns = a->started_ns;
    h->wall_offset_ns = a->report_clock.wall_offset_ns;
    set_memory(&h->memory, &a->memory);
}

int inspect_up(struct appliance *a)
{
    struct info_shape shape = memory_info_shape(a->config, a->n_workers, n_pools(a));
    const struct rte_memzone *zone;

    if (!rte_eal_has_hugepages())
        return 0;
    zone = rte_memzone_reserve(INFO_MEMZONE, info_bytes(&shape), SOCKET_ID_ANY, 0);
    if (zone == NULL) {
        say_error("no memory for what pennyline-info reads, %zu bytes: %s; raise eal.memory_mb, or "
                  "lower instance.max_aggregates",
                  info_bytes(&shape), rte_strerror(rte_errno));
        return rte_errno > 0 ? -rte_errno : -ENOMEM;
    }
    a->info = info_create(zone->addr, &shape);
    set_header(a, a->info);
    set_workers(a);
    a->inspected.n_slices_left = a->config->n_slices;
    write_slices(a, a->config->n_slices);
    write_ports(a);
    write_pools(a);
    write_box(a, appliance_now_ns(a));
    info_open(a->info);
    return 0;
}

void inspect_down(struct appliance *a)
{
    if (a->info == NULL)
        return;
    info_close(a->info);
    rte_memzone_free(rte_memzone_lookup(INFO_MEMZONE));
    a->info = NULL;
}

static void write_aggregate(struct appliance *a, uint32_t i)
{
    struct aggregate_report report;

    if (manager_report(a->manager, i, &report))
        info_write_aggregate(a->info, &report);
    else
        info_clear_aggregate(a->info, i);
}

/* New ones at once, so that all of n_written can be read; the others in turn. */
static void write_aggregates(struct appliance *a, uint64_t now_ns)
{
    struct appliance_inspected *at = &a->inspected;
    uint32_t n_aggregates = manager_n_aggregates(a->manager);
    uint64_t n_due;

    if (n_aggregates == 0)
        return;
    for (uint32_t i = 0; i < MOST_AGGREGATES_A_TURN && at->n_written < n_aggregates; i++)
        write_aggregate(a, at->n_written++);
    n_due = (now_ns - at->last_ns) * n_aggregates / ROUND_NS;
    if (n_due == 0)
        return;
    at->last_ns = now_ns;
    for (uint64_t i = 0; i < n_due && i < n_aggregates && i < MOST_AGGREGATES_A_TURN; i++)
        write_aggregate(a, at->next++ % at->n_written);
}

void inspect_serve(struct appliance *a, uint64_t now_ns)
{
    if (a->info == NULL)
        return;
    write_slices(a, MOST_SLICES_A_TURN);
    write_aggregates(a, now_ns);
    if (now_ns < a->inspected.next_ns)
        return;
    a->inspected.next_ns = now_ns + INTERVAL_NS;
    write_ports(a);
    write_pools(a);
    write_box(a, now_ns);
}
