/* SPDX-License-Identifier: BSD-3-Clause */
#include "options_sources.h"

#include <stdlib.h>
#include <string.h>

#include "common/source_options.h"
#include "eal_arguments.h"
#include "lcores.h"

#define USUAL_LCORES "0-1"
/* The least of what tests would need: there are none. */
#define LEAST_FLOWS         1024
#define LEAST_AGGREGATES    16
#define LEAST_PENDING_DROPS 64
#define LEAST_FLOW_PLACES   1

enum {
    KEY_IN = 0x100,
    KEY_DRIVER,
    KEY_QUEUES,
    KEY_LCORES,
    KEY_NO_HUGE,
    KEY_EVENT_LOG,
    KEY_JSON,
    KEY_LIST,
    KEY_DURATION,
    KEY_SERVER_PORT,
    KEY_LISTEN,
    KEY_SERVE_LIST,
    KEY_TOKEN_FILE,
};

static const struct argp_option rows[] = {
    {"in", KEY_IN, "DEVICE", 0,
     "Where packets come in: a kernel interface, of which copies are taken (AF_PACKET), so the "
     "host "
     "goes on as before; or a device that is used for nothing else, by its PCI address or as a "
     "whole vdev (net_pcap0,rx_pcap=...): what it brings ends here",
     0},
    {"list", KEY_LIST, NULL, 0, "Also print the sources, as far as they are held", 0},
    {"json", KEY_JSON, NULL, 0, "One line of JSON for each window", 0},
    {"duration", KEY_DURATION, "SECONDS", 0, "End after so long (default: when told to)", 0},
    {"server-port", KEY_SERVER_PORT, "PORT", 0,
     "Serve the last whole window at /metrics of this port, by pennyline-web: "
     "active_users{network,transport,port} and pennyline_active_sources",
     0},
    {"listen", KEY_LISTEN, "ADDRESS", 0, "Serve at this address (default 127.0.0.1)", 0},
    {"serve-ip-list", KEY_SERVE_LIST, NULL, 0,
     "Name the sources at /list, to who has a token: ip, network, transport, port", 0},
    {"token-file", KEY_TOKEN_FILE, "FILE", 0,
     "Its first line is that token (default: one is made, and said)", 0},
    {"queues", KEY_QUEUES, "N", 0, "Receive queues (default: one for each worker)", 0},
    {"lcores", KEY_LCORES, "LIST", 0,
     "As EAL's --lcores (default " USUAL_LCORES "): the lowest is the manager's, the others are "
     "workers, each of which takes a CPU for itself",
     0},
    {"no-huge", KEY_NO_HUGE, NULL, 0, "Do without hugepages", 0},
    {"event-log", KEY_EVENT_LOG, "FILE", 0, "Append events to FILE, one JSON object a line", 0},
    {0},
};

static uint32_t number_of(struct argp_state *state, const char *option, const char *text,
                          unsigned long least, unsigned long most)
{
    char *end;
    const unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || n < least || n > most)
        argp_error(state, "--%s: \"%s\"; allowed: %lu to %lu", option, text, least, most);
    return (uint32_t)n;
}

static void check(const struct options *o, struct argp_state *state)
{
    if (o->in == NULL)
        argp_error(state, "where do packets come in? Give --in DEVICE, like --in eth0");
    if (o->server_port == 0 && (o->serve_ip_list || o->listen != NULL || o->token_file != NULL))
        argp_error(state, "--serve-ip-list, --listen and --token-file go with --server-port PORT");
    if (o->token_file != NULL && !o->serve_ip_list)
        argp_error(state, "--token-file goes with --serve-ip-list");
}

/* Texts that come into the configuration. */
static bool take_text(struct options *o, int key, const char *argument, struct argp_state *state)
{
    const char **text = key == KEY_IN           ? &o->in
                        : key == KEY_LCORES     ? &o->lcores
                        : key == KEY_EVENT_LOG  ? &o->event_log
                        : key == KEY_LISTEN     ? &o->listen
                        : key == KEY_TOKEN_FILE ? &o->token_file
                                                : NULL;

    if (text != NULL)
        *text = test_options_text(state, argument);
    return text != NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    if (take_text(o, key, argument, state))
        return 0;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &o->plan;
        return 0;
    case KEY_LIST:
        o->list = true;
        return 0;
    case KEY_JSON:
        o->json = true;
        return 0;
    case KEY_NO_HUGE:
        o->no_huge = true;
        return 0;
    case KEY_SERVE_LIST:
        o->serve_ip_list = true;
        return 0;
    case KEY_DURATION:
        o->duration_s = number_of(state, "duration", argument, 1, 4000000);
        return 0;
    case KEY_QUEUES:
        o->queues = number_of(state, "queues", argument, 1, CONFIG_MAX_QUEUES);
        return 0;
    case KEY_SERVER_PORT:
        o->server_port = number_of(state, "server-port", argument, 1, UINT16_MAX);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\": what is this?", argument);
        return 0;
    case ARGP_KEY_END:
        check(o, state);
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = {{&source_options_argp, 0, "What to count:", 1}, {0}};

const struct argp options_sources_argp = {
    rows,
    parse,
    "[-- EAL...]",
    "Counts how many different sources send to which port, apart by IPv4 and IPv6, TCP and UDP, in "
    "windows of time. It only looks: nothing is dropped, and nothing is sent.\v"
    "Windows end at multiples of their length of the wall clock; the first one is shorter, and is "
    "printed, but not served. What this host sends is not seen; what it forwards is, unless --to "
    "says where packets have to go.\n"
    "\n"
    "  pennyline sources --in eth0 --ports 80,22 --window 60\n"
    "  pennyline sources --in eth0 --ports 0 --window 10 --list --json --duration 60\n"
    "  pennyline sources --in eth0 --ports 80,22 --window 60 --server-port 3031 --serve-ip-list\n"
    "\n"
    "Exit code: 0; 2 wrong usage; 1 any other error.\n",
    children,
    NULL,
    NULL};

static json_t *item_of(const struct options *o)
{
    const struct sources_plan *p = &o->plan;
    json_t *ports = json_array(), *prefixes = json_array(), *item;
    char text[IP_TEXT_BYTES];

    for (uint32_t i = 0; i < p->n_ports && !p->takes_any_port; i++)
        json_array_append_new(ports, json_integer(p->ports[i]));
    for (uint32_t i = 0; i < p->n_destinations; i++)
        json_array_append_new(prefixes, json_string(ip_prefix_format(&p->destinations[i], text)));
    item = json_pack("{s:s, s:o, s:i, s:I, s:i, s:s, s:b}", "name", OPTIONS_SOURCES_NAME, "ports",
                     ports, "window_s", (int)p->window_s, "exact", (json_int_t)p->n_exact,
                     "precision", (int)p->precision, "local", p->hides_local ? "hide" : "show",
                     "list", (int)(o->serve_ip_list || o->list));
    if (p->takes_any_port)
        json_object_set_new(item, "max_ports", json_integer(p->n_ports));
    if (p->n_destinations > 0)
        json_object_set(item, "destinations", prefixes);
    json_decref(prefixes);
    return item;
}

/* Copies: a mirror. */
static json_t *port_of(const struct options *o, const char *lcores)
{
    json_t *port = json_pack(
        "{s:s, s:s, s:s, s:i, s:b}", "name", "in", "device", o->in, "role", "mirror", "queues",
        (int)lcores_queues(lcores, o->queues, CONFIG_MAX_QUEUES), "promiscuous", 0);

    if (config_device_kind(o->in) == PORT_DEVICE_INTERFACE)
        json_object_set_new(port, "driver", json_string("af_packet"));
    return port;
}

static json_t *instance_of(const struct options *o)
{
    json_t *instance =
        json_pack("{s:i, s:i, s:i, s:i, s:s}", "max_aggregates", LEAST_AGGREGATES,
                  "flows_per_lcore", LEAST_FLOWS, "max_pending_drops", LEAST_PENDING_DROPS,
                  "max_flow_places", LEAST_FLOW_PLACES, "control_socket", o->control_path);

    if (o->read_group[0] != '\0')
        json_object_set_new(instance, "control_read_group", json_string(o->read_group));
    if (o->event_log != NULL)
        json_object_set_new(instance, "event_log", json_string(o->event_log));
    return instance;
}

json_t *options_sources_compose(const struct options *o)
{
    char listed[EAL_LCORES_BYTES];
    const char *given = eal_arguments_lcores(o->eal_arguments, listed);
    const char *lcores = given != NULL ? given : o->lcores != NULL ? o->lcores : USUAL_LCORES;

    /* There has to be a slice. */
    return json_pack("{s:[o], s:[{s:s, s:s, s:[s, s]}], s:[o], s:o, s:{s:s, s:b}}", "ports",
                     port_of(o, lcores), "slices", "name", "all", "mode", "off", "sources",
                     "0.0.0.0/0", "::/0", "sources", item_of(o), "instance", instance_of(o), "eal",
                     "lcores", lcores, "huge", (int)!o->no_huge);
}
