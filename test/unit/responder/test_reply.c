/* SPDX-License-Identifier: BSD-3-Clause */
/* What is answered and what is not, and each byte of an answer: read again by the parser, its
 * checksums by other code than the one that wrote them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/random.h"
#include "packet/checksum.h"
#include "responder/reply.h"
#include "tcp/flags.h"

enum { MOST_BYTES = 200, CLIENT_PORT = 4711, PORT = 80, INITIAL = 1000 };

struct frame {
    uint8_t bytes[MOST_BYTES];
    uint32_t n;
};

struct layout {
    bool is_ipv4;
    unsigned int n_tags, n_option_bytes, n_payload;
    uint8_t flags;
    bool is_padded;
};

static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
static const uint8_t client[16] = {0x20, 1, 0xd,  0xb8, 0,   7,  0,   0,
                                   0,    0, 0xff, 0xff, 198, 51, 100, 7};
static const uint8_t address[16] = {0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};

static uint16_t naive_sum(const uint8_t *at, uint32_t n, uint32_t start)
{
    for (uint32_t i = 0; i < n; i++)
        start += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
    while (start > 0xffff)
        start = (start & 0xffff) + (start >> 16);
    return (uint16_t)start;
}

static void set_tcp_checksum(struct frame *f, const struct layout *l, uint32_t ip, uint32_t tcp,
                             uint32_t n_tcp)
{
    uint32_t n = l->is_ipv4 ? 8 : 32, at = ip + (l->is_ipv4 ? 12 : 8);

    store_be16(f->bytes + tcp + 16, 0);
    store_be16(f->bytes + tcp + 16,
               (uint16_t)~naive_sum(f->bytes + tcp, n_tcp, naive_sum(f->bytes + at, n, 6 + n_tcp)));
}

static struct frame make(const struct layout *l)
{
    struct frame f = {0};
    uint32_t at = 12, ip, tcp, n_tcp = 20 + l->n_option_bytes + l->n_payload;

    memcpy(f.bytes, macs, 12);
    for (unsigned int i = 0; i < l->n_tags; i++, at += 4) {
        store_be16(f.bytes + at, i == 0 && l->n_tags == 2 ? 0x88a8 : 0x8100);
        store_be16(f.bytes + at + 2, (uint16_t)(100 + i));
    }
    store_be16(f.bytes + at, l->is_ipv4 ? 0x0800 : 0x86dd);
    ip = at + 2;
    tcp = ip + (l->is_ipv4 ? 20 : 40);
    if (l->is_ipv4) {
        f.bytes[ip] = 0x45;
        f.bytes[ip + 1] = 0x10;
        store_be16(f.bytes + ip + 2, (uint16_t)(20 + n_tcp));
        store_be16(f.bytes + ip + 4, 4242);
        f.bytes[ip + 8] = 3;
        f.bytes[ip + 9] = 6;
        memcpy(f.bytes + ip + 12, client + 12, 4);
        memcpy(f.bytes + ip + 16, address + 12, 4);
        store_be16(f.bytes + ip + 10, (uint16_t)~naive_sum(f.bytes + ip, 20, 0));
    } else {
        store_be32(f.bytes + ip, 0x6aaabbbb);
        store_be16(f.bytes + ip + 4, (uint16_t)n_tcp);
        f.bytes[ip + 6] = 6;
        f.bytes[ip + 7] = 3;
        memcpy(f.bytes + ip + 8, client, 16);
        memcpy(f.bytes + ip + 24, address, 16);
    }
    store_be16(f.bytes + tcp, CLIENT_PORT);
    store_be16(f.bytes + tcp + 2, PORT);
    store_be32(f.bytes + tcp + 4, INITIAL);
    store_be32(f.bytes + tcp + 8, 5555);
    f.bytes[tcp + 12] = (uint8_t)((20 + l->n_option_bytes) / 4 << 4);
    f.bytes[tcp + 13] = l->flags;
    memset(f.bytes + tcp + 20, 1, l->n_option_bytes + l->n_payload);
    set_tcp_checksum(&f, l, ip, tcp, n_tcp);
    f.n = tcp + n_tcp;
    if (l->is_padded && f.n < 60)
        f.n = 60;
    return f;
}

static enum responder_ask read_frame(const struct frame *f, struct packet_view *view,
                                     enum responder_silence *silence)
{
    packet_parse_ethernet(f->bytes, f->n, f->n, view);
    return responder_read(view, f->bytes, f->n, silence);
}

static void assert_reply(const struct layout *l, const struct responder_reply *reply)
{
    struct frame f = make(l), before = f;
    struct packet_view view, answer;
    enum responder_silence silence;
    struct packet_detail detail;
    uint32_t n, ip, n_tcp;

    assert_int_not_equal(read_frame(&f, &view, &silence), RESPONDER_ASK_NOTHING);
    n = responder_write(f.bytes, f.n, &view, reply);
    assert_true(n <= before.n);
    assert_true(n >= 60 || before.n < 60);
    assert_memory_equal(f.bytes, before.bytes + 6, 6);
    assert_memory_equal(f.bytes + 6, before.bytes, 6);
    assert_memory_equal(f.bytes + 12, before.bytes + 12, view.l3_offset - 12u);
    assert_int_equal(packet_parse_ethernet(f.bytes, n, n, &answer), PACKET_TCP);
    assert_true(ip_address_equal(&answer.source, &view.destination));
    assert_true(ip_address_equal(&answer.destination, &view.source));
    assert_int_equal(answer.source_port, PORT);
    assert_int_equal(answer.destination_port, CLIENT_PORT);
    assert_int_equal(answer.sequence, reply->sequence);
    assert_int_equal(answer.tcp_flags, reply->flags);
    assert_int_equal(answer.payload_bytes, 0);
    assert_int_equal(packet_tcp_checksum(&answer, f.bytes, n), PACKET_CHECKSUM_RIGHT);
    packet_read_detail(f.bytes, &answer, &detail);
    assert_int_equal(detail.acknowledgement, reply->acknowledgement);
    assert_int_equal(detail.window, reply->window);
    assert_int_equal(detail.ttl, 64);
    ip = answer.l3_offset;
    n_tcp = l->is_ipv4 ? load_be16(f.bytes + ip + 2) - 20u : load_be16(f.bytes + ip + 4);
    assert_int_equal(n_tcp, reply->mss != 0 && l->n_option_bytes >= 4 ? 24 : 20);
    if (n_tcp == 24) {
        assert_int_equal(load_be16(f.bytes + answer.l4_offset + 20), 0x0204);
        assert_int_equal(load_be16(f.bytes + answer.l4_offset + 22), reply->mss);
    }
    if (l->is_ipv4) {
        assert_int_equal(naive_sum(f.bytes + ip, 20, 0), 0xffff);
        assert_int_equal(load_be16(f.bytes + ip + 6), 0x4000);
        assert_int_equal(f.bytes[ip + 1], 0);
    }
    for (uint32_t i = answer.l4_offset + n_tcp; i < n; i++)
        assert_int_equal(f.bytes[i], 0);
}

/* Also those for which a wrong length of the pseudo header would go unnoticed with some options
 * alone: 0 to 40 bytes of them. */
static void answers_are_right_to_the_byte_and_never_longer(void **state)
{
    const struct responder_reply replies[] = {
        {0xdeadbeef, INITIAL + 1, TCP_FLAG_SYN | TCP_FLAG_ACK, 5, 0},
        {0xfffffffe, INITIAL + 1, TCP_FLAG_SYN | TCP_FLAG_ACK, 65535, 1220},
        {5555, 0, TCP_FLAG_RST, 0, 0},
        {5555, INITIAL, TCP_FLAG_ACK, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(replies); i++)
        for (unsigned int n_options = 0; n_options <= 40; n_options += 4)
            for (unsigned int k = 0; k < 24; k++) {
                struct layout l = {.is_ipv4 = k % 2 == 0,
                                   .n_tags = k / 2 % 3,
                                   .n_option_bytes = n_options,
                                   .n_payload = k / 6 % 2 * 3,
                                   .is_padded = k / 12 == 0,
                                   .flags = i < 2 ? TCP_FLAG_SYN : TCP_FLAG_ACK};

                assert_reply(&l, &replies[i]);
            }
}

static void only_a_syn_alone_and_an_ack_alone_ask(void **state)
{
    (void)state;
    for (unsigned int flags = 0; flags < 256; flags++) {
        const struct layout l = {.is_ipv4 = flags % 2 == 0, .flags = (uint8_t)flags};
        const unsigned int control = flags & 0x17; /* ACK, RST, SYN, FIN */
        struct frame f = make(&l);
        struct packet_view view;
        enum responder_silence silence;
        enum responder_ask ask = read_frame(&f, &view, &silence);

        assert_int_equal(ask, control == 0x02   ? RESPONDER_ASK_SYN
                              : control == 0x10 ? RESPONDER_ASK_ACK
                                                : RESPONDER_ASK_NOTHING);
        if (ask == RESPONDER_ASK_NOTHING)
            assert_int_equal(silence, RESPONDER_SILENCE_FLAGS);
    }
}

static void expect_silence(const struct layout *l, uint32_t at, const void *bytes, uint32_t n,
                           enum responder_silence expected)
{
    struct frame f = make(l);
    struct packet_view view;
    enum responder_silence silence;
    uint32_t ip = 14 + 4 * l->n_tags, tcp = ip + (l->is_ipv4 ? 20 : 40);

    memcpy(f.bytes + at, bytes, n);
    if (expected != RESPONDER_SILENCE_CHECKSUM)
        set_tcp_checksum(&f, l, ip, tcp, 20 + l->n_option_bytes + l->n_payload);
    assert_int_equal(read_frame(&f, &view, &silence), RESPONDER_ASK_NOTHING);
    assert_int_equal(silence, expected);
}

static void what_must_not_be_answered_is_met_by_silence(void **state)
{
    const struct layout l4 = {.is_ipv4 = true, .flags = TCP_FLAG_SYN}, l6 = {.flags = TCP_FLAG_SYN};
    const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, multicast[6] = {1, 0, 0x5e};
    const uint8_t zero[16] = {0}, fragment[2] = {0x20, 0}, one = 1;
    const uint8_t sources[][4] = {
        {0, 0, 0, 0}, {127, 0, 0, 1}, {224, 0, 0, 1}, {255, 255, 255, 255}};

    (void)state;
    expect_silence(&l4, 0, broadcast, 6, RESPONDER_SILENCE_FRAME);
    expect_silence(&l4, 0, multicast, 6, RESPONDER_SILENCE_FRAME);
    expect_silence(&l4, 6, multicast, 6, RESPONDER_SILENCE_FRAME);
    expect_silence(&l4, 14 + 16, sources[2], 4, RESPONDER_SILENCE_FRAME);
    for (size_t i = 0; i < ARRAY_LENGTH(sources); i++)
        expect_silence(&l4, 14 + 12, sources[i], 4, RESPONDER_SILENCE_SOURCE);
    expect_silence(&l4, 14 + 12, address + 12, 4, RESPONDER_SILENCE_SOURCE); /* LAND */
    expect_silence(&l6, 14 + 8, zero, 16, RESPONDER_SILENCE_SOURCE);
    expect_silence(&l6, 14 + 8, address, 16, RESPONDER_SILENCE_SOURCE);
    expect_silence(&l6, 14 + 8, broadcast, 1, RESPONDER_SILENCE_SOURCE);
    expect_silence(&l4, 14 + 6, fragment, 2, RESPONDER_SILENCE_NOT_TCP);
    expect_silence(&l4, 14 + 20 + 17, &one, 1, RESPONDER_SILENCE_CHECKSUM);
    expect_silence(&l6, 14 + 40 + 17, &one, 1, RESPONDER_SILENCE_CHECKSUM);
}

/* Two responders face to face: the answer of one asks the other for nothing. */
static void an_answer_is_never_answered(void **state)
{
    const struct responder_reply replies[] = {
        {1, INITIAL + 1, TCP_FLAG_SYN | TCP_FLAG_ACK, 5, 0},
        {5555, 0, TCP_FLAG_RST, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(replies); i++) {
        const struct layout l = {.is_ipv4 = true, .flags = TCP_FLAG_SYN};
        struct frame f = make(&l);
        struct packet_view view;
        enum responder_silence silence;

        read_frame(&f, &view, &silence);
        f.n = responder_write(f.bytes, f.n, &view, &replies[i]);
        assert_int_equal(read_frame(&f, &view, &silence), RESPONDER_ASK_NOTHING);
        assert_int_equal(silence, RESPONDER_SILENCE_FLAGS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_right_to_the_byte_and_never_longer),
        cmocka_unit_test(only_a_syn_alone_and_an_ack_alone_ask),
        cmocka_unit_test(what_must_not_be_answered_is_met_by_silence),
        cmocka_unit_test(an_answer_is_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
