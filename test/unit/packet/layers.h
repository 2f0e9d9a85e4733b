/* SPDX-License-Identifier: BSD-3-Clause */
/* The layers of a frame case, by name. For the files with frames in them only. */
#ifndef TEST_PACKET_LAYERS_H
#define TEST_PACKET_LAYERS_H

#include "frames.h"

#define ETHERNET                                                                                   \
    {                                                                                              \
        LAYER_ETHERNET, 0, 0                                                                       \
    }
#define VLAN(tpid, tci)                                                                            \
    {                                                                                              \
        LAYER_VLAN, tpid, tci                                                                      \
    }
#define MPLS(label)                                                                                \
    {                                                                                              \
        LAYER_MPLS, label, 0                                                                       \
    }
#define IPV4                                                                                       \
    {                                                                                              \
        LAYER_IPV4, 0, 0                                                                           \
    }
#define IPV4_OPTIONS(n)                                                                            \
    {                                                                                              \
        LAYER_IPV4, n, 0                                                                           \
    }
#define IPV6                                                                                       \
    {                                                                                              \
        LAYER_IPV6, 0, 0                                                                           \
    }
#define HOP_BY_HOP(n)                                                                              \
    {                                                                                              \
        LAYER_EXTENSION, 0, n                                                                      \
    }
#define ROUTING(n)                                                                                 \
    {                                                                                              \
        LAYER_EXTENSION, 43, n                                                                     \
    }
#define FRAGMENT                                                                                   \
    {                                                                                              \
        LAYER_EXTENSION, 44, 0                                                                     \
    }
#define AH(n)                                                                                      \
    {                                                                                              \
        LAYER_EXTENSION, 51, n                                                                     \
    }
#define DESTINATION(n)                                                                             \
    {                                                                                              \
        LAYER_EXTENSION, 60, n                                                                     \
    }
#define TCP                                                                                        \
    {                                                                                              \
        LAYER_TCP, 0, 0                                                                            \
    }
#define TCP_OPTIONS(n)                                                                             \
    {                                                                                              \
        LAYER_TCP, n, 0                                                                            \
    }
#define OTHER(type, n)                                                                             \
    {                                                                                              \
        LAYER_OTHER, type, n                                                                       \
    }
#define DATA(n)                                                                                    \
    {                                                                                              \
        LAYER_DATA, n, 0                                                                           \
    }
#define PADDING(n)                                                                                 \
    {                                                                                              \
        LAYER_PADDING, n, 0                                                                        \
    }
#define GRE(type, flags)                                                                           \
    {                                                                                              \
        LAYER_GRE, type, flags                                                                     \
    }
#define UDP(port)                                                                                  \
    {                                                                                              \
        LAYER_UDP, port, 0                                                                         \
    }
#define VXLAN(vni)                                                                                 \
    {                                                                                              \
        LAYER_VXLAN, vni, 0                                                                        \
    }
#define ERSPAN_2(session)                                                                          \
    {                                                                                              \
        LAYER_ERSPAN_2, session, 0                                                                 \
    }
#define ERSPAN_3(session, last)                                                                    \
    {                                                                                              \
        LAYER_ERSPAN_3, session, last                                                              \
    }

#endif
