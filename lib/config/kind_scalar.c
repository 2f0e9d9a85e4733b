/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that are one number or word: bool, integers, reals, enums. */
#include <stdio.h>
#include <string.h>

#include "config/option.h"

static void *field_of(const struct option_row *row, void *object)
{
    return (char *)object + row->offset;
}

static const void *const_field_of(const struct option_row *row, const void *object)
{
    return (const char *)object + row->offset;
}

static bool *present_of(const struct option_row *row, void *object)
{
    return (bool *)((char *)object + row->count);
}

static bool is_present(const struct option_row *row, const void *object)
{
    return !row->nullable || *(const bool *)((const char *)object + row->count);
}

/* Reads null into an option that may be absent. */
static bool read_null(const struct option_row *row, json_t *value, void *object)
{
    if (!row->nullable)
        return false;
    *present_of(row, object) = !json_is_null(value);
    return json_is_null(value);
}

static int read_bool(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    if (read_null(row, value, object))
        return 0;
    if (!json_is_boolean(value))
        return reader_refuse_row(r, value, row);
    *(bool *)field_of(row, object) = json_is_true(value);
    return 0;
}

static json_t *write_bool(const struct option_row *row, const void *object,
                          const struct config *config)
{
    (void)config;
    if (!is_present(row, object))
        return json_null();
    return json_boolean(*(const bool *)const_field_of(row, object));
}

static json_t *schema_bool(const struct option_row *row)
{
    if (row->nullable)
        return json_pack("{s:[s,s]}", "type", "boolean", "null");
    return json_pack("{s:s}", "type", "boolean");
}

static void describe_bool(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "true%sfalse%s", row->nullable ? ", " : " or ",
             row->nullable ? " or null" : "");
}

const struct option_kind kind_bool = {"boolean",  false,       false,        read_bool,
                                      write_bool, schema_bool, describe_bool};

static bool in_bounds(const struct option_row *row, json_t *value)
{
    return json_number_value(value) >= row->least && json_number_value(value) <= row->most;
}

static int read_u64(struct option_reader *r, const struct option_row *row, json_t *value,
                    void *object)
{
    if (read_null(row, value, object))
        return 0;
    if (!json_is_integer(value) || !in_bounds(row, value))
        return reader_refuse_row(r, value, row);
    *(uint64_t *)field_of(row, object) = (uint64_t)json_integer_value(value);
    return 0;
}

static int read_u32(struct option_reader *r, const struct option_row *row, json_t *value,
                    void *object)
{
    if (read_null(row, value, object))
        return 0;
    if (!json_is_integer(value) || !in_bounds(row, value))
        return reader_refuse_row(r, value, row);
    *(uint32_t *)field_of(row, object) = (uint32_t)json_integer_value(value);
    return 0;
}

static json_t *write_u64(const struct option_row *row, const void *object,
                         const struct config *config)
{
    (void)config;
    if (!is_present(row, object))
        return json_null();
    return json_integer((json_int_t) * (const uint64_t *)const_field_of(row, object));
}

static json_t *write_u32(const struct option_row *row, const void *object,
                         const struct config *config)
{
    (void)config;
    if (!is_present(row, object))
        return json_null();
    return json_integer(*(const uint32_t *)const_field_of(row, object));
}

static json_t *schema_integer(const struct option_row *row)
{
    json_int_t least = (json_int_t)row->least, most = (json_int_t)row->most;

    if (row->nullable)
        return json_pack("{s:[s,s], s:I, s:I}", "type", "integer", "null", "minimum", least,
                         "maximum", most);
    return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", least, "maximum", most);
}

static void describe_integer(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "an integer from %.0f to %.0f%s", row->least, row->most,
             row->nullable ? ", or null" : "");
}

const struct option_kind kind_u32 = {"integer", false,          false,           read_u32,
                                     write_u32, schema_integer, describe_integer};
const struct option_kind kind_u64 = {"integer", false,          false,           read_u64,
                                     write_u64, schema_integer, describe_integer};

static int read_real(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    if (!json_is_number(value) || !in_bounds(row, value))
        return reader_refuse_row(r, value, row);
    *(double *)field_of(row, object) = json_number_value(value);
    return 0;
}

static json_t *write_real(const struct option_row *row, const void *object,
                          const struct config *config)
{
    (void)config;
    return json_real(*(const double *)const_field_of(row, object));
}

static json_t *schema_real(const struct option_row *row)
{
    return json_pack("{s:s, s:f, s:f}", "type", "number", "minimum", row->least, "maximum",
                     row->most);
}

static void describe_real(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a number from %g to %g", row->least, row->most);
}

const struct option_kind kind_real = {"number",   false,       false,        read_real,
                                      write_real, schema_real, describe_real};

/* An enum without negative values is stored as unsigned int; each field is as wide. */
static int read_enum(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    const char *text = json_string_value(value);

    for (unsigned int i = 0; text != NULL && row->words[i] != NULL; i++)
        if (strcmp(row->words[i], text) == 0) {
            memcpy(field_of(row, object), &i, sizeof(i));
            return 0;
        }
    return reader_refuse_row(r, value, row);
}

static json_t *write_enum(const struct option_row *row, const void *object,
                          const struct config *config)
{
    unsigned int i;

    (void)config;
    memcpy(&i, const_field_of(row, object), sizeof(i));
    return json_string(row->words[i]);
}

static json_t *schema_enum(const struct option_row *row)
{
    json_t *words = json_array();

    for (unsigned int i = 0; row->words[i] != NULL; i++)
        option_append(&words, json_string(row->words[i]));
    return json_pack("{s:o}", "enum", words);
}

static void describe_enum(const struct option_row *row, char *out, size_t n)
{
    size_t used = 0;

    for (unsigned int i = 0; row->words[i] != NULL && used < n; i++) {
        const char *between = i == 0 ? "" : row->words[i + 1] == NULL ? " or " : ", ";

        used += (size_t)snprintf(out + used, n - used, "%s\"%s\"", between, row->words[i]);
    }
}

const struct option_kind kind_enum = {"word",     false,       false,        read_enum,
                                      write_enum, schema_enum, describe_enum};

static int find_word(const struct option_row *row, const char *text)
{
    for (int i = 0; text != NULL && row->words[i] != NULL; i++)
        if (strcmp(row->words[i], text) == 0)
            return i;
    return -1;
}

static int read_words(struct option_reader *r, const struct option_row *row, json_t *value,
                      void *object)
{
    uint32_t bits = 0;
    json_t *item;
    size_t i;

    if (!json_is_array(value))
        return reader_refuse_row(r, value, row);
    json_array_foreach (value, i, item) {
        int word = find_word(row, json_string_value(item));
        size_t mark = reader_enter_item(r, i);

        if (word < 0)
            return reader_refuse_row(r, item, row);
        reader_leave(r, mark);
        bits |= UINT32_C(1) << word;
    }
    *(uint32_t *)field_of(row, object) = bits;
    return 0;
}

static json_t *write_words(const struct option_row *row, const void *object,
                           const struct config *config)
{
    uint32_t bits = *(const uint32_t *)const_field_of(row, object);
    json_t *list = json_array();

    (void)config;
    for (unsigned int i = 0; row->words[i] != NULL; i++)
        if ((bits >> i & 1) != 0)
            option_append(&list, json_string(row->words[i]));
    return list;
}

static json_t *schema_words(const struct option_row *row)
{
    return json_pack("{s:s, s:o, s:b}", "type", "array", "items", schema_enum(row), "uniqueItems",
                     1);
}

static void describe_words(const struct option_row *row, char *out, size_t n)
{
    char words[256];

    describe_enum(row, words, sizeof(words));
    snprintf(out, n, "a list of words, each of them %s", words);
}

const struct option_kind kind_words = {"words",     false,        false,         read_words,
                                       write_words, schema_words, describe_words};
