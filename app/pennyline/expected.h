/* SPDX-License-Identifier: BSD-3-Clause */
/* What is expected, from the file of pennyline-map: a thread beside the lcores looks at the file
 * every two seconds, checks it whole when it changed, and builds what workers need of it. So
 * neither the manager nor a worker ever waits for a disk. */
#ifndef PENNYLINE_EXPECTED_H
#define PENNYLINE_EXPECTED_H

#include "map/map.h"

#define EXPECTED_WORDS_BYTES (EXPECT_ERROR_BYTES + 16)

enum expected_news {
    EXPECTED_NOTHING,
    EXPECTED_READ,    /* *out is the caller's */
    EXPECTED_REFUSED, /* and `words` say why; what was there before stays */
};

struct expected;

/* 0 or a negative errno. */
int expected_start(struct expected **out);
/* Waits until the thread has ended, and frees what nobody took. NULL is allowed. */
void expected_stop(struct expected *e);

/* The file to be looked at from now on; "": none. */
void expected_watch(struct expected *e, const char *path);

/* What is new since the last call. */
enum expected_news expected_take(struct expected *e, struct map_expectation **out,
                                 char words[EXPECTED_WORDS_BYTES]);

/* What is not used any more, to be freed by the thread. */
void expected_give_back(struct expected *e, struct map_expectation *old);

#endif
