/* SPDX-License-Identifier: BSD-3-Clause */
/* What the candidates of one aggregate showed in one hour: the counts that the evidence is reckoned
 * from (verdict/cookie.h), under the rules that its proof asks for. Owned by one thread. */
#ifndef RESPONDER_WITNESS_H
#define RESPONDER_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

/* 4-tuples that are known again as witnesses. From then on nothing counts any more in that hour:
 * more than enough is proved. */
#define RESPONDER_MOST_WITNESSES 64

struct responder_witnesses {
    uint32_t hour, slot;
    uint64_t n_in_slot; /* candidates that were looked at */
    uint64_t n_unseen;  /* that were not, since too many were */
    uint64_t n_misses;
    uint32_t n_witnesses;
    uint64_t flows[RESPONDER_MOST_WITNESSES]; /* keyed hashes of their 4-tuples */
};

/* Begins an hour. */
void responder_witnesses_init(struct responder_witnesses *w, uint32_t hour, uint32_t slot);

/* Is the next candidate of this flow to be looked at? Asked before it is known what it says; false
 * also once the flow was a witness. When true, its result is to be noted. `n_owners`: so many of
 * these count for the same aggregate, each for flows of its own; each has its share of the
 * candidates. */
bool responder_witnesses_asks(struct responder_witnesses *w, uint64_t flow, uint32_t slot,
                              uint32_t n_owners);

void responder_witnesses_note(struct responder_witnesses *w, uint64_t flow, bool is_right);

#endif
