/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive/passive.h"

/* A retransmission's identification is ahead of the opener's by what the sender sent since, a late
 * packet's behind it: a flight at most. Identifications that do not count packets of this flow one
 * by one are mostly farther away, and then say nothing. */
#define IP_ID_FLIGHT     1024
#define DUPACK_THRESHOLD 3

uint8_t passive_code_of_ticks(uint32_t ticks)
{
    unsigned int octave = 0;

    if (ticks < 4)
        return ticks == 0 ? 1 : (uint8_t)ticks;
    while (ticks >> octave >= 8)
        octave++;
    return (uint8_t)((octave + 1) << 2 | ((ticks >> octave) & 3));
}

uint32_t passive_ticks_of_code(uint8_t code)
{
    return code < 4 ? code : (4u + (code & 3)) << ((code >> 2) - 1);
}

static bool by_identification(const struct passive_hole *hole, const struct packet_detail *detail,
                              int *order)
{
    int32_t ahead = (int16_t)(detail->ip_id - hole->ip_id);

    if (hole->ip_id == 0 || detail->ip_id == 0 || ahead == 0)
        return false;
    if (ahead > IP_ID_FLIGHT || ahead < -IP_ID_FLIGHT)
        return false;
    *order = ahead;
    return true;
}

bool passive_is_first_copy(uint16_t repair_timestamp, uint16_t repair_ip_id,
                           const struct packet_detail *detail)
{
    int32_t behind = (int16_t)(repair_ip_id - detail->ip_id), later = 0;

    if (detail->has_timestamp && repair_timestamp != 0)
        later = (int16_t)(repair_timestamp - (uint16_t)detail->timestamp);
    if (later != 0)
        return later > 0;
    return repair_ip_id != 0 && detail->ip_id != 0 && behind > 0 && behind <= IP_ID_FLIGHT;
}

bool passive_is_retransmission(const struct passive_hole *hole, const struct packet_detail *detail,
                               uint32_t delay_ticks, uint32_t n_since, uint32_t rtt_ticks)
{
    int order = 0;

    if (detail != NULL && detail->has_timestamp && hole->timestamp != 0)
        order = (int16_t)((uint16_t)detail->timestamp - hole->timestamp);
    if (order == 0 && detail != NULL && by_identification(hole, detail, &order))
        return order > 0;
    if (order != 0)
        return order > 0;
    if (rtt_ticks == 0)
        return n_since >= DUPACK_THRESHOLD;
    if (n_since >= DUPACK_THRESHOLD)
        return delay_ticks >= rtt_ticks / 2;
    return delay_ticks >= rtt_ticks;
}
