/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-grpc: OpenPenny's service over a running pennyline. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/paths.h"
#include "common/exit_codes.h"
#include "server.h"

#define DEFAULT_LISTEN "127.0.0.1:50051"
#define MOST_CALLS     64 /* as instance.max_tests_by_command when nothing is said */

struct options {
    const char *listen, *socket;
    bool anyone;
    struct start_test_options start_test;
};

enum { KEY_ANYONE = 0x100, KEY_NO_PREFIX };

static const struct argp_option rows[] = {
    {"listen", 'l', "ADDRESS:PORT", 0, "Where to listen (" DEFAULT_LISTEN ")", 0},
    {"socket", 's', "PATH", 0, "pennyline's control socket (" CONTROL_DEFAULT_SOCKET ")", 0},
    {"anyone", KEY_ANYONE, NULL, 0,
     "Listen beyond this machine: whoever reaches the address may drop segments, since calls are "
     "in "
     "the clear and ask for no token",
     0},
    {"allow-no-prefix", KEY_NO_PREFIX, NULL, 0,
     "A call without a prefix tests every IPv4 source; else it is refused", 0},
    {0},
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART: poll(2) ends */

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;

    switch (key) {
    case 'l':
        o->listen = argument;
        return 0;
    case 's':
        o->socket = argument;
        return 0;
    case KEY_ANYONE:
        o->anyone = true;
        return 0;
    case KEY_NO_PREFIX:
        o->start_test.allow_no_prefix = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\": there are only options", argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    rows,
    parse,
    NULL,
    "Serves OpenPenny's clients (openpenny.api.PennyService, gRPC) by a running pennyline: "
    "StartTest "
    "tests one source prefix, and answers with its verdict.\v"
    "SIGTERM and SIGINT end the tests of calls that are under way, and then the program.\n",
    NULL,
    NULL,
    NULL};

static int fail(const char *what, const char *value, const char *why)
{
    fprintf(stderr, "pennyline-grpc: %s %s: %s\n", what, value, why);
    return EXIT_ERROR;
}

static int serve(const struct options *o, int listener)
{
    struct service service = {.jobs = jobs_create(o->socket, MOST_CALLS), .options = o->start_test};
    char address[SERVER_ADDRESS_BYTES];
    int error;

    if (service.jobs == NULL)
        return fail("start", "", "not enough memory");
    server_address(listener, address);
    fprintf(stderr, "pennyline-grpc: listening at %s, pennyline is at %s\n", address, o->socket);
    error = server_run(&service, listener, &stop);
    jobs_destroy(service.jobs);
    return error == 0 ? EXIT_SUCCESS : fail("serve", o->listen, strerror(-error));
}

int main(int argc, char **argv)
{
    struct options o = {.listen = DEFAULT_LISTEN, .socket = CONTROL_DEFAULT_SOCKET};
    bool is_local;
    int listener;

    argp_program_version = "pennyline-grpc " PENNYLINE_VERSION;
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &o);
    catch_signals();
    listener = server_listen(o.listen, &is_local);
    if (listener == -EINVAL) {
        fail("--listen", o.listen, "write ADDRESS:PORT, like 127.0.0.1:50051 or [::1]:50051");
        return EXIT_USAGE;
    }
    if (listener < 0)
        return fail("listen at", o.listen, strerror(-listener));
    if (!is_local && !o.anyone) {
        fail("--listen", o.listen,
             "whoever reaches this address could drop segments; listen at 127.0.0.1, or say "
             "--anyone");
        return EXIT_USAGE;
    }
    return serve(&o, listener);
}
