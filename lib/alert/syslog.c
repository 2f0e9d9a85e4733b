/* SPDX-License-Identifier: BSD-3-Clause */
/* RFC 5424: the syslog protocol. */
#include <stdio.h>
#include <string.h>

#include "alert/alert.h"
#include "json/json.h"

/* Section 6.2.1, table 2. */
enum { CRITICAL = 2, WARNING = 4, NOTICE = 5, INFORMATIONAL = 6 };

static const char *const members[] = {"id",        "kind",         "state",   "news",   "severity",
                                      "prefix",    "ingress",      "from",    "raised", "ended",
                                      "origin_as", "members_ever", "packets", "bytes"};

static unsigned int severity_of(const json_t *event)
{
    const char *severity = json_string_at(event, "severity");

    if (!alert_is_active(event))
        return NOTICE;
    return strcmp(severity, "critical") == 0  ? CRITICAL
           : strcmp(severity, "warning") == 0 ? WARNING
                                              : INFORMATIONAL;
}

/* Section 6.3.3: these three are escaped. */
static void put_value(FILE *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\' || *value == ']')
            fputc('\\', out);
        fputc((unsigned char)*value < ' ' ? ' ' : *value, out);
    }
}

static void put_member(FILE *out, const json_t *event, const char *name)
{
    char text[JSON_TEXT_BYTES];

    if (!json_has_at(event, name))
        return;
    fprintf(out, " %s=\"", name);
    put_value(out, json_text_at(event, name, text));
    fputc('"', out);
}

/* Sections 6.2.4: printable US-ASCII, at most 255 of them; else nil. */
static void put_host(FILE *out, const char *host)
{
    size_t n = 0;

    while (host[n] > ' ' && host[n] < 0x7f)
        n++;
    fprintf(out, "%.*s", (int)(n < 255 ? n : 255), host[n] == '\0' && n > 0 ? host : "-");
}

size_t alert_syslog(const json_t *event, const char *host, unsigned int facility,
                    char out[ALERT_SYSLOG_BYTES])
{
    const char *time = json_string_at(event, "time");
    FILE *stream;

    out[0] = '\0';
    if (strcmp(json_string_at(event, "event"), ALERT_EVENT) != 0)
        return 0;
    stream = fmemopen(out, ALERT_SYSLOG_BYTES - 1, "w");
    if (stream == NULL)
        return 0;
    out[ALERT_SYSLOG_BYTES - 1] = '\0';
    fprintf(stream, "<%u>1 %s ", facility * 8 + severity_of(event), *time != '\0' ? time : "-");
    put_host(stream, host);
    fputs(" pennyline - INGRESS [" ALERT_SYSLOG_ID, stream);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        put_member(stream, event, members[i]);
    /* Section 6.4: a text in UTF-8 begins with the byte order mark. */
    fprintf(stream, "] \xEF\xBB\xBF%s", json_string_at(event, "text"));
    fclose(stream);
    return strlen(out);
}
