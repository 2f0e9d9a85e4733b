/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/compiler.h"
#include "service/ask.h"

#define MOST_BYTES 256

/* A frame under construction. */
struct frame {
    uint8_t bytes[MOST_BYTES];
    uint32_t n;
};

static const uint8_t client[4] = {198, 51, 100, 7}, service[4] = {192, 0, 2, 1};
static const uint8_t client6[16] = {0x20, 1, 0xd, 0xb8, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
static const uint8_t service6[16] = {0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

static void put(struct frame *f, const void *bytes, uint32_t n)
{
    memcpy(f->bytes + f->n, bytes, n);
    f->n += n;
}

static void put_ethernet(struct frame *f, uint16_t ethertype)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    uint8_t type[2];

    f->n = 0;
    put(f, macs, sizeof(macs));
    store_be16(type, ethertype);
    put(f, type, 2);
}

static void put_ipv4(struct frame *f, const uint8_t from[4], const uint8_t to[4], uint8_t protocol,
                     uint16_t fragment, uint16_t n_payload)
{
    uint8_t h[20] = {0x45};

    store_be16(h + 2, (uint16_t)(20 + n_payload));
    store_be16(h + 6, fragment);
    h[8] = 64;
    h[9] = protocol;
    memcpy(h + 12, from, 4);
    memcpy(h + 16, to, 4);
    put(f, h, sizeof(h));
}

static void put_ipv6(struct frame *f, const uint8_t from[16], const uint8_t to[16], uint8_t next,
                     uint16_t n_payload)
{
    uint8_t h[40] = {0x60};

    store_be16(h + 4, n_payload);
    h[6] = next;
    h[7] = 64;
    memcpy(h + 8, from, 16);
    memcpy(h + 24, to, 16);
    put(f, h, sizeof(h));
}

static void put_udp(struct frame *f, uint16_t from, uint16_t to, uint16_t n_payload)
{
    uint8_t h[8] = {0};

    store_be16(h, from);
    store_be16(h + 2, to);
    store_be16(h + 4, (uint16_t)(8 + n_payload));
    put(f, h, sizeof(h));
    memset(f->bytes + f->n, 0x55, n_payload);
    f->n += n_payload;
}

static void put_tcp(struct frame *f, uint16_t from, uint16_t to)
{
    uint8_t h[20] = {0};

    store_be16(h, from);
    store_be16(h + 2, to);
    h[12] = 5 << 4;
    h[13] = 2;
    put(f, h, sizeof(h));
}

static void put_icmp(struct frame *f, uint8_t type)
{
    const uint8_t h[8] = {type, 1};

    put(f, h, sizeof(h));
}

/* From a block of just as many bytes, so that AddressSanitizer sees each one too many. */
static bool read_ask(const struct frame *f, uint32_t n_here, struct service_ask *out)
{
    uint8_t *block = malloc(n_here + 1);
    struct packet_view view;
    bool is_ip;

    assert_non_null(block);
    memcpy(block, f->bytes, n_here);
    packet_parse_ethernet(block, n_here, f->n, &view);
    is_ip = service_read_ask(&view, block, n_here, out);
    free(block);
    return is_ip;
}

static struct service_ask ask_of(const struct frame *f)
{
    struct service_ask ask;

    assert_true(read_ask(f, f->n, &ask));
    return ask;
}

static void assert_asks(const struct frame *f, enum service_ask_kind kind, uint8_t protocol,
                        uint16_t client_port, uint16_t port)
{
    struct service_ask ask = ask_of(f);
    struct ip_address from = ip_address_from_ipv4(client), to = ip_address_from_ipv4(service);

    if (!ip_address_is_ipv4(&ask.client)) {
        from = ip_address_from_ipv6(client6);
        to = ip_address_from_ipv6(service6);
    }
    assert_true(ip_address_equal(&ask.client, &from));
    assert_true(ip_address_equal(&ask.address, &to));
    assert_int_equal(ask.kind, kind);
    assert_int_equal(ask.protocol, protocol);
    assert_int_equal(ask.client_port, client_port);
    assert_int_equal(ask.port, port);
}

static void packets_ask_by_addresses_and_ports(void **state)
{
    struct frame f;

    (void)state;
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, client, service, PACKET_PROTOCOL_TCP, 0, 20);
    put_tcp(&f, 4711, 80);
    assert_asks(&f, SERVICE_ASK_PORTS, PACKET_PROTOCOL_TCP, 4711, 80);

    put_ethernet(&f, 0x86dd);
    put_ipv6(&f, client6, service6, PACKET_PROTOCOL_UDP, 12);
    put_udp(&f, 4712, 53, 4);
    assert_asks(&f, SERVICE_ASK_PORTS, PACKET_PROTOCOL_UDP, 4712, 53);

    put_ethernet(&f, 0x0800);
    put_ipv4(&f, client, service, 1, 0, 8);
    put_icmp(&f, 8);
    assert_asks(&f, SERVICE_ASK_OTHER, 1, 0, 0);
}

static void what_is_no_ip_packet_asks_nothing(void **state)
{
    struct service_ask ask;
    struct frame f;

    (void)state;
    put_ethernet(&f, 0x0806);
    put_icmp(&f, 0);
    assert_false(read_ask(&f, f.n, &ask));
}

static void all_fragments_ask_alike(void **state)
{
    const uint16_t fragments[] = {0x2000, 0x2010, 0x0020};
    const uint8_t options6[8] = {44, 0, 1, 4}; /* destination options: PadN */
    const uint8_t fragments6[][8] = {{17, 0, 0, 1}, {17, 0, 1, 1}, {17, 0, 2, 0}};
    struct frame f;

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(fragments); i++) {
        put_ethernet(&f, 0x0800);
        put_ipv4(&f, client, service, PACKET_PROTOCOL_UDP, fragments[i], 16);
        put_udp(&f, 4711, 53, 8);
        assert_asks(&f, SERVICE_ASK_FRAGMENT, PACKET_PROTOCOL_UDP, 0, 0);

        put_ethernet(&f, 0x86dd);
        put_ipv6(&f, client6, service6, 44, 24);
        put(&f, fragments6[i], 8);
        put_udp(&f, 4711, 53, 8);
        assert_asks(&f, SERVICE_ASK_FRAGMENT, PACKET_PROTOCOL_UDP, 0, 0);

        put_ethernet(&f, 0x86dd);
        put_ipv6(&f, client6, service6, 60, 32);
        put(&f, options6, 8);
        put(&f, fragments6[i], 8);
        put_udp(&f, 4711, 53, 8);
        assert_asks(&f, SERVICE_ASK_FRAGMENT, PACKET_PROTOCOL_UDP, 0, 0);
    }
}

/* The member that sent the packet has to hear of the error. */
static void errors_of_icmp_ask_as_the_flow_that_they_are_about(void **state)
{
    const uint8_t types4[] = {3, 4, 11, 12}, types6[] = {1, 2, 3, 4};
    const uint8_t router[4] = {203, 0, 113, 9};
    const uint8_t router6[16] = {0x20, 1, 0xd, 0xb8, 9};
    struct frame f;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        put_ethernet(&f, 0x0800);
        put_ipv4(&f, router, service, 1, 0, 8 + 20 + 8);
        put_icmp(&f, types4[i]);
        put_ipv4(&f, service, client, PACKET_PROTOCOL_TCP, 0, 1460);
        put_udp(&f, 80, 4711, 0);
        assert_asks(&f, SERVICE_ASK_PORTS, PACKET_PROTOCOL_TCP, 4711, 80);

        put_ethernet(&f, 0x86dd);
        put_ipv6(&f, router6, service6, 58, 8 + 40 + 8);
        put_icmp(&f, types6[i]);
        put_ipv6(&f, service6, client6, PACKET_PROTOCOL_UDP, 1400);
        put_udp(&f, 53, 4712, 0);
        assert_asks(&f, SERVICE_ASK_PORTS, PACKET_PROTOCOL_UDP, 4712, 53);
    }
}

static void errors_about_fragments_ask_as_fragments(void **state)
{
    const uint8_t fragment6[8] = {17, 0, 2, 1};
    struct frame f;

    (void)state;
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, client, service, 1, 0, 8 + 20 + 8);
    put_icmp(&f, 3);
    put_ipv4(&f, service, client, PACKET_PROTOCOL_UDP, 0x2020, 8);
    put_udp(&f, 53, 4711, 0);
    assert_asks(&f, SERVICE_ASK_FRAGMENT, PACKET_PROTOCOL_UDP, 0, 0);

    put_ethernet(&f, 0x86dd);
    put_ipv6(&f, client6, service6, 58, 8 + 40 + 16);
    put_icmp(&f, 2);
    put_ipv6(&f, service6, client6, 44, 16);
    put(&f, fragment6, 8);
    put_udp(&f, 53, 4711, 0);
    assert_asks(&f, SERVICE_ASK_FRAGMENT, PACKET_PROTOCOL_UDP, 0, 0);
}

/* Anybody may write an error: one about a packet that is not from its own destination is none for
 * this service. */
static void an_error_about_a_strangers_packet_asks_for_nothing_else(void **state)
{
    struct frame f;

    (void)state;
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, client, service, 1, 0, 8 + 20 + 8);
    put_icmp(&f, 3);
    put_ipv4(&f, client, service, PACKET_PROTOCOL_TCP, 0, 8);
    put_udp(&f, 80, 4711, 0);
    assert_asks(&f, SERVICE_ASK_OTHER, 1, 0, 0);
}

static void an_error_that_is_cut_asks_as_far_as_it_can_be_read(void **state)
{
    struct frame f;
    struct service_ask ask;

    (void)state;
    put_ethernet(&f, 0x0800);
    put_ipv4(&f, client, service, 1, 0, 8 + 20 + 8);
    put_icmp(&f, 3);
    put_ipv4(&f, service, client, PACKET_PROTOCOL_TCP, 0, 8);
    put_udp(&f, 80, 4711, 0);
    for (uint32_t n = 14 + 20; n <= f.n; n++) {
        enum service_ask_kind kind = n < 14 + 20 + 8 + 20       ? SERVICE_ASK_OTHER
                                     : n < 14 + 20 + 8 + 20 + 4 ? SERVICE_ASK_FRAGMENT
                                                                : SERVICE_ASK_PORTS;

        assert_true(read_ask(&f, n, &ask));
        assert_int_equal(ask.kind, kind);
        assert_int_equal(ask.protocol, kind == SERVICE_ASK_OTHER ? 1 : PACKET_PROTOCOL_TCP);
    }
}

static void rows_follow_what_flows_are_kept_together_by(void **state)
{
    struct service_ask ask = {.client = ip_address_from_ipv4(client),
                              .address = ip_address_from_ipv4(service),
                              .client_port = 1,
                              .port = 80,
                              .protocol = 6};
    unsigned int differ[3] = {0}, n_neighbours = 0;

    (void)state;
    for (unsigned int i = 0; i < 100; i++) {
        struct service_ask other = ask;

        other.client_port = (uint16_t)(100 + i);
        for (int hash = 0; hash < 3; hash++)
            differ[hash] += service_row(&other, (enum service_hash)hash, 24) !=
                            service_row(&ask, (enum service_hash)hash, 24);
        other.client.bytes[15] = (uint8_t)i;
        assert_int_equal(service_row(&other, SERVICE_HASH_SOURCE_PREFIX, 24),
                         service_row(&ask, SERVICE_HASH_SOURCE_PREFIX, 24));
        n_neighbours += service_row(&other, SERVICE_HASH_SOURCE, 24) !=
                        service_row(&ask, SERVICE_HASH_SOURCE, 24);
        other.client.bytes[14]++;
        assert_int_not_equal(service_row(&other, SERVICE_HASH_SOURCE_PREFIX, 24),
                             service_row(&ask, SERVICE_HASH_SOURCE_PREFIX, 24));
    }
    assert_true(differ[SERVICE_HASH_FLOW] >= 98 &&
                differ[SERVICE_HASH_FLOW] <= 100); /* two of 65,536 rows may be one */
    assert_int_equal(differ[SERVICE_HASH_SOURCE], 0);
    assert_int_equal(differ[SERVICE_HASH_SOURCE_PREFIX], 0);
    assert_true(n_neighbours >= 97 && n_neighbours <= 99); /* one of them is the client itself */
}

/* Boxes of different versions stand behind one router while they are upgraded. */
static void the_row_of_a_known_flow_is_the_same_for_ever(void **state)
{
    const struct service_ask ask = {.client = ip_address_from_ipv4(client),
                                    .address = ip_address_from_ipv4(service),
                                    .client_port = 4711,
                                    .port = 80,
                                    .protocol = 6};

    (void)state;
    assert_int_equal(service_row(&ask, SERVICE_HASH_FLOW, 0), 0x10fb);
    assert_int_equal(service_row(&ask, SERVICE_HASH_SOURCE, 0), 0x52f5);
    assert_int_equal(service_row(&ask, SERVICE_HASH_SOURCE_PREFIX, 24), 0x8822);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_ask_by_addresses_and_ports),
        cmocka_unit_test(what_is_no_ip_packet_asks_nothing),
        cmocka_unit_test(all_fragments_ask_alike),
        cmocka_unit_test(errors_of_icmp_ask_as_the_flow_that_they_are_about),
        cmocka_unit_test(errors_about_fragments_ask_as_fragments),
        cmocka_unit_test(an_error_about_a_strangers_packet_asks_for_nothing_else),
        cmocka_unit_test(an_error_that_is_cut_asks_as_far_as_it_can_be_read),
        cmocka_unit_test(rows_follow_what_flows_are_kept_together_by),
        cmocka_unit_test(the_row_of_a_known_flow_is_the_same_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
