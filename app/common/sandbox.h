/* SPDX-License-Identifier: BSD-3-Clause */
/* What this process may still ask of the kernel once it serves the network (seccomp): files,
 * sockets of the three families that it speaks, threads, time. No program to be run, no process to
 * be made, no other kind of socket, nothing that is written and executed. Whoever gets in by a
 * fault finds no more. What is not on the list fails with ENOSYS, so that the C library takes an
 * older way. */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include <stddef.h>

/* Was it built with a filter? */
int sandbox_is_there(void);

/* For this thread and those that it makes from now on; for good. 0, or -1 and `error` in words. */
int sandbox_enter(char *error, size_t n_error);

#endif
