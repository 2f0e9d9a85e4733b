/* SPDX-License-Identifier: BSD-3-Clause */
#include "passive/passive.h"

/* A retransmission's identification is ahead of the opener's by what the sender sent since, a late
 * packet's behind it: a flight at most. Identifications that do not count packets of this flow one
 * by one are mostly farther away, and then say nothing. */
#define IP_ID_FLIGHT     1024
#define DUPACK_THRESHOLD 3
/* What queues may add to the time between two segments; and what none of them adds. */
#define CLOCK_SLACK_MS   100
#define CLOCK_IS_FAST_MS 1000

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

/* How far the clock went since the opener, or 0. */
static int32_t clock_ticks(const struct passive_hole *hole, const struct packet_detail *detail)
{
    if (detail == NULL || !detail->has_timestamp || hole->timestamp == 0)
        return 0;
    return (int16_t)((uint16_t)detail->timestamp - hole->timestamp);
}

/* A late segment was sent before the opener by no more than what it was held up; one sent again may
 * have waited in a shorter queue than the opener. */
static bool goes_beyond(int32_t clock_ticks, uint32_t delay_ticks, uint32_t slack_ms)
{
    uint64_t delay_ms = ((uint64_t)delay_ticks << PASSIVE_TICK_SHIFT) / NS_PER_MS;

    return (uint64_t)(clock_ticks < 0 ? -clock_ticks : clock_ticks) > 2 * delay_ms + slack_ms;
}

bool passive_is_fast_clock(const struct passive_hole *hole, const struct packet_detail *detail,
                           uint32_t delay_ticks)
{
    return goes_beyond(clock_ticks(hole, detail), delay_ticks, CLOCK_IS_FAST_MS);
}

enum passive_sent_again passive_is_retransmission(const struct passive_hole *hole,
                                                  const struct packet_detail *detail,
                                                  uint32_t delay_ticks, uint32_t n_since,
                                                  uint32_t rtt_ticks)
{
    int order = clock_ticks(hole, detail);
    bool is_again;

    if (order != 0 && !goes_beyond(order, delay_ticks, CLOCK_SLACK_MS))
        return order > 0 ? PASSIVE_BY_CLOCK : PASSIVE_ONLY_LATE;
    if (detail != NULL && by_identification(hole, detail, &order))
        return order > 0 ? PASSIVE_BY_COUNT : PASSIVE_ONLY_LATE;
    if (rtt_ticks == 0)
        is_again = n_since >= DUPACK_THRESHOLD;
    else if (n_since >= DUPACK_THRESHOLD)
        is_again = delay_ticks >= rtt_ticks / 2;
    else
        is_again = delay_ticks >= rtt_ticks;
    return is_again ? PASSIVE_BY_ORDER : PASSIVE_ONLY_LATE;
}
