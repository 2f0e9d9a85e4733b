/* SPDX-License-Identifier: BSD-3-Clause */
/* The control bits of a TCP header (RFC 9293 3.1) as they stand in its fourteenth byte. */
#ifndef TCP_FLAGS_H
#define TCP_FLAGS_H

#define TCP_FLAG_FIN 0x01
#define TCP_FLAG_SYN 0x02
#define TCP_FLAG_RST 0x04
#define TCP_FLAG_PSH 0x08
#define TCP_FLAG_ACK 0x10
#define TCP_FLAG_URG 0x20

/* Packets that open or close a connection. */
#define TCP_FLAG_CONTROL (TCP_FLAG_SYN | TCP_FLAG_FIN | TCP_FLAG_RST)

#endif
