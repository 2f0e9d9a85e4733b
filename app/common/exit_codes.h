/* SPDX-License-Identifier: BSD-3-Clause */
/* How programs end when they could not do what they were asked to. Verdicts have codes of their
 * own: report_worst_exit_code(). */
#ifndef COMMON_EXIT_CODES_H
#define COMMON_EXIT_CODES_H

enum {
    EXIT_ERROR = 1,
    EXIT_USAGE = 2, /* the command line or the configuration was refused */
};

#endif
