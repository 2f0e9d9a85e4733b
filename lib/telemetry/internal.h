/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies as JSON, cut to what telemetry can hold, and their way into its data. Internal. */
#ifndef TELEMETRY_INTERNAL_H
#define TELEMETRY_INTERNAL_H

#include <jansson.h>
#include <rte_telemetry.h>
#include <stdint.h>

/* Telemetry holds 16 KiB, the command's name and all brackets included. */
#define TELEMETRY_REPLY_BYTES (15u << 10)
#define TELEMETRY_PAGE_BYTES  (12u << 10)

/* shape.c: each makes of a result of the control server what is shown. They take nothing away from
 * their argument; what they return is the caller's, NULL when memory is short. */
json_t *telemetry_shape_status(const json_t *status);
json_t *telemetry_shape_worker(const json_t *status, uint32_t worker);
json_t *telemetry_shape_page(const json_t *page);
json_t *telemetry_shape_aggregate(const json_t *aggregate);
/* views.c: pages from `offset` on: {total, offset, shown, items by position, next}. */
typedef json_t *telemetry_view(const json_t *result, uint32_t offset);
telemetry_view telemetry_shape_lcores, telemetry_shape_flows, telemetry_shape_reasons,
    telemetry_shape_ports, telemetry_shape_memory, telemetry_shape_slices, telemetry_shape_verdicts;
/* A text of its own: one inside an object has room for 127 bytes only. */
json_t *telemetry_error(const char *text);

/* convert.c: an object or a text into `out`. 0; -EINVAL it is neither, or has names that telemetry
 * refuses; -E2BIG it is longer than TELEMETRY_REPLY_BYTES; -ENOMEM. */
int telemetry_convert(const json_t *object, struct rte_tel_data *out);

#endif
