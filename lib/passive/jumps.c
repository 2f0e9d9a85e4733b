/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive/jumps.h"

#include <stddef.h>

#include "tcp/serial.h"

/* So many must agree. */
#define ENOUGH_AHEAD  4
#define ENOUGH_BEHIND 16
/* Where the next one is looked for: a flight around the last one. */
#define NEAR_BYTES (1 << 16)

static struct passive_jump *slot_of(struct passive_jumps *jumps, uint32_t flow)
{
    return &jumps->slots[flow % PASSIVE_JUMP_SLOTS];
}

static bool is_near(uint32_t sequence, uint32_t next)
{
    int32_t off = serial_distance(next, sequence);

    return off >= -NEAR_BYTES && off <= NEAR_BYTES;
}

const struct passive_jump *passive_jump_agrees(struct passive_jumps *jumps, uint32_t flow,
                                               uint32_t sequence, uint32_t n_bytes, bool is_behind,
                                               uint32_t newest_ticks, uint32_t now_ticks)
{
    struct passive_jump *j = slot_of(jumps, flow);

    if (j->place != flow + 1 || !is_near(sequence, j->next) ||
        serial_before(j->began_ticks, newest_ticks)) {
        *j = (struct passive_jump){.place = flow + 1,
                                   .first = sequence,
                                   .next = sequence + n_bytes,
                                   .began_ticks = now_ticks,
                                   .n = 1};
        return NULL;
    }
    j->n++;
    if (serial_before(j->next, sequence + n_bytes))
        j->next = sequence + n_bytes;
    if (!j->is_syn && j->n < (is_behind ? ENOUGH_BEHIND : ENOUGH_AHEAD))
        return NULL;
    j->place = 0;
    return j;
}

void passive_jump_expect(struct passive_jumps *jumps, uint32_t flow, uint32_t sequence,
                         uint32_t now_ticks)
{
    *slot_of(jumps, flow) = (struct passive_jump){.place = flow + 1,
                                                  .first = sequence,
                                                  .next = sequence,
                                                  .began_ticks = now_ticks,
                                                  .is_syn = true};
}

bool passive_jump_was_expected(struct passive_jumps *jumps, uint32_t flow, uint32_t sequence)
{
    struct passive_jump *j = slot_of(jumps, flow);

    if (j->place != flow + 1 || !j->is_syn || sequence != j->next)
        return false;
    j->place = 0;
    return true;
}
