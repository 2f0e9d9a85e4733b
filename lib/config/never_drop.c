/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/never_drop.h"

static bool has_end(const struct never_drop *spared, struct never_drop_end end)
{
    for (uint32_t i = 0; i < spared->n_ports; i++)
        if (spared->ports[i] == end.port)
            return true;
    for (uint32_t i = 0; i < spared->n_prefixes; i++)
        if (ip_prefix_contains(&spared->prefixes[i], end.address))
            return true;
    return false;
}

bool never_drop_spares(const struct never_drop *spared, struct never_drop_end a,
                       struct never_drop_end b)
{
    return has_end(spared, a) || has_end(spared, b);
}
