/* SPDX-License-Identifier: BSD-3-Clause */
/* What the user is told of single keys, in the order of the files. Internal to the library. */
#ifndef OPENPENNY_NOTES_H
#define OPENPENNY_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#define NOTE_BYTES 1024

struct tree_value;

struct note {
    const char *file; /* borrowed */
    unsigned int line, order;
    char text[NOTE_BYTES];
};

struct note_list {
    struct note *notes;
    size_t n, room;
    bool is_short_of_memory; /* one was lost; whoever takes the list fails */
};

/* Of the value that stands at `key`: "file:line: key: value: what became of it". */
__attribute__((format(printf, 4, 5))) void note_value(struct note_list *list, const char *key,
                                                      const struct tree_value *value,
                                                      const char *format, ...);

/* Of what stands nowhere in the file. */
__attribute__((format(printf, 3, 4))) void note_absent(struct note_list *list, const char *file,
                                                       const char *format, ...);

/* A value as it stands in the file, shortened, fit for a line. Returns `out`. */
const char *note_value_text(const struct tree_value *value, char *out, size_t n);

/* Each becomes a '?', so that what users wrote stays in one line. */
void note_hide_control_characters(char *text);

void note_list_sort(struct note_list *list);
void note_list_free(struct note_list *list);

#endif
