/* SPDX-License-Identifier: BSD-3-Clause */
/* The path of a listening UNIX socket: who lies there, and whether it is still ours. Any thread. */
#ifndef BASE_UNIX_SOCKET_H
#define BASE_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

enum unix_socket_occupant {
    UNIX_SOCKET_NOBODY,
    UNIX_SOCKET_STALE,     /* its server ended and left it behind */
    UNIX_SOCKET_ALIVE,     /* somebody listens, or it cannot be told */
    UNIX_SOCKET_NO_SOCKET, /* something else lies there */
};

enum unix_socket_occupant unix_socket_find_occupant(const struct sockaddr_un *address);

/* The right to look who lies at the path, to clear it and to listen there. Without it two that
 * start at once may both find a stale socket, and the second removes the fresh one of the first,
 * which looks stale, too, until listen(2). Held as flock(2) of the file "PATH.lock", which is there
 * for that time only; a process that ends holds it no longer. A descriptor for
 * unix_socket_unlock(), or a negative errno: -EWOULDBLOCK when another process has it. */
int unix_socket_lock(const struct sockaddr_un *address);
void unix_socket_unlock(const struct sockaddr_un *address, int lock);

/* Which file it is. All zero: none. */
struct unix_socket_id {
    dev_t device;
    ino_t inode;
};

/* Of what lies at the path now, right after bind(2). */
struct unix_socket_id unix_socket_identify(const struct sockaddr_un *address);

/* Removes the path if that file still lies there: another process may have put its own since. While
 * its server listens none does: so before it is closed. */
void unix_socket_remove(const struct sockaddr_un *address, const struct unix_socket_id *id);

#endif
