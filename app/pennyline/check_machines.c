/* SPDX-License-Identifier: BSD-3-Clause */
#include "check_parts.h"

void check_machines(struct check *c)
{
    if (c->config->n_machines > 0)
        check_blocks(c, "machines: this version reads them, but does not run them; leave them out");
}
