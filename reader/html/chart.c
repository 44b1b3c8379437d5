/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bars and the chart of days.
 */
#include "reader/html/chart.h"

#include "reader/html/format.h"
#include "reader/html/html.h"

enum { BAR_UNITS = 1000, DAY_UNITS = 10, PULLS_HEIGHT = 60, GAP = 8, PUSHES_HEIGHT = 24 };

/* `value` of `max` in units; what is there is at least one unit wide. */
static int64_t units_of(int64_t value, int64_t max, int64_t units)
{
    if (value <= 0 || max <= 0)
        return 0;
    if (value >= max)
        return units;
    int64_t scaled = (int64_t)((double)value / (double)max * (double)units);
    return scaled > 0 ? scaled : 1;
}

void chart_span(struct ms_buf *out, int64_t from, int64_t value, int64_t max,
                const char *class_name)
{
    int64_t x = from > 0 ? units_of(from, max, BAR_UNITS) : 0;
    int64_t width = units_of(value, max, BAR_UNITS);
    if (x + width > BAR_UNITS)
        x = BAR_UNITS - width;
    ms_buf_printf(out,
                  "<svg class=\"bar %s\" viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" "
                  "aria-hidden=\"true\"><rect x=\"%lld\" width=\"%lld\" height=\"10\"/></svg>",
                  class_name, BAR_UNITS, (long long)x, (long long)width);
}

void chart_bar(struct ms_buf *out, int64_t value, int64_t max, const char *class_name)
{
    chart_span(out, 0, value, max, class_name);
}

static int64_t sum_of(const int64_t *values, size_t n, int64_t *out_max)
{
    int64_t sum = 0;
    *out_max = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t value = values[i] > 0 ? values[i] : 0;
        sum = value > INT64_MAX - sum ? INT64_MAX : sum + value;
        *out_max = value > *out_max ? value : *out_max;
    }
    return sum;
}

/* A column for each day, standing on `base`. */
static void write_columns(struct ms_buf *out, const struct chart_days *chart, const int64_t *values,
                          int64_t max, int base, int height, const char *class_name)
{
    ms_buf_printf(out, "<g class=\"%s\">", class_name);
    for (size_t i = 0; i < chart->n; i++) {
        int64_t tall = units_of(values[i], max, height);
        if (tall > 0)
            ms_buf_printf(out, "<rect x=\"%zu\" y=\"%lld\" width=\"%d\" height=\"%lld\"/>",
                          i * DAY_UNITS + 1, (long long)(base - tall), DAY_UNITS - 2,
                          (long long)tall);
    }
    html_raw(out, "</g>");
}

static void write_table(struct ms_buf *out, const struct chart_days *chart)
{
    html_raw(out, "<details><summary>As a table</summary><table><caption class=\"away\">Pulls and "
                  "pushes by day</caption><thead><tr><th scope=\"col\">Day</th><th scope=\"col\" "
                  "class=\"number\">Pulls</th><th scope=\"col\" class=\"number\">Pushes</th></tr>"
                  "</thead><tbody>\n");
    for (size_t i = chart->n; i-- > 0;) {
        if (chart->pulls[i] == 0 && chart->pushes[i] <= 0)
            continue;
        html_raw(out, "<tr><th scope=\"row\">");
        html_text(out, chart->days[i]);
        html_raw(out, "</th><td class=\"number\">");
        format_number(out, chart->pulls[i]);
        html_raw(out, "</td><td class=\"number\">");
        format_number(out, chart->pushes[i]);
        html_raw(out, "</td></tr>\n");
    }
    html_raw(out, "</tbody></table><p>Days that are not listed had neither.</p></details>");
}

void chart_activity(struct ms_buf *out, const struct chart_days *chart)
{
    int64_t max_pulls, max_pushes;
    int64_t pulls = sum_of(chart->pulls, chart->n, &max_pulls);
    int64_t pushes = sum_of(chart->pushes, chart->n, &max_pushes);
    int full = PULLS_HEIGHT + GAP + PUSHES_HEIGHT;
    if (chart->n == 0)
        return;
    if (pulls == 0 && pushes == 0) {
        html_raw(out, "<p>No pulls and no pushes are known of the last ");
        format_count(out, (int64_t)chart->n, "day", "days");
        html_raw(out, ".</p>\n");
        return;
    }
    ms_buf_printf(out,
                  "<figure class=\"activity\" aria-labelledby=\"%s\"><svg viewBox=\"0 0 %zu %d\" "
                  "preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                  "<path d=\"M0 %d.5H%zuM0 %d.5H%zu\"/>",
                  chart->id, chart->n * DAY_UNITS, full + 1, PULLS_HEIGHT, chart->n * DAY_UNITS,
                  full, chart->n * DAY_UNITS);
    write_columns(out, chart, chart->pulls, max_pulls, PULLS_HEIGHT, PULLS_HEIGHT, "pulls");
    write_columns(out, chart, chart->pushes, max_pushes, full, PUSHES_HEIGHT, "pushes");
    html_raw(out, "</svg><div class=\"ends\" aria-hidden=\"true\"><span>");
    html_text(out, chart->days[0]);
    html_raw(out, "</span><span>");
    html_text(out, chart->days[chart->n - 1]);
    ms_buf_printf(out, "</span></div><figcaption id=\"%s\">", chart->id);
    html_raw(out, "<span class=\"key pulls\"></span>");
    format_count(out, pulls, "pull", "pulls");
    html_raw(out, " (above, at most ");
    format_number(out, max_pulls);
    html_raw(out, " a day) and <span class=\"key pushes\"></span>");
    format_count(out, pushes, "push", "pushes");
    html_raw(out, " (below, at most ");
    format_number(out, max_pushes);
    html_raw(out, ") in ");
    format_count(out, (int64_t)chart->n, "day", "days");
    html_raw(out, ".</figcaption>");
    write_table(out, chart);
    html_raw(out, "</figure>\n");
}
