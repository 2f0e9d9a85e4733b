/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies as JSON, cut to what telemetry can hold, and their way into its data. Internal. */
#ifndef TELEMETRY_INTERNAL_H
#define TELEMETRY_INTERNAL_H

#include <jansson.h>
#include <rte_telemetry.h>
#include <stdbool.h>
#include <stdint.h>

#include "telemetry/parameters.h"

/* Telemetry holds 16 KiB, the command's name and all brackets included. */
#define TELEMETRY_REPLY_BYTES   (15u << 10)
#define TELEMETRY_PAGE_BYTES    (12u << 10)
#define TELEMETRY_REQUEST_BYTES 512
#define TELEMETRY_VERDICTS_MOST 100 /* as the manager tells at most */

/* exchange.c: "result" of the manager's reply, or as a text why there is none; *ok says which. The
 * caller's. Any thread but the manager's; it waits a second at most for each question before it. */
json_t *telemetry_ask_manager(const char *request, bool *ok);

/* What is shown of a result of the control server. It takes nothing away from its argument; what it
 * returns is the caller's, NULL when memory is short. Lists are pages: {total, offset, shown, items
 * by their position, and next when there is more}. */
typedef json_t *telemetry_view(const json_t *result, const struct telemetry_parameters *p);
/* shape.c */
telemetry_view telemetry_shape_status, telemetry_shape_worker, telemetry_shape_aggregates,
    telemetry_shape_aggregate, telemetry_shape_sources, telemetry_shape_memory;
/* views.c */
telemetry_view telemetry_shape_lcores, telemetry_shape_flows, telemetry_shape_reasons,
    telemetry_shape_ports, telemetry_shape_slices, telemetry_shape_verdicts;
/* machines.c */
telemetry_view telemetry_shape_machines, telemetry_shape_machine;
/* map.c */
telemetry_view telemetry_shape_map;

/* page.c: items of a list, as many as there are and one reply holds beside `n_bytes_before`. */
struct telemetry_list {
    const json_t *items;
    uint32_t first, total; /* `items` are those from `first` on, of `total` */
    size_t n_bytes_before;
    json_t *(*shape)(json_t *item);
    const char *key; /* which member of an item is its number; NULL: its position */
};
json_t *telemetry_page(const struct telemetry_list *list, const struct telemetry_parameters *p);
size_t telemetry_length(const json_t *value);

/* A text of its own: one inside an object has room for 127 bytes only. */
json_t *telemetry_error(const char *text);

/* convert.c: an object or a text into `out`. 0; -EINVAL it is neither, or has names that telemetry
 * refuses; -E2BIG it is longer than TELEMETRY_REPLY_BYTES; -ENOMEM. */
int telemetry_convert(const json_t *object, struct rte_tel_data *out);

#endif
