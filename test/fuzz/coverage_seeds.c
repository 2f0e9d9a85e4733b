/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the seed corpus of the coverage fuzzer into a folder: one flow for each rule, at the wrap
 * and elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "coverage_steps.h"

#define MAX_STEPS 12
#define WINDOW    (16u << 20)

struct seed {
    const char *name;
    uint32_t start;
    struct step steps[MAX_STEPS];
};

static const struct seed seeds[] = {
    {"in-order", 0xfffffff0, {{0, 0, 0, 100}, {0, 0, 0, 1460}, {0, 0, 0, 1}}},
    {"hole-split-and-filled",
     0xffffff00,
     {{0, 0, 200, 100}, {FROM_HOLE, 0, 50, 50}, {FROM_HOLE, 0, 0, 50}, {FROM_HOLE, 0, 0, 400}}},
    {"nine-holes",
     0,
     {{0, 0, 10, 10},
      {0, 0, 10, 10},
      {0, 0, 10, 10},
      {0, 0, 10, 10},
      {0, 0, 10, 10},
      {0, 0, 10, 10},
      {0, 0, 10, 10},
      {0, 0, 10, 10},
      {0, 0, 10, 10}}},
    {"gap-repaired", 0x7fffff00, {{DROP, 0, 0, 500}, {0, 0, 0, 500}, {FROM_GAP, 0, 0, 500}}},
    {"gap-repaired-in-pieces",
     0xfffffe00,
     {{DROP, 0, 0, 500},
      {0, 0, 0, 500},
      {FROM_GAP, 0, 100, 100},
      {FROM_GAP, 0, 300, 100},
      {FROM_GAP, 0, 0, 50},
      {FROM_GAP, 0, 0, 500}}},
    {"gap-in-too-many-pieces",
     0,
     {{DROP, 0, 0, 500},
      {FROM_GAP, 0, 50, 10},
      {FROM_GAP, 0, 150, 10},
      {FROM_GAP, 0, 250, 10},
      {FROM_GAP, 0, 350, 10}}},
    {"sweep", 0, {{0, 0, 0, 500}, {DROP, 0, 0, 500}, {0, 0, 0, 500}, {0, 0, -1500, 1500}}},
    {"tail-drop", 0xffffff00, {{DROP, 0, 0, 500}, {FROM_GAP, 0, 0, 1000}}},
    {"jumps",
     0,
     {{FAR, 0, 1100, 500}, {FAR, 0, -1100, 500}, {FAR, 0, 1000, 500}, {FROM_ZERO, 0, 0, 1}}},
    {"one-turn",
     0,
     {{DROP, 0, 100, 100}, {LONG, 0, 0, 65535}, {LONG, 0, 0, 65535}, {FROM_ZERO, 0, 0, 300}}},
};

static int write_seed(const char *folder, const struct seed *s)
{
    struct head head = {.start = s->start, .window = WINDOW};
    char path[4096];
    FILE *file;
    int error;

    snprintf(path, sizeof(path), "%s/%s", folder, s->name);
    file = fopen(path, "wb");
    if (file == NULL)
        return -errno;
    fwrite(&head, sizeof(head), 1, file);
    for (size_t i = 0; i < MAX_STEPS && s->steps[i].n_bytes != 0; i++)
        fwrite(&s->steps[i], sizeof(s->steps[i]), 1, file);
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
        int error = write_seed(argv[1], &seeds[i]);

        if (error != 0) {
            fprintf(stderr, "%s: cannot write seed %s: %s\n", argv[1], seeds[i].name,
                    strerror(-error));
            return 1;
        }
    }
    return 0;
}
