/* SPDX-License-Identifier: BSD-3-Clause */
#include "openpenny/notes.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openpenny/tree.h"

#define MOST_VALUE_BYTES 64

static struct note *next_note(struct note_list *list)
{
    if (list->n == list->room) {
        size_t room = list->room > 0 ? 2 * list->room : 64;
        struct note *notes = realloc(list->notes, room * sizeof(*notes));

        if (notes == NULL) {
            list->is_short_of_memory = true;
            return NULL;
        }
        list->notes = notes;
        list->room = room;
    }
    list->notes[list->n].order = (unsigned int)list->n;
    return &list->notes[list->n++];
}

void note_hide_control_characters(char *text)
{
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            *text = '?';
}

const char *note_value_text(const struct tree_value *value, char *out, size_t n)
{
    if (value->kind == TREE_TEXT)
        snprintf(out, n, "%.*s%s", MOST_VALUE_BYTES, value->text,
                 strlen(value->text) > MOST_VALUE_BYTES ? "..." : "");
    else
        snprintf(out, n, "%s", value->kind == TREE_MAP ? "a map" : "a list");
    note_hide_control_characters(out);
    return out;
}

void note_value(struct note_list *list, const char *key, const struct tree_value *value,
                const char *format, ...)
{
    struct note *note = next_note(list);
    char what[NOTE_BYTES / 2], text[MOST_VALUE_BYTES + 8];
    va_list arguments;

    if (note == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    note->file = value->file;
    note->line = value->line;
    snprintf(note->text, sizeof(note->text), "%.200s:%u: %.160s: %s: %s", value->file, value->line,
             key, note_value_text(value, text, sizeof(text)), what);
    note_hide_control_characters(note->text);
}

void note_absent(struct note_list *list, const char *file, const char *format, ...)
{
    struct note *note = next_note(list);
    char what[NOTE_BYTES / 2];
    va_list arguments;

    if (note == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    note->file = file;
    note->line = 0;
    snprintf(note->text, sizeof(note->text), "%.200s: %s", file, what);
    note_hide_control_characters(note->text);
}

static int compare_notes(const void *a, const void *b)
{
    const struct note *one = a, *other = b;
    int order = strcmp(one->file, other->file);

    if (order == 0 && one->line != other->line)
        return one->line < other->line ? -1 : 1;
    return order != 0 ? order : one->order < other->order ? -1 : one->order > other->order;
}

void note_list_sort(struct note_list *list)
{
    if (list->n > 0)
        qsort(list->notes, list->n, sizeof(*list->notes), compare_notes);
}

void note_list_free(struct note_list *list)
{
    free(list->notes);
    *list = (struct note_list){0};
}
