/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the frames of the unit tests into a folder, as the fuzzer's seed corpus. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../unit/packet/frames.h"

static int write_seed(const char *folder, size_t number, const struct frame *f)
{
    uint8_t control = (uint8_t)(f->frame_bytes - f->n_bytes);
    char path[4096];
    FILE *file;
    int error;

    snprintf(path, sizeof(path), "%s/frame-%02zu", folder, number);
    file = fopen(path, "wb");
    if (file == NULL)
        return -errno;
    fwrite(&control, 1, 1, file);
    fwrite(f->bytes, 1, f->n_bytes, file);
    error = ferror(file) ? -EIO : 0;
    return fclose(file) == 0 ? error : -errno;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER (an existing one)\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < n_frame_cases; i++) {
        struct frame f;
        int error;

        frame_build(&frame_cases[i], &f);
        error = write_seed(argv[1], i, &f);
        if (error != 0) {
            fprintf(stderr, "%s: cannot write seed %zu: %s\n", argv[1], i, strerror(-error));
            return 1;
        }
    }
    return 0;
}
