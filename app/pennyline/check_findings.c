/* SPDX-License-Identifier: BSD-3-Clause */
#include "check_findings.h"

#include <stdarg.h>
#include <stdio.h>

void check_blocks(struct check *c, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("blocks: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    c->n_blocking++;
}

void check_advises(struct check *c, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    printf("advice: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    c->n_advice++;
}
