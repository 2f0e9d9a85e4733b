/* SPDX-License-Identifier: BSD-3-Clause */
#include "arguments.h"

#include "base/time.h"
#include "blind/unit_attacks.h"

#include <argp.h>
#include <errno.h>
#include <netinet/ether.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "pennyline-blind " PENNYLINE_VERSION;

/* Options without a short form. */
enum {
    OPTION_MAC = 256,
    OPTION_SOURCE_MAC,
    OPTION_HANDSHAKE,
    OPTION_FLOOD,
    OPTION_PORT,
    OPTION_BETWEEN,
    OPTION_BETWEEN_KIND,
    OPTION_PERIOD,
    OPTION_ALSO,
    OPTION_CHECK,
    OPTION_ROUTED,
    OPTION_JITTER,
    OPTION_STAGGER,
    OPTION_FIN,
};

static const struct argp_option options[] = {
    {"attack", 'a', "NAME", 0, "What to play, see below (none)", 0},
    {"interface", 'i', "NAME", 0, "Send on this interface, in real time (CAP_NET_RAW)", 1},
    {"pcap", 'w', "FILE", 0, "Write a pcap file instead, as fast as it goes", 1},
    {"check", OPTION_CHECK, NULL, 0,
     "Send nothing: look whether the interface, the route, the source and the next hop's MAC are "
     "as "
     "they must be, and say what is not",
     1},
    {"routed", OPTION_ROUTED, NULL, 0,
     "Interface and next hop's MAC as the kernel's route to the destination has them", 1},
    {"source", 's', "PREFIX", 0, "Source addresses, used in turn", 2},
    {"destination", 'd', "ADDRESS", 0, "Destination address, of the same family", 2},
    {"destination-port", OPTION_PORT, "PORT", 0, "Destination port (443)", 2},
    {"destination-mac", OPTION_MAC, "MAC", 0, "Of the next hop (02:00:00:00:00:02)", 2},
    {"source-mac", OPTION_SOURCE_MAC, "MAC", 0, "The interface's, or 02:00:00:00:00:01", 2},
    {"vlan", 'v', "ID", 0, "Tag the frames, 1 to 4094", 2},
    {"flows", 'f', "N", 0, "TCP connections, which take turns (10)", 3},
    {"rate", 'r', "N", 0, "Steps of the attack per second, mostly one new segment each (1000)", 3},
    {"segments", 'n', "N", 0, "Steps of the attack in all", 3},
    {"duration", 't', "SECONDS", 0, "Instead of --segments (10 s)", 3},
    {"payload", 'p', "BYTES", 0, "Of a packet (1400)", 3},
    {"duplicates", 'D', "RATIO", 0, "Repeats per segment, 0 to 1, or as 14.9% (by the attack)", 3},
    {"delay-ms", 'm', "MS", 0, "From a segment to its repeat (by the attack)", 3},
    {"flood", OPTION_FLOOD, "N", 0, "Packets of new flows per step (by the attack)", 3},
    {"between", OPTION_BETWEEN, "N", 0,
     "Segments that are never repeated, in attacks that have them (by the attack)", 3},
    {"between-kind", OPTION_BETWEEN_KIND, "KIND", 0,
     "Of the attack undroppable: one-byte (default), urgent or fin", 3},
    {"period-ms", OPTION_PERIOD, "MS", 0, "Of the attack pulses (10)", 3},
    {"also", OPTION_ALSO, "NAME", 0, "An attack whose steps are mixed in, half of all", 3},
    {"handshake", OPTION_HANDSHAKE, NULL, 0, "Start each flow by a SYN, not in the middle", 3},
    {"fin", OPTION_FIN, NULL, 0, "End each flow by a FIN, when all is sent", 3},
    {"jitter-ms", OPTION_JITTER, "MS", 0, "Late by chance, up to this, in order within a flow (0)",
     3},
    {"stagger-ms", OPTION_STAGGER, "MS", 0, "Flows begin one after the other, so far apart (0)", 3},
    {"seed", 'S', "N", 0, "Of sequence numbers and of which segments are repeated (1)", 3},
    {0},
};

struct parse {
    struct arguments *out;
    double duplicate_ratio; /* negative: by the attack */
    double delay_ms;
    int64_t n_flood;
    double duration_s;
    bool has_source, has_destination, has_mac;
};

static double number(struct argp_state *state, const char *name, const char *text, double minimum,
                     double maximum)
{
    char *end;
    double value = strtod(text, &end);

    if (*end == '%' && maximum <= 1) {
        value /= 100;
        end++;
    }
    if (end == text || *end || !(value >= minimum && value <= maximum))
        argp_error(state, "--%s %s: want a number from %g to %g", name, text, minimum, maximum);
    return value;
}

static const struct attack *parse_attack(struct argp_state *state, const char *name,
                                         const char *text)
{
    const struct attack *attack = any_attack_by_name(text);

    if (!attack)
        argp_error(state, "--%s %s: there is none of that name", name, text);
    return attack;
}

static enum sender_between parse_between(struct argp_state *state, const char *text)
{
    unsigned int i = 0;

    while (sender_between_name(i) && strcmp(sender_between_name(i), text) != 0)
        i++;
    if (i == SENDER_N_BETWEEN)
        argp_error(state, "--between-kind %s: there are one-byte, urgent and fin", text);
    return (enum sender_between)i;
}

static void parse_mac(struct argp_state *state, const char *text, uint8_t mac[6])
{
    struct ether_addr parsed;

    if (!ether_aton_r(text, &parsed))
        argp_error(state, "%s: not a MAC address, such as 02:00:00:00:00:02", text);
    memcpy(mac, parsed.ether_addr_octet, 6);
}

/* Where to: addresses, tags, files. */
static error_t parse_path(int key, char *text, struct argp_state *state)
{
    struct parse *parse = state->input;
    struct frame_path *path = &parse->out->path;

    switch (key) {
    case 'i':
        parse->out->interface = text;
        break;
    case 'w':
        parse->out->pcap_file = text;
        break;
    case 's':
        if (ip_prefix_parse(text, &path->sources) < 0)
            argp_error(state, "--source %s: not a prefix, such as 198.51.100.0/24", text);
        parse->has_source = true;
        break;
    case 'd':
        if (ip_address_parse(text, &path->destination) < 0)
            argp_error(state, "--destination %s: not an address", text);
        parse->has_destination = true;
        break;
    case OPTION_PORT:
        path->destination_port = (uint16_t)number(state, "destination-port", text, 1, 65535);
        break;
    case OPTION_CHECK:
        parse->out->check = true;
        break;
    case OPTION_ROUTED:
        parse->out->routed = true;
        break;
    case OPTION_MAC:
        parse_mac(state, text, path->destination_mac);
        parse->has_mac = true;
        break;
    case OPTION_SOURCE_MAC:
        parse_mac(state, text, path->source_mac);
        break;
    case 'v':
        path->vlan_id = (uint16_t)number(state, "vlan", text, 1, 4094);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

/* What: the plan. */
static error_t parse_plan(int key, char *text, struct argp_state *state)
{
    struct parse *parse = state->input;
    struct sender_options *plan = &parse->out->sender;

    switch (key) {
    case 'a':
        plan->attack = parse_attack(state, "attack", text);
        break;
    case 'f':
        plan->n_flows = (uint32_t)number(state, "flows", text, 1, 1e7);
        break;
    case 'r':
        plan->segments_per_second = (uint64_t)number(state, "rate", text, 1, 1e8);
        break;
    case 'n':
        plan->n_segments = (uint64_t)number(state, "segments", text, 1, 1e10);
        break;
    case 't':
        parse->duration_s = number(state, "duration", text, 0.001, 1e6);
        break;
    case 'p':
        plan->payload_bytes = (uint16_t)number(state, "payload", text, 1, 1460);
        break;
    case 'D':
        parse->duplicate_ratio = number(state, "duplicates", text, 0, 1);
        break;
    case 'm':
        parse->delay_ms = number(state, "delay-ms", text, 0, 1e6);
        break;
    case OPTION_FLOOD:
        parse->n_flood = (int64_t)number(state, "flood", text, 0, 1e6);
        break;
    case OPTION_BETWEEN:
        plan->n_between = (uint32_t)number(state, "between", text, 1, 1e6);
        break;
    case OPTION_BETWEEN_KIND:
        plan->between = parse_between(state, text);
        break;
    case OPTION_PERIOD:
        plan->period_ns =
            (uint64_t)(number(state, "period-ms", text, 0.001, 1e6) * (double)NS_PER_MS);
        break;
    case OPTION_ALSO:
        plan->also = parse_attack(state, "also", text);
        break;
    case OPTION_HANDSHAKE:
        plan->handshake = true;
        break;
    case OPTION_FIN:
        plan->fin = true;
        break;
    case OPTION_JITTER:
        plan->jitter_ns = (uint64_t)(number(state, "jitter-ms", text, 0, 1e6) * (double)NS_PER_MS);
        break;
    case OPTION_STAGGER:
        plan->stagger_ns =
            (uint64_t)(number(state, "stagger-ms", text, 0, 1e6) * (double)NS_PER_MS);
        break;
    case 'S':
        plan->seed = (uint64_t)number(state, "seed", text, 0, 9e15);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void check_path(struct argp_state *state, struct parse *parse)
{
    struct arguments *out = parse->out;
    uint16_t max_payload;

    if (out->pcap_file && (out->check || out->routed))
        argp_error(state, "--check and --routed are for what is sent, not for --pcap");
    if (out->routed && (out->interface || parse->has_mac))
        argp_error(state, "--routed finds the interface and the MAC address by itself");
    if (!out->routed && !out->interface == !out->pcap_file)
        argp_error(state, "give one of --interface, --routed and --pcap");
    if (!parse->has_source || !parse->has_destination)
        argp_error(state, "give --source and --destination");
    if (out->path.sources.is_ipv4 != ip_address_is_ipv4(&out->path.destination))
        argp_error(state, "--source and --destination are of different families");
    max_payload = frame_path_max_payload(&out->path);
    if (out->sender.payload_bytes > max_payload)
        argp_error(state, "--payload: at most %u fit into a packet of this family", max_payload);
}

/* What was not given comes from the attack's row. */
static void complete_plan(struct parse *parse)
{
    struct sender_options *plan = &parse->out->sender;
    const struct attack *attack = plan->attack;
    double delay_ms = parse->delay_ms < 0 ? attack->delay_ms : parse->delay_ms;

    plan->duplicate_ratio =
        parse->duplicate_ratio < 0 ? attack->duplicate_ratio : parse->duplicate_ratio;
    plan->delay_ns = (uint64_t)(delay_ms * (double)NS_PER_MS);
    plan->n_flood = parse->n_flood < 0 ? attack->n_flood : (uint32_t)parse->n_flood;
    if (plan->n_segments == 0)
        plan->n_segments = (uint64_t)(parse->duration_s * (double)plan->segments_per_second);
    if (plan->n_segments == 0)
        plan->n_segments = 1;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct parse *parse = state->input;

    if (key == ARGP_KEY_ARG)
        argp_error(state, "%s: there are only options", text);
    if (key == ARGP_KEY_END) {
        check_path(state, parse);
        complete_plan(parse);
        return 0;
    }
    return parse_path(key, text, state) == 0 ? 0 : parse_plan(key, text, state);
}

/* The attacks' rows are the help's last part. */
static char *filter_help(int key, const char *text, void *input)
{
    const struct attack *attack;
    char *help = NULL;
    size_t n_bytes;
    FILE *to;

    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC || !(to = open_memstream(&help, &n_bytes)))
        return (char *)text;
    fputs("Attacks:\n", to);
    for (unsigned int i = 0; (attack = attack_by_index(i)); i++)
        fprintf(to, "  %-14s %s\n", attack->name, attack->help);
    for (unsigned int i = 0; (attack = unit_attack_by_index(i)); i++)
        fprintf(to, "  %-14s %s\n", attack->name, attack->help);
    fclose(to);
    return help;
}

void arguments_parse(int argc, char **argv, struct arguments *out)
{
    const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .doc = "Plays a sender of spoofed TCP segments, which never hears from any receiver.\v",
        .help_filter = filter_help,
    };
    struct parse parse = {.out = out, .duplicate_ratio = -1, .delay_ms = -1, .n_flood = -1};

    *out = (struct arguments){
        .sender = {.attack = attack_by_name("none"),
                   .n_flows = 10,
                   .segments_per_second = 1000,
                   .payload_bytes = 1400,
                   .seed = 1},
        .path = {.source_mac = {2, 0, 0, 0, 0, 1},
                 .destination_mac = {2, 0, 0, 0, 0, 2},
                 .destination_port = 443},
    };
    parse.duration_s = 10;
    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, &parse);
}
