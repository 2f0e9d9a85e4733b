/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in for the rest of the appliance: nobody is told, no port and no worker is there. */
#ifndef TEST_PENNYLINE_SEQUENCES_H
#define TEST_PENNYLINE_SEQUENCES_H

#include <stdint.h>

/* What the appliance takes for the time of now. */
void sequences_set_time(uint64_t now_ns);

/* Until the builder's thread has done what it was given. */
void sequences_await_builder(void);

#endif
