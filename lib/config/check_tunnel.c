/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "config/check.h"

/* The greatest number that a tunnel can have. */
static bool most_tunnel_id(unsigned int tunnel, uint32_t *most)
{
    switch (tunnel) {
    case SLICE_TUNNEL(PACKET_TUNNEL_GRE):
    case SLICE_TUNNEL(PACKET_TUNNEL_GRETAP):
    case SLICE_TUNNEL(PACKET_TUNNEL_GTP_U):
        *most = UINT32_MAX;
        return true;
    case SLICE_TUNNEL(PACKET_TUNNEL_ERSPAN_2):
    case SLICE_TUNNEL(PACKET_TUNNEL_ERSPAN_3):
        *most = 1023;
        return true;
    case SLICE_TUNNEL(PACKET_TUNNEL_VXLAN):
    case SLICE_TUNNEL(PACKET_TUNNEL_GENEVE):
    case SLICE_TUNNEL(PACKET_TUNNEL_PBB):
        *most = 16777215;
        return true;
    case SLICE_TUNNEL(PACKET_TUNNEL_PPPOE):
        *most = UINT16_MAX;
        return true;
    default:
        return false;
    }
}

int config_check_tunnel_id(struct option_reader *r, const struct slice_ingress *in)
{
    char found[32], allowed[96];
    uint32_t most;

    if (!in->has_tunnel_id)
        return 0;
    snprintf(found, sizeof(found), "%u", in->tunnel_id);
    if (!most_tunnel_id(in->tunnel, &most)) {
        reader_enter_key(r, "tunnel_id");
        return reader_refuse(r, found,
                             "null, unless \"tunnel\" is erspan_2, erspan_3, vxlan, geneve, pbb, "
                             "gtp_u, pppoe, gre or gretap");
    }
    if (in->tunnel_id <= most)
        return 0;
    snprintf(allowed, sizeof(allowed), "at most %u in this kind of tunnel", most);
    reader_enter_key(r, "tunnel_id");
    return reader_refuse(r, found, allowed);
}
