/* SPDX-License-Identifier: BSD-3-Clause */
/* Is this memory laid out as this program knows it? */
#ifndef INFO_CHECK_H
#define INFO_CHECK_H

#include "info/layout.h"

/* Changes when the size of a struct that is shared changes, or the name of a counter or reason. */
uint64_t info_fingerprint(void);

enum info_fit {
    INFO_FITS,
    INFO_NOT_READY, /* it is still being made, or is something else */
    INFO_OTHER_LAYOUT,
    INFO_TRUNCATED,
};

/* `n_bytes` lie at `memory`. Unless it fits, `error` says in a sentence why not and what to do. */
enum info_fit info_check(const void *memory, size_t n_bytes, char *error, size_t n_error);

#endif
