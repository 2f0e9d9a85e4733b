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
#include "common/sandbox.h"
#include "common/token.h"
#include "server.h"

#define DEFAULT_LISTEN "127.0.0.1:50051"
#define ERROR_BYTES    512
#define MOST_CALLS     64 /* as instance.max_tests_by_command when nothing is said */

struct options {
    const char *listen, *socket, *token_file, *certificate, *key;
    bool anyone;
    struct start_test_options start_test;
};

enum { KEY_ANYONE = 0x100, KEY_NO_PREFIX, KEY_CERTIFICATE, KEY_KEY };

static const struct argp_option rows[] = {
    {"listen", 'l', "ADDRESS:PORT", 0, "Where to listen (" DEFAULT_LISTEN ")", 0},
    {"socket", 's', "PATH", 0, "pennyline's control socket (" CONTROL_DEFAULT_SOCKET ")", 0},
    {"token-file", 't', "FILE", 0,
     "Only whoever sends the secret in its first line (authorization: Bearer SECRET) is served", 0},
    {"tls-certificate", KEY_CERTIFICATE, "FILE", 0, "Serve TLS with this chain (PEM)", 0},
    {"tls-key", KEY_KEY, "FILE", 0, "and this key (PEM)", 0},
    {"anyone", KEY_ANYONE, NULL, 0,
     "Listen beyond this machine without both token and TLS: whoever reaches the address, or hears "
     "what others send there, may drop segments",
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
    case 't':
        o->token_file = argument;
        return 0;
    case KEY_CERTIFICATE:
        o->certificate = argument;
        return 0;
    case KEY_KEY:
        o->key = argument;
        return 0;
    case ARGP_KEY_END:
        if ((o->certificate == NULL) != (o->key == NULL))
            argp_error(state, "--tls-certificate and --tls-key go together");
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

static int serve(const struct options *o, int listener, const struct token *token,
                 const struct channel_tls *tls)
{
    struct service service = {
        .jobs = jobs_create(o->socket, MOST_CALLS), .options = o->start_test, .token = token};
    char address[SERVER_ADDRESS_BYTES], words[ERROR_BYTES];
    int error;

    if (service.jobs == NULL)
        return fail("start", "", "not enough memory");
    if (sandbox_enter(words, sizeof(words)) != 0)
        return fail("start", "", words);
    server_address(listener, address);
    fprintf(stderr, "pennyline-grpc: listening at %s%s, pennyline is at %s\n", address,
            tls != NULL ? " by TLS" : "", o->socket);
    if (!sandbox_is_there())
        fprintf(stderr,
                "pennyline-grpc: built without libseccomp: system calls are not filtered\n");
    error = server_run(&service, listener, tls, &stop);
    jobs_destroy(service.jobs);
    return error == 0 ? EXIT_SUCCESS : fail("serve", o->listen, strerror(-error));
}

/* Before it listens: who asks for a token or TLS is served with it, or not at all. */
static int load_files(const struct options *o, struct token *token, struct channel_tls **tls)
{
    char error[ERROR_BYTES];

    if (o->token_file != NULL && token_load(token, o->token_file, error, sizeof(error)) != 0) {
        fprintf(stderr, "pennyline-grpc: %s\n", error);
        return -1;
    }
    if (o->certificate != NULL)
        *tls = channel_tls_load(o->certificate, o->key, error, sizeof(error));
    if (o->certificate != NULL && *tls == NULL) {
        fprintf(stderr, "pennyline-grpc: TLS: %s\n", error);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {.listen = DEFAULT_LISTEN, .socket = CONTROL_DEFAULT_SOCKET};
    struct token token = {.n = 0};
    struct channel_tls *tls = NULL;
    bool is_local;
    int listener, result;

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
    if (!is_local && !o.anyone && (o.token_file == NULL || o.certificate == NULL)) {
        fail("--listen", o.listen,
             "whoever reaches this address could drop segments; listen at 127.0.0.1, give "
             "--token-file and --tls-certificate, or say --anyone");
        return EXIT_USAGE;
    }
    result = load_files(&o, &token, &tls) == 0 ? serve(&o, listener, &token, tls) : EXIT_ERROR;
    channel_tls_free(tls);
    return result;
}
