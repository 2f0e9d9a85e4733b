/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding a running pennyline and mapping its memory, as a secondary process of DPDK. */
#ifndef PENNYLINE_INFO_ATTACH_H
#define PENNYLINE_INFO_ATTACH_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/exit_codes.h"
#include "info/layout.h"

#define DEFAULT_FILE_PREFIX "pennyline"

/* Exit codes, beside those of common/exit_codes.h. */
enum { EXIT_NO_PRIMARY = 3, EXIT_OTHER_LAYOUT = 4 };

struct attachment {
    const char *file_prefix;
    char config_path[256]; /* of EAL's shared configuration, which the primary holds locked */
    pid_t primary;
    const struct info_header *info;
};

/* 0, or an exit code after it said on standard error why, and what to do. Once in a process. From
 * then on all that pennyline shares is read-only for this process, by the page tables. */
int attach(struct attachment *a, const char *file_prefix);

/* Does the primary live? A stopped one does. */
bool attach_primary_lives(const struct attachment *a);

void detach(struct attachment *a);

#endif
