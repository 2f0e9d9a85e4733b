/* SPDX-License-Identifier: BSD-3-Clause */
/* Which packets a responder may answer, and its answers: written over what they answer, so that
 * none is ever longer than what came. Pure, any thread. */
#ifndef RESPONDER_REPLY_H
#define RESPONDER_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

/* X(enum suffix, name, help): why a packet for a responder's address is not answered. */
#define RESPONDER_SILENCES(X)                                                                      \
    X(FRAME, "frame", "the frame is for more than one host, or in a tunnel")                       \
    X(NOT_TCP, "not_tcp", "no whole TCP segment: fragments, other protocols, damaged headers")     \
    X(SOURCE, "source", "from an address that no host has, or from the address that it asks")      \
    X(OPTIONS, "options", "IP options or extension headers, which may name another destination")   \
    X(CHECKSUM, "checksum", "its checksum is wrong")                                               \
    X(FLAGS, "flags", "neither a SYN alone nor an ACK alone: a RST, a FIN, a SYN+ACK")

enum responder_silence {
#define RESPONDER_SILENCE_ENUM(suffix, name, help) RESPONDER_SILENCE_##suffix,
    RESPONDER_SILENCES(RESPONDER_SILENCE_ENUM)
#undef RESPONDER_SILENCE_ENUM
        RESPONDER_N_SILENCES
};
const char *responder_silence_name(enum responder_silence silence);

enum responder_ask {
    RESPONDER_ASK_SYN, /* SYN without ACK, RST and FIN */
    RESPONDER_ASK_ACK, /* ACK without SYN, RST and FIN: a candidate */
    RESPONDER_ASK_NOTHING,
};

/* What a packet asks of a responder; of RESPONDER_ASK_NOTHING, *silence says why. `frame` is what
 * `view` was made of, whole. */
enum responder_ask responder_read(const struct packet_view *view, const uint8_t *frame,
                                  uint32_t n_bytes, enum responder_silence *silence);

/* An answer's own fields; addresses and ports are those of what it answers, turned round. */
struct responder_reply {
    uint32_t sequence, acknowledgement;
    uint8_t flags; /* TCP_FLAG_... */
    uint16_t window;
    uint16_t mss; /* 0: no option; else one, if what came had as many bytes of options */
};

/* Room that it needs: none. Writes it over the frame, of which `view` was made and which
 * responder_read() understood, and returns its length: at most `n_bytes`. TTL 64, no IP options,
 * "don't fragment", VLAN tags and labels as they came, padding zeroed. */
uint32_t responder_write(uint8_t *frame, uint32_t n_bytes, const struct packet_view *view,
                         const struct responder_reply *reply);

#endif
