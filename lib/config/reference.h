/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference page, printed from the rows. */
#ifndef CONFIG_REFERENCE_H
#define CONFIG_REFERENCE_H

#include <stdio.h>

/* doc/reference/configuration.md: one table per object. */
void config_reference_print(FILE *to);

#endif
