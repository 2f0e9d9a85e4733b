/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/ledger.h"

#include <string.h>

static uint64_t turn_of(uint64_t time_ns)
{
    return time_ns >> LEDGER_TURN_SHIFT;
}

static void link_in(struct ledger *l, uint32_t entry)
{
    struct ledger_entry *d = &l->entries[entry];
    /* A deadline lies in the turn after it, so that a slot looked at holds only entries that are
     * due (or due in a later round of the wheel). A deadline of the past goes to the next turn. */
    uint64_t turn = turn_of(d->deadline_ns) + 1;

    if (turn <= l->turn)
        turn = l->turn + 1;
    d->slot = (uint16_t)(turn % LEDGER_N_SLOTS);
    d->previous = LEDGER_NONE;
    d->next = l->slots[d->slot];
    if (d->next != LEDGER_NONE)
        l->entries[d->next].previous = entry;
    l->slots[d->slot] = entry;
}

static void link_out(struct ledger *l, uint32_t entry)
{
    struct ledger_entry *d = &l->entries[entry];

    if (d->previous != LEDGER_NONE)
        l->entries[d->previous].next = d->next;
    else
        l->slots[d->slot] = d->next;
    if (d->next != LEDGER_NONE)
        l->entries[d->next].previous = d->previous;
}

size_t ledger_memory_bytes(uint32_t n_entries)
{
    return n_entries * sizeof(struct ledger_entry);
}

void ledger_init(struct ledger *l, void *memory, uint32_t n_entries, uint64_t now_ns)
{
    *l = (struct ledger){.entries = memory, .n_entries = n_entries, .turn = turn_of(now_ns)};
    for (uint32_t i = 0; i < n_entries; i++)
        l->entries[i].next = i + 1 < n_entries ? i + 1 : LEDGER_NONE;
    for (uint32_t i = 0; i < LEDGER_N_SLOTS; i++)
        l->slots[i] = LEDGER_NONE;
}

uint32_t ledger_add(struct ledger *l, uint64_t made_ns, uint64_t deadline_ns)
{
    uint32_t entry = l->free;
    struct ledger_entry *d;

    if (l->n_used == l->n_entries)
        return LEDGER_NONE;
    d = &l->entries[entry];
    l->free = d->next;
    l->n_used++;
    *d = (struct ledger_entry){.id = ++l->n_made, .made_ns = made_ns, .deadline_ns = deadline_ns};
    link_in(l, entry);
    return entry;
}

void ledger_extend(struct ledger *l, uint32_t entry, uint64_t deadline_ns)
{
    link_out(l, entry);
    l->entries[entry].deadline_ns = deadline_ns;
    link_in(l, entry);
}

bool ledger_keep(struct ledger *l, uint32_t entry, uint64_t deadline_ns)
{
    if (l->n_over >= l->n_entries / 2)
        return false;
    l->entries[entry].over = true;
    l->n_over++;
    ledger_extend(l, entry, deadline_ns);
    return true;
}

void ledger_remove(struct ledger *l, uint32_t entry)
{
    link_out(l, entry);
    l->entries[entry].flow = NULL;
    l->n_over -= l->entries[entry].over;
    l->entries[entry].next = l->free;
    l->free = entry;
    l->n_used--;
}

/* First entry of a slot whose deadline is over; others wait for a later round of the wheel. */
static uint32_t due_in_slot(const struct ledger *l, uint32_t slot, uint64_t now_ns)
{
    uint32_t entry = l->slots[slot];

    while (entry != LEDGER_NONE && l->entries[entry].deadline_ns > now_ns)
        entry = l->entries[entry].next;
    return entry;
}

uint32_t ledger_next_due(struct ledger *l, uint64_t now_ns)
{
    uint64_t now_turn = turn_of(now_ns);

    if (l->n_used == 0) {
        l->turn = now_turn > l->turn ? now_turn : l->turn;
        return LEDGER_NONE;
    }
    /* After a long silence each slot need be looked at once only. */
    if (now_turn > l->turn + LEDGER_N_SLOTS)
        l->turn = now_turn - LEDGER_N_SLOTS;
    while (l->turn < now_turn) {
        uint32_t entry = due_in_slot(l, (l->turn + 1) % LEDGER_N_SLOTS, now_ns);

        if (entry != LEDGER_NONE)
            return entry;
        l->turn++;
    }
    return LEDGER_NONE;
}

uint32_t ledger_any(const struct ledger *l)
{
    if (l->n_used == 0)
        return LEDGER_NONE;
    for (uint32_t slot = 0; slot < LEDGER_N_SLOTS; slot++)
        if (l->slots[slot] != LEDGER_NONE)
            return l->slots[slot];
    return LEDGER_NONE;
}
