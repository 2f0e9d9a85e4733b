/* SPDX-License-Identifier: BSD-3-Clause */
/* Which files pennyline-replay reads, and what it says of those that it cannot, or not to their
 * end. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "../within.h"
#include "base/compiler.h"
#include "program.h"

#define WATCH "--source 192.0.2.0/24 --mode passive"

/* A pcap file's header, and those of 20 SYNs and of 30 segments of 100 bytes. */
#define BYTES_OF_50_PACKETS (24 + 20 * (16 + 54) + 30 * (16 + 154))

static void assert_said(const struct fixture *f, const char *words)
{
    if (strstr(f->output, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, f->output);
}

static const char *broken_of(json_t *summary)
{
    return json_string_value(json_object_get(json_object_get(summary, "capture"), "broken"));
}

static void what_precedes_the_place_where_a_file_is_cut_is_reported(void **state)
{
    struct fixture *f = *state;
    json_t *whole, *cut;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, 50);
    whole = summary_of(f, WATCH, 0);
    assert_null(broken_of(whole));
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, 100);
    assert_int_equal(truncate(f->capture, BYTES_OF_50_PACKETS + 40), 0);
    cut = summary_of(f, WATCH, 1);
    assert_said(f, f->capture);
    assert_said(f, "packet 51, before byte 6564: truncated");
    assert_non_null(strstr(broken_of(cut), "packet 51, before byte 6564: truncated"));
    assert_true(json_equal(aggregate_of(whole, 0), aggregate_of(cut, 0)));
    json_decref(whole);
    json_decref(cut);
    /* The same in words, and out of a pipe. */
    assert_int_equal(run(f, WATCH), 1);
    assert_said(f, "50 packets in");
    assert_said(f, "the capture is broken there");
    json_decref(summary_of(f, WATCH " --pcap - <$FILE", 1));
    json_decref(summary_of(f, WATCH " --limit 50", 0));
}

static void of_a_file_that_is_cut_in_its_first_packet_only_the_fault_is_said(void **state)
{
    struct fixture *f = *state;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, 1);
    assert_int_equal(truncate(f->capture, 24 + 3), 0);
    assert_int_equal(run(f, WATCH), 1);
    assert_said(f, "packet 1, before byte 27: truncated");
    assert_null(strstr(f->output, "--limit"));
    assert_null(strstr(f->output, "received"));
}

/* "The test was stopped" sounds as if somebody had done it. */
static void a_capture_that_is_too_short_for_the_test_is_said(void **state)
{
    struct fixture *f = *state;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, 1000);
    assert_int_equal(run(f, "--source 192.0.2.0/24 --seed 1"), 12);
    assert_said(f, "The capture ended while a test was under way");
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    assert_int_equal(run(f, "--source 192.0.2.0/24 --seed 1 --duration 2"), 10);
    assert_null(strstr(f->output, "The capture ended"));
}

static void write_file(const char *path, const void *data, size_t n)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    fclose(file);
}

static void what_is_no_capture_is_refused(void **state)
{
    static const char no_capture[] = "This is not what a capture begins with.\n";
    struct fixture *f = *state;

    write_file(f->capture, no_capture, sizeof(no_capture) - 1);
    assert_int_equal(run(f, WATCH), 1);
    assert_said(f, f->capture);
    assert_said(f, "editcap -F pcap FILE - | pennyline-replay --pcap -");
    unlink(f->capture);
    assert_int_equal(run(f, WATCH), 1);
    assert_said(f, "No such file");
    assert_int_equal(run(f, WATCH " --pcap /tmp"), 1);
    assert_said(f, "Is a directory");
    assert_int_equal(run(f, WATCH " --pcap /dev/null"), 1);
    assert_said(f, "truncated");
}

static void compress_file(const char *path)
{
    static uint8_t data[1 << 21];
    FILE *file = fopen(path, "r");
    size_t n = fread(data, 1, sizeof(data), file);
    gzFile gz;

    fclose(file);
    assert_within(n, 1, sizeof(data) - 1);
    gz = gzopen(path, "wb");
    assert_non_null(gz);
    assert_int_equal(gzwrite(gz, data, (unsigned int)n), n);
    assert_int_equal(gzclose(gz), Z_OK);
}

static void a_capture_in_gzip_is_read_like_the_capture(void **state)
{
    struct fixture *f = *state;
    json_t *plain, *compressed, *piped;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    plain = summary_of(f, WATCH, 0);
    compress_file(f->capture);
    compressed = summary_of(f, WATCH, 0);
    assert_true(json_equal(plain, compressed));
    piped = summary_of(f, WATCH " --pcap - <$FILE", 0);
    assert_true(json_equal(aggregate_of(plain, 0), aggregate_of(piped, 0)));
    json_decref(plain);
    json_decref(compressed);
    json_decref(piped);
}

/* Also where the cut is not in a packet: the bytes of the packets that came out are whole then. */
static void gzip_that_ends_early_is_no_end_of_the_capture(void **state)
{
    struct fixture *f = *state;
    json_t *summary;
    FILE *file;
    long n;

    segments_write(f->capture, DLT_EN10MB, 0, f->segments, f->n);
    compress_file(f->capture);
    file = fopen(f->capture, "r");
    fseek(file, 0, SEEK_END);
    n = ftell(file);
    fclose(file);
    for (long cut = 1; cut <= 8; cut += 7) {
        assert_int_equal(truncate(f->capture, n - cut), 0);
        summary = summary_of(f, WATCH, 1);
        assert_said(f, "its gzip data are broken or end early");
        json_decref(summary);
    }
    assert_int_equal(truncate(f->capture, 12), 0);
    assert_int_equal(run(f, WATCH), 1);
    assert_said(f, "its gzip data are broken or end early");
}

static void another_compression_is_named_with_its_command(void **state)
{
    static const struct {
        const char *begins, *command;
    } cases[] = {
        {"\xfd\x37zXZ\0\0\4", "xz -dc FILE | pennyline-replay"},
        {"\x28\xb5\x2f\xfd\4\4\4\4", "zstd -dc FILE | pennyline-replay"},
        {"BZh91AY&", "bzip2 -dc FILE | pennyline-replay"},
        {"\x04\x22\x4d\x18\4\4\4\4", "lz4 -dc FILE | pennyline-replay"},
        {"PK\3\4\4\4\4\4", "unzip -p FILE | pennyline-replay"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        write_file(f->capture, cases[i].begins, 8);
        assert_int_equal(run(f, WATCH), 1);
        assert_said(f, cases[i].command);
        assert_int_equal(run(f, WATCH " --pcap - <$FILE"), 1);
        assert_said(f, cases[i].command);
    }
}

static void pcapng_is_read_too(void **state)
{
    struct fixture *f = *state;
    json_t *summary;

    snprintf(f->capture, sizeof(f->capture), "%s/two-flows.pcapng", fixtures);
    summary = summary_of(f, WATCH, 0);
    f->capture[0] = '\0';
    assert_int_equal(integer(aggregate_of(summary, 0), "packets"), 12);
    assert_int_equal(integer(aggregate_of(summary, 0), "flows_seen"), 2);
    assert_int_equal(integer(aggregate_of(summary, 0), "bytes"),
                     integer(json_object_get(summary, "totals"), "rx_bytes"));
    json_decref(summary);
}

/* draft-ietf-opsawg-pcapng: blocks of type, length, body, length. */
static size_t add_block(uint8_t *out, uint32_t type, const void *body, uint32_t n)
{
    uint32_t length = 12 + (n + 3) / 4 * 4;

    memset(out, 0, length);
    memcpy(out, &type, 4);
    memcpy(out + 4, &length, 4);
    memcpy(out + 8, body, n);
    memcpy(out + length - 4, &length, 4);
    return length;
}

static size_t add_interface(uint8_t *out, uint16_t link_type, uint32_t snap_bytes)
{
    const uint32_t body[2] = {link_type, snap_bytes};

    return add_block(out, 1, body, sizeof(body));
}

static size_t add_packet(uint8_t *out, const struct segment *s)
{
    uint8_t frame[SEGMENT_FRAME_BYTES + 32];
    size_t n = segment_frame(s, DLT_EN10MB, frame);
    uint64_t us = s->time_ns / NS_PER_US;
    const uint32_t fields[5] = {0, (uint32_t)(us >> 32), (uint32_t)us, (uint32_t)n, (uint32_t)n};
    uint8_t body[sizeof(fields) + sizeof(frame)];

    memcpy(body, fields, sizeof(fields));
    memcpy(body + sizeof(fields), frame, n);
    return add_block(out, 6, body, (uint32_t)(sizeof(fields) + n));
}

/* An interface, so many packets, and a second interface. */
static void write_pcapng(const struct fixture *f, size_t n_packets, uint16_t second_type,
                         uint32_t second_snap_bytes)
{
    static const uint32_t section[4] = {0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX};
    static uint8_t data[1 << 16];
    size_t n = add_block(data, 0x0a0d0d0a, section, sizeof(section));

    n += add_interface(data + n, DLT_EN10MB, 65535);
    for (size_t i = 0; i < n_packets; i++)
        n += add_packet(data + n, &f->segments[i]);
    n += add_interface(data + n, second_type, second_snap_bytes);
    write_file(f->capture, data, n);
}

static void pcapng_with_unlike_interfaces_is_read_as_far_as_it_goes_with_a_remedy(void **state)
{
    struct fixture *f = *state;
    json_t *summary;

    write_pcapng(f, 12, DLT_EN10MB, 65535);
    json_decref(summary_of(f, WATCH, 0));
    write_pcapng(f, 12, DLT_EN10MB, 96);
    summary = summary_of(f, WATCH, 1);
    assert_int_equal(integer(aggregate_of(summary, 0), "packets"), 12);
    assert_said(f, "pipe it: editcap -F pcap FILE - | pennyline-replay --pcap -");
    json_decref(summary);
    write_pcapng(f, 12, 113, 65535);
    summary = summary_of(f, WATCH, 1);
    assert_int_equal(integer(aggregate_of(summary, 0), "packets"), 12);
    assert_said(f, "tshark -r FILE -Y 'frame.interface_id == 0' -w - | editcap -T ether -F pcap");
    json_decref(summary);
    /* The usual place of an interface is before all packets. */
    write_pcapng(f, 0, DLT_EN10MB, 96);
    assert_int_equal(run(f, WATCH), 1);
    assert_said(f, "pipe it: editcap -F pcap FILE - | pennyline-replay --pcap -");
}

/* What the message says is tried out where Wireshark's programs are installed. */
static void the_remedies_for_unlike_interfaces_work(void **state)
{
    static const char *const commands[] = {
        "editcap -F pcap $FILE - 2>/dev/null",
        "tshark -r $FILE -Y frame.interface_id==0 -w - 2>/dev/null | "
        "editcap -T ether -F pcap - - 2>/dev/null",
    };
    struct fixture *f = *state;

    if (system("command -v editcap tshark >/dev/null") != 0)
        skip();
    for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
        char arguments[512];
        json_t *summary;

        write_pcapng(f, 12, i == 0 ? DLT_EN10MB : 113, 96);
        snprintf(arguments, sizeof(arguments), WATCH " --pcap - < <(%s)", commands[i]);
        summary = summary_of(f, arguments, 0);
        assert_int_equal(integer(aggregate_of(summary, 0), "packets"), 12);
        json_decref(summary);
    }
}

static void a_file_name_that_is_no_utf8_is_told_in_json(void **state)
{
    struct fixture *f = *state;
    size_t n = strlen(f->capture);
    json_t *summary;
    const char *file;

    strcpy(f->capture + n, "\xe9.pcap");
    segments_write(f->capture, DLT_EN10MB, 0, f->segments, 50);
    summary = summary_of(f, WATCH, 0);
    file = json_string_value(json_object_get(json_object_get(summary, "capture"), "file"));
    assert_non_null(file);
    assert_string_equal(file + n, "\\xe9.pcap");
    json_decref(summary);
    assert_int_equal(truncate(f->capture, BYTES_OF_50_PACKETS - 1), 0);
    summary = summary_of(f, WATCH, 1);
    assert_non_null(strstr(broken_of(summary), "\\xe9.pcap: packet 50"));
    json_decref(summary);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(what_precedes_the_place_where_a_file_is_cut_is_reported),
        TEST(of_a_file_that_is_cut_in_its_first_packet_only_the_fault_is_said),
        TEST(a_capture_that_is_too_short_for_the_test_is_said),
        TEST(what_is_no_capture_is_refused),
        TEST(a_capture_in_gzip_is_read_like_the_capture),
        TEST(gzip_that_ends_early_is_no_end_of_the_capture),
        TEST(another_compression_is_named_with_its_command),
        TEST(pcapng_is_read_too),
        TEST(pcapng_with_unlike_interfaces_is_read_as_far_as_it_goes_with_a_remedy),
        TEST(the_remedies_for_unlike_interfaces_work),
        TEST(a_file_name_that_is_no_utf8_is_told_in_json),
    };

    if (argc != 3) {
        fprintf(stderr, "usage: %s PENNYLINE_REPLAY FIXTURES\n", argv[0]);
        return 2;
    }
    program = argv[1];
    fixtures = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
