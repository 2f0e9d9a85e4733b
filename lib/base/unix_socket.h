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

/* Which file it is. All zero: none. */
struct unix_socket_id {
    dev_t device;
    ino_t inode;
};

/* Of what lies at the path now, right after bind(2). */
struct unix_socket_id unix_socket_identify(const struct sockaddr_un *address);

/* Removes the path if that file still lies there: another process may have put its own since. */
void unix_socket_remove(const struct sockaddr_un *address, const struct unix_socket_id *id);

#endif
