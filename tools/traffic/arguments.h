/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of pennyline-blind. */
#ifndef TRAFFIC_ARGUMENTS_H
#define TRAFFIC_ARGUMENTS_H

#include "blind/sender.h"
#include "frame.h"

struct arguments {
    struct sender_options sender;
    struct frame_path path;
    const char *interface; /* one of these two is set, or `routed` */
    const char *pcap_file;
    bool routed; /* interface and next hop's MAC are the kernel's to say */
    bool check;  /* look, and send nothing */
};

/* Fills `out`, or says what is wrong and exits with 2 (64 by argp for unknown options). */
void arguments_parse(int argc, char **argv, struct arguments *out);

#endif
