/* SPDX-License-Identifier: BSD-3-Clause */
/* Words to a person, on standard error; standard output is for results only. Any thread but
 * workers. */
#ifndef PENNYLINE_SAY_H
#define PENNYLINE_SAY_H

__attribute__((format(printf, 1, 2))) void say_info(const char *format, ...);
__attribute__((format(printf, 1, 2))) void say_warning(const char *format, ...);
__attribute__((format(printf, 1, 2))) void say_error(const char *format, ...);

#endif
