/* SPDX-License-Identifier: BSD-3-Clause */
/* One option is one row. Internal to the library.
 *
 * A row's kind knows how to read the value from JSON into a field, how to write it back, how to
 * describe it in JSON Schema and in words. Objects are rows that hold a table of rows. */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "config/config.h"
#include "config/nearest.h"

struct option_kind;
struct option_object;

/* Where the items of an array are in struct config, or in the object that the array is of. Items
 * begin with their name. */
struct option_list {
    const char *noun;
    const struct option_object *object;
    size_t items; /* offset of the pointer to the items */
    size_t count; /* offset of their uint32_t count */
    size_t item_size;
    bool is_unnamed;                    /* they do not */
    bool (*is_there)(const void *item); /* NULL: every one; else others are not written */
};

struct option_row {
    const char *name;
    const struct option_kind *kind;
    size_t offset; /* of the field in its object */
    size_t size;   /* of the field, or of one item of a list of texts */
    size_t count;  /* offset of a list's uint32_t count, or of a nullable's bool */
    bool nullable;
    double least, most;    /* bounds: of the value, of a text's bytes, of a list's items */
    const char *fallback;  /* the default as JSON; NULL: the option must be there */
    const char *otherwise; /* what the default means, where the value does not say it */
    const char *unit;
    const char *allowed; /* in words, where the kind does not say it */
    const char *help;
    const char *const *words; /* of an enum or a set, ended by NULL, in the order of its values */
    const struct option_object *object; /* of an object */
    const struct option_list *list;     /* of an array, or what a reference refers to */
};

#define OPTION_FIELD(type, member)                                                                 \
    .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

struct option_object {
    const char *noun; /* "a slice" */
    const char *help;
    const struct option_row *rows;
    size_t n_rows;
    /* Rows that this object has from another one, and whose absence means "as there". */
    const struct option_object *base;
    size_t base_offset;  /* of the base in this object */
    size_t inherit_from; /* offset in struct config of the values */
    size_t inherit_size;
};

/* Row i of the object, its base's after its own. NULL beyond the last. */
static inline const struct option_row *option_row_at(const struct option_object *object, size_t i)
{
    if (i < object->n_rows)
        return &object->rows[i];
    i -= object->n_rows;
    return object->base != NULL && i < object->base->n_rows ? &object->base->rows[i] : NULL;
}

/* A walk through a document: where we are, what is being built, where to put the error. */
struct option_reader {
    struct config *config; /* references are looked up here; NULL where there are none */
    struct config_error *error;
    char path[sizeof(((struct config_error *)0)->path)];
    size_t path_length;
};

/* A reference may name an item of the array that it stands in, so references are read last. */
enum option_sweep { SWEEP_VALUES, SWEEP_REFERENCES };

struct option_kind {
    const char *name;  /* in the reference page */
    bool is_reference; /* read in the second sweep */
    bool is_ignored;   /* a comment: read by people only */
    /* 0, -EINVAL, -ENOMEM; the error is set. */
    int (*read)(struct option_reader *r, const struct option_row *row, json_t *value, void *object);
    /* New reference, NULL when memory is short. `config` resolves references. */
    json_t *(*write)(const struct option_row *row, const void *object, const struct config *config);
    /* New reference, NULL when memory is short. */
    json_t *(*schema)(const struct option_row *row);
    /* What is allowed, in words. */
    void (*describe)(const struct option_row *row, char *out, size_t n);
};

extern const struct option_kind kind_bool, kind_u32, kind_u64, kind_real, kind_enum;
extern const struct option_kind kind_text, kind_texts, kind_name, kind_note, kind_lcores;
extern const struct option_kind kind_device, kind_mac, kind_hex, kind_vlan, kind_prefixes;
extern const struct option_kind kind_tcp_ports, kind_port_ranges;
extern const struct option_kind kind_reference, kind_references, kind_object, kind_array;
/* A set of words, a bit each in a uint32_t; and an object that refers to items of the array that it
 * stands in, so it is read when these are known. */
extern const struct option_kind kind_words, kind_late_object;
extern const struct option_kind kind_neighbors, kind_addresses, kind_acl, kind_ingress;

extern const struct option_object object_root, object_instance, object_eal, object_port;
extern const struct option_object object_next_hop, object_slice, object_test, object_driver;
extern const struct option_object object_counting;
extern const struct option_object object_granularity;
extern const struct option_object object_never_drop, object_named_ingress, object_slice_ports;
extern const struct option_object object_machine, object_machine_rule;
extern const struct option_object object_service, object_responder;
extern const struct option_object object_map;

/* What several objects refer to. */
extern const struct option_list option_port_list, option_next_hop_list, option_slice_list;
extern const struct option_list option_machine_list, option_service_list, option_responder_list;
extern const char *const option_tunnel_words[];

/* reader.c: the place in the document. enter returns what leave takes. */
size_t reader_enter_key(struct option_reader *r, const char *key);
size_t reader_enter_item(struct option_reader *r, size_t index);
void reader_leave(struct option_reader *r, size_t mark);

/* Sets the error at the reader's place and returns -EINVAL. */
int reader_refuse(struct option_reader *r, const char *found, const char *allowed);
int reader_refuse_value(struct option_reader *r, json_t *found, const char *allowed);
int reader_refuse_row(struct option_reader *r, json_t *found, const struct option_row *row);
/* The line after the path is the caller's. */
int reader_refuse_text(struct option_reader *r, const char *found, const char *allowed,
                       const char *text);
/* Sets the error and returns -ENOMEM. */
int reader_no_memory(struct option_reader *r);

/* An array of at least row->least and at most row->most items into memory of its own, whose address
 * goes to row->offset and whose number of items to row->count. `read_item` reads the i-th into
 * `items`, where those before it stand. 0, or what it said. */
int reader_read_items(struct option_reader *r, const struct option_row *row, json_t *value,
                      void *object, size_t item_bytes,
                      int (*read_item)(struct option_reader *r, json_t *value, void *items,
                                       size_t i));

/* A value as JSON in a line, shortened; safe to print. Returns `out`. */
const char *option_value_text(json_t *value, char *out, size_t n);

/* Orders prefixes for qsort: 0 only of equal ones. */
int option_compare_prefixes(const struct ip_prefix *a, const struct ip_prefix *b);

/* Orders neighbors for qsort: 0 only of equal ones. */
int option_compare_neighbors(const struct config_neighbor *a, const struct config_neighbor *b);
const char *option_neighbor_text(const struct config_neighbor *neighbor, char out[IP_TEXT_BYTES]);

/* Appends to *list; when memory is short, drops the list and sets it NULL. */
void option_append(json_t **list, json_t *item);

/* slots.c: a struct slice is written when it is present. */
bool option_slice_is_there(const void *slice);

/* object.c */
int option_read_object(struct option_reader *r, const struct option_object *object, json_t *value,
                       void *out, enum option_sweep sweep);
json_t *option_write_object(const struct option_object *object, const void *from,
                            const struct config *config);

/* object_schema.c */
json_t *option_schema_object(const struct option_object *object);

#endif
