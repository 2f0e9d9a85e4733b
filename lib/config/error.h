/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a configuration was refused, for a person to read in one line. */
#ifndef CONFIG_ERROR_H
#define CONFIG_ERROR_H

struct config_error {
    char path[256];    /* where, e.g. "$.slices[2].drop_probability" */
    char found[160];   /* what stands there, as JSON, shortened */
    char allowed[640]; /* what may stand there, in words */
    unsigned int line; /* of bad JSON text; 0 when the JSON was good */
    unsigned int column;
    char text[1200]; /* all of it in one line, with the file's name first if there is a file */
};

#endif
