/* SPDX-License-Identifier: Apache-2.0 */
/* The line of the progress bar. */
#include "tests/support/check_main.h"
#include "writer/scan/progress.h"

#include <string.h>

static const struct {
    struct scan_progress progress;
    size_t width;
    const char *line;
} LINES[] = {
    {{.repositories_done = 61,
      .repositories_total = 137,
      .manifests = 8120,
      .rate = 1190.5,
      .eta_seconds = 22},
     79,
     "[#########------------]  61/137 repositories  8120 manifests  1190/s  0:22 left"},
    {{.eta_seconds = -1},
     79,
     "[----------------------]  0/0 repositories  0 manifests  0/s  time left unknown"},
    {{.repositories_done = 5, .repositories_total = 5, .manifests = 9, .rate = 3, .eta_seconds = 0},
     200,
     "[################################################]  5/5 repositories  9 manifests  3/s  0:00 "
     "left"},
    {{.repositories_done = 1, .repositories_total = 2, .eta_seconds = 3725},
     60,
     "[####----]  1/2 repositories  0 manifests  0/s  1:02:05 left"},
    {{.repositories_done = 1, .repositories_total = 2, .eta_seconds = 60},
     30,
     "1/2 repositories  0 manifests"},
    {{.repositories_done = 1, .repositories_total = 2, .eta_seconds = 60}, 5, ""},
    {{.repositories_done = 1, .repositories_total = 2, .eta_seconds = 60}, 0, ""},
};
enum { N_LINES = sizeof(LINES) / sizeof(LINES[0]) };

START_TEST(lines)
{
    struct ms_buf out;
    ms_buf_init(&out, PROGRESS_LINE_MAX);
    ms_buf_append_char(&out, '|');
    progress_render(&out, &LINES[_i].progress, LINES[_i].width);
    ck_assert_str_eq(out.data + 1, LINES[_i].line);
    ck_assert_uint_le(out.len - 1, LINES[_i].width);
    ms_buf_free(&out);
}
END_TEST

START_TEST(never_wider)
{
    const struct scan_progress huge = {.repositories_done = UINT64_MAX,
                                       .repositories_total = UINT64_MAX,
                                       .manifests = UINT64_MAX,
                                       .rate = 1e300,
                                       .eta_seconds = INT64_MAX};
    for (size_t width = 0; width < 400; width++) {
        struct ms_buf out;
        ms_buf_init(&out, PROGRESS_LINE_MAX);
        progress_render(&out, &huge, width);
        ck_assert(!out.overflowed);
        ck_assert_uint_le(out.len, width);
        ms_buf_free(&out);
    }
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("progress");
    TCase *cases = tcase_create("progress");
    tcase_add_loop_test(cases, lines, 0, N_LINES);
    tcase_add_test(cases, never_wider);
    suite_add_tcase(suite, cases);
    return suite;
}
