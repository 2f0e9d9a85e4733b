/* SPDX-License-Identifier: BSD-3-Clause */
#include "watch.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>

#include "events.h"
#include "heartbeat.h"
#include "lanes.h"
#include "manager/manager.h"
#include "replug.h"
#include "say.h"

#define INTERVAL_NS (100 * NS_PER_MS)

/* Cumulative over all ports. What a port lost while it could not be read is told when it can. */
static struct appliance_watch read_totals(struct appliance *a)
{
    struct worker_counters workers = lanes_counters_sum(a);
    struct appliance_watch now = a->watch;

    now.n_packets = workers.rx_packets;
    now.n_tx_full = workers.lost_tx_full;
    now.n_cut = workers.lost_cut;
    for (uint32_t i = 0; i < a->n_ports; i++) {
        struct port_statistics s;

        if (port_read_statistics(&a->ports[i], &s) != 0)
            continue;
        s = port_statistics_take_losses(&a->watched[i], &s);
        now.n_missed += s.missed;
        now.n_no_buffer += s.no_buffer;
        now.n_errors += s.rx_errors + s.tx_errors;
    }
    return now;
}

/* A port of the path whose link is down loses all that is sent to it, and few drivers count that.
 */
static const struct port *broken_link(const struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_ports; i++)
        if (a->ports[i].config->role == PORT_ROLE_FORWARD && !a->ports[i].link_up)
            return &a->ports[i];
    return NULL;
}

/* Nor is what never came counted by anybody. */
static const struct port *deaf_port(const struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_ports; i++)
        if (a->ports[i].config->role == PORT_ROLE_FORWARD && a->ports[i].trouble != NULL)
            return &a->ports[i];
    return NULL;
}

/* The largest of the losses gives the reason its name. */
static void report_loss(struct appliance *a, const struct appliance_watch *now, uint64_t now_ns)
{
    const struct appliance_watch *last = &a->watch;
    const struct {
        const char *name;
        uint64_t n;
        bool is_overload;
    } losses[] = {
        {"receive queue full", now->n_missed - last->n_missed, true},
        {"no packet buffer left", now->n_no_buffer - last->n_no_buffer, true},
        {"errors of a port", now->n_errors - last->n_errors, false},
        {"transmit queue full", now->n_tx_full - last->n_tx_full, true},
        {"frames longer than the receive ring holds", now->n_cut - last->n_cut, false},
    };
    const struct port *broken = broken_link(a);
    const struct port *deaf = deaf_port(a);
    const struct worker *stale = heartbeat_stale(a);
    char text[CONFIG_NAME_BYTES + 96];
    const uint64_t n_packets = now->n_packets - last->n_packets;
    uint64_t n_lost = 0, n_overload = 0, most = 0;
    const char *reason = "none";

    for (size_t i = 0; i < ARRAY_LENGTH(losses); i++)
        n_overload += losses[i].is_overload && broken == NULL && deaf == NULL ? losses[i].n : 0;
    manager_report_overload(a->manager, n_packets, n_overload, now_ns);

    if (stale != NULL) {
        snprintf(text, sizeof(text), "worker %u on lcore %u hangs", (unsigned int)stale->number,
                 stale->lcore);
        manager_report_own_loss(a->manager, 1, 1, text, now_ns);
        return;
    }
    if (broken != NULL) {
        snprintf(text, sizeof(text), "the link of port %s is down", broken->config->name);
        manager_report_own_loss(a->manager, 1, 1, text, now_ns);
        return;
    }
    if (deaf != NULL) {
        snprintf(text, sizeof(text), "port %s: %s", deaf->config->name, deaf->trouble);
        manager_report_own_loss(a->manager, 1, 1, text, now_ns);
        return;
    }

    for (size_t i = 0; i < ARRAY_LENGTH(losses); i++) {
        n_lost += losses[i].n;
        if (losses[i].n > most) {
            most = losses[i].n;
            reason = losses[i].name;
        }
    }
    manager_report_own_loss(a->manager, n_packets, n_lost, reason, now_ns);
}

static void follow_links(struct appliance *a, uint64_t now_ns)
{
    bool changed = false;

    for (uint32_t i = 0; i < a->n_ports; i++) {
        /* Of a device that is given up its driver may still say that the link is up. */
        if (replug_is_absent(a, i))
            continue;
        if (port_poll_program(&a->ports[i]))
            events_trouble(a, &a->ports[i], now_ns);
        if (!port_poll_link(&a->ports[i]))
            continue;
        changed = true;
        events_link(a, &a->ports[i], now_ns);
    }
    for (uint32_t s = 0; changed && s < RTE_MAX_NUMA_NODES; s++)
        if (a->policies[s] != NULL)
            policy_follow_links(a->policies[s], a->ports);
}

void watch_ports(struct appliance *a, uint64_t now_ns)
{
    struct appliance_watch now;

    if (now_ns < a->watch.next_ns)
        return;
    for (uint32_t i = 0; i < a->n_ports; i++)
        port_poll_missed(&a->ports[i]);
    now = read_totals(a);
    now.next_ns = now_ns + INTERVAL_NS;
    follow_links(a, now_ns);
    report_loss(a, &now, now_ns);
    a->watch = now;
}

void watch_clock(struct appliance *a, uint64_t now_ns)
{
    if (now_ns < a->steer_ns)
        return;
    a->steer_ns = now_ns + NS_PER_S;
    tsc_clock_steer(&a->steering, &a->clock_board);
    a->report_clock.wall_offset_ns = wall_offset_now_ns();
}

void watch_loads(struct appliance *a, uint64_t now_ns)
{
    if (now_ns < a->watch_loads_ns)
        return;
    a->watch_loads_ns = now_ns + NS_PER_S;
    for (uint32_t i = 0; i < a->n_workers; i++) {
        struct worker *w = a->workers[i];
        struct worker_load now = w->load;

        w->rates = load_rates_between(&now, &w->load_before, w->clock.hz);
        w->load_before = now;
    }
}

__attribute__((format(printf, 2, 3))) static void problem(struct appliance *a, const char *format,
                                                          ...)
{
    va_list arguments;
    char text[sizeof(a->problems[0])];

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    say_error("counters do not add up: %s", text);
    if (a->n_problems < ARRAY_LENGTH(a->problems))
        memcpy(a->problems[a->n_problems++], text, sizeof(text));
}

/* The device counts what it took from the wire, workers what they took from the device: between
 * them lies at most what the queues hold. */
static void check_against_device(struct appliance *a, const struct port *port,
                                 const struct worker_port *sum)
{
    struct port_statistics s;
    uint64_t in_queues = (uint64_t)port->n_rx_queues * port->n_rx_descriptors;

    if (port_read_statistics(port, &s) != 0) {
        problem(a, "port %s: its statistics cannot be read", port->config->name);
        return;
    }
    if (sum->rx > s.rx_packets || s.rx_packets - sum->rx > in_queues)
        problem(a, "port %s received %lu packets, workers took %lu", port->config->name,
                (unsigned long)s.rx_packets, (unsigned long)sum->rx);
    in_queues = (uint64_t)port->n_tx_queues * port->n_tx_descriptors;
    if (s.tx_packets > sum->tx || sum->tx - s.tx_packets > s.tx_errors + in_queues)
        problem(a, "port %s sent %lu packets and failed on %lu, workers gave it %lu",
                port->config->name, (unsigned long)s.tx_packets, (unsigned long)s.tx_errors,
                (unsigned long)sum->tx);
}

static void check_port(struct appliance *a, const struct port *port, struct worker_port *total)
{
    struct worker_port s = lanes_port_sum(a, port->index);

    if (s.rx + s.generated != s.forwarded + s.dropped + s.dropped_by_stage + s.answered +
                                  s.absorbed + s.no_headroom + s.cut)
        problem(a,
                "port %s: received %lu and generated %lu, but forwarded %lu, dropped %lu, dropped "
                "by stages %lu, answered %lu, absorbed %lu, without headroom %lu, cut %lu",
                port->config->name, (unsigned long)s.rx, (unsigned long)s.generated,
                (unsigned long)s.forwarded, (unsigned long)s.dropped,
                (unsigned long)s.dropped_by_stage, (unsigned long)s.answered,
                (unsigned long)s.absorbed, (unsigned long)s.no_headroom, (unsigned long)s.cut);
    if (s.queued != s.tx + s.tx_full)
        problem(a, "port %s: %lu packets to send, but sent %lu, transmit queue full for %lu",
                port->config->name, (unsigned long)s.queued, (unsigned long)s.tx,
                (unsigned long)s.tx_full);
    check_against_device(a, port, &s);
    total->forwarded += s.forwarded;
    total->queued += s.queued;
}

/* What a worker holds that hangs, nobody counts. */
static void tell_who_hangs(struct appliance *a)
{
    for (uint32_t i = 0; i < a->n_workers; i++)
        if (atomic_load_explicit(&a->workers[i]->state, memory_order_acquire) != WORKER_ENDED)
            problem(a, "worker %u on lcore %u hangs, and is left as it is", i,
                    a->workers[i]->lcore);
}

void watch_reconcile(struct appliance *a)
{
    struct worker_port total = {0};
    const char *text = manager_check(a->manager);

    if (a->hangs) {
        tell_who_hangs(a);
        return;
    }
    if (text != NULL)
        problem(a, "%s", text);
    for (uint32_t i = 0; i < a->n_workers; i++) {
        text = worker_counters_check(a->workers[i]->counters);
        if (text != NULL)
            problem(a, "worker %u: %s", i, text);
        if (engine_n_pending(a->workers[i]->engine) != 0)
            problem(a, "worker %u: %u drops are pending still", i,
                    engine_n_pending(a->workers[i]->engine));
    }
    for (uint32_t i = 0; i < a->n_ports; i++)
        check_port(a, &a->ports[i], &total);
    if (total.forwarded != total.queued)
        problem(a, "%lu packets forwarded, but %lu given to ports", (unsigned long)total.forwarded,
                (unsigned long)total.queued);
}
