/* SPDX-License-Identifier: BSD-3-Clause */
#include "info/check.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "info/table.h"
#include "packet/packet.h"

static uint64_t add_number(uint64_t h, uint64_t number)
{
    return hash_fold(h ^ number, UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t add_text(uint64_t h, const char *text)
{
    for (; *text != '\0'; text++)
        h = add_number(h, (uint8_t)*text);
    return h;
}

static uint64_t add_rows(uint64_t h, const struct counter_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = add_text(add_number(h, rows[i].offset), rows[i].name);
    return h;
}

uint64_t info_fingerprint(void)
{
    static const size_t sizes[] = {
        sizeof(struct info_header),         sizeof(struct info_box),
        sizeof(struct info_port),           sizeof(struct info_pool),
        sizeof(struct info_slice),          sizeof(struct info_aggregate),
        sizeof(struct info_label),          sizeof(struct info_worker),
        sizeof(struct worker_counters),     sizeof(struct worker_load),
        sizeof(struct load_rates),          sizeof(struct worker_port),
        sizeof(struct flow_table_counters), offsetof(struct slice, parameters)};
    uint64_t h = INFO_MAGIC;

    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++)
        h = add_number(h, sizes[i]);
    h = add_rows(h, aggregate_counter_rows, n_aggregate_counter_rows);
    h = add_rows(h, worker_counter_rows, n_worker_counter_rows);
    h = add_rows(h, stage_counter_rows, n_stage_counter_rows);
    for (int i = 0; i < N_STAGES; i++)
        h = add_text(h, stage_name((enum port_stage)i));
    for (int i = 0; i < PACKET_N_REASONS; i++)
        h = add_text(h, packet_reason_name((enum packet_reason)i));
    for (int i = 0; i < LOAD_N_STAGES; i++)
        h = add_text(h, load_stage_name((enum load_stage)i));
    return h;
}

static uint64_t read_magic(const struct info_header *h)
{
    return atomic_load_explicit((const _Atomic uint64_t *)&h->magic, memory_order_acquire);
}

static bool is_table(const struct info_header *h, uint64_t at, uint32_t n_records,
                     size_t record_bytes)
{
    const struct info_table *t = (const struct info_table *)((uintptr_t)h + at);

    return at % sizeof(uint64_t) == 0 && at >= sizeof(*h) && at <= h->total_bytes &&
           info_table_bytes(n_records, record_bytes) <= h->total_bytes - at &&
           t->n_records == n_records && t->record_bytes == record_bytes &&
           t->stride_bytes == record_bytes + sizeof(uint64_t);
}

/* Does all that the header speaks of lie in its memory? The fingerprint says how large each thing
 * is, and not how many there are and where. */
static bool lies_inside(const struct info_header *h)
{
    return h->total_bytes >= sizeof(*h) && h->workers_at % sizeof(uint64_t) == 0 &&
           h->workers_at >= sizeof(*h) && h->workers_at <= h->total_bytes &&
           h->n_workers <= (h->total_bytes - h->workers_at) / sizeof(struct info_worker) &&
           is_table(h, h->box_at, 1, sizeof(struct info_box)) &&
           is_table(h, h->ports_at, h->n_ports, sizeof(struct info_port)) &&
           is_table(h, h->pools_at, h->n_pools, sizeof(struct info_pool)) &&
           is_table(h, h->slices_at, h->n_slices, sizeof(struct info_slice)) &&
           is_table(h, h->labels_at, TEST_MOST_BY_COMMAND, sizeof(struct info_label)) &&
           is_table(h, h->aggregates_at, h->n_aggregates_most, sizeof(struct info_aggregate));
}

enum info_fit info_check(const void *memory, size_t n_bytes, char *error, size_t n_error)
{
    const struct info_header *h = memory;
    char version[sizeof(h->program_version) + 1] = {0};

    if (n_bytes < offsetof(struct info_header, instance) || read_magic(h) != INFO_MAGIC) {
        snprintf(error, n_error,
                 "pennyline has not laid its counters open yet: it is starting or stopping");
        return INFO_NOT_READY;
    }
    memcpy(version, h->program_version, sizeof(h->program_version));
    if (h->layout_version != INFO_LAYOUT_VERSION || h->fingerprint != info_fingerprint()) {
        snprintf(
            error, n_error,
            "pennyline %s lays its counters out in another way (layout %u, fingerprint %016lx) "
            "than this pennyline-info %s knows (layout %u, fingerprint %016lx): use the "
            "pennyline-info that was built with it",
            version, h->layout_version, (unsigned long)h->fingerprint, PENNYLINE_VERSION,
            (unsigned int)INFO_LAYOUT_VERSION, (unsigned long)info_fingerprint());
        return INFO_OTHER_LAYOUT;
    }
    if (n_bytes < h->total_bytes) {
        snprintf(error, n_error, "%zu bytes are there, but pennyline wrote %lu", n_bytes,
                 (unsigned long)h->total_bytes);
        return INFO_TRUNCATED;
    }
    if (!lies_inside(h)) {
        snprintf(
            error, n_error,
            "what pennyline says of its counters lies beyond its memory of %lu bytes: it is none "
            "of pennyline's, or was overwritten",
            (unsigned long)h->total_bytes);
        return INFO_TRUNCATED;
    }
    return INFO_FITS;
}
