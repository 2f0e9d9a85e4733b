/* SPDX-License-Identifier: BSD-3-Clause */
/* Views as tables for eyes. */
#ifndef PENNYLINE_INFO_PRINT_H
#define PENNYLINE_INFO_PRINT_H

#include <jansson.h>
#include <stdio.h>

void print_ports(FILE *out, const json_t *ports);
void print_lcores(FILE *out, const json_t *lcores);
void print_flows(FILE *out, const json_t *flows);
void print_rings(FILE *out, const json_t *rings);
void print_memory(FILE *out, const json_t *memory);
void print_slices(FILE *out, const json_t *slices);
void print_aggregates(FILE *out, const json_t *page);
/* All of the above that changes, as `watch` shows it. */
void print_overview(FILE *out, const json_t *overview);

#endif
