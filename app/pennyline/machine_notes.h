/* SPDX-License-Identifier: BSD-3-Clause */
/* What machines ask the manager for: that an event is told, that a source is tested. Any packet may
 * bring that about, also one with a forged source, so both have limits. */
#ifndef PENNYLINE_MACHINE_NOTES_H
#define PENNYLINE_MACHINE_NOTES_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/compiler.h"
#include "machine_running.h"

#define MACHINE_NOTES 64 /* of a worker, that the manager has not taken yet */
/* Events of one machine in a second. */
#define MACHINE_EVENTS_PER_S 10
/* Tests that all machines may begin in a minute, and after how long one source may be tested
 * again. */
#define MACHINE_TESTS_PER_MINUTE 6
#define MACHINE_TEST_AGAIN_S     600
#define MACHINE_TESTED_PREFIXES  256
/* The prefix of a source that is tested. */
#define MACHINE_TEST_LENGTH4 24
#define MACHINE_TEST_LENGTH6 56

struct appliance;

struct machine_note {
    uint64_t key[MACHINE_KEY_WORDS];
    struct ip_address source;
    uint16_t state; /* of the key from now on */
    struct machine_running *machine;
    uint8_t event;
    bool test, has_source;
    /* A key changed its state; it may be another one than that of the event. */
    bool changed;
    uint16_t before, after;
    uint64_t changed_key[MACHINE_KEY_WORDS];
};

/* Of one worker, who writes it; the manager reads, and says how far. */
struct machine_notes {
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_written;
    uint64_t n_lost;
    alignas(CACHE_LINE_BYTES) _Atomic uint32_t n_read;
    struct machine_note notes[MACHINE_NOTES];
};

/* The manager's: what was tested lately. */
struct machine_limits {
    uint64_t minute, n_tests, n_tests_refused;
    struct machine_tested {
        struct ip_prefix prefix;
        uint64_t when_ns;
    } tested[MACHINE_TESTED_PREFIXES];
    uint32_t next_tested;
};

/* The worker's thread. When there is no room, the note is lost, and counted. */
static inline void machine_notes_add(struct machine_notes *n, const struct machine_note *note)
{
    const uint32_t at = atomic_load_explicit(&n->n_written, memory_order_relaxed);

    if (at - atomic_load_explicit(&n->n_read, memory_order_acquire) == MACHINE_NOTES) {
        n->n_lost++;
        return;
    }
    n->notes[at % MACHINE_NOTES] = *note;
    atomic_store_explicit(&n->n_written, at + 1, memory_order_release);
}

/* May this machine tell an event now? Else it is counted as left out. */
bool machine_limits_event(struct machine_running *r, uint64_t now_ns);

/* May a test of the source begin now? Then *prefix is what to test, and is remembered. */
bool machine_limits_test(struct machine_limits *l, const struct ip_address *source, uint64_t now_ns,
                         struct ip_prefix *prefix);

/* In each turn of the manager's loop: tells and tests. */
void machine_notes_serve(struct appliance *a, uint64_t now_ns);

#endif
