/* SPDX-License-Identifier: BSD-3-Clause */
/* Alertmanager, API v2: /api/v2/openapi.yaml, postableAlert. */
#include <string.h>

#include "alert/alert.h"
#include "json/json.h"

/* Values of annotations are texts. */
static const char *const annotations[] = {"id",      "severity",  "state", "from",
                                          "raised",  "who",       "bytes", "members_ever",
                                          "packets", "origin_as", "news",  "log10_evidence"};

static json_t *text_json(const json_t *event, const char *name)
{
    char text[JSON_TEXT_BYTES];

    return json_string(json_has_at(event, name) ? json_text_at(event, name, text) : "");
}

static json_t *annotations_json(const json_t *event)
{
    json_t *out = json_pack("{s:s}", "summary", json_string_at(event, "text"));

    for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++)
        if (json_has_at(event, annotations[i]))
            json_object_set_new(out, annotations[i], text_json(event, annotations[i]));
    return out;
}

json_t *alert_alertmanager(const json_t *event, const char *box)
{
    const char *ended = json_string_at(event, "ended");
    json_t *alert;

    if (strcmp(json_string_at(event, "event"), ALERT_EVENT) != 0)
        return NULL;
    alert =
        json_pack("{s:{s:s, s:s, s:s, s:o, s:o}, s:o, s:o}", "labels", "alertname",
                  "pennyline_ingress", "box", box, "kind", json_string_at(event, "kind"), "prefix",
                  text_json(event, "prefix"), "ingress", text_json(event, "ingress"), "annotations",
                  annotations_json(event), "startsAt", text_json(event, "raised"));
    if (alert != NULL && !alert_is_active(event))
        json_object_set_new(alert, "endsAt",
                            json_string(*ended != '\0' ? ended : json_string_at(event, "time")));
    return alert;
}
