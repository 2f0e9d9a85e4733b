/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of pennyline-web. */
#ifndef WEB_OPTIONS_H
#define WEB_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *socket;          /* pennyline's */
    const char *listen;          /* ADDRESS:PORT, or a path: a UNIX socket */
    const char *listen_group;    /* whose members may use that path; NULL: the process' own */
    const char *hosts;           /* names that it is called by, with commas; NULL: none */
    const char *page;            /* directory; NULL: the usual ones */
    const char *token_file;      /* NULL: nothing may be changed */
    const char *read_token_file; /* NULL: whoever reaches it may read */
    const char *certificate;     /* with key: TLS */
    const char *key;
    const char *user; /* NULL: stays who it is */
    uint32_t max_connections, max_connections_per_address, requests_per_second;
    const char *webhook;            /* URL; NULL: none */
    const char *webhook_queue;      /* directory */
    const char *webhook_events;     /* names with commas */
    const char *webhook_token_file; /* NULL: none */
    const char *webhook_proxy;      /* URL; NULL: none */
    uint32_t idle_timeout_s;        /* of a connection */
    const char *active_users;       /* name of the counted sources that it is told of; NULL: none */
    bool serves_list;               /* names of sources, to who has a token */
    const char *event_log;          /* pennyline's; NULL: events come by its socket */
};

/* Fills in what is not given. Ends the process with a usage message when it is wrong. */
void options_parse(struct options *o, int argc, char **argv);

#endif
