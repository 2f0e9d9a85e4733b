/* SPDX-License-Identifier: BSD-3-Clause */
/* Where alarms are sent: syslog and Alertmanager, each by a thread of its own, which reads the
 * store by a connection of its own. Neither waits for the other, and who writes the store waits for
 * none. */
#ifndef PENNYLINE_MAP_OUTPUTS_H
#define PENNYLINE_MAP_OUTPUTS_H

#include <stddef.h>

#define OUTPUTS_ERROR_BYTES 512

struct output_config {
    const char *store;
    const char
        *target; /* of syslog: udp:HOST:PORT, tcp:HOST:PORT, unix:PATH; of Alertmanager: URL */
    const char *box;
    unsigned int facility;   /* syslog */
    unsigned int interval_s; /* Alertmanager: alarms that are up are sent again after so long */
};

struct output;

/* What `config` points to outlives it. NULL with `error`: what cannot work is refused at once, what
 * does not answer yet is tried again. */
struct output *syslog_start(const struct output_config *config, char error[OUTPUTS_ERROR_BYTES]);
void syslog_stop(struct output *o); /* NULL is allowed */

struct output *alertmanager_start(const struct output_config *config,
                                  char error[OUTPUTS_ERROR_BYTES]);
void alertmanager_stop(struct output *o); /* NULL is allowed */

#endif
