/* SPDX-License-Identifier: BSD-3-Clause */
/* A wire that takes its time: frames from each interface leave by the other after a delay, and a
 * random share of those from the first one after a longer one. For kernels without netem. A frame
 * that finds no room ends the program: a wire that loses is of no use to those who count losses. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "base/time.h"

#define MAX_FRAME_BYTES     2048
#define LANE_FRAMES         8192 /* a power of two */
#define TURN_FRAMES         64   /* then the other direction */
#define SOCKET_BUFFER_BYTES (32 << 20)

struct waiting_frame {
    uint64_t due_ns;
    uint32_t n_bytes;
    uint8_t bytes[MAX_FRAME_BYTES];
};

/* All of one way and one delay, so the first that came is the first that is due. */
struct lane {
    uint64_t delay_ns;
    int to;
    uint32_t head, tail;
    struct waiting_frame frames[LANE_FRAMES];
};

static struct lane there, there_held_up, back;
static uint32_t held_up_of_2_32;
static struct random_source coin;

static void die(const char *what)
{
    fprintf(stderr, "delay-line: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int open_interface(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, bytes = SOCKET_BUFFER_BYTES;

    address.sll_ifindex = (int)if_nametoindex(name);
    if (fd < 0 || address.sll_ifindex == 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        die(name);
    return fd;
}

static void take_in(int from, struct lane *usual, struct lane *held_up)
{
    for (int i = 0; i < TURN_FRAMES; i++) {
        struct lane *lane = random_u32(&coin) < held_up_of_2_32 ? held_up : usual;
        struct waiting_frame *frame = &lane->frames[lane->tail % LANE_FRAMES];
        ssize_t n_bytes;

        if (lane->tail - lane->head == LANE_FRAMES) {
            errno = ENOBUFS;
            die("queue");
        }
        n_bytes = recv(from, frame->bytes, sizeof(frame->bytes), MSG_DONTWAIT);
        if (n_bytes <= 0)
            return;
        frame->n_bytes = (uint32_t)n_bytes;
        frame->due_ns = clock_now_ns() + lane->delay_ns;
        lane->tail++;
    }
}

static void let_out(struct lane *lane, uint64_t now_ns)
{
    for (; lane->head != lane->tail; lane->head++) {
        const struct waiting_frame *frame = &lane->frames[lane->head % LANE_FRAMES];

        if (frame->due_ns > now_ns)
            return;
        while (send(lane->to, frame->bytes, frame->n_bytes, 0) < 0) {
            if (errno != ENOBUFS && errno != EINTR)
                die("send");
            usleep(20);
        }
    }
}

static uint64_t due_ns(const struct lane *lane)
{
    return lane->head != lane->tail ? lane->frames[lane->head % LANE_FRAMES].due_ns : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void wait_for_work(struct pollfd fds[2])
{
    uint64_t due = earlier(due_ns(&there), earlier(due_ns(&there_held_up), due_ns(&back)));
    uint64_t now_ns = clock_now_ns(), left_ns = due > now_ns ? due - now_ns : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left_ns / NS_PER_S),
                               .tv_nsec = (long)(left_ns % NS_PER_S)};

    if (ppoll(fds, 2, due != UINT64_MAX ? &timeout : NULL, NULL) < 0 && errno != EINTR)
        die("poll");
}

int main(int argc, char **argv)
{
    struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};

    if (argc != 6) {
        fprintf(stderr, "Usage: delay-line FIRST-INTERFACE SECOND-INTERFACE DELAY-MS "
                        "HELD-UP-PER-MILLE HELD-UP-MS\n"
                        "Each way takes DELAY-MS; some frames from FIRST take HELD-UP-MS more.\n");
        return 2;
    }
    fds[0].fd = back.to = open_interface(argv[1]);
    fds[1].fd = there.to = there_held_up.to = open_interface(argv[2]);
    there.delay_ns = back.delay_ns = (uint64_t)(atof(argv[3]) * (double)NS_PER_MS);
    held_up_of_2_32 = (uint32_t)(atof(argv[4]) / 1000 * 0x1p32);
    there_held_up.delay_ns = there.delay_ns + (uint64_t)(atof(argv[5]) * (double)NS_PER_MS);
    if (random_seed_from_kernel(&coin) != 0)
        die("random numbers");
    puts("ready");
    fflush(stdout);
    for (;;) {
        wait_for_work(fds);
        take_in(fds[0].fd, &there, &there_held_up);
        take_in(fds[1].fd, &back, &back);
        let_out(&there, clock_now_ns());
        let_out(&there_held_up, clock_now_ns());
        let_out(&back, clock_now_ns());
    }
}
