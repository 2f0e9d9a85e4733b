/* SPDX-License-Identifier: BSD-3-Clause */
/* What was up before pennyline began anew is told to it, by its control socket: until then it
 * begins no scheduled test and raises no alarm of the map. A thread of its own, which reads the
 * store by a connection of its own. */
#ifndef PENNYLINE_MAP_GIVE_BACK_H
#define PENNYLINE_MAP_GIVE_BACK_H

#include <stddef.h>

struct give_back;

/* `store` and `socket` outlive it. NULL with `error`. */
struct give_back *give_back_start(const char *store, const char *socket, char *error,
                                  size_t n_error);
void give_back_stop(struct give_back *g); /* NULL is allowed */

#endif
