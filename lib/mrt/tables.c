/* SPDX-License-Identifier: BSD-3-Clause */
/* The bodies of table dumps: RFC 6396 sections 4.2 and 4.3, RFC 8050 section 4. */
#include <errno.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "mrt/internal.h"

enum {
    TABLE_DUMP_IPV4 = 1,
    TABLE_DUMP_IPV6 = 2,

    PEER_INDEX_TABLE = 1,
    RIB_IPV4_UNICAST = 2,
    RIB_IPV4_MULTICAST = 3,
    RIB_IPV6_UNICAST = 4,
    RIB_IPV6_MULTICAST = 5,
    GEO_PEER_TABLE = 7, /* RFC 6397 */
    RIB_IPV4_UNICAST_ADDPATH = 8,
    RIB_IPV4_MULTICAST_ADDPATH = 9,
    RIB_IPV6_UNICAST_ADDPATH = 10,
    RIB_IPV6_MULTICAST_ADDPATH = 11,

    PEER_IS_IPV6 = 1, /* RFC 6396 section 4.3.1 */
    PEER_HAS_AS4 = 2,
};

/* An IPv6 prefix whose addresses would be taken for IPv4: none of them is ever on a wire. */
static bool is_mapped(const struct ip_prefix *p)
{
    return !p->is_ipv4 && p->length >= 96 && ip_address_is_ipv4(&p->address);
}

static bool take(struct mrt_span *in, size_t n, const uint8_t **bytes)
{
    if (in->n < n)
        return false;
    *bytes = in->at;
    in->at += n;
    in->n -= n;
    return true;
}

static struct ip_address take_address(const uint8_t *bytes, bool is_ipv6)
{
    return is_ipv6 ? ip_address_from_ipv6(bytes) : ip_address_from_ipv4(bytes);
}

static int set_prefix(const uint8_t *address, unsigned int length, bool is_ipv4,
                      struct ip_prefix *out, struct mrt_complaint *complaint)
{
    uint8_t nlri[17] = {(uint8_t)length};
    struct mrt_span span = {nlri, sizeof(nlri)};

    for (unsigned int i = 0; i < (is_ipv4 ? 4u : 16u); i++)
        nlri[1 + i] = address[i];
    return mrt_take_prefix(&span, is_ipv4, out, complaint);
}

int mrt_read_table_dump(struct mrt_reader *r, unsigned int subtype, struct mrt_span body,
                        struct mrt_route *route, struct mrt_complaint *complaint)
{
    bool is_ipv4 = subtype == TABLE_DUMP_IPV4;
    unsigned int address_bytes = is_ipv4 ? 4 : 16, n_attributes;
    const uint8_t *view, *prefix, *times, *peer, *as;
    int error;

    if (subtype != TABLE_DUMP_IPV4 && subtype != TABLE_DUMP_IPV6) {
        r->counters.other_families++;
        return 0;
    }
    r->has_table = true;
    if (!take(&body, 4, &view) || !take(&body, address_bytes, &prefix) || !take(&body, 6, &times) ||
        !take(&body, address_bytes, &peer) || !take(&body, 4, &as))
        return mrt_complain(complaint, "it is too short for a route");
    n_attributes = load_be16(as + 2);
    if (n_attributes != body.n)
        return mrt_complain(complaint, "its attributes have %u bytes, and %zu are there",
                            n_attributes, body.n);
    *route = (struct mrt_route){
        .peer = take_address(peer, !is_ipv4),
        .peer_as = load_be16(as),
        .time_s = r->time_s,
        .originated_s = load_be32(times + 2),
    };
    error = set_prefix(prefix, times[0], is_ipv4, &route->prefix, complaint);
    if (error == 0)
        error = mrt_read_attributes(body, is_ipv4, 2, &r->attributes, complaint);
    if (error != 0)
        return error;
    if (is_mapped(&route->prefix)) {
        r->counters.not_routable++;
        return 0;
    }
    mrt_set_attributes(route, &r->attributes);
    return 1;
}

static int read_peers(struct mrt_reader *r, struct mrt_span body, struct mrt_complaint *complaint)
{
    const uint8_t *head, *name, *count;
    struct mrt_peer *peers;
    unsigned int n;

    if (!take(&body, 6, &head) || !take(&body, load_be16(head + 4), &name) ||
        !take(&body, 2, &count))
        return mrt_complain(complaint, "the peer table is too short");
    n = load_be16(count);
    peers = calloc(n + 1, sizeof(*peers));
    if (peers == NULL)
        return -ENOMEM;
    free(r->peers);
    r->peers = peers;
    r->n_peers = n;
    for (unsigned int i = 0; i < n; i++) {
        const uint8_t *kind, *id, *address, *as;
        unsigned int flags;

        if (!take(&body, 1, &kind))
            return mrt_complain(complaint, "the peer table ends at peer %u of %u", i, n);
        flags = kind[0];
        if (!take(&body, 4, &id) || !take(&body, flags & PEER_IS_IPV6 ? 16 : 4, &address) ||
            !take(&body, flags & PEER_HAS_AS4 ? 4 : 2, &as))
            return mrt_complain(complaint, "the peer table ends within peer %u of %u", i, n);
        peers[i].address = take_address(address, (flags & PEER_IS_IPV6) != 0);
        peers[i].as = flags & PEER_HAS_AS4 ? load_be32(as) : load_be16(as);
    }
    if (body.n > 0)
        return mrt_complain(complaint, "%zu bytes behind the last peer", body.n);
    return 0;
}

int mrt_next_of_rib(struct mrt_reader *r, struct mrt_route *route, struct mrt_complaint *complaint)
{
    struct mrt_rib *rib = &r->rib;
    unsigned int number = rib->n_all - rib->n_left, peer, n_attributes;
    size_t n_head = rib->has_path_ids ? 12 : 8;
    const uint8_t *head, *attributes;
    int error;

    if (!take(&rib->rest, n_head, &head))
        return mrt_complain(complaint, "it ends at route %u of %u", number, rib->n_all);
    peer = load_be16(head);
    n_attributes = load_be16(head + n_head - 2);
    if (peer >= r->n_peers)
        return mrt_complain(complaint, "route %u is of peer %u, and the peer table has %u", number,
                            peer, r->n_peers);
    if (!take(&rib->rest, n_attributes, &attributes))
        return mrt_complain(complaint, "route %u has %u bytes of attributes, and %zu are left",
                            number, n_attributes, rib->rest.n);
    *route = (struct mrt_route){
        .prefix = rib->prefix,
        .peer = r->peers[peer].address,
        .peer_as = r->peers[peer].as,
        .time_s = r->time_s,
        .originated_s = load_be32(head + 2),
        .has_path_id = rib->has_path_ids,
        .path_id = rib->has_path_ids ? load_be32(head + 6) : 0,
    };
    error = mrt_read_attributes((struct mrt_span){attributes, n_attributes}, rib->prefix.is_ipv4, 4,
                                &r->attributes, complaint);
    if (error != 0)
        return error;
    mrt_set_attributes(route, &r->attributes);
    rib->n_left--;
    if (rib->n_left == 0 && rib->rest.n > 0)
        return mrt_complain(complaint, "%zu bytes behind its last route", rib->rest.n);
    return 1;
}

static int begin_rib(struct mrt_reader *r, unsigned int subtype, struct mrt_span body,
                     struct mrt_route *route, struct mrt_complaint *complaint)
{
    bool is_ipv4 = subtype == RIB_IPV4_UNICAST || subtype == RIB_IPV4_UNICAST_ADDPATH;
    struct mrt_rib *rib = &r->rib;
    const uint8_t *sequence, *count;
    int error;

    if (r->peers == NULL)
        return mrt_complain(complaint, "routes before the peer table");
    if (!take(&body, 4, &sequence))
        return mrt_complain(complaint, "it is too short for a prefix");
    error = mrt_take_prefix(&body, is_ipv4, &rib->prefix, complaint);
    if (error != 0)
        return error;
    if (!take(&body, 2, &count))
        return mrt_complain(complaint, "it ends where the number of routes should stand");
    rib->n_left = rib->n_all = load_be16(count);
    rib->rest = body;
    rib->has_path_ids = subtype >= RIB_IPV4_UNICAST_ADDPATH;
    if (is_mapped(&rib->prefix)) {
        r->counters.not_routable += rib->n_left;
        rib->n_left = 0;
        return 0;
    }
    if (rib->n_left == 0 && body.n > 0)
        return mrt_complain(complaint, "%zu bytes behind no route", body.n);
    return rib->n_left > 0 ? mrt_next_of_rib(r, route, complaint) : 0;
}

int mrt_read_table_dump_v2(struct mrt_reader *r, unsigned int subtype, struct mrt_span body,
                           struct mrt_route *route, struct mrt_complaint *complaint)
{
    r->has_table = true;
    switch (subtype) {
    case PEER_INDEX_TABLE:
        return read_peers(r, body, complaint);
    case RIB_IPV4_UNICAST:
    case RIB_IPV6_UNICAST:
    case RIB_IPV4_UNICAST_ADDPATH:
    case RIB_IPV6_UNICAST_ADDPATH:
        return begin_rib(r, subtype, body, route, complaint);
    case RIB_IPV4_MULTICAST:
    case RIB_IPV6_MULTICAST:
    case RIB_IPV4_MULTICAST_ADDPATH:
    case RIB_IPV6_MULTICAST_ADDPATH:
        r->counters.multicast++;
        return 0;
    case GEO_PEER_TABLE:
        r->counters.other_records++;
        return 0;
    default:
        r->counters.other_families++;
        return 0;
    }
}
