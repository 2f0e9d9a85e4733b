/* SPDX-License-Identifier: BSD-3-Clause */
/* A coin that can be guessed is none: the proof of closed_loop begins with it. One seed would make
 * the coins of all slices and workers known. */
#ifndef PENNYLINE_SEED_H
#define PENNYLINE_SEED_H

#include <stddef.h>

#include "config/config.h"

/* 0, or -EINVAL when a slice has a seed, and `error` says so. Any thread. */
int seed_check(const struct config *config, char *error, size_t n_error);

#endif
