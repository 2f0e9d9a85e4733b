/* SPDX-License-Identifier: BSD-3-Clause */
/* The attacks by units beside data segments: handshakes, and first flights of QUIC. Rows as those
 * of attacks.h; apart, since tests of data segments have nothing to say of them. */
#ifndef BLIND_UNIT_ATTACKS_H
#define BLIND_UNIT_ATTACKS_H

#include "blind/attacks.h"

/* The rows in order; NULL after the last one. */
const struct attack *unit_attack_by_index(unsigned int index);

/* Of these or those of attacks.h; NULL when there is none of that name. */
const struct attack *any_attack_by_name(const char *name);

#endif
