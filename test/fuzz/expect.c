/* SPDX-License-Identifier: BSD-3-Clause */
/* A file of any bytes, with the size and the checksum that it should have: it is refused in one
 * line, or each question has an answer within its tables. Start it on what pennyline-map build
 * writes. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "expect/expect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void ask(const struct expectation *e, const struct ip_prefix *p)
{
    for (uint16_t i = 0; i < e->n_ingresses && i < 8; i++) {
        struct expect_answer a;

        expect_grade(e, p, i, 1000, &a);
        if (a.grade >= EXPECT_N_GRADES || (a.route != EXPECT_NONE && a.route >= e->n_routes) ||
            (a.here != EXPECT_NONE && a.here >= e->n_routes) ||
            (a.sender != EXPECT_NONE && a.sender >= e->n_senders) ||
            expect_grade_name(a.grade)[0] == '\0')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char error[EXPECT_ERROR_BYTES] = "";
    struct expect_header *header;
    struct expectation e;
    struct ip_prefix p;
    void *bytes = malloc(n + 1);

    memcpy(bytes, data, n);
    if (n >= sizeof(*header)) {
        header = bytes;
        header->n_bytes = n;
        header->checksum = 0;
        header->checksum = (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, n);
    }
    if (expect_open_memory(bytes, n, &e, error) == 0) {
        for (uint32_t i = 0; i < e.n_routes && i < 16; i++) {
            p = expect_ip_prefix(&e.routes[i].prefix);
            ask(&e, &p);
        }
        if (ip_prefix_parse("192.0.2.0/24", &p) != 0)
            abort();
        ask(&e, &p);
    } else if (error[0] == '\0' || strchr(error, '\n') != NULL) {
        abort();
    }
    free(bytes);
    return 0;
}
