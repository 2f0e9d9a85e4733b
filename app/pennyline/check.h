/* SPDX-License-Identifier: BSD-3-Clause */
/* The preflight: what of this machine stands in the way of a configuration. It starts nothing and
 * changes nothing. */
#ifndef PENNYLINE_CHECK_H
#define PENNYLINE_CHECK_H

#include "config/config.h"

/* Prints its findings. Returns how many of them block: 0 when the appliance can start. */
unsigned int check_host(const struct config *config);

#endif
