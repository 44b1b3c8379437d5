/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the manual from templates: `metastore-manual TEMPLATE > PAGE` copies the template and puts
 * the tables of the code in the place of these lines, so that the manual cannot drift from the
 * code:
 *
 *   @keys@, @bounds@ and @metrics@          of a page in Markdown
 *   @keys.mdoc@, @metrics.mdoc writer@, @metrics.mdoc reader@   of a man page, in the language
 * mdoc(7)
 *
 * @version@ in any line stands for the version. The tables in Markdown come from the code as they
 * are; those of a man page are the same rows, written anew.
 */
#include "common/config/config.h"
#include "common/runtime/limit.h"
#include "common/runtime/metrics.h"

#include <stdio.h>
#include <string.h>

enum { MANUAL_MAX_BYTES = 1024 * 1024, LINE_MAX_BYTES = 4096, CELLS_MAX = 5, MDOC_WIDTH = 79 };

/* --- rows of a table in Markdown --- */

struct row {
    struct ms_str cells[CELLS_MAX];
    size_t n_cells;
};

/* "| a | b |". */
static struct row split_row(struct ms_str line)
{
    struct row row = {.n_cells = 0};
    line = ms_str_skip(line, 2);
    while (line.len > 0 && row.n_cells < CELLS_MAX) {
        const char *end = memmem(line.ptr, line.len, " |", 2);
        size_t len = end != NULL ? (size_t)(end - line.ptr) : line.len;
        row.cells[row.n_cells++] = ms_str_slice(line, 0, len);
        line = ms_str_skip(line, len + 3 < line.len ? len + 3 : line.len);
    }
    return row;
}

/* The next row below the head of the table; false at its end. */
static bool next_row(struct row *out, struct ms_str *rest)
{
    struct ms_str line = ms_str_next(rest, '\n');
    if (ms_str_is_absent(line) || line.len == 0)
        return false;
    *out = split_row(line);
    return true;
}

/* --- mdoc --- */

/* Text in Markdown as one line of mdoc: `code` in bold, what roff would take for a request escaped.
 */
static void write_text(struct ms_buf *out, struct ms_str text)
{
    bool is_code = false;
    if (text.len > 0 && (text.ptr[0] == '.' || text.ptr[0] == '\''))
        ms_buf_append_c(out, "\\&");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '`') {
            is_code = !is_code;
            ms_buf_append_c(out, is_code ? "\\fB" : "\\fR");
        } else if (text.ptr[i] == '\\') {
            ms_buf_append_c(out, "\\e");
        } else if (text.ptr[i] == '-' && is_code) {
            ms_buf_append_c(out, "\\-");
        } else {
            ms_buf_append_char(out, text.ptr[i]);
        }
    }
}

/* The same as one argument of a macro, in quotes; without the marks of code. */
static void write_argument(struct ms_buf *out, struct ms_str text)
{
    ms_buf_append_c(out, " \"");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            ms_buf_append_c(out, "\\(dq");
        else if (text.ptr[i] != '`')
            ms_buf_append_char(out, text.ptr[i]);
    }
    ms_buf_append_char(out, '"');
}

/* One sentence or several, each on a line of its own. */
static void write_sentences(struct ms_buf *out, struct ms_str text)
{
    const char *end;
    while ((end = memmem(text.ptr, text.len, ". ", 2)) != NULL) {
        size_t len = (size_t)(end - text.ptr) + 1;
        write_text(out, ms_str_slice(text, 0, len));
        ms_buf_append_char(out, '\n');
        text = ms_str_skip(text, len + 1);
    }
    write_text(out, text);
    ms_buf_append_c(out, ms_str_ends_with(text, MS_STR(".")) ? "\n" : ".\n");
}

static void write_keys(struct ms_buf *out)
{
    struct ms_buf table;
    ms_buf_init(&table, MANUAL_MAX_BYTES);
    ms_config_manual(&table);
    struct ms_str rest = ms_buf_view(&table);
    (void)ms_str_next(&rest, '\n');
    (void)ms_str_next(&rest, '\n');
    ms_buf_append_c(out, ".Bl -tag -width Ds\n");
    for (struct row row; next_row(&row, &rest);) { /* key, default, value, at run time, meaning */
        ms_buf_append_c(out, ".It Ic");
        write_argument(out, row.cells[0]);
        ms_buf_append_c(out, "\n");
        write_sentences(out, row.cells[4]);
        ms_buf_append_c(out, "Value: ");
        write_text(out, row.cells[2]);
        ms_buf_append_c(out, "; default: ");
        write_text(out, row.cells[1]);
        ms_buf_append_c(out, ms_str_equal(row.cells[3], MS_STR("yes"))
                                 ? "; changes at run time.\n"
                                 : "; takes effect at the next start.\n");
    }
    ms_buf_append_c(out, ".El\n");
    ms_buf_free(&table);
}

static void write_metrics(struct ms_buf *out, struct ms_str program)
{
    struct ms_buf table;
    ms_buf_init(&table, MANUAL_MAX_BYTES);
    ms_metrics_manual(&table);
    struct ms_str rest = ms_buf_view(&table);
    (void)ms_str_next(&rest, '\n');
    (void)ms_str_next(&rest, '\n');
    ms_buf_append_c(out, ".Bl -tag -width Ds\n");
    for (struct row row; next_row(&row, &rest);) { /* metric, type, program, meaning */
        if (!ms_str_equal(row.cells[2], program) && !ms_str_equal(row.cells[2], MS_STR("both")))
            continue;
        ms_buf_append_c(out, ".It Ic");
        write_argument(out, row.cells[0]);
        ms_buf_append_c(out, " Pq");
        write_argument(out, row.cells[1]);
        ms_buf_append_c(out, "\n");
        write_sentences(out, row.cells[3]);
    }
    ms_buf_append_c(out, ".El\n");
    ms_buf_free(&table);
}

/* --- templates --- */

static void write_line(struct ms_buf *out, struct ms_str line)
{
    static const struct ms_str VERSION = MS_STR_INIT("@version@");
    if (ms_str_equal(line, MS_STR("@keys@"))) {
        ms_config_manual(out);
        return;
    }
    if (ms_str_equal(line, MS_STR("@bounds@"))) {
        ms_limit_manual(out);
        return;
    }
    if (ms_str_equal(line, MS_STR("@metrics@"))) {
        ms_metrics_manual(out);
        return;
    }
    if (ms_str_equal(line, MS_STR("@keys.mdoc@"))) {
        write_keys(out);
        return;
    }
    if (ms_str_equal(line, MS_STR("@metrics.mdoc writer@")) ||
        ms_str_equal(line, MS_STR("@metrics.mdoc reader@"))) {
        write_metrics(out, ms_str_slice(line, strlen("@metrics.mdoc "), line.len - 1));
        return;
    }
    const char *found = memmem(line.ptr, line.len, VERSION.ptr, VERSION.len);
    if (found != NULL) {
        size_t before = (size_t)(found - line.ptr);
        ms_buf_append(out, ms_str_slice(line, 0, before));
        ms_buf_append_c(out, METASTORE_VERSION);
        line = ms_str_skip(line, before + VERSION.len);
    }
    ms_buf_append(out, line);
    ms_buf_append_char(out, '\n');
}

/* The page with lines of text, not of macros, broken at MDOC_WIDTH. */
static void write_wrapped(struct ms_buf *out, struct ms_str page)
{
    while (page.len > 0) {
        struct ms_str line = ms_str_next(&page, '\n');
        while (line.len > MDOC_WIDTH && line.ptr[0] != '.') {
            const char *space = memrchr(line.ptr, ' ', MDOC_WIDTH + 1);
            if (space == NULL)
                break;
            size_t len = (size_t)(space - line.ptr);
            ms_buf_append(out, ms_str_slice(line, 0, len));
            ms_buf_append_char(out, '\n');
            line = ms_str_skip(line, len + 1);
            if (line.len > 0 && (line.ptr[0] == '.' || line.ptr[0] == '\''))
                ms_buf_append_c(out, "\\&");
        }
        ms_buf_append(out, line);
        ms_buf_append_char(out, '\n');
    }
}

static bool write_page(struct ms_buf *out, const char *path)
{
    char line[LINE_MAX_BYTES];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    while (fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        write_line(out, ms_str(line));
    }
    bool is_whole = ferror(file) == 0;
    (void)fclose(file);
    return is_whole;
}

static bool print(const struct ms_buf *page)
{
    struct ms_str text = ms_buf_view(page);
    return ms_buf_status(page) == MS_OK && fwrite(text.ptr, 1, text.len, stdout) == text.len &&
           fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
    struct ms_buf page, wrapped;
    ms_buf_init(&page, MANUAL_MAX_BYTES);
    ms_buf_init(&wrapped, MANUAL_MAX_BYTES);
    bool is_written = false;
    if (argc == 2 && write_page(&page, argv[1])) {
        bool is_markdown = ms_str_ends_with(ms_str(argv[1]), MS_STR(".md.in"));
        if (!is_markdown)
            write_wrapped(&wrapped, ms_buf_view(&page));
        is_written = print(is_markdown ? &page : &wrapped);
    }
    ms_buf_free(&page);
    ms_buf_free(&wrapped);
    if (!is_written)
        fputs("Usage: metastore-manual TEMPLATE > PAGE\n", stderr);
    return is_written ? 0 : 1;
}
