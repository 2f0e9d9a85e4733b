/* SPDX-License-Identifier: BSD-3-Clause */
/* One budget of drops for the whole box: so many within any hour, whoever asks for them. Internal.
 *
 * What is granted is reserved first. It is given back when it comes back unused, and becomes spent
 * when a worker tells of the drop. So at any time
 *     spent within the hour + reserved <= max_per_hour,
 * and since each drop was reserved before it was made, no hour has more drops than that, whatever
 * the number of lcores. (A limit that was lowered holds for what is granted from then on.)
 *
 * The hour slides by slots of a minute. A drop is told of after it was made, so it stays in the sum
 * for an hour at least, and at most two minutes longer. */
#ifndef MANAGER_HOURLY_BUDGET_H
#define MANAGER_HOURLY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "manager/manager.h"

/* 60 whole minutes; the one that goes on; and one more, as a drop is put down to the time of the
 * manager's latest tick, which is older than it by max_manager_lateness_ms at most: a minute. */
#define HOURLY_BUDGET_SLOTS 62

struct hourly_budget {
    uint32_t max_per_hour; /* 0: no limit */
    uint64_t reserved;
    uint64_t spent[TEST_N_CAUSES]; /* sums of the slots */
    uint64_t minute;               /* of the latest slot */
    uint32_t slots[HOURLY_BUDGET_SLOTS][TEST_N_CAUSES];
    bool is_awaited; /* somebody asked in vain, so whoever comes later waits, too */
};

/* To be called before anything else at that time. Never backwards. */
void hourly_budget_advance(struct hourly_budget *b, uint64_t now_ns);

/* What may be reserved; UINT64_MAX without limit. */
uint64_t hourly_budget_left(const struct hourly_budget *b);

/* Reserves up to n drops: how many. 0, too, while somebody waits. Less than n: somebody waits. */
uint32_t hourly_budget_reserve(struct hourly_budget *b, uint32_t n);
/* All of n, or nothing and somebody waits. */
bool hourly_budget_reserve_whole(struct hourly_budget *b, uint32_t n);

void hourly_budget_give_back(struct hourly_budget *b, uint32_t n);
/* So many of those reserved were made. Of `n_reserved` for them, the rest is given back. */
void hourly_budget_spend(struct hourly_budget *b, enum test_cause cause, uint32_t n_reserved,
                         uint32_t n);

/* When the next spent ones leave the sum; 0: none is spent. */
uint64_t hourly_budget_next_ns(const struct hourly_budget *b);

#endif
