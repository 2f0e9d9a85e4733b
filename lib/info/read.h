/* SPDX-License-Identifier: BSD-3-Clause */
/* The reading side: any process, any thread, at any time. Nothing here writes to what it reads, and
 * nothing waits for the writer. The header passed info_check(). */
#ifndef INFO_READ_H
#define INFO_READ_H

#include "info/layout.h"
#include "report/report.h"

/* Each false when there is no such record, or (table.h) when it cannot be read now. */
bool info_read_box(const struct info_header *h, struct info_box *out);
bool info_read_port(const struct info_header *h, uint32_t i, struct info_port *out);
bool info_read_pool(const struct info_header *h, uint32_t i, struct info_pool *out);
bool info_read_slice(const struct info_header *h, uint32_t i, struct info_slice *out);
bool info_read_aggregate(const struct info_header *h, uint32_t i, struct info_aggregate *out);

/* NULL beyond the last. Its pointers are good in processes of the same DPDK. */
const struct info_worker *info_worker(const struct info_header *h, uint32_t i);

/* What one worker counted, as one copy. */
struct info_worker_counts {
    struct worker_counters counters;
    struct flow_table_counters flows;
    uint64_t packet_reasons[PACKET_N_REASONS];
    struct stage_counters stages[N_STAGES];
    struct worker_load load;
};
void info_copy_worker(const struct info_worker *w, struct info_worker_counts *out);

/* Of all workers, for one port. */
struct worker_port info_sum_port(const struct info_header *h, uint32_t port);

/* As reports have them, in the same words as the control socket. The caller's; NULL when the record
 * cannot be read or memory is short. */
json_t *info_port_json(const struct info_header *h, uint32_t i);
json_t *info_slice_json(const struct info_header *h, uint32_t i);
json_t *info_aggregate_json(const struct info_header *h, uint32_t i,
                            const struct info_aggregate *record);
/* Without what DPDK's heap holds as long as that is not known. */
json_t *info_memory_json(const struct info_memory *memory);
json_t *info_pool_json(const struct info_pool *pool);

/* How much of the places that were taken at start is in use. */
struct info_use {
    uint64_t n_flows, n_flows_most; /* over all workers */
    uint64_t n_aggregates, n_aggregates_most;
};
json_t *info_use_json(const struct info_use *use);

#endif
