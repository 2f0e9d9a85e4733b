/* SPDX-License-Identifier: BSD-3-Clause */
/* Sources that no packet between networks may have. Internal to the library. */
#ifndef EXPECT_BOGONS_H
#define EXPECT_BOGONS_H

#include "base/address.h"

/* Bits of the special block that holds all of the prefix; -1: none does. */
int expect_bogon_bits(const struct ip_prefix *p);

#endif
