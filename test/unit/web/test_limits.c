/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client may have of the gateway: requests, connections, time, bytes of replies. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "connections.h"
#include "throttle.h"

struct address {
    struct sockaddr_storage storage;
};

static struct address address_of(const char *text)
{
    struct address a = {0};
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&a.storage;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&a.storage;

    if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
        ipv4->sin_family = AF_INET;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &ipv6->sin6_addr), 1);
        ipv6->sin6_family = AF_INET6;
    }
    return a;
}

/* How many requests are granted of 100 at once. */
static unsigned int granted(struct throttle *l, const char *text)
{
    struct address a = address_of(text);
    unsigned int n = 0;

    for (int i = 0; i < 100; i++)
        n += throttle_take(l, (const struct sockaddr *)&a.storage, 0);
    return n;
}

static void an_ipv4_client_of_an_ipv6_socket_has_its_own_share(void **state)
{
    struct throttle *l = throttle_create(1, 10);

    (void)state;
    assert_int_equal(granted(l, "::ffff:192.0.2.1"), 10);
    assert_int_equal(granted(l, "::ffff:192.0.2.2"), 10);
    assert_int_equal(granted(l, "::1"), 10);
    /* It is the same client by either socket. */
    assert_int_equal(granted(l, "192.0.2.1"), 0);
    throttle_destroy(l);
}

static void an_ipv6_client_is_its_network(void **state)
{
    struct throttle *l = throttle_create(1, 10);

    (void)state;
    assert_int_equal(granted(l, "2001:db8::1"), 10);
    assert_int_equal(granted(l, "2001:db8::2"), 0);
    assert_int_equal(granted(l, "2001:db8:0:1::1"), 10);
    throttle_destroy(l);
}

/* 65,536 networks, each of which may ask as much as one client. */
static void who_has_many_networks_does_not_take_everybodys_share(void **state)
{
    struct throttle *l = throttle_create(1, 10);
    unsigned int n = 0, n_whole = 0;
    char text[64];

    (void)state;
    for (int network = 0; network < 65536; network += 16) {
        snprintf(text, sizeof(text), "2001:db8:0:%x::1", (unsigned int)network);
        n += granted(l, text);
    }
    assert_int_equal(n, 80);
    for (int host = 0; host < 256; host++) {
        snprintf(text, sizeof(text), "192.0.2.%d", host);
        n_whole += granted(l, text) == 10;
    }
    /* Of 4096 places those 80 requests took some of at most 80, and 256 hosts share some. */
    assert_true(n_whole > 200);
    throttle_destroy(l);
}

static void a_share_fills_up_with_time_and_no_further(void **state)
{
    struct throttle *l = throttle_create(2, 10);
    struct address a = address_of("192.0.2.1");
    const struct sockaddr *client = (const struct sockaddr *)&a.storage;

    (void)state;
    assert_int_equal(granted(l, "192.0.2.1"), 10);
    assert_true(throttle_take(l, client, 0.5));
    assert_false(throttle_take(l, client, 0.5));
    for (int i = 0; i < 10; i++)
        assert_true(throttle_take(l, client, 1000));
    assert_false(throttle_take(l, client, 1000));
    throttle_destroy(l);
}

#define N 8

struct fixture {
    struct connections *connections;
    struct connection *held[N];
    int near[N], far[N];
};

static int set_up(void **state)
{
    static const struct connections_limits limits = {
        .most_of_client = 3,
        .request_s = 30,
        .reply_s = 60,
        .reply_bytes_per_s = 1000,
        .most_bytes = 1000000,
        .most_bytes_of_client = 400000,
    };
    struct fixture *f = calloc(1, sizeof(*f));
    int pair[2];

    *state = f;
    f->connections = connections_create(&limits);
    for (int i = 0; i < N; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        f->near[i] = pair[0];
        f->far[i] = pair[1];
    }
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    connections_destroy(f->connections);
    for (int i = 0; i < N; i++) {
        close(f->near[i]);
        close(f->far[i]);
    }
    free(f);
    return 0;
}

/* Connection `i` of a client; NULL: it has no address. */
static void open_one(struct fixture *f, int i, const char *text)
{
    struct address a = text != NULL ? address_of(text) : (struct address){0};

    f->held[i] =
        connections_open(f->connections, text != NULL ? (const struct sockaddr *)&a.storage : NULL,
                         f->near[i], 1000);
    assert_non_null(f->held[i]);
}

static bool is_shut(const struct fixture *f, int i)
{
    char byte;

    return recv(f->far[i], &byte, 1, MSG_DONTWAIT) == 0;
}

static void a_client_has_so_many_connections_and_no_more(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 4; i++)
        open_one(f, i, "2001:db8::1");
    assert_false(is_shut(f, 2));
    assert_true(is_shut(f, 3));
    open_one(f, 4, "2001:db8::2");
    assert_true(is_shut(f, 4));
    open_one(f, 5, "2001:db8:0:1::1");
    assert_false(is_shut(f, 5));
    for (int i = 0; i < 5; i++) {
        connections_close(f->connections, f->held[i]);
        f->held[i] = NULL;
    }
    open_one(f, 6, "2001:db8::3");
    assert_false(is_shut(f, 6));
}

static void who_comes_by_a_proxys_socket_is_not_counted_by_address(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < N; i++)
        open_one(f, i, NULL);
    for (int i = 0; i < N; i++)
        assert_false(is_shut(f, i));
    for (int i = 0; i < 5; i++)
        assert_true(connections_begin_reply(f->connections, f->held[i], 200000, 1000));
}

/* However it sends: a byte now and then is no progress. */
static void a_request_must_be_whole_in_time(void **state)
{
    struct fixture *f = *state;

    open_one(f, 0, "192.0.2.1");
    connections_sweep(f->connections, 1029);
    assert_false(is_shut(f, 0));
    connections_sweep(f->connections, 1031);
    assert_true(is_shut(f, 0));
}

static void a_reply_has_time_by_its_length_and_the_next_request_its_own(void **state)
{
    struct fixture *f = *state;

    open_one(f, 0, "192.0.2.1");
    open_one(f, 1, "192.0.2.1");
    for (int i = 0; i < 2; i++)
        assert_true(connections_begin_reply(f->connections, f->held[i], 100000, 1010));
    connections_sweep(f->connections, 1010 + 60 + 99);
    assert_false(is_shut(f, 0));
    connections_end_reply(f->connections, f->held[0], 1169);
    connections_sweep(f->connections, 1010 + 60 + 101);
    assert_true(is_shut(f, 1));
    connections_sweep(f->connections, 1169 + 29);
    assert_false(is_shut(f, 0));
    connections_sweep(f->connections, 1169 + 31);
    assert_true(is_shut(f, 0));
}

static void replies_that_are_not_read_have_a_bound(void **state)
{
    struct fixture *f = *state;
    char text[32];

    for (int i = 0; i < N; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", i / 2);
        open_one(f, i, text);
    }
    /* Two of one client: its own bound. */
    assert_true(connections_begin_reply(f->connections, f->held[0], 300000, 1000));
    assert_false(connections_begin_reply(f->connections, f->held[1], 150000, 1000));
    assert_true(connections_begin_reply(f->connections, f->held[2], 300000, 1000));
    assert_true(connections_begin_reply(f->connections, f->held[4], 300000, 1000));
    /* And that of all. */
    assert_false(connections_begin_reply(f->connections, f->held[6], 150000, 1000));
    assert_int_equal(connections_n_bytes(f->connections), 900000);
    /* Small ones always find room, health and status among them. */
    assert_true(connections_begin_reply(f->connections, f->held[7], CONNECTIONS_SMALL_BYTES, 1000));
    assert_int_equal(connections_n_bytes(f->connections), 900000);
    /* What is read, or given up, makes room. */
    connections_end_reply(f->connections, f->held[0], 1001);
    assert_true(connections_begin_reply(f->connections, f->held[6], 150000, 1001));
    connections_close(f->connections, f->held[2]);
    assert_int_equal(connections_n_bytes(f->connections), 450000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_client_of_an_ipv6_socket_has_its_own_share),
        cmocka_unit_test(an_ipv6_client_is_its_network),
        cmocka_unit_test(who_has_many_networks_does_not_take_everybodys_share),
        cmocka_unit_test(a_share_fills_up_with_time_and_no_further),
        TEST(a_client_has_so_many_connections_and_no_more),
        TEST(who_comes_by_a_proxys_socket_is_not_counted_by_address),
        TEST(a_request_must_be_whole_in_time),
        TEST(a_reply_has_time_by_its_length_and_the_next_request_its_own),
        TEST(replies_that_are_not_read_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
