/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL's arguments as words, merged before EAL sees them: from DPDK 25.11 on it refuses an option
 * that is given twice, where older ones took the last. Knows no DPDK, keeps nothing; lists end with
 * NULL, and NULL is an empty one. */
#ifndef PENNYLINE_EAL_ARGUMENTS_H
#define PENNYLINE_EAL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

/* What the list says for an option, by its long name ("--lcores"), in whatever spelling ("-l 0-3",
 * "-l0-3", "--lcores=0-3"): the last one's value, "" when that has none. NULL: it is not there. */
const char *eal_arguments_value(char *const *list, const char *option);

#define EAL_LCORES_BYTES 512

/* The lcores that the list names, NULL when it names none: the value of --lcores in whatever
 * spelling. A mask (-c, --coremask) is written out as a list in `out`. */
const char *eal_arguments_lcores(char *const *list, char out[EAL_LCORES_BYTES]);

/* All words of the lists in `out`, with NULL at the end; texts stay whose they are. Of options that
 * exclude each other, as two spellings of one do, only the last is left, so a later list wins;
 * those that EAL takes any number of times (-a, -b, -d, --vdev, --log-level, --trace) all stay. How
 * many words, or -E2BIG when they are more than `n_out` with the NULL. */
int eal_arguments_merge(char *const *const *lists, size_t n_lists, char **out, size_t n_out);

/* Takes all of an option out of a list, with their values. */
void eal_arguments_remove(char **list, const char *option);

#endif
