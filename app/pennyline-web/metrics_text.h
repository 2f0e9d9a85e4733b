/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of OpenMetrics text. */
#ifndef WEB_METRICS_TEXT_H
#define WEB_METRICS_TEXT_H

#include <stdio.h>

#define METRICS_PREFIX "pennyline_"

/* The head of a family, whose name is without the prefix; its unit where the name ends in it. */
void metrics_family(FILE *out, const char *name, const char *type, const char *unit,
                    const char *help);

/* name="value", as it must be escaped. */
void metrics_label(FILE *out, const char *name, const char *value);

/* A family with one sample, which has no label. */
void metrics_single(FILE *out, const char *name, const char *type, const char *unit,
                    const char *help, double value);

/* All of it again in the text format of Prometheus 0.0.4, whose families of counters are named with
 * the ending: https://prometheus.io/docs/instrumenting/exposition_formats/ */
#define METRICS_TEXT_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
void metrics_write_as_text(const char *openmetrics, FILE *out);

#endif
