/* SPDX-License-Identifier: BSD-3-Clause */
/* `pennyline convert`: another program's configuration as one of ours. */
#ifndef PENNYLINE_CONVERT_H
#define PENNYLINE_CONVERT_H

/* The configuration on standard output, and what there is to know of it on standard error.
 * `out_device` may be NULL. Returns the exit code. */
int convert_from_openpenny(const char *path, const char *out_device);

#endif
