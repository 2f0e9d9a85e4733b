/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exact.h"

uint8_t *exact_copy(const uint8_t *bytes, uint32_t n_bytes)
{
    uint8_t *copy = malloc(n_bytes);

    assert_true(copy != NULL || n_bytes == 0);
    if (n_bytes > 0)
        memcpy(copy, bytes, n_bytes);
    return copy;
}

void frame_mutate(struct frame *f, struct random_source *r)
{
    static const uint8_t telling[] = {0x00, 0x01, 0x04, 0x06, 0x08, 0x10, 0x11, 0x20,
                                      0x29, 0x2b, 0x2c, 0x2f, 0x33, 0x3c, 0x40, 0x45,
                                      0x47, 0x48, 0x58, 0x60, 0x65, 0x81, 0x86, 0x88,
                                      0x91, 0xa8, 0xb0, 0xbe, 0xdd, 0xeb, 0xf0, 0xff};
    unsigned int n_changes = random_u32(r) % 5;
    uint32_t limit = f->n_bytes < 160 ? f->n_bytes : 160;

    for (unsigned int i = 0; i < n_changes; i++) {
        uint8_t any = (uint8_t)random_u32(r);
        bool is_telling = random_u32(r) % 2 == 0;

        f->bytes[random_u32(r) % limit] = is_telling ? telling[any % sizeof(telling)] : any;
    }
}
