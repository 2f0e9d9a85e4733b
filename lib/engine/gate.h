/* SPDX-License-Identifier: BSD-3-Clause */
/* The gate: one cache line through which the manager tells all workers whether deliberate drops are
 * allowed at all, and which epoch it is. The manager writes, workers read once per burst. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/compiler.h"

struct engine_gate {
    alignas(CACHE_LINE_BYTES) _Atomic uint64_t
        manager_seen_ns; /* the manager's last sign of life */
    _Atomic uint64_t
        own_loss_ns;        /* when the box itself last lost packets above the limit; 0: never */
    _Atomic uint64_t epoch; /* grows by one per epoch; workers post when it changed */
    _Atomic uint32_t kill_switch; /* not 0: no deliberate drop */
    _Atomic uint32_t suspended;   /* not 0: no deliberate drop for now (the manager knows why) */
    _Atomic uint32_t
        sheds_tracking; /* not 0: packets are forwarded without a look at their flows */
};

#endif
