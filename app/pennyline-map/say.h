/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PENNYLINE_MAP_SAY_H
#define PENNYLINE_MAP_SAY_H

/* To standard error, with the program's name and a newline. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
