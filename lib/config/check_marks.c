/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks and tests do not go together. What a test proves rests on this: whether a repeat is seen
 * does not depend on whether a test dropped what is repeated. A machine marks by all that passes,
 * and so by answers, which come to what was forwarded alone. If its mark said which slice a repeat
 * belongs to, a sender who repeats everything could have the repeats of what was dropped seen, and
 * those of what was forwarded not. */
#include <stdio.h>

#include "config/check.h"
#include "config/neighbours.h"

#define ALLOWED                                                                                    \
    "null, of an active slice and of one that may take packets from an active one: machines mark " \
    "by answers, too, and only what no test dropped is answered"

static int refuse(struct option_reader *r, uint32_t i, const char *found)
{
    reader_enter_key(r, "slices");
    reader_enter_item(r, i);
    reader_enter_key(r, "mark");
    return reader_refuse(r, found, ALLOWED);
}

int config_check_mark(struct option_reader *r, uint32_t i)
{
    const struct config *c = r->config;
    const struct slice *s = &c->slices[i];
    char found[CONFIG_NAME_BYTES + 64];

    if (!s->has_mark || !slice_is_present(s))
        return 0;
    if (s->mode == SLICE_ACTIVE) {
        snprintf(found, sizeof(found), "%u, and mode \"active\"", s->mark);
        return refuse(r, i, found);
    }
    for (uint32_t k = 0; k < c->n_slices; k++) {
        const struct slice *tested = &c->slices[k];

        if (tested->mode != SLICE_ACTIVE || !slice_is_present(tested) ||
            !slice_may_take_from(s, tested))
            continue;
        snprintf(found, sizeof(found), "%u, and packets of \"%s\", which is active", s->mark,
                 tested->name);
        return refuse(r, i, found);
    }
    return 0;
}
