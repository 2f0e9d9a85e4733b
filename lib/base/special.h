/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources that no packet between networks may have. Pure; any thread. */
#ifndef BASE_SPECIAL_H
#define BASE_SPECIAL_H

#include "base/address.h"

/* Bits of the special block that holds all of the prefix; -1: none does. */
int ip_prefix_special_bits(const struct ip_prefix *p);

#endif
