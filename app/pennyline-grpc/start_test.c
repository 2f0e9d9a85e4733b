/* SPDX-License-Identifier: BSD-3-Clause */
#include "start_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "openpenny/convert.h"
#include "penny.pb-c.h"
#include "json/json.h"

#define NO_TEST_ID "default"

/* What was cut may have been cut within a letter; nothing else is sent than UTF-8. */
static void keep_utf8(char *text)
{
    json_t *value = json_string(text);

    for (; value == NULL && *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            *text = '?';
    json_decref(value);
}

static void warn_in_words(struct start_test *t, const char *words)
{
    char *text = strdup(words);

    if (text == NULL)
        return;
    keep_utf8(text);
    json_array_append_new(t->warnings, json_string(text));
    free(text);
}

static void warn(struct start_test *t, const char *field, const char *why)
{
    char text[160];

    snprintf(text, sizeof(text), "%s: %s", field, why);
    warn_in_words(t, text);
}

static int refuse(struct start_test *t, const char *field, const char *found, const char *allowed)
{
    snprintf(t->error, sizeof(t->error), "error: %s: %.80s; allowed: %s", field, found, allowed);
    return -EINVAL;
}

/* The prefix as text, or a refusal in t->error. */
static int read_prefix(struct start_test *t, const Openpenny__Api__StartTestRequest *r,
                       const struct start_test_options *options, char out[IP_TEXT_BYTES])
{
    struct ip_address address;
    struct ip_prefix prefix;
    char bits[16];
    uint32_t most;

    if (*r->prefix == '\0' && options->allow_no_prefix) {
        warn(t, "prefix", "none is given, so every IPv4 source is tested");
        ip_prefix_format(
            &(struct ip_prefix){.address = ip_address_from_ipv4("\0\0\0\0"), .is_ipv4 = true}, out);
        return 0;
    }
    if (*r->prefix == '\0')
        return refuse(t, "prefix", "none",
                      "the prefix of the sources to test, or a server that was "
                      "started with --allow-no-prefix");
    if (ip_address_parse(r->prefix, &address) != 0)
        return refuse(t, "prefix", r->prefix, "an address like 192.0.2.0, its length in mask_bits");
    most = ip_address_is_ipv4(&address) ? 32 : 128;
    snprintf(bits, sizeof(bits), "%" PRIu32, r->mask_bits);
    if (r->mask_bits < 1 || r->mask_bits > most)
        return refuse(t, "mask_bits", bits, most == 32 ? "1 to 32" : "1 to 128");
    prefix = ip_prefix_of_address(&address, (uint8_t)r->mask_bits);
    ip_prefix_format(&prefix, out);
    if (!ip_address_equal(&prefix.address, &address))
        warn(t, "prefix", "bits behind mask_bits are cut off");
    return 0;
}

/* Where traffic goes is the configuration's of the running pennyline. */
static void warn_of_forwarding(struct start_test *t, const Openpenny__Api__StartTestRequest *r)
{
    static const char elsewhere[] =
        "not honoured: where traffic leaves is said by the configuration of pennyline";

    if (r->forward_to_tun)
        warn(t, "forward_to_tun", elsewhere);
    if (*r->tun_name != '\0')
        warn(t, "tun_name", elsewhere);
    if (r->tun_multi_queue)
        warn(t, "tun_multi_queue", elsewhere);
    if (r->tun_mtu != 0)
        warn(t, "tun_mtu", elsewhere);
    if (r->forward_raw_socket)
        warn(t, "forward_raw_socket", elsewhere);
    if (*r->forward_device != '\0')
        warn(t, "forward_device", elsewhere);
    if (*r->stats_socket_path != '\0')
        warn(t, "stats_socket_path", "not honoured: it does nothing in OpenPenny either");
}

static int read_override(struct start_test *t, const Openpenny__Api__StartTestRequest *r,
                         json_t **parameters)
{
    const char *text = r->config_override_json;
    char error[OPENPENNY_ERROR_BYTES];
    struct openpenny_notes notes;
    int status;

    if (*text == '\0')
        return 0;
    status = openpenny_read_override(text, strlen(text), t->is_passive, parameters, &notes, error);
    for (size_t i = 0; i < notes.n; i++)
        warn_in_words(t, notes.lines[i]);
    openpenny_notes_free(&notes);
    if (status == -EINVAL || status == -EFBIG)
        snprintf(t->error, sizeof(t->error), "error: %s", error);
    return status == -EFBIG ? -EINVAL : status;
}

static int compose(struct start_test *t, const Openpenny__Api__StartTestRequest *r,
                   const struct start_test_options *options)
{
    char source[IP_TEXT_BYTES];
    json_t *parameters = NULL;
    int status = read_prefix(t, r, options, source);

    warn_of_forwarding(t, r);
    if (status == 0)
        status = read_override(t, r, &parameters);
    if (status != 0)
        return status;
    t->command =
        json_pack("{s:s, s:s, s:s, s:s, s:b}", "command", "test", "source", source, "mode",
                  t->is_passive ? "passive" : "active", "label", t->test_id, "watch", true);
    if (t->command == NULL) {
        json_decref(parameters);
        return -ENOMEM;
    }
    if (parameters != NULL && json_object_size(parameters) > 0)
        json_object_set(t->command, "set", parameters);
    json_decref(parameters);
    return 0;
}

/* As proto3 has it of each text. */
static bool is_utf8(const Openpenny__Api__StartTestRequest *r)
{
    const char *texts[] = {r->prefix,
                           r->test_id,
                           r->mode,
                           r->tun_name,
                           r->stats_socket_path,
                           r->forward_device,
                           r->config_override_json};
    bool is_good = true;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json_t *text = json_string(texts[i]);

        is_good = is_good && text != NULL;
        json_decref(text);
    }
    return is_good;
}

int start_test_read(const uint8_t *message, size_t n, const struct start_test_options *options,
                    struct start_test *out)
{
    Openpenny__Api__StartTestRequest *r =
        openpenny__api__start_test_request__unpack(NULL, n, message);
    int status;

    *out = (struct start_test){.warnings = json_array()};
    if (r == NULL || !is_utf8(r)) {
        openpenny__api__start_test_request__free_unpacked(r, NULL);
        return -EBADMSG;
    }
    out->test_id = strdup(*r->test_id != '\0' ? r->test_id : NO_TEST_ID);
    out->is_passive = strcmp(r->mode, "passive") == 0;
    status = out->test_id != NULL && out->warnings != NULL ? compose(out, r, options) : -ENOMEM;
    openpenny__api__start_test_request__free_unpacked(r, NULL);
    return status == -EINVAL ? 0 : status;
}

void start_test_free(struct start_test *t)
{
    free(t->test_id);
    json_decref(t->command);
    json_decref(t->warnings);
    *t = (struct start_test){0};
}

static uint64_t count(const json_t *report, const char *key)
{
    double value = json_number_at(report, key);

    return value > 0 ? (uint64_t)value : 0;
}

/* Single flows that were judged so, or have ended (NULL). */
static uint64_t count_flows(const json_t *report, const char *outcome)
{
    json_t *flow;
    uint64_t n = 0;
    size_t i;

    json_array_foreach (json_at(report, "flows.individual"), i, flow)
        n += outcome != NULL ? strcmp(json_string_at(flow, "penny.outcome"), outcome) == 0
                             : json_number_at(flow, "ended") != 0;
    return n;
}

static bool is_decided(const char *verdict)
{
    return strcmp(verdict, "closed_loop") == 0 || strcmp(verdict, "not_closed_loop") == 0 ||
           strcmp(verdict, "duplicates_exceeded") == 0;
}

static void fill_counts(Openpenny__Api__StartTestResponse *out, const json_t *report)
{
    out->packets_processed = count(report, "packets");
    out->packets_forwarded =
        out->packets_processed - count(report, "dropped") -
        (uint64_t)json_sum_of_members(json_at(report, "units"), "dropped_packets");
    out->pure_ack_packets = count(report, "pure_acks");
    out->data_packets = count(report, "segments") + count(report, "unarmed");
    out->duplicate_packets = count(report, "duplicates");
    out->in_order_packets = count(report, "in_order");
    out->out_of_order_packets =
        count(report, "out_of_order") + count(report, "repairs") + count(report, "duplicates");
    out->retransmitted_packets = count(report, "retransmitted");
    out->non_retransmitted_packets = count(report, "expired");
    out->pending_retransmissions = count(report, "pending");
    out->flows_tracked_data = count(report, "flows_seen");
}

/* What OpenPenny's rule looks at; 27 to 33 are 0 where there is no aggregate, as there. */
static void fill_aggregate(Openpenny__Api__StartTestResponse *out, const json_t *report)
{
    out->aggregates_has_eval = true;
    out->aggregates_eval_data_packets = count(report, "population_in_order");
    out->aggregates_eval_duplicate_packets = count(report, "population_duplicates");
    out->aggregates_eval_retransmitted_packets = out->retransmitted_packets;
    out->aggregates_eval_non_retransmitted_packets = out->non_retransmitted_packets;
    out->aggregates_snapshots = count(report, "dropped");
    out->aggregate_flows_monitored = count(report, "flows.tested");
    out->aggregate_flows_finished = count_flows(report, NULL);
    out->aggregate_flows_closed_loop = count(report, "flows.closed_loop");
    out->aggregate_flows_not_closed_loop = count_flows(report, "not_closed_loop");
    out->aggregate_flows_duplicates_exceeded = count_flows(report, "duplicates_exceeded");
}

static void fill_verdict(Openpenny__Api__StartTestResponse *out, const struct start_test *t,
                         const json_t *report)
{
    const char *verdict = json_string_at(report, "verdict"),
               *reason = json_string_at(report, "reason");
    bool is_over = strcmp(json_string_at(report, "state"), "done") == 0;
    bool is_cut = strcmp(reason, "stopped") == 0 || strcmp(reason, "duration") == 0;

    out->penny_completed = t->is_passive ? true : is_over && !is_cut;
    out->aggregates_enabled = !t->is_passive;
    if (t->is_passive)
        return;
    out->aggregates_penny_completed = out->penny_completed;
    out->aggregates_decision_complete = is_decided(verdict);
    if (is_decided(verdict))
        out->aggregates_status = (char *)(uintptr_t)verdict;
    fill_aggregate(out, report);
}

/* The keys of 1.0.0. */
static json_t *summary_of(const Openpenny__Api__StartTestResponse *r)
{
#define N(field) (json_int_t) r->field
    return json_pack(
        "{s:s, s:s, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:I, s:{s:I, s:I}, s:b, "
        "s:b, s:b, s:b, s:s, s:s, s:b, s:{s:I, s:I, s:I, s:I}, s:I, s:{s:I, s:I, s:I, s:I, s:I, "
        "s:I}}",
        "test_id", r->test_id, "status", r->status, "packets", "processed", N(packets_processed),
        "forwarded", N(packets_forwarded), "errors", N(forward_errors), "pure_ack",
        N(pure_ack_packets), "data", N(data_packets), "duplicate", N(duplicate_packets), "in_order",
        N(in_order_packets), "out_of_order", N(out_of_order_packets), "retransmitted",
        N(retransmitted_packets), "non_retransmitted", N(non_retransmitted_packets),
        "pending_retransmissions", N(pending_retransmissions), "flows", "tracked_syn",
        N(flows_tracked_syn), "tracked_data", N(flows_tracked_data), "penny_completed",
        r->penny_completed, "aggregates_enabled", r->aggregates_enabled, "aggregates_completed",
        r->aggregates_penny_completed, "aggregates_decision_complete",
        r->aggregates_decision_complete, "aggregates_decision_state", r->aggregates_status,
        "aggregates_status", r->aggregates_status, "aggregates_has_eval", r->aggregates_has_eval,
        "aggregates_eval", "data_packets", N(aggregates_eval_data_packets), "duplicate_packets",
        N(aggregates_eval_duplicate_packets), "retransmitted_packets",
        N(aggregates_eval_retransmitted_packets), "non_retransmitted_packets",
        N(aggregates_eval_non_retransmitted_packets), "aggregates_snapshots",
        N(aggregates_snapshots), "aggregate_flows", "monitored", N(aggregate_flows_monitored),
        "finished", N(aggregate_flows_finished), "closed_loop", N(aggregate_flows_closed_loop),
        "not_closed_loop", N(aggregate_flows_not_closed_loop), "duplicates_exceeded",
        N(aggregate_flows_duplicates_exceeded), "rst", N(aggregate_flows_rst));
#undef N
}

static char *summary_text(const struct start_test *t, const Openpenny__Api__StartTestResponse *r,
                          const json_t *report)
{
    json_t *summary = summary_of(r);
    char *text;

    if (summary == NULL)
        return NULL;
    if (t->warnings != NULL)
        json_object_set(summary, "warnings", t->warnings);
    if (report != NULL) {
        json_object_set_new(summary, "verdict", json_string(json_string_at(report, "verdict")));
        json_object_set_new(summary, "reason", json_string(json_string_at(report, "reason")));
        json_object_set_new(summary, "reason_text",
                            json_string(json_string_at(report, "reason_text")));
        json_object_set(summary, "pennyline", (json_t *)(uintptr_t)report);
    }
    text = json_dumps(summary, JSON_COMPACT | JSON_ALL_DIGITS);
    json_decref(summary);
    return text;
}

uint8_t *start_test_answer(const struct start_test *t, const json_t *shown, const char *error,
                           size_t *n)
{
    Openpenny__Api__StartTestResponse r = OPENPENNY__API__START_TEST_RESPONSE__INIT;
    const json_t *report = json_at(shown, "report");
    char status[START_TEST_ERROR_BYTES + 16] = "ok", *summary;
    uint8_t *bytes = NULL;

    if (!json_has_at(shown, "report"))
        snprintf(status, sizeof(status), "%s%s",
                 strncmp(error, "error", 5) == 0 ? "" : "error: ", error);
    keep_utf8(status);
    r.test_id = t->test_id;
    r.status = status;
    r.aggregates_status = (char *)(uintptr_t)(t->is_passive ? "n/a" : "pending");
    if (json_has_at(shown, "report")) {
        fill_counts(&r, report);
        fill_verdict(&r, t, report);
    }
    summary = summary_text(t, &r, json_has_at(shown, "report") ? report : NULL);
    r.json_summary = summary;
    if (summary != NULL) {
        *n = openpenny__api__start_test_response__get_packed_size(&r);
        bytes = malloc(*n + 1);
    }
    if (bytes != NULL)
        openpenny__api__start_test_response__pack(&r, bytes);
    free(summary);
    return bytes;
}
