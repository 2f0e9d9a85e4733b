/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in the tree and comes from the tables, or is read by them. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "config/config.h"
#include "config/driver.h"
#include "config/reference.h"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;

    if (file == NULL || getdelim(&text, &room, '\0', file) < 0)
        fail_msg("%s cannot be read", path);
    fclose(file);
    return text;
}

static void expect_current(const char *path, const char *what, const char *text)
{
    char *there = read_file(path);

    if (strcmp(there, text) != 0)
        fail_msg("%s is not what the tables say: config-reference %s >%s", path, what, path);
    free(there);
}

static void expect_schema_current(const char *path, const char *what, json_t *schema)
{
    char *text = json_dumps(schema, CONFIG_SCHEMA_FORMAT), *line;

    assert_non_null(text);
    line = malloc(strlen(text) + 2);
    sprintf(line, "%s\n", text);
    expect_current(path, what, line);
    json_decref(schema);
    free(text);
    free(line);
}

static void schemas_are_those_of_the_tables(void **state)
{
    (void)state;
    expect_schema_current(SOURCE_ROOT "/conf/pennyline.schema.json", "schema", config_schema());
    expect_schema_current(SOURCE_ROOT "/conf/driver.schema.json", "driver-schema",
                          driver_config_schema());
}

static void reference_page_is_that_of_the_tables(void **state)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);

    (void)state;
    config_reference_print(to);
    fclose(to);
    expect_current(SOURCE_ROOT "/doc/reference/configuration.md", "reference", text);
    free(text);
}

static void examples_load(void **state)
{
    static const char *const names[] = {"demo", "pop", "lab-100g"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        struct config *config = NULL;
        struct config_error error;
        char path[256];

        snprintf(path, sizeof(path), "%s/conf/%s.json", SOURCE_ROOT, names[i]);
        if (config_load_file(path, &config, &error) != 0)
            fail_msg("%s", error.text);
        assert_true(config->n_ports >= 2 && config->n_slices >= 1);
        config_free(config);
    }
}

static void driver_files_load_and_are_named_after_their_driver(void **state)
{
    glob_t files;

    (void)state;
    assert_int_equal(glob(SOURCE_ROOT "/drivers-cfg/*.json", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 12);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct driver_config driver;
        struct config_error error;
        char expected[256];

        if (driver_config_load_file(files.gl_pathv[i], &driver, &error) != 0)
            fail_msg("%s", error.text);
        snprintf(expected, sizeof(expected), "%s/drivers-cfg/%s.json", SOURCE_ROOT, driver.name);
        assert_string_equal(files.gl_pathv[i], expected);
    }
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schemas_are_those_of_the_tables),
        cmocka_unit_test(reference_page_is_that_of_the_tables),
        cmocka_unit_test(examples_load),
        cmocka_unit_test(driver_files_load_and_are_named_after_their_driver),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
