/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-sim/handshake_model.h"

#include <stddef.h>

#include "base/time.h"

/* RFC 9002 6.2.1, 6.2.2: kInitialRtt + 4 kInitialRtt / 2, of 333 ms. */
#define QUIC_INITIAL_NS (999 * NS_PER_MS)
/* RFC 9002 6.2.1: kGranularity. */
#define QUIC_LEAST_NS NS_PER_MS

static const struct {
    const char *name;
    uint64_t first_ns;   /* 0: of the round-trip time */
    uint32_t n_linear;   /* attempts after which it is not doubled yet */
    uint32_t n_attempts; /* repeats at most */
    bool is_quic;
} stacks[STACK_N] = {
    [STACK_LINUX] = {"linux", NS_PER_S, 4, 6, false},
    [STACK_RFC6298] = {"rfc6298", NS_PER_S, 0, 6, false},
    [STACK_BSD] = {"bsd", NS_PER_S, 4, 12, false},
    [STACK_WINDOWS] = {"windows", 3 * NS_PER_S, 0, 2, false},
    [STACK_QUIC] = {"quic", QUIC_INITIAL_NS, 0, 6, true},
    [STACK_QUIC_CACHED] = {"quic-cached", 0, 0, 8, true},
};

const char *handshake_stack_name(unsigned int stack)
{
    return stack < STACK_N ? stacks[stack].name : NULL;
}

bool handshake_stack_is_quic(enum handshake_stack stack)
{
    return stacks[stack].is_quic;
}

uint64_t handshake_wait_ns(enum handshake_stack stack, uint32_t attempt, uint64_t round_trip_ns)
{
    uint64_t first_ns = stacks[stack].first_ns;

    if (attempt >= stacks[stack].n_attempts)
        return 0;
    if (first_ns == 0) /* smoothed, and four times its half as the variation */
        first_ns = 3 * round_trip_ns > QUIC_LEAST_NS ? 3 * round_trip_ns : QUIC_LEAST_NS;
    return first_ns << (attempt > stacks[stack].n_linear ? attempt - stacks[stack].n_linear : 0);
}
