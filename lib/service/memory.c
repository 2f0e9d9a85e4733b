/* SPDX-License-Identifier: BSD-3-Clause */
#include "service/memory.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/hash.h"
#include "service/rows.h"

#define FLOWS_A_LINE 8

/* An entry is one word: 40 bits of the hash, the second of the last packet (15 bits), whether it
 * was seen in two seconds, and the member's number + 1; 0: it is free. Seconds come round after
 * nine hours: an entry that was not looked at for so long may then live up to SERVICE_KNOWN_S more,
 * which harms nobody. */
#define TAG_BITS    40
#define SECOND_BITS 15
#define SECOND_MASK ((1u << SECOND_BITS) - 1)
#define KNOWN_BIT   (UINT64_C(1) << 8)

struct service_memory {
    uint64_t secret[2];
    uint32_t mask; /* lines - 1 */
    _Alignas(CACHE_LINE_BYTES) uint64_t lines[][FLOWS_A_LINE];
};

size_t service_memory_bytes(uint32_t n_flows)
{
    return sizeof(struct service_memory) + n_flows * sizeof(uint64_t);
}

struct service_memory *service_memory_init(void *memory, uint32_t n_flows, const uint64_t secret[2])
{
    struct service_memory *m = memory;

    memset(memory, 0, service_memory_bytes(n_flows));
    memcpy(m->secret, secret, sizeof(m->secret));
    m->mask = n_flows / FLOWS_A_LINE - 1;
    return m;
}

uint64_t service_memory_flow(const struct service_memory *m, const struct service_ask *ask,
                             uint64_t service)
{
    uint64_t h = m->secret[0];

    h = hash_step(h, load_word(ask->client.bytes), 0, m->secret);
    h = hash_step(h, load_word(ask->client.bytes + 8), 1, m->secret);
    h = hash_step(h, load_word(ask->address.bytes), 2, m->secret);
    h = hash_step(h, load_word(ask->address.bytes + 8), 3, m->secret);
    h = hash_step(h, word_of_parts(ask->client_port, ask->port, ask->protocol), 4, m->secret);
    return hash_end(hash_step(h, service, 5, m->secret), m->secret);
}

static uint64_t *line_of(const struct service_memory *m, uint64_t flow)
{
    return ((struct service_memory *)(uintptr_t)m)->lines[(uint32_t)flow & m->mask];
}

void service_memory_ask(const struct service_memory *m, uint64_t flow)
{
    prefetch_line(line_of(m, flow));
}

static uint64_t tag_of(uint64_t flow)
{
    return flow >> (64 - TAG_BITS) << (64 - TAG_BITS);
}

static uint32_t second_of(uint64_t entry)
{
    return (uint32_t)(entry >> 9) & SECOND_MASK;
}

static uint64_t make_entry(uint64_t tag, uint32_t now_s, bool is_known, uint8_t member)
{
    return tag | (uint64_t)(now_s & SECOND_MASK) << 9 | (is_known ? KNOWN_BIT : 0) |
           ((uint64_t)member + 1);
}
static_assert(SERVICE_MOST_MEMBERS < 0xff && TAG_BITS + SECOND_BITS + 9 == 64,
              "an entry is one word");

static bool has_ended(uint64_t entry, uint32_t now_s)
{
    const uint32_t idle_s = (now_s - second_of(entry)) & SECOND_MASK;

    return entry == 0 || idle_s > ((entry & KNOWN_BIT) != 0 ? SERVICE_KNOWN_S : SERVICE_BEGUN_S);
}

static uint64_t *find(const struct service_memory *m, uint64_t flow)
{
    uint64_t *line = line_of(m, flow), tag = tag_of(flow);

    for (unsigned int i = 0; i < FLOWS_A_LINE; i++)
        if (line[i] != 0 && tag_of(line[i]) == tag)
            return &line[i];
    return NULL;
}

uint8_t service_memory_find(struct service_memory *m, uint64_t flow, uint32_t now_s)
{
    uint64_t *entry = find(m, flow);
    uint8_t member;

    if (entry == NULL || has_ended(*entry, now_s))
        return SERVICE_NO_MEMBER;
    member = (uint8_t)((*entry & 0xff) - 1);
    if (second_of(*entry) != (now_s & SECOND_MASK))
        *entry = make_entry(tag_of(flow), now_s, true, member);
    return member;
}

bool service_memory_put(struct service_memory *m, uint64_t flow, uint8_t member, uint32_t now_s)
{
    uint64_t *entry = find(m, flow), *line = line_of(m, flow);

    for (unsigned int i = 0; i < FLOWS_A_LINE && entry == NULL; i++)
        if (has_ended(line[i], now_s))
            entry = &line[i];
    if (entry == NULL)
        return false;
    *entry = make_entry(tag_of(flow), now_s, false, member);
    return true;
}
