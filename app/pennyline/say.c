/* SPDX-License-Identifier: BSD-3-Clause */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const char *kind, const char *format, va_list arguments)
{
    char text[2048];

    /* One write, so that lines of several threads do not mix. */
    vsnprintf(text, sizeof(text), format, arguments);
    fprintf(stderr, "pennyline: %s%s\n", kind, text);
}

#define SAY(kind)                                                                                  \
    do {                                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        say(kind, format, arguments);                                                              \
        va_end(arguments);                                                                         \
    } while (0)

void say_info(const char *format, ...)
{
    SAY("");
}

void say_warning(const char *format, ...)
{
    SAY("warning: ");
}

void say_error(const char *format, ...)
{
    SAY("error: ");
}
