/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c: counting, labels, slots and their sum, and the text that Prometheus reads.
 */
#include "common/runtime/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

enum { TEXT_MAX = 1024 * 1024 };

static const char *const ROUTES[] = {"/index", "a\"b\\c\nd"};
static const char *const QUERIES[] = {"catalog"};

static void set_labels(void)
{
    ms_metrics_set_labels(MS_LABEL_ROUTE, ROUTES, 2);
    ms_metrics_set_labels(MS_LABEL_QUERY, QUERIES, 1);
}

/* True when `line` is a whole line of the text. */
static bool has_line(const struct ms_buf *text, const char *line)
{
    size_t len = strlen(line);
    const char *at = text->data;
    while ((at = strstr(at, line)) != NULL) {
        if ((at == text->data || at[-1] == '\n') && at[len] == '\n')
            return true;
        at++;
    }
    return false;
}

static struct ms_buf render_own(bool writer)
{
    struct ms_buf text;
    ms_buf_init(&text, TEXT_MAX);
    ms_metrics_render_own(&text, writer);
    ck_assert(!text.overflowed);
    return text;
}

START_TEST(counts_without_a_slot_go_to_a_private_one)
{
    set_labels();
    ms_metrics_add(MS_METRIC_CACHE_HITS, NULL, NULL, 2);
    ms_metrics_add(MS_METRIC_CACHE_HITS, NULL, NULL, 1);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_CACHE_HITS, NULL, NULL), 3);
    ms_metrics_set(MS_METRIC_GENERATION, NULL, NULL, 81234);
    ms_metrics_set(MS_METRIC_GENERATION, NULL, NULL, 81235);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_GENERATION, NULL, NULL), 81235);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_CACHE_MISSES, NULL, NULL), 0);
}
END_TEST

START_TEST(labels_have_series_of_their_own)
{
    set_labels();
    ms_metrics_add(MS_METRIC_EVENTS, "push", "accepted", 1);
    ms_metrics_add(MS_METRIC_EVENTS, "push", "duplicate", 2);
    ms_metrics_add(MS_METRIC_EVENTS, "pull", "accepted", 4);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_EVENTS, "push", "accepted"), 1);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_EVENTS, "push", "duplicate"), 2);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_EVENTS, "pull", "accepted"), 4);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_EVENTS, "pull", "duplicate"), 0);
}
END_TEST

START_TEST(unknown_values_are_other)
{
    set_labels();
    ms_metrics_add(MS_METRIC_HTTP_REQUESTS, "/nowhere", "999", 1);
    ms_metrics_add(MS_METRIC_HTTP_REQUESTS, NULL, "200", 1);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_HTTP_REQUESTS, "other", "other"), 1);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_HTTP_REQUESTS, "other", "200"), 1);
    struct ms_buf text = render_own(false);
    ck_assert(has_line(&text, "metastore_http_requests_total{route=\"other\",code=\"other\"} 1"));
    ms_buf_free(&text);
}
END_TEST

START_TEST(each_program_shows_its_own_families)
{
    static const char *const WRITER[] = {
        "leader",        "inbox_waiting",        "inbox_oldest_seconds",
        "events_total",  "dead_letters",         "registry_requests_total",
        "held_removals", "scan_repositories",    "last_complete_scan_timestamp_seconds",
        "apply_seconds", "unreadable_manifests", "registry_request_seconds",
        "inbox_unknown", "flatpak_refs_doubled"};
    static const char *const READER[] = {
        "cache_hits_total", "cache_misses_total", "cache_bytes",          "spool_bytes",
        "stale_seconds",    "parked_requests",    "worker_restarts_total"};
    static const char *const BOTH[] = {"generation",       "http_requests_total",
                                       "http_connections", "http_request_seconds",
                                       "query_seconds",    "limit_reached_total"};
    struct ms_buf writer = render_own(true);
    struct ms_buf reader = render_own(false);
    char type[128];
    for (size_t i = 0; i < sizeof(WRITER) / sizeof(WRITER[0]); i++) {
        (void)snprintf(type, sizeof(type), "# TYPE metastore_%s ", WRITER[i]);
        ck_assert_ptr_nonnull(strstr(writer.data, type));
        ck_assert_ptr_null(strstr(reader.data, type));
    }
    for (size_t i = 0; i < sizeof(READER) / sizeof(READER[0]); i++) {
        (void)snprintf(type, sizeof(type), "# TYPE metastore_%s ", READER[i]);
        ck_assert_ptr_null(strstr(writer.data, type));
        ck_assert_ptr_nonnull(strstr(reader.data, type));
    }
    for (size_t i = 0; i < sizeof(BOTH) / sizeof(BOTH[0]); i++) {
        (void)snprintf(type, sizeof(type), "# TYPE metastore_%s ", BOTH[i]);
        ck_assert_ptr_nonnull(strstr(writer.data, type));
        ck_assert_ptr_nonnull(strstr(reader.data, type));
    }
    ms_buf_free(&writer);
    ms_buf_free(&reader);
}
END_TEST

START_TEST(small_families_are_there_from_the_start)
{
    set_labels();
    struct ms_buf text = render_own(true);
    ck_assert(has_line(&text, "metastore_leader 0"));
    ck_assert(has_line(&text, "# TYPE metastore_leader gauge"));
    ck_assert(has_line(&text, "metastore_scan_repositories{state=\"done\"} 0"));
    ck_assert(has_line(&text, "metastore_limit_reached_total{limit=\"connections\"} 0"));
    ck_assert(has_line(&text, "metastore_apply_seconds_count 0"));
    ck_assert_ptr_null(strstr(text.data, "\"other\""));
    ck_assert_ptr_null(strstr(text.data, "metastore_events_total{"));
    ck_assert_ptr_null(strstr(text.data, "metastore_http_request_seconds_bucket"));
    ms_buf_free(&text);
}
END_TEST

START_TEST(histograms_are_cumulative)
{
    set_labels();
    ms_metrics_observe(MS_METRIC_APPLY_SECONDS, NULL, 0.001); /* a bound belongs to its bucket */
    ms_metrics_observe(MS_METRIC_APPLY_SECONDS, NULL, 0.03);
    ms_metrics_observe(MS_METRIC_APPLY_SECONDS, NULL, 60);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_APPLY_SECONDS, NULL, NULL), 3);
    struct ms_buf text = render_own(true);
    ck_assert(has_line(&text, "# TYPE metastore_apply_seconds histogram"));
    ck_assert(has_line(&text, "metastore_apply_seconds_bucket{le=\"0.001\"} 1"));
    ck_assert(has_line(&text, "metastore_apply_seconds_bucket{le=\"0.025\"} 1"));
    ck_assert(has_line(&text, "metastore_apply_seconds_bucket{le=\"0.05\"} 2"));
    ck_assert(has_line(&text, "metastore_apply_seconds_bucket{le=\"10\"} 2"));
    ck_assert(has_line(&text, "metastore_apply_seconds_bucket{le=\"+Inf\"} 3"));
    ck_assert(has_line(&text, "metastore_apply_seconds_sum 60.031"));
    ck_assert(has_line(&text, "metastore_apply_seconds_count 3"));
    ms_buf_free(&text);
}
END_TEST

START_TEST(labels_are_escaped)
{
    set_labels();
    ms_metrics_add(MS_METRIC_HTTP_REQUESTS, ROUTES[1], "200", 1);
    ms_metrics_observe(MS_METRIC_HTTP_REQUEST_SECONDS, ROUTES[0], 0.5);
    struct ms_buf text = render_own(false);
    ck_assert(
        has_line(&text, "metastore_http_requests_total{route=\"a\\\"b\\\\c\\nd\",code=\"200\"} 1"));
    ck_assert(
        has_line(&text, "metastore_http_request_seconds_bucket{route=\"/index\",le=\"0.5\"} 1"));
    ck_assert(has_line(&text, "metastore_http_request_seconds_sum{route=\"/index\"} 0.5"));
    ms_buf_free(&text);
}
END_TEST

START_TEST(slots_are_added_up_or_compared)
{
    set_labels();
    enum { SLOTS = 3 };
    size_t stride = ms_metrics_size() + 64;
    unsigned char *slots = calloc(SLOTS, stride);
    ck_assert_ptr_nonnull(slots);
    for (size_t i = 0; i < SLOTS; i++) {
        ms_metrics_use_slot(slots + i * stride);
        ms_metrics_add(MS_METRIC_CACHE_HITS, NULL, NULL, 10);
        ms_metrics_set(MS_METRIC_CACHE_BYTES, NULL, NULL, 100);
        ms_metrics_set(MS_METRIC_GENERATION, NULL, NULL, (double)(81233 + i % 2));
        ms_metrics_observe(MS_METRIC_QUERY_SECONDS, "catalog", 0.25);
        ms_metrics_add(MS_METRIC_LIMIT_REACHED, "connections", NULL, 1);
    }
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_CACHE_HITS, NULL, NULL), 10);
    struct ms_buf text;
    ms_buf_init(&text, TEXT_MAX);
    ms_metrics_render(&text, false, slots, SLOTS, stride);
    ck_assert(has_line(&text, "metastore_cache_hits_total 30"));
    ck_assert(has_line(&text, "metastore_cache_bytes 300"));
    ck_assert(has_line(&text, "metastore_generation 81234"));
    ck_assert(has_line(&text, "metastore_query_seconds_count{query=\"catalog\"} 3"));
    ck_assert(has_line(&text, "metastore_query_seconds_sum{query=\"catalog\"} 0.75"));
    ck_assert(has_line(&text, "metastore_limit_reached_total{limit=\"connections\"} 3"));
    ms_buf_free(&text);
    ms_metrics_use_slot(NULL);
    free(slots);
}
END_TEST

START_TEST(large_and_broken_numbers)
{
    ms_metrics_set(MS_METRIC_LAST_COMPLETE_SCAN, NULL, NULL, 1795427999);
    ms_metrics_set(MS_METRIC_INBOX_OLDEST_SECONDS, NULL, NULL, 0.125);
    ms_metrics_set(MS_METRIC_DEAD_LETTERS, NULL, NULL, 1e18);
    ms_metrics_set(MS_METRIC_HELD_REMOVALS, NULL, NULL, -3);
    struct ms_buf text = render_own(true);
    ck_assert(has_line(&text, "metastore_last_complete_scan_timestamp_seconds 1795427999"));
    ck_assert(has_line(&text, "metastore_inbox_oldest_seconds 0.125"));
    ck_assert(has_line(&text, "metastore_dead_letters 1e+18"));
    ck_assert(has_line(&text, "metastore_held_removals -3"));
    ms_buf_free(&text);
}
END_TEST

/* Each line is a comment or `name{labels} number`, each family stands once. */
START_TEST(every_line_is_well_formed)
{
    set_labels();
    ms_metrics_add(MS_METRIC_REGISTRY_REQUESTS, "tags", "304", 5);
    struct ms_buf text = render_own(true);
    struct ms_str rest = ms_buf_view(&text);
    ck_assert(ms_str_ends_with(rest, MS_STR("\n")));
    rest.len--;
    size_t types = 0;
    while (!ms_str_is_absent(rest)) {
        struct ms_str line = ms_str_next(&rest, '\n');
        bool is_comment = ms_str_starts_with(line, MS_STR("# HELP metastore_")) ||
                          ms_str_starts_with(line, MS_STR("# TYPE metastore_"));
        types += ms_str_starts_with(line, MS_STR("# TYPE "));
        if (is_comment)
            continue;
        ck_assert(ms_str_starts_with(line, MS_STR("metastore_")));
        char *value = memrchr(line.ptr, ' ', line.len);
        ck_assert_ptr_nonnull(value);
        char *end = NULL;
        (void)strtod(value + 1, &end);
        ck_assert_ptr_eq(end, line.ptr + line.len);
    }
    ck_assert_uint_eq(types, 22);
    ms_buf_free(&text);
}
END_TEST

START_TEST(the_manual_has_every_family)
{
    struct ms_buf text;
    ms_buf_init(&text, TEXT_MAX);
    ms_metrics_manual(&text);
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    ck_assert_uint_eq(lines, MS_METRIC_COUNT + 2);
    ck_assert_ptr_nonnull(
        strstr(text.data, "| `metastore_http_requests_total{route,code}` | counter | both |"));
    ck_assert_ptr_nonnull(strstr(text.data, "| `metastore_leader` | gauge | writer |"));
    ms_buf_free(&text);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tests = tcase_create("metrics");
    tcase_add_test(tests, counts_without_a_slot_go_to_a_private_one);
    tcase_add_test(tests, labels_have_series_of_their_own);
    tcase_add_test(tests, unknown_values_are_other);
    tcase_add_test(tests, each_program_shows_its_own_families);
    tcase_add_test(tests, small_families_are_there_from_the_start);
    tcase_add_test(tests, histograms_are_cumulative);
    tcase_add_test(tests, labels_are_escaped);
    tcase_add_test(tests, slots_are_added_up_or_compared);
    tcase_add_test(tests, large_and_broken_numbers);
    tcase_add_test(tests, every_line_is_well_formed);
    tcase_add_test(tests, the_manual_has_every_family);
    suite_add_tcase(suite, tests);
    return suite;
}

#include "tests/support/check_main.h"
