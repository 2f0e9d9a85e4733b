/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes first flights of QUIC into a folder, as the fuzzer's seed corpus. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/compiler.h"

static const struct {
    uint8_t first;
    uint32_t version;
    uint8_t n_id_bytes;
} seeds[] = {{0xc0, 1, 8}, {0xc3, 1, 20}, {0xd0, 0x6b3343cf, 8}, {0xe0, 1, 8}, {0xc0, 0, 8}};

static int write_seed(const char *folder, size_t i)
{
    uint8_t bytes[2 + 6 + 20 + 1] = {0};
    char path[4096];
    FILE *file;
    int error;

    store_be16(bytes, 1200);
    bytes[2] = seeds[i].first;
    store_be32(bytes + 3, seeds[i].version);
    bytes[7] = seeds[i].n_id_bytes;
    memset(bytes + 8, 0x5a, seeds[i].n_id_bytes);
    snprintf(path, sizeof(path), "%s/initial-%02zu", folder, i);
    file = fopen(path, "wb");
    if (file == NULL)
        return -errno;
    fwrite(bytes, 1, 2u + 6 + seeds[i].n_id_bytes + 1, file);
    error = ferror(file) ? -EIO : 0;
    return fclose(file) == 0 ? error : -errno;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER (an existing one)\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(seeds); i++) {
        int error = write_seed(argv[1], i);

        if (error != 0) {
            fprintf(stderr, "%s: cannot write seed %zu: %s\n", argv[1], i, strerror(-error));
            return 1;
        }
    }
    return 0;
}
