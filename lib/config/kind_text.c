/* SPDX-License-Identifier: BSD-3-Clause */
/* Values that are text: free text, names, lists of texts, EAL's lcores, devices, hex. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/option.h"

static const char name_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
#define NAME_PATTERN "^[A-Za-z0-9][A-Za-z0-9._-]*$"

static const char lcore_characters[] = "0123456789,-@()";
#define LCORES_PATTERN "^[-0-9,@()]+$"

#define HEX_PATTERN "^([0-9A-Fa-f]{2})*$"

static char *field_of(const struct option_row *row, void *object)
{
    return (char *)object + row->offset;
}

static const char *const_field_of(const struct option_row *row, const void *object)
{
    return (const char *)object + row->offset;
}

static bool has_control_characters(const char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            return true;
    return false;
}

static bool fits(const struct option_row *row, const char *text)
{
    return text != NULL && strlen(text) >= (size_t)row->least && strlen(text) < row->size &&
           !has_control_characters(text);
}

static json_t *schema_of_text(const struct option_row *row, const char *pattern)
{
    json_t *schema = json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", (int)row->least,
                               "maxLength", (int)row->size - 1);

    if (pattern != NULL)
        json_object_set_new(schema, "pattern", json_string(pattern));
    return schema;
}

static int read_text(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    const char *text = json_string_value(value);

    if (!fits(row, text))
        return reader_refuse_row(r, value, row);
    strcpy(field_of(row, object), text);
    return 0;
}

static json_t *write_text(const struct option_row *row, const void *object,
                          const struct config *config)
{
    (void)config;
    return json_string(const_field_of(row, object));
}

static json_t *schema_text(const struct option_row *row)
{
    return schema_of_text(row, NULL);
}

static void describe_text(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a string of %.0f to %zu bytes, no control characters", row->least,
             row->size - 1);
}

const struct option_kind kind_text = {"text",     false,       false,        read_text,
                                      write_text, schema_text, describe_text};

/* Comments and "$schema": text of any length that only people and editors read. */
static int read_note(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    (void)object;
    return json_is_string(value) ? 0 : reader_refuse_row(r, value, row);
}

static json_t *write_note(const struct option_row *row, const void *object,
                          const struct config *config)
{
    (void)row;
    (void)object;
    (void)config;
    return NULL;
}

static json_t *schema_note(const struct option_row *row)
{
    (void)row;
    return json_pack("{s:s}", "type", "string");
}

static void describe_note(const struct option_row *row, char *out, size_t n)
{
    (void)row;
    snprintf(out, n, "a string");
}

const struct option_kind kind_note = {"text",     false,       true,         read_note,
                                      write_note, schema_note, describe_note};

static int read_name(struct option_reader *r, const struct option_row *row, json_t *value,
                     void *object)
{
    const char *text = json_string_value(value);

    if (!fits(row, text) || !isalnum((unsigned char)text[0]) ||
        text[strspn(text, name_characters)] != '\0')
        return reader_refuse_row(r, value, row);
    strcpy(field_of(row, object), text);
    return 0;
}

static json_t *schema_name(const struct option_row *row)
{
    return schema_of_text(row, NAME_PATTERN);
}

static void describe_name(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n,
             "a name of %.0f to %zu letters, digits, '.', '_' or '-', a letter or digit first",
             row->least, row->size - 1);
}

const struct option_kind kind_name = {"name",     false,       false,        read_name,
                                      write_text, schema_name, describe_name};

static int read_lcores(struct option_reader *r, const struct option_row *row, json_t *value,
                       void *object)
{
    const char *text = json_string_value(value);

    if (!fits(row, text) || text[strspn(text, lcore_characters)] != '\0')
        return reader_refuse_row(r, value, row);
    strcpy(field_of(row, object), text);
    return 0;
}

static json_t *schema_lcores(const struct option_row *row)
{
    return schema_of_text(row, LCORES_PATTERN);
}

static void describe_lcores(const struct option_row *row, char *out, size_t n)
{
    (void)row;
    snprintf(out, n, "lcores as EAL's --lcores takes them, like \"0-3\" or \"0@0,(1-2)@1\"");
}

const struct option_kind kind_lcores = {"lcores",   false,         false,          read_lcores,
                                        write_text, schema_lcores, describe_lcores};

static int read_device(struct option_reader *r, const struct option_row *row, json_t *value,
                       void *object)
{
    const char *text = json_string_value(value);

    if (!fits(row, text) || config_device_kind(text) == PORT_DEVICE_INVALID)
        return reader_refuse_row(r, value, row);
    strcpy(field_of(row, object), text);
    return 0;
}

static void describe_device(const struct option_row *row, char *out, size_t n)
{
    (void)row;
    snprintf(out, n,
             "a kernel interface (\"eth0\" or \"iface:eth0\"), a PCI address (\"0000:3b:00.0\") or "
             "a vdev (\"net_pcap0,rx_pcap=in.pcap\")");
}

const struct option_kind kind_device = {"device",   false,       false,          read_device,
                                        write_text, schema_text, describe_device};

/* A list of texts of a fixed size each, side by side in the object. */
static int read_texts(struct option_reader *r, const struct option_row *row, json_t *value,
                      void *object)
{
    uint32_t *count = (uint32_t *)((char *)object + row->count);
    size_t n = json_array_size(value);

    if (!json_is_array(value) || n < (size_t)row->least || n > (size_t)row->most)
        return reader_refuse_row(r, value, row);
    for (size_t i = 0; i < n; i++) {
        json_t *item = json_array_get(value, i);
        const char *text = json_string_value(item);
        size_t mark = reader_enter_item(r, i);

        if (text == NULL || *text == '\0' || strlen(text) >= row->size ||
            has_control_characters(text))
            return reader_refuse_row(r, item, row);
        reader_leave(r, mark);
        strcpy(field_of(row, object) + i * row->size, text);
    }
    *count = (uint32_t)n;
    return 0;
}

static json_t *write_texts(const struct option_row *row, const void *object,
                           const struct config *config)
{
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    json_t *list = json_array();

    (void)config;
    for (uint32_t i = 0; i < n; i++)
        option_append(&list, json_string(const_field_of(row, object) + i * row->size));
    return list;
}

static json_t *schema_texts(const struct option_row *row)
{
    return json_pack("{s:s, s:i, s:i, s:{s:s, s:i, s:i}}", "type", "array", "minItems",
                     (int)row->least, "maxItems", (int)row->most, "items", "type", "string",
                     "minLength", 1, "maxLength", (int)row->size - 1);
}

static void describe_texts(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "a list of %.0f to %.0f strings of 1 to %zu bytes", row->least, row->most,
             row->size - 1);
}

const struct option_kind kind_texts = {"texts",     false,        false,         read_texts,
                                       write_texts, schema_texts, describe_texts};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_hex(struct option_reader *r, const struct option_row *row, json_t *value,
                    void *object)
{
    const char *text = json_string_value(value);
    size_t n = text != NULL ? strlen(text) / 2 : 0;

    if (text == NULL || strlen(text) % 2 != 0 || n > row->size)
        return reader_refuse_row(r, value, row);
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return reader_refuse_row(r, value, row);
        field_of(row, object)[i] = (char)(high << 4 | low);
    }
    *(uint32_t *)((char *)object + row->count) = (uint32_t)n;
    return 0;
}

static json_t *write_hex(const struct option_row *row, const void *object,
                         const struct config *config)
{
    uint32_t n = *(const uint32_t *)((const char *)object + row->count);
    char text[2 * CONFIG_RSS_KEY_BYTES + 1] = "";

    (void)config;
    for (uint32_t i = 0; i < n && i < CONFIG_RSS_KEY_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", (unsigned char)const_field_of(row, object)[i]);
    return json_string(text);
}

static json_t *schema_hex(const struct option_row *row)
{
    return json_pack("{s:s, s:i, s:s}", "type", "string", "maxLength", (int)(2 * row->size),
                     "pattern", HEX_PATTERN);
}

static void describe_hex(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "up to %zu bytes in hex, like \"6d5a6d5a\"", row->size);
}

const struct option_kind kind_hex = {"hex",     false,      false,       read_hex,
                                     write_hex, schema_hex, describe_hex};
