/* SPDX-License-Identifier: BSD-3-Clause */
#include "services.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_pdump.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asked.h"
#include "change.h"
#include "control/control.h"
#include "counters.h"
#include "drain.h"
#include "events.h"
#include "inspect.h"
#include "lanes.h"
#include "machines.h"
#include "mapping.h"
#include "members.h"
#include "responders.h"
#include "say.h"
#include "telemetry/telemetry.h"

const char *services_drivers_directory(void)
{
    const char *own = getenv("PENNYLINE_DRIVERS_CFG");

    if (own != NULL && *own != '\0')
        return own;
    return access(DRIVERS_CFG_INSTALLED, R_OK) == 0 ? DRIVERS_CFG_INSTALLED : DRIVERS_CFG_SOURCE;
}

/* Extended statistics that tell of trouble. */
static bool is_of_interest(const char *name)
{
    static const char *const words[] = {"err",  "drop",          "discard",
                                        "miss", "out_of_buffer", "nombuf"};

    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strstr(name, words[i]) != NULL)
            return true;
    return false;
}

/* Adds those of a device that are not zero. */
static void add_xstats(json_t *result, uint16_t id)
{
    int n = rte_eth_xstats_get_names(id, NULL, 0);
    struct rte_eth_xstat_name *names = n > 0 ? calloc((size_t)n, sizeof(*names)) : NULL;
    struct rte_eth_xstat *values = n > 0 ? calloc((size_t)n, sizeof(*values)) : NULL;

    if (names != NULL && values != NULL &&
        rte_eth_xstats_get_names(id, names, (unsigned int)n) == n &&
        rte_eth_xstats_get(id, values, (unsigned int)n) == n)
        for (int i = 0; i < n; i++)
            if (values[i].value != 0 && is_of_interest(names[i].name))
                json_object_set_new(
                    result, names[i].name,
                    json_integer(json_integer_value(json_object_get(result, names[i].name)) +
                                 (json_int_t)values[i].value));
    free(names);
    free(values);
}

static json_t *xstats(const struct port *port)
{
    json_t *result = json_object();

    for (uint16_t i = 0; i < port->n_devices; i++)
        add_xstats(result, port->devices[i]);
    return result;
}

static json_t *port_json(const struct appliance *a, const struct port *port)
{
    struct port_statistics counted;
    struct report_port p = {.name = port->config->name,
                            .device = port->config->device,
                            .driver = port_driver_name(port),
                            .is_mirror = port->config->role == PORT_ROLE_MIRROR,
                            .link_up = port->link_up,
                            .trouble = port->trouble,
                            .n_rx_queues = port->n_rx_queues,
                            .n_tx_queues = port->n_tx_queues,
                            .sum = lanes_port_sum(a, port->index)};
    json_t *out;

    if (port_read_statistics(port, &counted) == 0)
        p.counted = &counted;
    out = report_port_json(&p);
    json_object_set_new(out, "xstats", xstats(port));
    return out;
}

json_t *services_ports_json(struct appliance *a)
{
    json_t *ports = json_array();

    for (uint32_t i = 0; i < a->n_ports; i++)
        json_array_append_new(ports, port_json(a, &a->ports[i]));
    return ports;
}

static bool on_worker(void *context, unsigned int i, struct report_worker *out)
{
    struct appliance *a = context;
    const struct worker *w;

    if (i >= a->n_workers)
        return false;
    w = a->workers[i];
    *out = (struct report_worker){.lcore = w->lcore,
                                  .counters = w->counters,
                                  .packet_reasons = w->packet_reasons,
                                  .flows = engine_flow_counters(w->engine),
                                  .n_flows_max = a->config->instance.flows_per_lcore,
                                  .stages = w->stages,
                                  .load = &w->load,
                                  .rates = &w->rates,
                                  .tsc_hz = w->clock.hz,
                                  .stalled = w->heart.is_stale ? w->heart.doing : ""};
    return true;
}

static json_t *on_ports(void *context)
{
    return services_ports_json(context);
}

static json_t *on_memory(void *context)
{
    return inspect_memory_json(context);
}

static json_t *on_services(void *context)
{
    return members_json(context);
}

static json_t *on_responders(void *context, uint64_t now_ns)
{
    return responders_json(context, now_ns);
}

static bool on_member(void *context, const char *service, const char *member, const char *order,
                      uint64_t now_ns, char *error, size_t n_error)
{
    return members_order(context, service, member, order, now_ns, error, n_error);
}

static json_t *on_machines(void *context)
{
    return machines_json(context);
}

static json_t *on_machine(void *context, const char *name, const char *key, const char *state,
                          uint32_t most, uint64_t now_ns, char *error, size_t n_error)
{
    const struct machines_query query = {.name = name, .key = key, .state = state, .most = most};

    return machines_keys_json(context, &query, now_ns, error, n_error);
}

static bool on_machine_set(void *context, const char *name, const char *key, const char *state,
                           char *error, size_t n_error)
{
    return machines_put(context, name, key, state, error, n_error);
}

static json_t *on_map_summary(void *context)
{
    return mapping_json(context);
}

static json_t *on_sources(void *context, const uint32_t *item, const char *known, uint32_t *total)
{
    return counters_json(context, item, known, total);
}

static json_t *on_sources_list(void *context, const char *name, const char *slice, uint32_t offset,
                               uint32_t count, char *error, size_t n_error)
{
    return counters_list_json(context, name, slice, offset, count, error, n_error);
}

static void on_drain(void *context, uint32_t timeout_s, uint64_t now_ns)
{
    drain_begin(context, timeout_s, now_ns);
}

/* The reply that a client waits for. */
struct reply {
    struct appliance *appliance;
    uint64_t ticket;
};

static json_t *result_json(const struct change_result *result)
{
    return json_pack("{s:b, s:I, s:I, s:f, s:I, s:o}", "dry_run", (int)result->dry_run,
                     "generation_before", (json_int_t)result->before, "generation",
                     (json_int_t)result->after, "took_s", (double)result->took_ns / 1e9,
                     "n_changes", (json_int_t)result->changes->n, "changes",
                     events_changes_json(result->changes));
}

static void on_change_done(void *context, const struct change_result *result)
{
    struct reply *reply = context;
    json_t *json = result_json(result);
    char error[sizeof(((struct build *)0)->text) + 64];

    snprintf(error, sizeof(error), "nothing is changed: %s", result->text);
    control_reply(reply->appliance->control, reply->ticket, json,
                  result->error != 0 ? error : NULL);
    json_decref(json);
    free(reply);
}

static const char *words_of_refusal(int error)
{
    switch (error) {
    case -ENOENT:
        return "this process has no configuration file; it was told all by its command line";
    case -EBUSY:
        return "too many changes wait for their turn; try again";
    case -ESHUTDOWN:
        return "pennyline is stopping";
    default:
        return "not enough memory";
    }
}

/* "root (process 4711), for REST, from 192.0.2.1" */
static void name_peer(const struct control_peer *peer, const char *on_behalf_of, char *out,
                      size_t n)
{
    char user[32] = "root";

    if (peer->user != 0)
        snprintf(user, sizeof(user), "user %u", (unsigned int)peer->user);
    snprintf(out, n, "%s (process %d)%s%s", user, (int)peer->process,
             on_behalf_of != NULL ? ", for " : "", on_behalf_of != NULL ? on_behalf_of : "");
}

/* What differs is told also of a file that would be refused, once it was understood. */
static void on_diff_done(void *context, const struct change_result *result)
{
    struct reply *reply = context;
    struct appliance *a = reply->appliance;
    bool has_difference = result->error == 0 || result->changes->n > 0;
    json_t *json =
        json_pack("{s:s, s:I, s:s?, s:I, s:o, s:o}", "file", a->options->config_path, "generation",
                  (json_int_t)result->after, "refused", result->error != 0 ? result->text : NULL,
                  "n_changes", (json_int_t)result->changes->n, "changes",
                  events_changes_json(result->changes), "run_time", asked_slices_json(a));

    control_reply(a->control, reply->ticket, json, has_difference ? NULL : result->text);
    json_decref(json);
    free(reply);
}

/* Takes a reading of the file on, which `request` says what becomes of. */
static bool ask_reload(struct appliance *a, const struct control_peer *peer,
                       struct change_request *request, uint64_t now_ns, char *error, size_t n_error)
{
    struct reply *reply = calloc(1, sizeof(*reply));
    int status;

    if (reply == NULL) {
        snprintf(error, n_error, "not enough memory");
        return false;
    }
    *reply = (struct reply){a, peer->ticket};
    request->context = reply;
    status = change_reload(a, request, now_ns);
    if (status == 0)
        return true;
    free(reply);
    snprintf(error, n_error, "%s", words_of_refusal(status));
    return false;
}

static bool on_reload(void *context, const struct control_peer *peer, const char *on_behalf_of,
                      bool dry_run, uint64_t now_ns, char *error, size_t n_error)
{
    struct change_request request = {.done = on_change_done, .dry_run = dry_run, .way = "reload"};

    name_peer(peer, on_behalf_of, request.who, sizeof(request.who));
    return ask_reload(context, peer, &request, now_ns, error, n_error);
}

static bool on_config_diff(void *context, const struct control_peer *peer, uint64_t now_ns,
                           char *error, size_t n_error)
{
    struct change_request request = {.done = on_diff_done, .dry_run = true, .way = "config diff"};

    name_peer(peer, NULL, request.who, sizeof(request.who));
    return ask_reload(context, peer, &request, now_ns, error, n_error);
}

static json_t *on_generation(void *context)
{
    const struct appliance *a = context;
    char since[REPORT_TIME_BYTES], read[REPORT_TIME_BYTES];

    return json_pack("{s:I, s:s, s:s?, s:s}", "generation", (json_int_t)change_generation(a),
                     "in_force_since",
                     report_time(&a->report_clock, change_in_force_since_ns(a), since), "file",
                     a->options->config_path, "file_read",
                     report_time(&a->report_clock, change_file_read_ns(a), read));
}

static json_t *on_drain_state(void *context, uint64_t now_ns)
{
    return drain_json(context, now_ns);
}

int services_listen(struct appliance *a)
{
    const struct config_instance *instance = &a->config->instance;
    char error[512];

    a->control = control_listen(instance->control_socket, instance->control_group,
                                instance->control_read_group, error, sizeof(error));
    if (a->control != NULL)
        return 0;
    if (a->options->is_test) {
        say_warning("%s; this test cannot be asked or commanded", error);
        return 0;
    }
    say_error("%s", error);
    return -EADDRINUSE;
}

static json_t *on_map_command(void *context, const char *command, const json_t *request,
                              uint64_t now_ns, char *error, size_t n_error)
{
    return mapping_command(context, command, request, now_ns, error, n_error);
}

void services_hang_up(struct appliance *a)
{
    control_close(a->control);
    a->control = NULL;
}

int services_up(struct appliance *a)
{
    int failure = telemetry_open();

    a->operations = (struct control_operations){
        .manager = a->manager,
        .instance = a->config->instance.name,
        .group = a->config->instance.control_group,
        .readers = a->config->instance.control_read_group,
        .on_command = events_on_command,
        .clock = &a->report_clock,
        .context = a,
        .worker = on_worker,
        .ports = on_ports,
        .memory = on_memory,
        .services = on_services,
        .responders = on_responders,
        .member = on_member,
        .machines = on_machines,
        .machine = on_machine,
        .machine_set = on_machine_set,
        .map = mapping_map(a),
        .map_summary = on_map_summary,
        .sources = on_sources,
        .sources_list = on_sources_list,
        .map_command = on_map_command,
        .reload = on_reload,
        .generation = on_generation,
        .config_diff = on_config_diff,
        .drain = on_drain,
        .drain_state = on_drain_state,
    };
    if (asked_up(a) != 0)
        say_warning("no memory for slices and tests at run time");
    /* For dpdk-dumpcap. Secondaries are not to be had without hugepages, and then nor is this. */
    if (rte_pdump_init() != 0)
        say_info("dpdk-dumpcap cannot attach here");
    if (failure != 0)
        say_warning("no /pennyline in DPDK's telemetry: %s", strerror(-failure));
    if (a->control != NULL)
        control_begin(a->control, &a->operations);
    return 0;
}

void services_serve(struct appliance *a, uint64_t now_ns)
{
    change_serve(a, now_ns);
    asked_serve(a, now_ns);
    if (a->control != NULL)
        control_poll(a->control, now_ns);
    telemetry_serve(&a->operations, now_ns);
}

void services_down(struct appliance *a)
{
    asked_down(a);
    telemetry_close();
    rte_pdump_uninit();
}
