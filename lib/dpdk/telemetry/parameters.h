/* SPDX-License-Identifier: BSD-3-Clause */
/* What follows the first comma of a question: values in the order of the endpoint's parameters, or
 * by name, like "0,20" or "verdict=closed_loop,count=20". Internal. */
#ifndef TELEMETRY_PARAMETERS_H
#define TELEMETRY_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TELEMETRY_TEXT_BYTES      64
#define TELEMETRY_PARAMETERS_MOST 4

enum telemetry_parameter {
    PARAMETER_NONE, /* ends a list of them */
    PARAMETER_WORKER,
    PARAMETER_AGGREGATE,
    PARAMETER_ITEM,
    PARAMETER_OFFSET,
    PARAMETER_COUNT,
    PARAMETER_SLICE,
    PARAMETER_VERDICT,
    PARAMETER_MACHINE,
};

struct telemetry_parameters {
    uint32_t worker, aggregate, item;
    uint32_t offset;
    uint32_t count; /* at most so many; 0: as many as there is room for */
    char slice[TELEMETRY_TEXT_BYTES], verdict[TELEMETRY_TEXT_BYTES]; /* "": any */
    char machine[TELEMETRY_TEXT_BYTES];
};

/* `text` may be NULL. `takes` ends with PARAMETER_NONE; worker, aggregate and machine are a must
 * where they are taken. False, and `error` says what is wrong and what `command` takes. */
bool telemetry_parse(const char *command, const char *text, const enum telemetry_parameter *takes,
                     struct telemetry_parameters *out, char *error, size_t n_error);

#endif
