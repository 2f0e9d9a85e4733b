/* SPDX-License-Identifier: BSD-3-Clause */
/* pennyline-blind: plays spoofed TCP, live or into a file. */
#include "arguments.h"
#include "base/time.h"
#include "capture.h"
#include "preflight.h"
#include "wire.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

struct run {
    struct arguments arguments;
    struct sender sender;
    struct capture *capture;
    struct wire *wire;
    uint64_t n_packets;
    uint64_t n_repeats;
    uint64_t n_bytes;
    uint64_t last_ns;
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = stop}; /* no SA_RESTART: sleeps end */

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static int open_output(struct run *r)
{
    const struct arguments *a = &r->arguments;
    uint8_t chosen_mac[6], mac[6];
    const char *reason;
    int rc;

    if (a->pcap_file) {
        r->capture = capture_open(a->pcap_file, &reason);
        if (!r->capture)
            fprintf(stderr, "pennyline-blind: cannot write %s: %s\n", a->pcap_file, reason);
        return r->capture ? 0 : -EIO;
    }
    memcpy(chosen_mac, a->path.source_mac, 6);
    rc = wire_open(a->interface, &r->wire, mac);
    if (rc < 0) {
        fprintf(stderr, "pennyline-blind: cannot send on %s: %s%s\n", a->interface, strerror(-rc),
                rc == -EPERM ? " (run it as root, or with CAP_NET_RAW)" : "");
        return rc;
    }
    if (memcmp(chosen_mac, (const uint8_t[]){2, 0, 0, 0, 0, 1}, 6) == 0)
        memcpy(r->arguments.path.source_mac, mac, 6);
    return 0;
}

static int put(struct run *r, const struct segment *segment)
{
    uint8_t frame[FRAME_MAX_BYTES];
    uint16_t n_bytes = frame_build(&r->arguments.path, segment, (uint16_t)r->n_packets, frame);
    int rc = 0;

    if (r->capture)
        capture_write(r->capture, segment->time_ns, frame, n_bytes);
    else
        rc = wire_send(r->wire, segment->time_ns, frame, n_bytes);
    if (rc < 0)
        return rc;
    r->n_packets++;
    r->n_repeats += segment->is_repeat;
    r->n_bytes += n_bytes;
    r->last_ns = segment->time_ns;
    return 0;
}

static int play(struct run *r)
{
    struct segment segment;
    int rc = 1;

    while (!stopped && (rc = sender_next(&r->sender, &segment)) == 1) {
        rc = put(r, &segment);
        if (rc < 0)
            break;
    }
    return rc == -EINTR && stopped ? 0 : rc;
}

static int close_output(struct run *r)
{
    return r->capture ? capture_close(r->capture) : wire_close(r->wire);
}

static int check(const struct arguments *arguments)
{
    unsigned int n = preflight_check(arguments);

    if (n > 0)
        printf("%u problem%s to solve first\n", n, n == 1 ? "" : "s");
    else
        printf("nothing stands in the way\n");
    return n > 0;
}

int main(int argc, char **argv)
{
    struct run r = {0};
    int rc, rc_close;

    arguments_parse(argc, argv, &r.arguments);
    if (r.arguments.routed && preflight_route(&r.arguments) < 0)
        return 1;
    if (r.arguments.check)
        return check(&r.arguments);
    catch_signals();
    if (open_output(&r) < 0)
        return 1;
    rc = sender_init(&r.sender, &r.arguments.sender);
    if (rc == 0)
        rc = play(&r);
    sender_free(&r.sender);
    rc_close = close_output(&r);
    if (rc >= 0)
        rc = rc_close;
    if (rc < 0) {
        fprintf(stderr, "pennyline-blind: stopped: %s\n", strerror(-rc));
        return 1;
    }
    printf("packets=%" PRIu64 " repeats=%" PRIu64 " bytes=%" PRIu64 " seconds=%.3f\n", r.n_packets,
           r.n_repeats, r.n_bytes, (double)r.last_ns / (double)NS_PER_S);
    return 0;
}
