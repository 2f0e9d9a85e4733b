/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the frames of the unit tests into a folder, as the fuzzer's seed corpus. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../unit/packet/frames.h"

static int write_seed(const char *folder, const char *kind, size_t number,
                      const struct frame_case *from)
{
    struct frame built, *f = &built;
    uint8_t control;
    char path[4096];
    FILE *file;
    int error;

    frame_build(from, f);
    control = (uint8_t)(f->frame_bytes - f->n_bytes);
    snprintf(path, sizeof(path), "%s/%s-%02zu", folder, kind, number);
    file = fopen(path, "wb");
    if (file == NULL)
        return -errno;
    fwrite(&control, 1, 1, file);
    fwrite(f->bytes, 1, f->n_bytes, file);
    error = ferror(file) ? -EIO : 0;
    return fclose(file) == 0 ? error : -errno;
}

static int write_seeds(const char *folder, const char *kind, const struct frame_case *cases,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int error = write_seed(folder, kind, i, &cases[i]);

        if (error != 0) {
            fprintf(stderr, "%s: cannot write seed %s-%zu: %s\n", folder, kind, i,
                    strerror(-error));
            return error;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER (an existing one)\n", argv[0]);
        return 2;
    }
    return write_seeds(argv[1], "frame", frame_cases, n_frame_cases) != 0 ||
           write_seeds(argv[1], "tunnel", tunnel_cases, n_tunnel_cases) != 0;
}
