/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables. A table stands in a region of its own, which alone may scroll sideways, has a name and
 * can have the focus.
 */
#include "reader/html/table.h"

#include "reader/html/format.h"
#include "reader/html/html.h"

/* More than these do not fit on a telephone: the table keeps its width there, and scrolls. */
enum { MANY_COLUMNS = 5 };

static struct ms_str without_sign(struct ms_str sort)
{
    return ms_str_starts_with(sort, MS_STR("-")) ? ms_str_skip(sort, 1) : sort;
}

/* A head that sorts: by its natural order, and when that is there already by the reverse. */
static void write_sort_link(struct ms_buf *out, const struct table *table,
                            const struct table_column *column, bool is_present)
{
    struct ms_str natural = ms_str(column->sort);
    struct ms_str sort = natural;
    char reversed[32] = "-";
    if (is_present && ms_str_equal(table->sort, natural)) {
        sort = without_sign(natural);
        if (sort.len == natural.len && natural.len + 1 < sizeof(reversed)) {
            for (size_t i = 0; i < natural.len; i++)
                reversed[i + 1] = natural.ptr[i];
            sort = ms_str_n(reversed, natural.len + 1);
        }
    }
    struct link link = *table->link;
    link_set(&link, "cursor", MS_STR_ABSENT);
    link_set(&link, "sort", sort);
    link_open(out, &link);
    html_raw(out, column->title);
    html_raw(out, "</a>");
}

static void write_head(struct ms_buf *out, const struct table *table,
                       const struct table_column *column)
{
    bool sorts = column->sort != NULL && table->link != NULL;
    bool is_present =
        sorts && ms_str_equal(without_sign(table->sort), without_sign(ms_str(column->sort)));
    html_raw(out, "<th scope=\"col\"");
    if (column->is_number)
        html_raw(out, " class=\"number\"");
    else if (column->is_wide || column->is_widest)
        html_raw(out, column->is_wide ? " class=\"wide\"" : " class=\"widest\"");
    if (is_present)
        html_raw(out, ms_str_starts_with(table->sort, MS_STR("-")) ? " aria-sort=\"descending\""
                                                                   : " aria-sort=\"ascending\"");
    html_raw(out, ">");
    if (sorts)
        write_sort_link(out, table, column, is_present);
    else
        html_raw(out, column->title);
    html_raw(out, "</th>");
}

void table_begin(struct ms_buf *out, const struct table *table)
{
    html_raw(out, "<div class=\"region\" role=\"region\" tabindex=\"0\" aria-labelledby=\"");
    html_raw(out, table->id);
    html_raw(out, table->n_columns > MANY_COLUMNS ? "\"><table class=\"many\"><caption id=\""
                                                  : "\"><table><caption id=\"");
    html_raw(out, table->id);
    html_raw(out, table->is_caption_hidden ? "\" class=\"away\">" : "\">");
    html_raw(out, "<span>");
    html_raw(out, table->caption);
    html_raw(out, "</span></caption>\n<thead><tr>");
    for (size_t i = 0; i < table->n_columns; i++)
        write_head(out, table, &table->columns[i]);
    html_raw(out, "</tr></thead>\n<tbody>\n");
}

void table_row(struct ms_buf *out)
{
    html_raw(out, "<tr>");
}

void table_cell(struct ms_buf *out, const struct table *table, size_t column)
{
    const struct table_column *c = &table->columns[column];
    html_raw(out, c->is_row_header ? "<th scope=\"row\"" : "<td");
    html_raw(out, c->is_number ? " class=\"number\">" : ">");
}

void table_cell_end(struct ms_buf *out, const struct table *table, size_t column)
{
    html_raw(out, table->columns[column].is_row_header ? "</th>" : "</td>");
}

void table_number(struct ms_buf *out, const struct table *table, size_t column, int64_t number)
{
    table_cell(out, table, column);
    format_number(out, number);
    table_cell_end(out, table, column);
}

void table_size(struct ms_buf *out, const struct table *table, size_t column, int64_t bytes)
{
    table_cell(out, table, column);
    format_size(out, bytes);
    table_cell_end(out, table, column);
}

void table_time(struct ms_buf *out, const struct table *table, size_t column, struct ms_str time)
{
    table_cell(out, table, column);
    format_time(out, time);
    table_cell_end(out, table, column);
}

void table_row_end(struct ms_buf *out)
{
    html_raw(out, "</tr>\n");
}

void table_end(struct ms_buf *out)
{
    html_raw(out, "</tbody></table></div>\n");
}

void table_pages(struct ms_buf *out, const struct link *prev, const struct link *next)
{
    if (prev == NULL && next == NULL)
        return;
    html_raw(out, "<nav class=\"pages\" aria-label=\"Pages\">");
    if (prev != NULL) {
        link_open_with(out, prev, " rel=\"prev\"");
        html_raw(out, "← Previous page</a> ");
    }
    if (next != NULL) {
        link_open_with(out, next, " rel=\"next\"");
        html_raw(out, "Next page →</a>");
    }
    html_raw(out, "</nav>\n");
}
