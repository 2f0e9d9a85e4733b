/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of one size in memory that other processes see: one writer, any number of readers, who
 * only read.
 *
 * Each record has a sequence number, odd while it is written. That alone would let a reader wait
 * for ever for a writer that was stopped in the middle, so the writer first puts the record as it
 * was into the table's one undo copy: whoever meets an odd number reads that. So a reader always
 * gets the record as it was last published, whole, wherever the writer stands, and tries again only
 * when the writer went on meanwhile.
 *
 * Addresses differ from process to process, so there is no pointer in a table. */
#ifndef INFO_TABLE_H
#define INFO_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct info_table {
    uint32_t n_records;
    uint32_t record_bytes; /* a multiple of 8 */
    uint64_t stride_bytes; /* from record to record */
    /* The undo copy: its own sequence number, and whose it is. The copy follows the struct, and the
     * records follow the copy. */
    _Atomic uint64_t undo_sequence;
    _Atomic uint64_t undo_of;
};

/* Bytes of a table; its memory is aligned to 8. */
size_t info_table_bytes(uint32_t n_records, size_t record_bytes);

/* Writer. All records are zero. */
void info_table_init(struct info_table *t, uint32_t n_records, size_t record_bytes);

/* Writer. `record` has record_bytes. */
void info_table_write(struct info_table *t, uint32_t i, const void *record);

/* Any process. False when there is no record `i`, or when it changed faster than it could be read,
 * a hundred times in a row. */
bool info_table_read(const struct info_table *t, uint32_t i, void *record);

#endif
