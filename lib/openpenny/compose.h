/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings and rules to a configuration. Internal to the library. */
#ifndef OPENPENNY_COMPOSE_H
#define OPENPENNY_COMPOSE_H

#include <jansson.h>

#include "openpenny/convert.h"
#include "openpenny/rules.h"

/* 0 and a new reference; -EINVAL with the error; -ENOMEM. */
int compose_config(struct settings *s, const struct rule_list *rules,
                   const struct openpenny_options *options, json_t **out);

#endif
