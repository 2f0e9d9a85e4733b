/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/source_options.h"

#include <stdlib.h>
#include <string.h>

#include "sources/sketch.h"

#define PLACES_OF_ANY_PORT 64
#define DEFAULT_EXACT      (UINT32_C(1) << 20)

enum {
    KEY_PORTS = SOURCE_OPTIONS_FIRST_KEY,
    KEY_WINDOW,
    KEY_EXACT,
    KEY_PRECISION,
    KEY_HIDE_LOCAL,
    KEY_TO,
};

static const struct argp_option argp_rows[] = {
    {"ports", KEY_PORTS, "PORT[,...]", 0,
     "Destination ports to count, up to 1024; 0, the default: any, the first 64 of a window each "
     "by "
     "itself and the others together",
     0},
    {"window", KEY_WINDOW, "SECONDS", 0,
     "Windows of so many seconds, a multiple of 10 (default 60); they begin at its multiples", 0},
    {"exact", KEY_EXACT, "N", 0,
     "Hold up to N pairs of source and port as they are, 0 to 16777216 (default 1048576); with "
     "more, "
     "numbers are estimates",
     0},
    {"precision", KEY_PRECISION, "P", 0,
     "Estimates by 2^P registers, 4 to 16 (default 12, a standard error of 1.6 %)", 0},
    {"hide-local", KEY_HIDE_LOCAL, NULL, 0,
     "Leave out sources that are none on the Internet, as 10.0.0.0/8", 0},
    {"to", KEY_TO, "CIDR", 0, "Only packets to this prefix; up to 32 times", 0},
    {0},
};

static unsigned long number_of(struct argp_state *state, const char *option, const char *text,
                               unsigned long least, unsigned long most)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
        argp_error(state, "--%s: \"%s\"; allowed: a whole number from %lu to %lu", option, text,
                   least, most);
    return value;
}

static void read_ports(struct argp_state *state, struct sources_plan *p, char *text)
{
    char *rest = NULL;

    p->n_ports = 0;
    p->takes_any_port = false;
    for (const char *item = strtok_r(text, ",", &rest); item != NULL;
         item = strtok_r(NULL, ",", &rest)) {
        const uint16_t port = (uint16_t)number_of(state, "ports", item, 0, UINT16_MAX);

        for (uint32_t i = 0; i < p->n_ports; i++)
            if (p->ports[i] == port)
                argp_error(state, "--ports: %u twice; allowed: each port once", port);
        if (p->n_ports == SOURCES_MOST_PORTS)
            argp_error(state, "--ports: more than %d; allowed: up to so many", SOURCES_MOST_PORTS);
        p->ports[p->n_ports++] = port;
    }
    if (p->n_ports == 0)
        argp_error(state, "--ports: none; allowed: PORT,PORT,... or 0 for any");
    if (p->n_ports == 1 && p->ports[0] == 0) {
        p->takes_any_port = true;
        p->n_ports = PLACES_OF_ANY_PORT;
    }
}

static void read_window(struct argp_state *state, struct sources_plan *p, const char *text)
{
    p->window_s =
        (uint32_t)number_of(state, "window", text, SOURCES_WINDOW_STEP_S, SOURCES_MOST_WINDOW_S);
    if (p->window_s % SOURCES_WINDOW_STEP_S != 0)
        argp_error(state, "--window: %s; allowed: a multiple of %d", text, SOURCES_WINDOW_STEP_S);
}

static void read_destination(struct argp_state *state, struct sources_plan *p, const char *text)
{
    if (p->n_destinations == SOURCES_MOST_DESTINATIONS)
        argp_error(state, "--to: more than %d; allowed: up to so many", SOURCES_MOST_DESTINATIONS);
    if (ip_prefix_parse(text, &p->destinations[p->n_destinations++]) != 0)
        argp_error(state,
                   "--to: \"%s\"; allowed: a prefix without host bits or an address, like "
                   "\"192.0.2.0/24\" or \"2001:db8::1\"",
                   text);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct sources_plan *p = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        *p = (struct sources_plan){.window_s = 60,
                                   .n_exact = DEFAULT_EXACT,
                                   .precision = 12,
                                   .n_ports = PLACES_OF_ANY_PORT,
                                   .takes_any_port = true,
                                   .tcp = true,
                                   .udp = true};
        return 0;
    case KEY_PORTS:
        read_ports(state, p, argument);
        return 0;
    case KEY_WINDOW:
        read_window(state, p, argument);
        return 0;
    case KEY_EXACT:
        p->n_exact = (uint32_t)number_of(state, "exact", argument, 0, SOURCES_MOST_EXACT);
        return 0;
    case KEY_PRECISION:
        p->precision = (uint32_t)number_of(state, "precision", argument, SOURCES_LEAST_PRECISION,
                                           SOURCES_MOST_PRECISION);
        return 0;
    case KEY_HIDE_LOCAL:
        p->hides_local = true;
        return 0;
    case KEY_TO:
        read_destination(state, p, argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp source_options_argp = {argp_rows, parse, NULL, NULL, NULL, NULL, NULL};
