/* SPDX-License-Identifier: BSD-3-Clause */
#include "nexthop/nexthop.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "packet/packet.h"

enum {
    MAC_BYTES = 6,
    BOTH_MACS_BYTES = 2 * MAC_BYTES,
    ETHERNET_BYTES = 14,
    VLAN_TAG_BYTES = 4,
    VLAN_ID_MAX = 4094, /* IEEE 802.1Q table 9-2: 0xfff is reserved */
    ETHERTYPE_VLAN = 0x8100,
};

/* Fixed, so that a flow keeps its member over a restart. An attacker who can aim flows at one
 * member gains what any large flow has. */
static const uint64_t member_key_key[2] = {UINT64_C(0x243f6a8885a308d3),
                                           UINT64_C(0x13198a2e03707344)};
static const uint64_t flow_offset = UINT64_C(0x082efa98ec4e6c89);
static const uint64_t flow_multiplier = UINT64_C(0x452821e638d01377);
static const uint64_t weight_multiplier = UINT64_C(0xa4093822299f31d1);

/* Members that behave alike have one key. */
static uint64_t member_key(const struct next_hop *hop)
{
    uint8_t identity[24] = {0};

    store_be16(identity, hop->port);
    store_be16(identity + 2, hop->vlan_id);
    identity[4] = hop->rewrite_mac;
    if (hop->rewrite_mac) {
        memcpy(identity + 8, hop->destination_mac, MAC_BYTES);
        memcpy(identity + 16, hop->source_mac, MAC_BYTES);
    }
    return hash_words(identity, sizeof(identity) / sizeof(uint64_t), member_key_key);
}

int nexthop_group_init(struct next_hop_group *group, const struct next_hop *hops, uint32_t n_hops)
{
    if (n_hops == 0 || n_hops > NEXTHOP_MAX_MEMBERS)
        return -EINVAL;
    for (uint32_t i = 0; i < n_hops; i++) {
        if (hops[i].vlan_id > VLAN_ID_MAX && hops[i].vlan_id != NEXTHOP_VLAN_KEEP)
            return -EINVAL;
        group->member_keys[i] = member_key(&hops[i]);
        for (uint32_t j = 0; j < i; j++)
            if (group->member_keys[j] == group->member_keys[i])
                return -EEXIST;
        group->members[i] = hops[i];
    }
    group->n_members = n_hops;
    atomic_init(&group->usable_members, (UINT32_C(1) << n_hops) - 1);
    return 0;
}

void nexthop_set_usable(struct next_hop_group *group, uint32_t usable_members)
{
    atomic_store_explicit(&group->usable_members, usable_members, memory_order_relaxed);
}

const struct next_hop *nexthop_choose(const struct next_hop_group *group, uint64_t flow_hash)
{
    uint32_t usable = atomic_load_explicit(&group->usable_members, memory_order_relaxed);
    /* One multiplication alone keeps flows together whose hashes differ in a few bits. */
    uint64_t flow = hash_fold(flow_hash ^ flow_offset, flow_multiplier);
    uint64_t best_weight = 0;
    uint32_t best = 0;

    /* No branch depends on a weight: who is highest cannot be predicted. */
    for (uint32_t i = 0; i < group->n_members; i++) {
        uint64_t weight = hash_fold(flow ^ group->member_keys[i], weight_multiplier) | 1;
        bool is_higher;

        weight &= -(uint64_t)(usable >> i & 1);
        is_higher = weight > best_weight;
        best = is_higher ? i : best;
        best_weight = is_higher ? weight : best_weight;
    }
    return best_weight == 0 ? NULL : &group->members[best];
}

/* How much longer the frame becomes. */
static int vlan_grow_bytes(uint16_t vlan_id, bool is_tagged)
{
    if (vlan_id == NEXTHOP_VLAN_KEEP)
        return 0;
    if (vlan_id == NEXTHOP_VLAN_NONE)
        return is_tagged ? -VLAN_TAG_BYTES : 0;
    return is_tagged ? 0 : VLAN_TAG_BYTES;
}

int nexthop_rewrite(const struct next_hop *hop, uint8_t *frame, uint32_t frame_bytes,
                    int *grow_bytes)
{
    const uint16_t priority_bits = 0xf000;
    bool is_tagged, has_new_tag;
    uint8_t *start, *tag;

    if (frame_bytes < ETHERNET_BYTES)
        return -EMSGSIZE;
    /* Tags that stay as they are need no look. */
    is_tagged = hop->vlan_id != NEXTHOP_VLAN_KEEP &&
                packet_is_vlan_type(load_be16(frame + BOTH_MACS_BYTES));
    has_new_tag = hop->vlan_id != NEXTHOP_VLAN_KEEP && hop->vlan_id != NEXTHOP_VLAN_NONE;
    if (is_tagged && frame_bytes < ETHERNET_BYTES + VLAN_TAG_BYTES)
        return -EMSGSIZE;

    *grow_bytes = vlan_grow_bytes(hop->vlan_id, is_tagged);
    start = frame - *grow_bytes;
    if (hop->rewrite_mac) {
        memcpy(start, hop->destination_mac, MAC_BYTES);
        memcpy(start + MAC_BYTES, hop->source_mac, MAC_BYTES);
    } else if (start != frame) {
        memmove(start, frame, BOTH_MACS_BYTES);
    }

    tag = start + BOTH_MACS_BYTES;
    if (has_new_tag && is_tagged) {
        store_be16(tag + 2, (load_be16(tag + 2) & priority_bits) | hop->vlan_id);
    } else if (has_new_tag) {
        store_be16(tag, ETHERTYPE_VLAN);
        store_be16(tag + 2, hop->vlan_id);
    }
    return 0;
}
