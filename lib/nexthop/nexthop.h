/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the packets of a slice leave: groups of next hops, one choice per flow, and the rewrite of
 * the Ethernet header on the way out.
 *
 * The choice is by highest random weight (Thaler and Ravishankar, IEEE/ACM ToN 1998): each member
 * gets a weight from the flow's hash and from what the member *is*, not from its place; the
 * highest usable one takes the flow. So a flow stays where it is until its own member goes down,
 * and goes back when that comes up; members that a reload adds or removes move no other flow. */
#ifndef NEXTHOP_NEXTHOP_H
#define NEXTHOP_NEXTHOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define NEXTHOP_MAX_MEMBERS 16

/* In `vlan_id`. */
#define NEXTHOP_VLAN_NONE 0      /* leaves without its outer tag */
#define NEXTHOP_VLAN_KEEP 0xffff /* leaves as it came */

/* What nexthop_rewrite() may need in front of a frame. */
#define NEXTHOP_HEADROOM_BYTES 4

struct next_hop {
    uint16_t port;
    uint16_t vlan_id; /* 1..4094: leaves with this outer tag; or one of the two above */
    bool rewrite_mac; /* false: both addresses leave as they came */
    uint8_t destination_mac[6];
    uint8_t source_mac[6];
};

/* Written by the manager before workers see it, and by nexthop_set_usable() at any time. */
struct next_hop_group {
    uint64_t member_keys[NEXTHOP_MAX_MEMBERS];
    struct next_hop members[NEXTHOP_MAX_MEMBERS];
    uint32_t n_members;
    _Atomic uint32_t usable_members; /* bit i: members[i]; manager writes, workers read */
};

/* Fills a group, all members usable; copies `hops`. 0; -EINVAL: no member, more than
 * NEXTHOP_MAX_MEMBERS, or a VLAN id above 4094 that is not NEXTHOP_VLAN_KEEP; -EEXIST: two members
 * are the same. */
int nexthop_group_init(struct next_hop_group *group, const struct next_hop *hops, uint32_t n_hops);

/* Which members may be chosen, by bits; a bit beyond the last member means nothing. Manager only.
 */
void nexthop_set_usable(struct next_hop_group *group, uint32_t usable_members);

/* The next hop of a flow; NULL when none is usable. Any thread. `flow_hash`: the same for every
 * packet of the flow; 32 bits (RSS) do. The result lives as long as the group. */
const struct next_hop *nexthop_choose(const struct next_hop_group *group, uint64_t flow_hash);

/* Gives a frame the addresses and the outer VLAN tag of its next hop, in place.
 *
 * At least NEXTHOP_HEADROOM_BYTES before `frame` must be writable; `frame_bytes` counts what lies
 * in one piece at `frame`. The rewritten frame starts at `frame - *grow_bytes`, where
 * *grow_bytes is 4 (a tag was pushed), 0, or -4 (a tag was popped): the caller moves its start
 * accordingly (rte_pktmbuf_prepend, rte_pktmbuf_adj). A popped tag can leave fewer than the 60
 * bytes of a minimal frame: who sends it pads it.
 *
 * Only the outer tag is touched. A tag that is replaced keeps its type and priority; one that is
 * pushed is an IEEE 802.1Q tag of priority 0. Nothing behind the tag is read or written.
 *
 * 0; -EMSGSIZE: the frame ends inside its Ethernet header or inside a tag that would have to
 * change; then nothing is written. Any thread. */
int nexthop_rewrite(const struct next_hop *hop, uint8_t *frame, uint32_t frame_bytes,
                    int *grow_bytes);

#endif
