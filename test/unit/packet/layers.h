/* SPDX-License-Identifier: BSD-3-Clause */
/* The layers of a frame case, by name. For the files with frames in them only. */
#ifndef TEST_PACKET_LAYERS_H
#define TEST_PACKET_LAYERS_H

#include "base/compiler.h"
#include "frames.h"

#define ETHERNET                INITIALIZER(LAYER_ETHERNET, 0, 0)
#define VLAN(tpid, tci)         INITIALIZER(LAYER_VLAN, tpid, tci)
#define MPLS(label)             INITIALIZER(LAYER_MPLS, label, 0)
#define IPV4                    INITIALIZER(LAYER_IPV4, 0, 0)
#define IPV4_OPTIONS(n)         INITIALIZER(LAYER_IPV4, n, 0)
#define IPV6                    INITIALIZER(LAYER_IPV6, 0, 0)
#define HOP_BY_HOP(n)           INITIALIZER(LAYER_EXTENSION, 0, n)
#define ROUTING(n)              INITIALIZER(LAYER_EXTENSION, 43, n)
#define FRAGMENT                INITIALIZER(LAYER_EXTENSION, 44, 0)
#define AH(n)                   INITIALIZER(LAYER_EXTENSION, 51, n)
#define DESTINATION(n)          INITIALIZER(LAYER_EXTENSION, 60, n)
#define TCP                     INITIALIZER(LAYER_TCP, 0, 0)
#define TCP_OPTIONS(n)          INITIALIZER(LAYER_TCP, n, 0)
#define HEADER(which)           INITIALIZER(LAYER_HEADER, HEADER_##which, 0)
#define OTHER(type, n)          INITIALIZER(LAYER_OTHER, type, n)
#define DATA(n)                 INITIALIZER(LAYER_DATA, n, 0)
#define PADDING(n)              INITIALIZER(LAYER_PADDING, n, 0)
#define GRE(type, flags)        INITIALIZER(LAYER_GRE, type, flags)
#define UDP(port)               INITIALIZER(LAYER_UDP, port, 0)
#define VXLAN(vni)              INITIALIZER(LAYER_VXLAN, vni, 0)
#define ERSPAN_2(session)       INITIALIZER(LAYER_ERSPAN_2, session, 0)
#define ERSPAN_3(session, last) INITIALIZER(LAYER_ERSPAN_3, session, last)

#endif
