/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics_text.h"

#include <stdbool.h>
#include <string.h>

/* `# TYPE`, `# UNIT` where the name ends in it, `# HELP`. */
void metrics_family(FILE *out, const char *name, const char *type, const char *unit,
                    const char *help)
{
    size_t n = strlen(name), n_unit = strlen(unit);

    fprintf(out, "# TYPE " METRICS_PREFIX "%s %s\n", name, type);
    if (n_unit > 0 && n > n_unit && name[n - n_unit - 1] == '_' &&
        strcmp(name + n - n_unit, unit) == 0)
        fprintf(out, "# UNIT " METRICS_PREFIX "%s %s\n", name, unit);
    fprintf(out, "# HELP " METRICS_PREFIX "%s %s\n", name, help);
}

/* Backslash, quote and line end are escaped in the value of a label. */
void metrics_label(FILE *out, const char *name, const char *value)
{
    fprintf(out, "%s=\"", name);
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"')
            fputc('\\', out);
        if (*value == '\n')
            fputs("\\n", out);
        else
            fputc(*value, out);
    }
    fputc('"', out);
}

void metrics_single(FILE *out, const char *name, const char *type, const char *unit,
                    const char *help, double value)
{
    metrics_family(out, name, type, unit, help);
    fprintf(out, METRICS_PREFIX "%s%s %.15g\n", name, strcmp(type, "counter") == 0 ? "_total" : "",
            value);
}

static bool begins_with(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* Of a family's head: with the ending that its samples have. */
static void write_head(const char *line, size_t n, const char *type, FILE *out)
{
    const size_t n_name = strcspn(line + 7, " ");
    const bool is_info = strncmp(type, "info", 4) == 0;
    const char *ending = is_info ? "_info" : strncmp(type, "counter", 7) == 0 ? "_total" : "";

    fprintf(out, "%.*s%s", (int)(7 + n_name), line, ending);
    if (begins_with(line, "# TYPE ") && is_info)
        fputs(" gauge", out);
    else
        fprintf(out, "%.*s", (int)(n - 7 - n_name), line + 7 + n_name);
    fputc('\n', out);
}

void metrics_write_as_text(const char *openmetrics, FILE *out)
{
    const char *type = "";

    for (const char *line = openmetrics; *line != '\0';) {
        const size_t n = strcspn(line, "\n");

        if (begins_with(line, "# TYPE "))
            type = line + 7 + strcspn(line + 7, " ") + 1;
        if (begins_with(line, "# TYPE ") || begins_with(line, "# HELP "))
            write_head(line, n, type, out);
        else if (line[0] != '#')
            fprintf(out, "%.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}
