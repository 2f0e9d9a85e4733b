/* SPDX-License-Identifier: BSD-3-Clause */
/* Responders, as the manager knows them: the keys of their cookies, whether they answer now, and
 * what came back. The manager's thread. */
#ifndef PENNYLINE_RESPONDERS_H
#define PENNYLINE_RESPONDERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct appliance;
struct config;

/* Memory and keys, when the configuration has responders; before the workers run. 0 or a negative
 * errno. */
int responders_up(struct appliance *a);
void responders_down(struct appliance *a);

/* Another configuration is in force. */
void responders_follow(struct appliance *a, const struct config *config);

/* In each turn of the manager's loop: keys are renewed in time; with the kill switch on, and while
 * the box leaves the path, nothing is answered. */
void responders_serve(struct appliance *a, uint64_t now_ns);

/* Each with its counters, and the sources that answered back in this hour. The caller's. */
json_t *responders_json(struct appliance *a, uint64_t now_ns);

#endif
