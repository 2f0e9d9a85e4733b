/* SPDX-License-Identifier: BSD-3-Clause */
/* A second parser with the same contract, written to be read rather than to be fast: byte by byte,
 * one state machine, every length recomputed where it is used. Tests and the fuzzer compare. */
#ifndef TEST_PACKET_NAIVE_PARSER_H
#define TEST_PACKET_NAIVE_PARSER_H

#include "packet/packet.h"

void naive_parse_ethernet(const uint8_t *data, uint32_t captured_bytes, uint32_t frame_bytes,
                          struct packet_view *out);
void naive_parse_l3(uint16_t ethertype, const uint8_t *data, uint32_t captured_bytes,
                    uint32_t frame_bytes, struct packet_view *out);

void naive_decapsulate(const uint8_t *data, uint32_t captured_bytes, struct packet_view *view);

/* The name of a field that differs, or NULL. */
const char *packet_view_difference(const struct packet_view *a, const struct packet_view *b);

#endif
