/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "base/random.h"
#include "service/directory.h"

static const uint64_t secret[2] = {11, 12};

static struct ip_address address_of(const char *text)
{
    struct ip_address a;

    assert_int_equal(ip_address_parse(text, &a), 0);
    return a;
}

static struct service_directory *make(const struct service_place *places, uint32_t n)
{
    struct service_directory *d = aligned_alloc(64, (service_directory_bytes(n) + 63) / 64 * 64);

    assert_non_null(d);
    assert_non_null(service_directory_init(d, places, n, secret));
    return d;
}

/* The rule as the header has it, by looking at every place. */
static uint16_t naive_find(const struct service_place *places, uint32_t n,
                           const struct service_ask *ask)
{
    const struct service_place *best = NULL;

    for (uint32_t i = 0; i < n; i++) {
        const struct service_place *p = &places[i];
        bool takes;

        if (!ip_address_equal(&p->address, &ask->address) ||
            (p->protocol != SERVICE_ANY_PROTOCOL && p->protocol != ask->protocol))
            continue;
        if (ask->kind == SERVICE_ASK_PORTS)
            takes = p->port == SERVICE_ALL_PORTS || p->port == ask->port;
        else if (ask->kind == SERVICE_ASK_FRAGMENT)
            takes = true;
        else
            takes = p->port == SERVICE_ALL_PORTS && p->protocol == SERVICE_ANY_PROTOCOL;
        if (!takes)
            continue;
        if (best == NULL)
            best = p;
        else if (ask->kind == SERVICE_ASK_PORTS &&
                 (p->port == SERVICE_ALL_PORTS) != (best->port == SERVICE_ALL_PORTS))
            best = p->port != SERVICE_ALL_PORTS ? p : best;
        else if ((p->protocol == SERVICE_ANY_PROTOCOL) != (best->protocol == SERVICE_ANY_PROTOCOL))
            best = p->protocol != SERVICE_ANY_PROTOCOL ? p : best;
        else if (p->port < best->port)
            best = p;
    }
    return best == NULL ? SERVICE_NONE : best->service;
}

static const uint8_t protocols[] = {PACKET_PROTOCOL_TCP, PACKET_PROTOCOL_UDP, SERVICE_ANY_PROTOCOL};

static uint32_t make_places(struct random_source *r, struct service_place *places, uint32_t n_most)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < n_most; i++) {
        struct service_place p = {
            .address = address_of(random_u32(r) % 4 == 0 ? "2001:db8::1" : "192.0.2.1"),
            .port = (uint16_t)(random_u32(r) % 6),
            .protocol = protocols[random_u32(r) % 3],
            .service = (uint16_t)i};
        bool is_free = true;

        p.address.bytes[15] = (uint8_t)(random_u32(r) % 3);
        for (uint32_t k = 0; k < n; k++)
            is_free &= !service_places_overlap(&places[k], &p);
        if (is_free)
            places[n++] = p;
    }
    return n;
}

static void packets_ask_the_service_that_the_rule_names(void **state)
{
    struct random_source r;
    struct service_place places[40];

    (void)state;
    random_seed_fixed(&r, 7, 1);
    for (unsigned int round = 0; round < 300; round++) {
        uint32_t n = make_places(&r, places, random_u32(&r) % ARRAY_LENGTH(places));
        struct service_directory *d = make(places, n);

        for (unsigned int i = 0; i < 300; i++) {
            struct service_ask ask = {.kind = (uint8_t)(random_u32(&r) % 3)};

            ask.address = address_of(random_u32(&r) % 4 == 0 ? "2001:db8::1" : "192.0.2.1");
            ask.address.bytes[15] = (uint8_t)(random_u32(&r) % 4);
            ask.protocol = ask.kind == SERVICE_ASK_OTHER ? 1 : protocols[random_u32(&r) % 2];
            ask.port = ask.kind == SERVICE_ASK_PORTS ? (uint16_t)(random_u32(&r) % 7) : 0;
            assert_int_equal(service_find(d, &ask), naive_find(places, n, &ask));
        }
        free(d);
    }
}

static void places_overlap_when_one_packet_could_ask_both_by_equal_right(void **state)
{
    const struct service_place tcp = {address_of("192.0.2.1"), 80, PACKET_PROTOCOL_TCP, 0};
    struct service_place other = tcp;

    (void)state;
    assert_true(service_places_overlap(&tcp, &other));
    other.protocol = PACKET_PROTOCOL_UDP;
    assert_false(service_places_overlap(&tcp, &other));
    other.protocol = SERVICE_ANY_PROTOCOL;
    assert_true(service_places_overlap(&tcp, &other));
    assert_true(service_places_overlap(&other, &tcp));
    other.port = SERVICE_ALL_PORTS;
    assert_false(service_places_overlap(&tcp, &other));
    other = tcp;
    other.address.bytes[15]++;
    assert_false(service_places_overlap(&tcp, &other));
}

static void thousands_of_places_are_each_found(void **state)
{
    enum { N = 16384 };
    struct service_place *places = calloc(N, sizeof(*places));
    struct service_directory *d;

    (void)state;
    assert_non_null(places);
    for (uint32_t i = 0; i < N; i++)
        places[i] = (struct service_place){address_of("192.0.2.1"), (uint16_t)(i + 1),
                                           PACKET_PROTOCOL_TCP, (uint16_t)(i % 256)};
    d = make(places, N);
    for (uint32_t i = 0; i < N; i++) {
        struct service_ask ask = {.address = places[i].address,
                                  .port = places[i].port,
                                  .protocol = PACKET_PROTOCOL_TCP,
                                  .kind = SERVICE_ASK_PORTS};

        assert_int_equal(service_find(d, &ask), i % 256);
    }
    free(d);
    free(places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_ask_the_service_that_the_rule_names),
        cmocka_unit_test(places_overlap_when_one_packet_could_ask_both_by_equal_right),
        cmocka_unit_test(thousands_of_places_are_each_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
