/* SPDX-License-Identifier: BSD-3-Clause */
/* The manager's loop: messages, epochs, signals, control, ports. */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "appliance.h"
#include "base/time.h"
#include "counters.h"
#include "drain.h"
#include "eventlog/eventlog.h"
#include "events.h"
#include "export/export.h"
#include "heartbeat.h"
#include "inspect.h"
#include "lanes.h"
#include "looking.h"
#include "machines.h"
#include "manager/manager.h"
#include "manager/passive.h"
#include "mapping.h"
#include "members.h"
#include "progress.h"
#include "replug.h"
#include "responders.h"
#include "say.h"
#include "services.h"
#include "watch.h"

#define MESSAGES_PER_TURN 256
#define IDLE_SLEEP_US     500
/* Longer than any drop can be pending without its worker being told to settle. */
#define HALT_PATIENCE_NS (2 * NS_PER_S)
#define HASTE_NS         (50 * NS_PER_MS)

static unsigned int drain_workers(struct appliance *a)
{
    unsigned int n = 0;

    for (uint32_t i = 0; i < a->n_workers; i++)
        n += export_drain(a->workers[i]->ring, a->manager, (uint16_t)i, MESSAGES_PER_TURN);
    return n;
}

static json_t *kill_switch_json(const struct appliance *a)
{
    return json_pack("{s:b}", "kill_switch", (int)manager_kill_switch(a->manager));
}

static void handle_signal(struct appliance *a, const struct signalfd_siginfo *signal,
                          uint64_t now_ns)
{
    json_t *before;
    int error;

    switch (signal->ssi_signo) {
    case SIGUSR1:
    case SIGUSR2:
        before = kill_switch_json(a);
        manager_set_kill_switch(a->manager, signal->ssi_signo == SIGUSR1, now_ns);
        events_signal(a, signal, "kill-switch", before, kill_switch_json(a), now_ns);
        break;
    case SIGHUP:
        error = eventlog_reopen(a->log);
        if (error != 0)
            say_error("event log %s cannot be opened anew: %s; the old file stays in use",
                      a->config->instance.event_log, strerror(-error));
        break;
    default:
        events_signal(a, signal, "stop", json_null(), json_null(), now_ns);
        if (a->must_stop && !a->must_stop_at_once)
            say_warning("told to stop again: nothing is waited for any more");
        a->must_stop_at_once = a->must_stop;
        a->must_stop = true;
    }
}

static void serve_signals(struct appliance *a, uint64_t now_ns)
{
    struct signalfd_siginfo info;

    while (read(a->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        handle_signal(a, &info, now_ns);
}

/* One turn. Returns how many messages there were. */
static unsigned int turn(struct appliance *a, uint64_t now_ns)
{
    unsigned int n = drain_workers(a);

    manager_tick(a->manager, now_ns);
    watch_clock(a, now_ns);
    heartbeat_look(a, now_ns);
    replug_serve(a, now_ns);
    watch_ports(a, now_ns);
    watch_loads(a, now_ns);
    members_serve(a, now_ns);
    responders_serve(a, now_ns);
    machines_serve(a, now_ns);
    mapping_serve(a, now_ns);
    counters_serve(a, now_ns);
    services_serve(a, now_ns);
    inspect_serve(a, now_ns);
    eventlog_flush(a->log);
    serve_signals(a, now_ns);
    /* An epoch of millions of aggregates takes longer than the service manager waits. When a worker
     * hangs, what the others have to tell of the epoch ends, and so do the messages. */
    a->n_messages += n;
    if (a->has_told_ready)
        notify_alive(&a->notify, manager_epoch(a->manager) + a->n_messages, now_ns);
    if (n == 0)
        usleep(IDLE_SLEEP_US);
    return n;
}

/* A test with nothing to drop in it has no end of its own. */
static bool has_ended(struct appliance *a, uint64_t now_ns)
{
    const struct appliance_options *o = a->options;
    bool is_over = o->duration_ms > 0 && now_ns - a->started_ns >= o->duration_ms * NS_PER_MS;
    bool is_active = false;

    if (o->looking != NULL)
        return is_over || !looking_goes_on(o->looking);
    if (!o->is_test)
        return false;
    for (uint32_t i = 0; i < a->config->n_slices; i++)
        is_active |=
            slice_is_present(&a->config->slices[i]) && a->config->slices[i].mode == SLICE_ACTIVE;
    if (!is_active && is_over)
        manager_passive_expire(a->manager, now_ns);
    if (!is_active)
        return is_over || manager_passive_is_over(a->manager);
    return !manager_any_running(a->manager) && (manager_any_tested(a->manager) || is_over);
}

/* The path stays as long as the program runs. */
static bool goes_on(struct appliance *a, uint64_t now_ns)
{
    if (drain_has_begun(a))
        return !drain_is_over(a, now_ns);
    if (!has_ended(a, now_ns))
        return true;
    if (!a->options->keep_forwarding)
        return false;
    if (!a->has_told_end) {
        progress_end(&a->progress);
        say_info("the test has ended; packets are forwarded until SIGINT or SIGTERM");
    }
    a->has_told_end = true;
    return true;
}

/* A link that is down keeps nobody from being ready: a dead neighbour must not make the service
 * manager end a box that forwards elsewhere. */
static void tell_ready(struct appliance *a)
{
    if (a->has_told_ready || !heartbeat_all_turned(a))
        return;
    a->has_told_ready = true;
    notify_tell(&a->notify, "READY=1\nSTATUS=forwarding");
}

void appliance_serve(struct appliance *a)
{
    uint64_t now_ns = appliance_now_ns(a);

    manager_start(a->manager, now_ns);
    while (!a->must_stop && goes_on(a, now_ns)) {
        now_ns = appliance_now_ns(a);
        turn(a, now_ns);
        tell_ready(a);
        if (a->options->show_progress && !a->has_told_end)
            progress_show(&a->progress, a, now_ns);
    }
    progress_end(&a->progress);
}

/* For who was told twice, only what workers do within a turn or two. */
static uint64_t patience_ns(const struct appliance *a)
{
    return a->must_stop_at_once ? HASTE_NS : HALT_PATIENCE_NS;
}

/* Turns until the workers reached a state. False when that took too long. */
static bool turn_until(struct appliance *a, enum worker_state state)
{
    uint64_t start_ns = appliance_now_ns(a), now_ns = start_ns;

    while (!lanes_reached(a, state) && now_ns - start_ns < patience_ns(a)) {
        turn(a, now_ns);
        now_ns = appliance_now_ns(a);
    }
    return lanes_reached(a, state);
}

/* Epochs for what workers still have to tell. */
static void turn_epochs(struct appliance *a, unsigned int n)
{
    uint64_t last = manager_epoch(a->manager) + n, start_ns = appliance_now_ns(a);
    uint64_t now_ns = start_ns;

    while (manager_epoch(a->manager) < last && now_ns - start_ns < patience_ns(a)) {
        turn(a, now_ns);
        now_ns = appliance_now_ns(a);
    }
}

/* Tests end first and forwarding last: no packet is lost for it. */
void appliance_halt(struct appliance *a)
{
    notify_tell(&a->notify, "STOPPING=1");
    events_process(a, "stopping", appliance_now_ns(a));
    manager_stop(a->manager, REASON_STOPPED, appliance_now_ns(a));
    lanes_order(a, WORKER_SETTLE);
    if (!turn_until(a, WORKER_SETTLED))
        say_error("a worker does not settle its drops; it is stopped all the same");
    turn_epochs(a, 3);
    lanes_order(a, WORKER_QUIT);
    a->hangs = !turn_until(a, WORKER_ENDED);
    if (!a->hangs)
        lanes_join(a);
    drain_workers(a);
    manager_tick(a->manager, appliance_now_ns(a));
    manager_finish(a->manager);
    watch_reconcile(a);
    events_process(a, "stopped", appliance_now_ns(a));
}
