/* SPDX-License-Identifier: BSD-3-Clause */
/* Telling the service manager: forwarding, stopping, still alive. The protocol of sd_notify(3) is
 * one datagram of text to the socket that NOTIFY_SOCKET names; it is promised to stay, and its
 * manual invites programs to speak it themselves, so no library is needed. Without a manager
 * nothing is sent. The main thread alone; nothing waits. */
#ifndef PENNYLINE_NOTIFY_H
#define PENNYLINE_NOTIFY_H

#include <stdint.h>

struct notify {
    int fd;             /* -1: nobody is to be told */
    uint64_t period_ns; /* between two signs of life; 0: none are wanted */
    uint64_t next_ns;
    uint64_t progress;   /* at the last one */
    const char *waiting; /* what its full queue did not take; NULL: nothing */
};

/* By the environment: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID. An address that cannot be reached
 * is none. */
void notify_open(struct notify *n);

/* "READY=1" and so on; lines are separated by '\n'. `text` lives as long as the program: what the
 * manager's full queue does not take is told again by notify_alive(), since without it a program
 * that forwards would be ended as one that never started. */
void notify_tell(struct notify *n, const char *text);

/* A sign of life when one is due, twice in the time that the manager allows, and again
 * later when its queue was full. It is due only when `progress`, any number that grows with what
 * workers have told, went on since the last: a manager that runs in circles while its workers hang
 * is not alive. */
void notify_alive(struct notify *n, uint64_t progress, uint64_t now_ns);

void notify_close(struct notify *n);

#endif
