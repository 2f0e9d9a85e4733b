/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenPenny's thresholds to the parameters of a test. Internal to the library. */
#ifndef OPENPENNY_PARAMETERS_H
#define OPENPENNY_PARAMETERS_H

#include <jansson.h>

#include "openpenny/settings.h"

/* An object like `defaults`, rule "penny". What is not given is as OpenPenny's code has it; where
 * that, or what is given, is not possible here, there is a note. NULL when memory is short. */
json_t *parameters_compose(struct settings *s, bool is_passive);

/* OpenPenny's probability is 0, given or not: it runs, and never drops. */
bool parameters_never_drop(const struct settings *s);

#endif
