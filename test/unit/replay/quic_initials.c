/* SPDX-License-Identifier: BSD-3-Clause */
/* quic_initials CAPTURE: for each packet of a capture a line: version and Destination Connection ID
 * of a QUIC client's first flight as packet_read_quic_initial() reads it, or "-". */
#include <inttypes.h>
#include <stdio.h>

#include "packet/quic.h"
#include "pennyline-replay/capture.h"

int main(int argc, char **argv)
{
    struct capture capture;
    struct capture_packet p;

    if (argc != 2 || capture_open(&capture, argv[1]) < 0)
        return 1;
    while (capture_next(&capture, &p) == 1) {
        struct packet_quic_initial initial;

        if (!packet_read_quic_initial(&p.view, p.data, p.captured_bytes, &initial)) {
            printf("-\n");
            continue;
        }
        printf("%08" PRIx32 " ", initial.version);
        for (unsigned int i = 0; i < initial.n_id_bytes; i++)
            printf("%02x", initial.id[i]);
        printf("\n");
    }
    capture_close(&capture);
    return 0;
}
