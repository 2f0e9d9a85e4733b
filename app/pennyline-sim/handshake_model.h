/* SPDX-License-Identifier: BSD-3-Clause */
/* When stacks send a handshake or a first flight again that was not answered. */
#ifndef SIM_HANDSHAKE_MODEL_H
#define SIM_HANDSHAKE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

enum handshake_stack {
    STACK_LINUX,       /* since 6.5: four times after 1 s, then doubled (tcp_syn_linear_timeouts) */
    STACK_RFC6298,     /* 1 s, doubled: Linux before, by RFC 6298 2.1 and 5.5 */
    STACK_BSD,         /* tcp_syn_backoff of FreeBSD: five times after 1 s, then doubled */
    STACK_WINDOWS,     /* 3 s, doubled, twice (TcpInitialRTT, TcpMaxConnectRetransmissions) */
    STACK_QUIC,        /* RFC 9002 6.2: 999 ms by the initial round-trip time, doubled */
    STACK_QUIC_CACHED, /* by a round-trip time known from before: three times that, doubled */
    STACK_N
};

/* "linux", ...; NULL behind the last. */
const char *handshake_stack_name(unsigned int stack);

/* Of QUIC; else of TCP. */
bool handshake_stack_is_quic(enum handshake_stack stack);

/* After attempt number `attempt`, from 0, was not answered: how long until the next; 0: there is
 * none. */
uint64_t handshake_wait_ns(enum handshake_stack stack, uint32_t attempt, uint64_t round_trip_ns);

#endif
