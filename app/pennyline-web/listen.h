/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket that clients connect to. */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stddef.h>

/* "ADDRESS:PORT", "[ADDRESS6]:PORT" or a path (it has a slash), where a UNIX socket of mode 0660 is
 * made; `group` (NULL: the process' own) is whose members may connect to it. A listening,
 * non-blocking descriptor, or -1 with `error` in words. Sets the umask meanwhile, so no other
 * thread may make files. */
int listen_open(const char *where, const char *group, char *error, size_t n_error);

/* Removes the path of a UNIX socket. */
void listen_remove(const char *where);

#endif
