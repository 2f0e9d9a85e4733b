/* SPDX-License-Identifier: BSD-3-Clause */
/* The staircase: each step takes something, and is walked back in the opposite order. */
#include "appliance.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "asked.h"
#include "base/random.h"
#include "change.h"
#include "claims.h"
#include "control/control.h"
#include "counters.h"
#include "eal.h"
#include "eventlog/eventlog.h"
#include "events.h"
#include "inspect.h"
#include "lanes.h"
#include "lcores.h"
#include "machines.h"
#include "manager/manager.h"
#include "mapping.h"
#include "members.h"
#include "responders.h"
#include "say.h"
#include "services.h"

static int no_memory(const char *what)
{
    say_error("no memory for %s: raise eal.memory_mb, or the number of hugepages", what);
    return -ENOMEM;
}

/* Signals are read by the manager's loop, and no other thread gets one. */
static int signals_up(struct appliance *a)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        sigaddset(&set, numbers[i]);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    a->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return a->signals >= 0 ? 0 : -errno;
}

static void signals_down(struct appliance *a)
{
    close(a->signals);
}

static void on_log_trouble(void *context, const char *text)
{
    (void)context;
    say_warning("%s", text);
}

static int log_up(struct appliance *a)
{
    const char *path = a->config->instance.event_log;

    if (path[0] == '\0')
        return 0;
    a->log = eventlog_open(path, on_log_trouble, NULL);
    if (a->log != NULL)
        return 0;
    if (errno == ELOOP)
        say_error(
            "event log %s cannot be opened: a symbolic link is not followed; name the file that "
            "it points to, or \"-\" for standard output",
            path);
    else
        say_error("event log %s cannot be opened: %m", path);
    return -errno;
}

static void log_down(struct appliance *a)
{
    eventlog_close(a->log);
}

/* As many as the lcores will make, before EAL can say. */
static void expect_places(const struct appliance *a, struct places *out)
{
    struct lcores lcores;

    *out = (struct places){.n_workers = 1};
    if (eal_read_lcores(a->config, a->options->eal_arguments, &lcores, NULL) == 0)
        places_find(a->config, &lcores, lcores.n > 1 ? lanes_count(a->config, lcores.n - 1) : 1,
                    out);
}

static int eal_up(struct appliance *a)
{
    struct places places;
    struct eal_request request = {.config = a->config,
                                  .program = a->options->program,
                                  .extra = a->options->eal_arguments,
                                  .needed_bytes = a->memory.node_bytes};
    struct clock_look before = tsc_clock_look();
    int error;

    expect_places(a, &places);
    a->memory = memory_estimate(a->config, &places);
    request.manager_node = places.manager_node;
    error = eal_start(&request);
    if (error != 0)
        return error;
    tsc_clock_begin(&a->steering, &a->clock_board, &before);
    a->started_ns = appliance_now_ns(a);
    a->report_clock = (struct report_clock){
        .started_ns = a->started_ns, .has_wall = true, .wall_offset_ns = wall_offset_now_ns()};
    a->n_workers = lanes_count(a->config, rte_lcore_count() - 1);
    if (a->n_workers > 0)
        return 0;
    say_error(
        "eal.lcores \"%s\": one lcore is the manager's, at least one more must be a worker's; "
        "\"0@0,1@0\" puts two on one CPU",
        a->config->eal.lcores);
    eal_stop();
    return -EINVAL;
}

static void eal_down(struct appliance *a)
{
    (void)a;
    eal_stop();
}

static void on_port_words(void *context, const char *text)
{
    (void)context;
    say_warning("%s", text);
}

static void ports_down(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_ports; i++)
        port_close(&a->ports[i]);
}

static int ports_up(struct appliance *a)
{
    struct port_settings settings = {
        .drivers_directory = services_drivers_directory(),
        .n_workers = (uint16_t)a->n_workers,
        .single_pool = rte_socket_count() == 1,
        .listener = {.say = on_port_words},
    };

    for (uint32_t i = 0; i < a->config->n_ports; i++) {
        int error = port_open(&a->ports[i], &a->config->ports[i], (uint16_t)i, &settings);

        if (error != 0) {
            say_error("%s", a->ports[i].error);
            ports_down(a);
            return error;
        }
        a->n_ports++;
    }
    if (a->n_ports > 0)
        return 0;
    say_error("no ports are configured: nothing could come in");
    return -EINVAL;
}

static void say_port(const struct port *port)
{
    bool is_bound = port->driver.host_sets_queues;

    say_info(
        "port %s: %s by %s, %u+%u queues of %s%u+%u descriptors (receive+transmit%s), NUMA node %d",
        port->config->name, port->config->device, port_driver_name(port), port->n_rx_queues,
        port->n_tx_queues, is_bound ? "at most " : "", port->n_rx_descriptors,
        port->n_tx_descriptors, is_bound ? "; the host decides" : "", port->socket);
}

static void queues_down(struct appliance *a)
{
    ports_down(a); /* they hold packets of the pools */
    for (uint32_t s = 0; s < RTE_MAX_NUMA_NODES; s++)
        rte_mempool_free(a->pools[s]);
}

static int queues_up(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_ports; i++) {
        struct port *port = &a->ports[i];
        struct rte_mempool **pool = &a->pools[port->socket];
        int error;

        if (*pool == NULL)
            *pool = port_pool_create(a->ports, a->n_ports, a->n_workers, port->socket);
        error = *pool == NULL ? no_memory("packets") : port_configure(port, *pool);
        if (error != 0) {
            if (*pool != NULL)
                say_error("%s", port->error);
            queues_down(a);
            return error;
        }
        claims_note_program(a, i);
        say_port(port);
    }
    return 0;
}

static void tables_down(struct appliance *a)
{
    manager_destroy(a->manager);
    rte_free(a->ingresses_memory);
    rte_free(a->aggregates_memory);
    rte_free(a->gate);
}

static void on_manager(void *appliance, const struct manager_event *event)
{
    asked_hear(appliance, event);
    events_on_manager(appliance, event);
    if (event->kind == EVENT_TEST_ENDED)
        mapping_hear_test(appliance, event->aggregate, event->time_ns);
}

static int create_manager(struct appliance *a)
{
    struct manager_config config = memory_manager_config(a->config, a->n_workers, a->aggregates);

    config.gate = a->gate;
    config.on_event = on_manager;
    config.may_escalate = true;
    config.event_context = a;
    a->manager = manager_create(&config);
    if (a->manager != NULL)
        return 0;
    if (errno == ENOSPC)
        say_error("instance.max_aggregates %u is too few: each slice without granularity is one",
                  a->config->instance.max_aggregates);
    else
        say_error("the manager cannot be made: %m");
    return -errno;
}

static int create_aggregates(struct appliance *a, const uint64_t secret[2])
{
    uint32_t capacity = a->config->instance.max_aggregates;
    size_t n_bytes = aggregate_table_memory_bytes(capacity);

    a->aggregates_memory = rte_zmalloc("aggregates", n_bytes, CACHE_LINE_BYTES);
    if (a->aggregates_memory != NULL)
        a->aggregates = aggregate_table_init(a->aggregates_memory, n_bytes, capacity, secret);
    return a->aggregates != NULL ? 0 : no_memory("aggregates");
}

static int create_ingresses(struct appliance *a, const uint64_t secret[2])
{
    size_t n_bytes = ingress_table_memory_bytes(INGRESS_MOST);

    a->ingresses_memory = rte_zmalloc("ingresses", n_bytes, CACHE_LINE_BYTES);
    if (a->ingresses_memory != NULL)
        a->ingresses = ingress_table_init(a->ingresses_memory, n_bytes, INGRESS_MOST,
                                          (uint16_t)a->config->n_ports, secret);
    return a->ingresses != NULL ? 0 : no_memory("ingresses");
}

static void set_privacy(const struct appliance *a, const uint64_t key[2])
{
    static_assert((int)PRIVACY_CUT == (int)REPORT_PRIVACY_CUT &&
                      (int)PRIVACY_HASH == (int)REPORT_PRIVACY_HASH,
                  "one order");
    report_set_privacy((enum report_privacy)a->config->instance.privacy, key);
}

static int tables_up(struct appliance *a)
{
    struct random_source random;
    uint64_t secrets[3][2];
    int error = random_seed_from_kernel(&random);

    if (error != 0)
        return error;
    for (size_t i = 0; i < 6; i++)
        secrets[i / 2][i % 2] = random_u64(&random);
    set_privacy(a, secrets[2]);
    a->gate = rte_zmalloc("gate", sizeof(*a->gate), CACHE_LINE_BYTES);
    error = a->gate == NULL ? no_memory("the gate") : create_ingresses(a, secrets[0]);
    if (error == 0)
        error = create_aggregates(a, secrets[1]);
    if (error == 0)
        error = create_manager(a);
    if (error != 0)
        tables_down(a);
    return error;
}

static void policies_down(struct appliance *a)
{
    for (uint32_t s = 0; s < RTE_MAX_NUMA_NODES; s++)
        policy_destroy(a->policies[s]);
}

static int policies_up(struct appliance *a)
{
    const struct policy_plan plan = {
        .config = a->config, .ports = a->ports, .machines = a->machines->running, .number = 1};
    unsigned int lcore;

    RTE_LCORE_FOREACH_WORKER (lcore) {
        unsigned int s = rte_lcore_to_socket_id(lcore);

        if (a->policies[s] == NULL)
            a->policies[s] = policy_create(&plan, (int)s);
        if (a->policies[s] == NULL) {
            policies_down(a);
            return no_memory("prefixes");
        }
        engine_rules_find_aggregates(a->policies[s]->rules, a->aggregates);
    }
    return 0;
}

static int lanes_up(struct appliance *a)
{
    int error = lanes_create(a);

    if (error != 0)
        lanes_destroy(a);
    else
        memory_say(&a->memory);
    return error;
}

static int start_up(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_ports; i++) {
        int error = port_start(&a->ports[i]);

        if (error != 0) {
            say_error("%s", a->ports[i].error);
            return error;
        }
    }
    for (uint32_t s = 0; s < RTE_MAX_NUMA_NODES; s++)
        if (a->policies[s] != NULL)
            policy_follow_links(a->policies[s], a->ports);
    if (a->config->instance.kill_switch)
        manager_set_kill_switch(a->manager, true, appliance_now_ns(a));
    return lanes_launch(a);
}

/* Workers are told to quit whatever happened; those that have, do not mind. */
static void start_down(struct appliance *a)
{
    lanes_order(a, WORKER_QUIT);
    lanes_join(a);
    for (uint32_t i = 0; i < a->n_ports; i++)
        port_stop(&a->ports[i]);
}

static const struct step {
    int (*up)(struct appliance *a);
    void (*down)(struct appliance *a);
} steps[] = {
    {signals_up, signals_down},
    {log_up, log_down},
    {claims_up, claims_down},
    {services_listen, services_hang_up},
    {eal_up, eal_down},
    {asked_open, asked_close},
    {change_up, change_down},
    {ports_up, ports_down},
    {queues_up, queues_down},
    {tables_up, tables_down},
    {machines_up, machines_down},
    {policies_up, policies_down},
    {lanes_up, lanes_destroy},
    {mapping_up, mapping_down},
    {members_up, members_down},
    {counters_up, counters_down},
    {responders_up, responders_down},
    {services_up, services_down},
    {start_up, start_down},
    {inspect_up, inspect_down},
};

static void walk_down(struct appliance *a, size_t n_taken)
{
    while (n_taken-- > 0)
        steps[n_taken].down(a);
}

int appliance_start(struct appliance *a, const struct config *config,
                    const struct appliance_options *options)
{
    *a = (struct appliance){.config = config, .options = options};
    notify_open(&a->notify);
    for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
        int error = steps[i].up(a);

        if (error != 0) {
            walk_down(a, i);
            return error;
        }
    }
    events_process(a, "started", appliance_now_ns(a));
    return 0;
}

void appliance_stop(struct appliance *a)
{
    walk_down(a, ARRAY_LENGTH(steps));
    notify_close(&a->notify);
}

void appliance_abandon(struct appliance *a)
{
    services_hang_up(a);
    claims_down(a);
    log_down(a);
    notify_close(&a->notify);
}
