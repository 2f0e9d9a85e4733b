/* SPDX-License-Identifier: BSD-3-Clause */
/* Which rule holds: one AND of a few rows of bits, whatever the number of rules (the bit vectors of
 * Lakshman and Stiliadis, ACM SIGCOMM 1998). Internal to the library. */
#ifndef MACHINE_CLASSIFY_H
#define MACHINE_CLASSIFY_H

#include "machine/layout.h"

/* What a packet itself says of the rules: the row of each field. */
struct packet_rows {
    const uint64_t *rows[MACHINE_N_FIELDS];
};

void packet_rows_read(const struct machine_program *p, const struct machine_packet *packet,
                      struct packet_rows *out);

/* The first rule that holds in this state, with these conditions (a bit for each that holds). */
uint32_t rule_find(const struct machine_program *p, const struct packet_rows *rows,
                   const struct machine_packet *packet, uint16_t state, unsigned int conditions);

#endif
