/* SPDX-License-Identifier: BSD-3-Clause */
/* Where OpenPenny takes traffic from and where it goes, to ports and lcores. Internal to the
 * library. */
#ifndef OPENPENNY_PORTS_H
#define OPENPENNY_PORTS_H

#include <jansson.h>
#include <stdbool.h>

#include "openpenny/convert.h"
#include "openpenny/settings.h"

/* Sets "ports" and "eal" of `to`. 0; -EINVAL with the error; -ENOMEM. */
int ports_compose(struct settings *s, const struct openpenny_options *options, bool is_passive,
                  json_t *to);

#endif
