/* SPDX-License-Identifier: BSD-3-Clause */
#include "manager/hourly_budget.h"

#include <string.h>

#include "base/time.h"

#define MINUTE_NS (60 * NS_PER_S)

static void clear_slot(struct hourly_budget *b, uint32_t *slot)
{
    for (int i = 0; i < TEST_N_CAUSES; i++) {
        b->spent[i] -= slot[i];
        slot[i] = 0;
    }
}

void hourly_budget_advance(struct hourly_budget *b, uint64_t now_ns)
{
    uint64_t minute = now_ns / MINUTE_NS;

    if (minute > b->minute + HOURLY_BUDGET_SLOTS)
        b->minute = minute - HOURLY_BUDGET_SLOTS;
    while (b->minute < minute)
        clear_slot(b, b->slots[++b->minute % HOURLY_BUDGET_SLOTS]);
}

uint64_t hourly_budget_left(const struct hourly_budget *b)
{
    uint64_t used = b->reserved;

    if (b->max_per_hour == 0)
        return UINT64_MAX;
    for (int i = 0; i < TEST_N_CAUSES; i++)
        used += b->spent[i];
    return used < b->max_per_hour ? b->max_per_hour - used : 0;
}

uint32_t hourly_budget_reserve(struct hourly_budget *b, uint32_t n)
{
    uint64_t left = b->is_awaited ? 0 : hourly_budget_left(b);
    uint32_t reserved = left < n ? (uint32_t)left : n;

    b->is_awaited = b->is_awaited || reserved < n;
    b->reserved += reserved;
    return reserved;
}

bool hourly_budget_reserve_whole(struct hourly_budget *b, uint32_t n)
{
    if (b->is_awaited || hourly_budget_left(b) < n) {
        b->is_awaited = true;
        return false;
    }
    b->reserved += n;
    return true;
}

void hourly_budget_give_back(struct hourly_budget *b, uint32_t n)
{
    b->reserved -= n;
}

void hourly_budget_spend(struct hourly_budget *b, enum test_cause cause, uint32_t n_reserved,
                         uint32_t n)
{
    b->reserved -= n_reserved;
    b->spent[cause] += n;
    b->slots[b->minute % HOURLY_BUDGET_SLOTS][cause] += n;
}

uint64_t hourly_budget_next_ns(const struct hourly_budget *b)
{
    for (uint32_t age = HOURLY_BUDGET_SLOTS; age-- > 0;) {
        const uint32_t *slot =
            b->slots[(b->minute + HOURLY_BUDGET_SLOTS - age) % HOURLY_BUDGET_SLOTS];

        if (b->minute >= age)
            for (int i = 0; i < TEST_N_CAUSES; i++)
                if (slot[i] != 0)
                    return (b->minute - age + HOURLY_BUDGET_SLOTS) * MINUTE_NS;
    }
    return 0;
}
