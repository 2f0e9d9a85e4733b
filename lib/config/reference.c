/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/reference.h"

#include <ctype.h>
#include <string.h>

#include "config/option.h"

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "One JSON file (RFC 8259). Every key is listed here; an unknown key, a value out of bounds or "
    "a "
    "name that is\n"
    "not there is refused, with the place, the value and what is allowed. `pennyline check "
    "--config "
    "FILE` says\n"
    "whether a file is good. Editors can use `conf/pennyline.schema.json`.\n"
    "\n"
    "This page and the schema are printed by `config-reference` from the tables that the loader "
    "reads by.\n";

static const char drivers_introduction[] =
    "\n"
    "# Drivers\n"
    "\n"
    "One JSON file per poll mode driver in `drivers-cfg/`, found by the driver's name.\n";

static const struct {
    const char *title;
    const char *path;
    const struct option_object *object;
} sections[] = {
    {"instance", "$.instance", &object_instance},
    {"eal", "$.eal", &object_eal},
    {"ports", "$.ports[]", &object_port},
    {"next_hops", "$.next_hops[]", &object_next_hop},
    {"ingresses", "$.ingresses[]", &object_named_ingress},
    {"never_drop", "$.never_drop", &object_never_drop},
    {"services", "$.services[]", &object_service},
    {"map", "$.map", &object_map},
    {"responders", "$.responders[]", &object_responder},
    {"slices", "$.slices[]", &object_slice},
    {"machines", "$.machines[]", &object_machine},
    {"rules", "$.machines[].rules[]", &object_machine_rule},
    {"sources", "$.sources[]", &object_counting},
    {"defaults", "$.defaults, and in each of $.slices[]", &object_test},
};

/* In a table's cell a bar would end the cell. */
static void print_cell(FILE *to, const char *text)
{
    for (; *text != '\0'; text++)
        fprintf(to, *text == '|' ? "\\%c" : "%c", *text);
}

/* Whose options are told beside its own. */
static bool is_object(const struct option_row *row)
{
    return row->kind == &kind_object || row->kind == &kind_late_object ||
           row->kind == &kind_ingress;
}

static void print_default(FILE *to, const struct option_row *row)
{
    if (row->fallback == NULL)
        fputs(row->kind->is_ignored ? "" : "required", to);
    else if (is_object(row))
        fputs("its own", to);
    else
        fprintf(to, "`%s`", row->fallback);
    if (row->otherwise != NULL)
        fprintf(to, ": %s", row->otherwise);
}

static void print_row(FILE *to, const char *prefix, const struct option_row *row)
{
    char allowed[512];

    row->kind->describe(row, allowed, sizeof(allowed));
    fprintf(to, "| `%s%s` | ", prefix, row->name);
    print_cell(to, allowed);
    fprintf(to, " | %s | ", row->unit != NULL ? row->unit : "");
    print_default(to, row);
    fputs(" | ", to);
    print_cell(to, row->help);
    fputs(" |\n", to);
}

static void print_rows(FILE *to, const struct option_object *object)
{
    for (size_t i = 0; i < object->n_rows; i++) {
        const struct option_row *row = &object->rows[i];
        char prefix[64];

        print_row(to, "", row);
        if (!is_object(row))
            continue;
        snprintf(prefix, sizeof(prefix), "%s.", row->name);
        for (size_t j = 0; j < row->object->n_rows; j++)
            print_row(to, prefix, &row->object->rows[j]);
    }
}

static void print_section(FILE *to, const char *title, const char *path,
                          const struct option_object *object)
{
    fprintf(to, "\n## %s\n\n%s", title, object->help);
    if (path != NULL)
        fprintf(to, " At `%s`.", path);
    fputs("\n\n| option | allowed | unit | default | meaning |\n| --- | --- | --- | --- | --- |\n",
          to);
    print_rows(to, object);
    if (object->base != NULL)
        fprintf(to, "\nAnd %s, each of which is as in `defaults` when it is left out.\n",
                object->base->noun);
}

void config_reference_print(FILE *to)
{
    fputs(introduction, to);
    fputs("\n## The file\n\n| key | value |\n| --- | --- |\n", to);
    for (size_t i = 0; i < object_root.n_rows; i++)
        fprintf(to, "| `%s` | %s |\n", object_root.rows[i].name, object_root.rows[i].help);
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++)
        print_section(to, sections[i].title, sections[i].path, sections[i].object);
    fputs(drivers_introduction, to);
    print_section(to, "A driver", NULL, &object_driver);
}
