/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket that clients connect to. */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stddef.h>
#include <sys/un.h>

#include "base/unix_socket.h"

struct listening {
    int fd;                  /* listening, non-blocking; -1: none */
    char place[128];         /* where, in words, with the port that it got */
    struct sockaddr_un path; /* of a UNIX socket; empty: it is none */
    struct unix_socket_id id;
};

/* "ADDRESS:PORT", "[ADDRESS6]:PORT" or a path (it has a slash), where a UNIX socket of mode 0660 is
 * made; `group` (NULL: the process' own) is whose members may connect to it. 0, or -1 with `error`
 * in words: also when a living server, though it takes nobody now, or no socket lies at the path.
 * Sets the umask meanwhile, so no other thread may make files. */
int listen_open(struct listening *l, const char *where, const char *group, char *error,
                size_t n_error);

/* Removes the path of a UNIX socket, unless another one lies there by now. Leaves `fd` open. */
void listen_remove(const struct listening *l);

#endif
