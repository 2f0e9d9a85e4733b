/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/paths.h"
#include "common/exit_codes.h"

enum key {
    KEY_PAGE = 0x100,
    KEY_LISTEN_GROUP,
    KEY_HOST,
    KEY_CERTIFICATE,
    KEY_KEY,
    KEY_USER,
    KEY_CONNECTIONS,
    KEY_PER_ADDRESS,
    KEY_RATE,
    KEY_IDLE,
    KEY_WEBHOOK,
    KEY_QUEUE,
    KEY_EVENTS,
    KEY_WEBHOOK_TOKEN,
    KEY_READ_TOKEN,
    KEY_WEBHOOK_PROXY,
    KEY_EVENT_LOG,
    KEY_ACTIVE_USERS,
    KEY_SERVE_LIST,
};

static const struct argp_option rows[] = {
    {"socket", 's', "PATH", 0, "pennyline's control socket (default " CONTROL_DEFAULT_SOCKET ")",
     0},
    {"listen", 'l', "ADDRESS", 0,
     "ADDRESS:PORT, [ADDRESS6]:PORT, or the PATH of a UNIX socket (default 127.0.0.1:9464)", 0},
    {"listen-group", KEY_LISTEN_GROUP, "NAME", 0,
     "Members of this group may use that UNIX socket (mode 0660), as a reverse proxy's user", 0},
    {"host", KEY_HOST, "NAMES", 0,
     "Names that it is called by, with commas between, \"*\" for any; addresses and localhost are "
     "always taken",
     0},
    {"token-file", 't', "FILE", 0,
     "Whoever sends the secret in its first line may change something: tests, slices, kill switch, "
     "reload, drain; without it, nobody may",
     0},
    {"read-token-file", KEY_READ_TOKEN, "FILE", 0,
     "Only whoever sends the secret in its first line, or that of --token-file, may read; without "
     "it, everybody who reaches the address. /healthz and /readyz stay open",
     0},
    {"tls-certificate", KEY_CERTIFICATE, "FILE", 0, "Serve TLS with this chain (PEM)", 0},
    {"tls-key", KEY_KEY, "FILE", 0, "and this key (PEM)", 0},
    {"user", KEY_USER, "NAME", 0, "Become this user as soon as all files are read", 0},
    {"page", KEY_PAGE, "DIRECTORY", 0, "Where the page's files lie", 0},
    {"active-users", KEY_ACTIVE_USERS, "NAME", 0,
     "Tell these counted sources at /metrics also as xdp-ip-counter does: "
     "active_users{network,transport,port}",
     0},
    {"serve-ip-list", KEY_SERVE_LIST, NULL, 0,
     "Name counted sources at /list, where the configuration lets them be named, to who has a "
     "token",
     0},
    {"max-connections", KEY_CONNECTIONS, "N", 0, "At once (default 1024)", 1},
    {"max-connections-per-address", KEY_PER_ADDRESS, "N", 0,
     "An IPv6 /64 is one address (default 64; 0: no limit)", 1},
    {"requests-per-second", KEY_RATE, "N", 0,
     "Of one address, for ever; ten times as many at once (default 100)", 1},
    {"idle-timeout", KEY_IDLE, "SECONDS", 0,
     "A connection without traffic is closed (default 15), and one whose request takes twice as "
     "long",
     1},
    {"webhook", KEY_WEBHOOK, "URL", 0,
     "Post events there, as JSON. An URL that is a secret stands in a file: @FILE", 2},
    {"webhook-queue", KEY_QUEUE, "DIRECTORY", 0,
     "Where events wait until they are posted (default /var/lib/pennyline-web)", 2},
    {"webhook-events", KEY_EVENTS, "NAMES", 0,
     "Which ones, with commas between (default verdict,suspended,kill_switch,events_lost)", 2},
    {"event-log", KEY_EVENT_LOG, "FILE", 0,
     "pennyline's event log, to post what happens while this program does not run, too; without "
     "it, "
     "only what it hears itself",
     2},
    {"webhook-token-file", KEY_WEBHOOK_TOKEN, "FILE", 0,
     "Its first line is sent as \"Authorization: Bearer ...\"", 2},
    {"webhook-proxy", KEY_WEBHOOK_PROXY, "URL", 0,
     "Post by way of this proxy; http_proxy and the like of the environment do not count", 2},
    {0},
};

static const char description[] =
    "Shows a running pennyline over HTTP: a page for people, REST under /api/v1, OpenMetrics at "
    "/metrics, /healthz and /readyz.\v"
    "It needs no privilege but to open pennyline's control socket, and the packets do not pass it: "
    "when it ends, pennyline goes on.\n"
    "\n"
    "Exit code: 0 told to end; 1 it could not start: the message says what to do; 2 usage.";

static uint32_t count(const struct argp_state *state, const char *text, uint32_t least,
                      uint32_t most)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*end != '\0' || *text < '0' || *text > '9' || value < least || value > most)
        argp_error(state, "\"%s\": give a whole number from %u to %u", text, least, most);
    return (uint32_t)value;
}

static const char **text_of(struct options *o, int key)
{
    const struct {
        int key;
        const char **text;
    } texts[] = {
        {'s', &o->socket},
        {'l', &o->listen},
        {KEY_LISTEN_GROUP, &o->listen_group},
        {KEY_HOST, &o->hosts},
        {'t', &o->token_file},
        {KEY_READ_TOKEN, &o->read_token_file},
        {KEY_CERTIFICATE, &o->certificate},
        {KEY_KEY, &o->key},
        {KEY_USER, &o->user},
        {KEY_PAGE, &o->page},
        {KEY_WEBHOOK, &o->webhook},
        {KEY_QUEUE, &o->webhook_queue},
        {KEY_EVENTS, &o->webhook_events},
        {KEY_WEBHOOK_TOKEN, &o->webhook_token_file},
        {KEY_WEBHOOK_PROXY, &o->webhook_proxy},
        {KEY_EVENT_LOG, &o->event_log},
        {KEY_ACTIVE_USERS, &o->active_users},
    };

    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        if (texts[i].key == key)
            return texts[i].text;
    return NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    const char **text = text_of(o, key);

    if (text != NULL) {
        *text = argument;
        return 0;
    }
    switch (key) {
    case KEY_CONNECTIONS:
        o->max_connections = count(state, argument, 8, 100000);
        return 0;
    case KEY_PER_ADDRESS:
        o->max_connections_per_address = count(state, argument, 0, 100000);
        return 0;
    case KEY_RATE:
        o->requests_per_second = count(state, argument, 1, 1000000);
        return 0;
    case KEY_SERVE_LIST:
        o->serves_list = true;
        return 0;
    case KEY_IDLE:
        o->idle_timeout_s = count(state, argument, 1, 3600);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\": too many words", argument);
        return 0;
    case ARGP_KEY_SUCCESS:
        if ((o->certificate == NULL) != (o->key == NULL))
            argp_error(state, "--tls-certificate and --tls-key go together");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const char *argp_program_version = "pennyline-web " PENNYLINE_VERSION;

void options_parse(struct options *o, int argc, char **argv)
{
    static const struct argp argp = {rows, parse, NULL, description, NULL, NULL, NULL};

    *o = (struct options){
        .socket = CONTROL_DEFAULT_SOCKET,
        .listen = "127.0.0.1:9464",
        .max_connections = 1024,
        .max_connections_per_address = 64,
        .requests_per_second = 100,
        .idle_timeout_s = 15,
        .webhook_queue = "/var/lib/pennyline-web",
        .webhook_events = "verdict,suspended,kill_switch,events_lost",
    };
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, o);
}
