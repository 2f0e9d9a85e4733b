/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/message.h"

#include <stddef.h>

static const struct {
    const char *name, *void_reason;
} states[DROP_N_STATES] = {
    [DROP_PENDING] = {"pending", NULL},          [DROP_RETRANSMITTED] = {"retransmitted", NULL},
    [DROP_EXPIRED] = {"expired", NULL},          [DROP_VOID_AMBIGUOUS] = {"void", "ambiguous"},
    [DROP_VOID_CLOSED] = {"void", "closed"},     [DROP_VOID_EVICTED] = {"void", "evicted"},
    [DROP_VOID_OWN_LOSS] = {"void", "own_loss"}, [DROP_VOID_STALL] = {"void", "stall"},
    [DROP_VOID_SILENCE] = {"void", "silence"},
};

const char *drop_state_name(enum drop_state state)
{
    return states[state].name;
}

const char *drop_state_void_reason(enum drop_state state)
{
    return states[state].void_reason;
}
