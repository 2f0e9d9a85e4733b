/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the packets of a slice come in: conditions, or the name of an ingress, or of a port, which
 * stands for its conditions. */
#include <stdio.h>
#include <string.h>

#include "config/option.h"

static const char *name_at(const void *from, size_t i)
{
    const struct config *c = from;

    return i < c->n_ingresses ? c->ingresses[i].name : c->ports[i - c->n_ingresses].name;
}

static int refuse_name(struct option_reader *r, json_t *value)
{
    const struct config *c = r->config;
    const char *nearest =
        option_nearest(json_string_value(value), name_at, c, c->n_ingresses + c->n_ports);
    char allowed[sizeof(r->error->allowed)] = "the name of an ingress or of a port, or an object";

    if (nearest != NULL)
        snprintf(allowed, sizeof(allowed),
                 "the name of an ingress or of a port; did you mean \"%s\"?", nearest);
    return reader_refuse_value(r, value, allowed);
}

/* A second tag and who sends the frames are not looked at when a packet's slice is chosen. */
static int take_conditions(struct option_reader *r, const struct named_ingress *named,
                           struct slice_ingress *out)
{
    char found[CONFIG_NAME_BYTES + 64];

    if (named->inner_vlan == SLICE_ANY_VLAN && !named->has_source_mac) {
        *out = named->at;
        return 0;
    }
    snprintf(found, sizeof(found), "\"%s\", told by its %s", named->name,
             named->has_source_mac ? "source MAC" : "inner VLAN");
    return reader_refuse(r, found, "an ingress that port, VLAN and tunnel alone tell");
}

static int read_ingress(struct option_reader *r, const struct option_row *row, json_t *value,
                        void *object)
{
    struct slice_ingress *out = (struct slice_ingress *)((char *)object + row->offset);
    const char *name = json_string_value(value);
    const struct config *c = r->config;

    if (name == NULL)
        return kind_object.read(r, row, value, object);
    for (uint32_t i = 0; i < c->n_ingresses; i++)
        if (strcmp(c->ingresses[i].name, name) == 0)
            return take_conditions(r, &c->ingresses[i], out);
    for (uint32_t i = 0; i < c->n_ports; i++)
        if (strcmp(c->ports[i].name, name) == 0) {
            *out = (struct slice_ingress){
                .port = (uint16_t)i, .vlan = SLICE_ANY_VLAN, .tunnel = SLICE_ANY_TUNNEL};
            return 0;
        }
    return refuse_name(r, value);
}

/* Its conditions: what they are called may change. */
static json_t *write_ingress(const struct option_row *row, const void *object,
                             const struct config *config)
{
    return kind_object.write(row, object, config);
}

static json_t *schema_ingress(const struct option_row *row)
{
    return json_pack("{s:[o, {s:s}]}", "anyOf", kind_object.schema(row), "type", "string");
}

static void describe_ingress(const struct option_row *row, char *out, size_t n)
{
    snprintf(out, n, "an object (%s), or the name of an ingress or of a port", row->object->noun);
}

const struct option_kind kind_ingress = {
    "object", false, false, read_ingress, write_ingress, schema_ingress, describe_ingress};
