/* SPDX-License-Identifier: BSD-3-Clause */
#include "responder/witness.h"

#include "verdict/cookie.h"

void responder_witnesses_init(struct responder_witnesses *w, uint32_t hour, uint32_t slot)
{
    *w = (struct responder_witnesses){.hour = hour, .slot = slot};
}

static bool is_witness(const struct responder_witnesses *w, uint64_t flow)
{
    for (uint32_t i = 0; i < w->n_witnesses; i++)
        if (w->flows[i] == flow)
            return true;
    return false;
}

bool responder_witnesses_asks(struct responder_witnesses *w, uint64_t flow, uint32_t slot,
                              uint32_t n_owners)
{
    if (slot != w->slot) {
        w->slot = slot;
        w->n_in_slot = 0;
    }
    if (w->n_witnesses == RESPONDER_MOST_WITNESSES || is_witness(w, flow))
        return false;
    if (w->n_in_slot >= COOKIE_MOST_CANDIDATES_A_SLOT / n_owners) {
        w->n_unseen++;
        return false;
    }
    w->n_in_slot++;
    return true;
}

void responder_witnesses_note(struct responder_witnesses *w, uint64_t flow, bool is_right)
{
    if (is_right)
        w->flows[w->n_witnesses++] = flow;
    else
        w->n_misses++;
}
