/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of one field. Internal to the library. */
#ifndef MACHINE_ROWS_H
#define MACHINE_ROWS_H

#include "machine/layout.h"

static inline void row_add(uint64_t *row, uint32_t rule)
{
    row[rule / 64] |= UINT64_C(1) << rule % 64;
}

/* Finds classes or intervals, and fills their rows. 0 or -ENOMEM. */
int rows_fill(struct field_rows *f, const struct machine_program *p, const struct machine *m);

/* Does a value of a wide field have a mask that is no prefix? Rows then say "perhaps". */
bool rows_need_mask(const struct machine_match *match);
void rows_masked(const struct machine_match *match, uint32_t i, struct masked_value *out);

#endif
