/* SPDX-License-Identifier: BSD-3-Clause */
#include "lanes.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_malloc.h>

#include "export/export.h"
#include "say.h"

static uint32_t most_queues(const struct config *config)
{
    uint32_t most = 1;

    for (uint32_t i = 0; i < config->n_ports; i++)
        most = config->ports[i].queues > most ? config->ports[i].queues : most;
    return most;
}

/* Queues that can be served by a worker of their own. NICs give each worker a transmit queue; other
 * devices have as many as they have receive queues, so there are no more workers than those. */
static uint32_t most_workers(const struct config *config)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < config->n_ports; i++) {
        if (config_device_kind(config->ports[i].device) != PORT_DEVICE_PCI)
            return most_queues(config);
        sum += config->ports[i].queues;
    }
    return sum;
}

uint32_t lanes_count(const struct config *config, uint32_t n_worker_lcores)
{
    uint32_t most = most_workers(config);

    return n_worker_lcores < most ? n_worker_lcores : most;
}

/* All queues in turn: with as many workers as queues of a port, queue q of every port goes to
 * worker q; with more, ports are shared out too. */
static uint32_t worker_of(const struct appliance *a, uint32_t port, uint16_t queue)
{
    return (port * most_queues(a->config) + queue) % a->n_workers;
}

static void assign_queues(struct appliance *a, struct worker *w)
{
    for (uint32_t p = 0; p < a->n_ports; p++) {
        const struct port *port = &a->ports[p];
        struct port_queue output = port_queue_of(port, w->number);

        w->outputs[p].device = output.device;
        w->outputs[p].queue = output.queue;
        for (uint16_t q = 0; q < port->n_rx_queues; q++) {
            struct port_queue input = port_queue_of(port, q);

            if (worker_of(a, p, q) == w->number)
                w->queues[w->n_queues++] = (struct worker_queue){
                    .port = (uint16_t)p, .device = input.device, .queue = input.queue};
        }
    }
    w->n_ports = a->n_ports;
}

static int create_engine(struct appliance *a, struct worker *w)
{
    struct engine_config config = memory_engine_config(a->config);
    size_t n_bytes;
    void *memory;
    int error;

    config.aggregates = a->aggregates;
    config.gate = a->gate;
    config.worker = w->number;
    config.post = export_post;
    config.post_context = w->ring;
    error = random_seed_from_kernel(&config.random);
    if (error != 0)
        return error;
    n_bytes = engine_memory_bytes(&config);
    memory = rte_zmalloc_socket("engine", n_bytes, CACHE_LINE_BYTES, w->socket);
    if (memory == NULL)
        return -ENOMEM;
    w->engine = engine_init(memory, n_bytes, &config);
    if (w->engine == NULL) {
        rte_free(memory);
        return -EINVAL;
    }
    w->counters = engine_counters_mutable(w->engine);
    return 0;
}

/* Whether a service is sticky may change while it runs, but not whether there is memory for it. */
static int create_services(struct appliance *a, struct worker *w)
{
    const uint64_t n_bytes = memory_sticky_bytes(a->config);
    struct random_source random;
    uint64_t secret[2];
    void *memory;
    int error = random_seed_from_kernel(&random);

    w->services = rte_zmalloc_socket("services", sizeof(*w->services), CACHE_LINE_BYTES, w->socket);
    if (w->services == NULL)
        return -ENOMEM;
    if (error != 0 || n_bytes == 0)
        return error;
    for (unsigned int i = 0; i < 2; i++)
        secret[i] = random_u64(&random);
    memory = rte_malloc_socket("sticky flows", n_bytes, CACHE_LINE_BYTES, w->socket);
    if (memory == NULL)
        return -ENOMEM;
    w->services->memory = service_memory_init(memory, memory_n_sticky_flows(a->config), secret);
    return 0;
}

static int create_worker(struct appliance *a, uint16_t number, unsigned int lcore)
{
    int error, socket = (int)rte_lcore_to_socket_id(lcore);
    struct worker *w = rte_zmalloc_socket("worker", sizeof(*w), CACHE_LINE_BYTES, socket);

    if (w == NULL)
        return -ENOMEM;
    a->workers[number] = w;
    w->number = number;
    w->lcore = lcore;
    w->socket = socket;
    w->clock = tsc_clock_of(&a->steering, &a->clock_board);
    w->ingresses = a->ingresses;
    w->machines = a->machines;
    w->ring = export_ring_create(number, memory_n_messages(a->config), socket);
    if (w->ring == NULL)
        return rte_errno > 0 ? -rte_errno : -ENOMEM;
    error = create_services(a, w);
    if (error != 0)
        return error;
    assign_queues(a, w);
    atomic_store(&w->policy, a->policies[socket]);
    return create_engine(a, w);
}

int lanes_create(struct appliance *a)
{
    uint16_t number = 0;
    unsigned int lcore;

    RTE_LCORE_FOREACH_WORKER (lcore) {
        int error = number < a->n_workers ? create_worker(a, number, lcore) : 0;

        if (error == -EINVAL)
            say_error("worker %u: the engine refuses its configuration", number);
        else if (error != 0)
            say_error("worker %u on lcore %u: %s; raise eal.memory_mb, or lower flows_per_lcore",
                      number, lcore, rte_strerror(-error));
        if (error != 0)
            return error;
        number++;
    }
    if (number > a->n_workers)
        say_warning("%u of %u worker lcores stay idle: there are %u receive queues at most; raise "
                    "\"queues\" of the ports",
                    number - a->n_workers, number, a->n_workers);
    return 0;
}

void lanes_destroy(struct appliance *a)
{
    for (uint32_t i = 0; i < RTE_MAX_LCORE && a->workers[i] != NULL; i++) {
        rte_free(a->workers[i]->engine);
        rte_free(atomic_load(&a->workers[i]->passive_memory));
        rte_free(atomic_load(&a->workers[i]->units_memory));
        if (a->workers[i]->services != NULL)
            rte_free(a->workers[i]->services->memory);
        rte_free(a->workers[i]->services);
        export_ring_free(a->workers[i]->ring);
        rte_free(a->workers[i]);
        a->workers[i] = NULL;
    }
}

int lanes_launch(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_workers; i++) {
        int error = rte_eal_remote_launch(worker_run, a->workers[i], a->workers[i]->lcore);

        if (error != 0) {
            say_error("worker %u: lcore %u is busy", i, a->workers[i]->lcore);
            return error;
        }
    }
    return 0;
}

void lanes_order(struct appliance *a, enum worker_order order)
{
    for (uint32_t i = 0; i < a->n_workers && a->workers[i] != NULL; i++)
        atomic_store_explicit(&a->workers[i]->order, order, memory_order_release);
}

bool lanes_reached(const struct appliance *a, enum worker_state state)
{
    for (uint32_t i = 0; i < a->n_workers; i++)
        if (atomic_load_explicit(&a->workers[i]->state, memory_order_acquire) < state)
            return false;
    return true;
}

void lanes_join(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_workers && a->workers[i] != NULL; i++)
        rte_eal_wait_lcore(a->workers[i]->lcore);
}

/* The same queues as when it started, of a device that is new. */
static void reassign_queues(struct appliance *a, struct worker *w, const struct port *port)
{
    struct port_queue output = port_queue_of(port, w->number);
    uint32_t next = 0;

    w->outputs[port->index].device = output.device;
    w->outputs[port->index].queue = output.queue;
    for (uint16_t q = 0; q < port->n_rx_queues; q++) {
        struct port_queue input = port_queue_of(port, q);

        if (worker_of(a, port->index, q) != w->number)
            continue;
        while (next < w->n_queues && w->queues[next].port != port->index)
            next++;
        if (next == w->n_queues)
            return;
        w->queues[next].device = input.device;
        w->queues[next++].queue = input.queue;
    }
}

void lanes_set_absent(struct appliance *a, const struct port *port, bool is_absent)
{
    for (uint32_t i = 0; i < a->n_workers; i++) {
        struct worker *w = a->workers[i];

        if (!is_absent)
            reassign_queues(a, w, port);
        if (is_absent)
            atomic_fetch_or_explicit(&w->absent_ports, UINT32_C(1) << port->index,
                                     memory_order_release);
        else
            atomic_fetch_and_explicit(&w->absent_ports, ~(UINT32_C(1) << port->index),
                                      memory_order_release);
    }
}

struct worker_port lanes_port_sum(const struct appliance *a, uint32_t port)
{
    struct worker_port sum = {0};

    for (uint32_t i = 0; i < a->n_workers; i++)
        worker_port_add(&sum, &a->workers[i]->ports[port]);
    return sum;
}

struct worker_counters lanes_counters_sum(const struct appliance *a)
{
    struct worker_counters sum = {0};

    for (uint32_t i = 0; i < a->n_workers; i++)
        worker_counters_add(&sum, a->workers[i]->counters);
    return sum;
}
