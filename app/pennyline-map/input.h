/* SPDX-License-Identifier: BSD-3-Clause */
/* A file of routes, with its name in what is said of it. */
#ifndef PENNYLINE_MAP_INPUT_H
#define PENNYLINE_MAP_INPUT_H

#include "mrt/mrt.h"

struct input {
    const char *path;
    struct mrt_reader *reader;
    uint64_t file_bytes; /* 0: not known, as of a pipe */
    uint64_t changed_s;  /* when the file was last written to (UNIX time); 0: not known */
};

/* "-" is standard input. 0; or -1, and it was said why. */
int input_open(struct input *in, const char *path);

/* As mrt_next(); what is wrong was said. */
int input_next(struct input *in, struct mrt_route *route);

void input_close(struct input *in);

/* What was read and what was passed over, in one line. */
void input_say_counters(const struct input *in);

#endif
