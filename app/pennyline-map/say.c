/* SPDX-License-Identifier: BSD-3-Clause */
#include "pennyline-map/say.h"

#include <stdarg.h>
#include <stdio.h>

void say(const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "pennyline-map: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
}
