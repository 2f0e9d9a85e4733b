/* SPDX-License-Identifier: BSD-3-Clause */
/* Is the box alive, and is it ready to test? Any thread. */
#ifndef WEB_HEALTH_H
#define WEB_HEALTH_H

#include <stdbool.h>
#include <stdio.h>

#include "mirror.h"

struct health;

struct health *health_create(struct mirror *m); /* NULL when memory is short */
void health_destroy(struct health *h);

/* Writes {"healthy", "checks": [{"check", "ok", "detail"}...]}. Healthy is: pennyline answers, its
 * epochs go on (which needs every worker), and no worker takes packets that go nowhere. */
bool health_write_alive(struct health *h, double now_s, FILE *out);

/* The same with "ready": healthy, all aggregates known, drops allowed, all links up. */
bool health_write_ready(struct health *h, double now_s, FILE *out);

#endif
