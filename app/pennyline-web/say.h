/* SPDX-License-Identifier: BSD-3-Clause */
/* Words for whoever looks after the process: one line on standard error. */
#ifndef WEB_SAY_H
#define WEB_SAY_H

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
