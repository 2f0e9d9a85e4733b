/* SPDX-License-Identifier: BSD-3-Clause */
/* What a host sends itself is not what came in. Root is needed; else it is skipped. */
#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/if_packet.h>

#include "netdev/sent.h"

#define MARK "pennyline sent"

static int open_tap(unsigned int interface)
{
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)interface};
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));

    if (fd >= 0)
        assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Over the loopback each packet goes out, and comes in. To itself, so that no error comes back. */
static void send_marked(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(own);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&own, sizeof(own)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &n), 0);
    assert_int_equal(sendto(fd, MARK, sizeof(MARK), 0, (const struct sockaddr *)&own, sizeof(own)),
                     sizeof(MARK));
    close(fd);
}

/* Of the packet that was sent, those that went out, and those that came in. What is sent over the
 * loopback is there when the call returns. */
static void count(int fd, unsigned int *n_out, unsigned int *n_in)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};

    *n_out = *n_in = 0;
    while (poll(&wait, 1, 0) == 1) {
        struct sockaddr_ll from;
        socklen_t n_from = sizeof(from);
        char frame[2048];
        ssize_t n = recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &n_from);

        if (n < (ssize_t)sizeof(MARK) || memcmp(frame + n - sizeof(MARK), MARK, sizeof(MARK)) != 0)
            continue;
        *(from.sll_pkttype == PACKET_OUTGOING ? n_out : n_in) += 1;
    }
}

static void what_is_sent_is_not_seen_any_more(void **state)
{
    const unsigned int loopback = if_nametoindex("lo");
    int fd = open_tap(loopback);
    unsigned int n_out, n_in;

    (void)state;
    if (fd < 0)
        skip();
    send_marked();
    count(fd, &n_out, &n_in);
    assert_int_equal(n_out, 1);
    assert_int_equal(n_in, 1);
    assert_int_equal(netdev_ignore_sent(loopback), 1);
    send_marked();
    count(fd, &n_out, &n_in);
    assert_int_equal(n_out, 0);
    assert_int_equal(n_in, 1);
    close(fd);
}

static void sockets_of_other_interfaces_are_left_alone(void **state)
{
    int fd = open_tap(if_nametoindex("lo"));

    (void)state;
    if (fd < 0)
        skip();
    assert_int_equal(netdev_ignore_sent(if_nametoindex("lo") + 100000), 0);
    close(fd);
    assert_int_equal(netdev_ignore_sent(if_nametoindex("lo")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_not_seen_any_more),
        cmocka_unit_test(sockets_of_other_interfaces_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
