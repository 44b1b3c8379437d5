/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration and layers of an image. Layers are bars, one below the other, each where the sum of
 * those before it ends: what made the image so large can be seen.
 */
#include "reader/html/format.h"
#include "reader/html/html.h"
#include "reader/html/part.h"
#include "reader/html/table.h"
#include "reader/pages/view_image_parts.h"

#include <stdint.h>

enum { VALUE_MAX = 1000, INSTRUCTION_MAX = 240, VALUES_SHOWN = 200 };

void view_image_settings(struct ms_buf *out, const struct image *page)
{
    if (page->n_settings == 0)
        return;
    part_heading(out, "configuration", "Configuration");
    html_raw(out, "<dl>");
    for (size_t i = 0; i < page->n_settings; i++) {
        const struct image_setting *setting = &page->settings[i];
        size_t shown = setting->values.n < VALUES_SHOWN ? setting->values.n : VALUES_SHOWN;
        part_term(out, setting->term);
        html_raw(out, setting->is_line ? "<ul class=\"inline\">" : "<ul>");
        for (size_t v = 0; v < shown; v++) {
            html_raw(out, "<li><code><bdi>");
            html_text_at_most(out, setting->values.items[v], VALUE_MAX);
            html_raw(out, "</bdi></code></li>");
        }
        if (shown < setting->values.n)
            ms_buf_printf(out, "<li class=\"cut\">and %zu more</li>", setting->values.n - shown);
        html_raw(out, "</ul>");
        part_term_end(out);
    }
    html_raw(out, "</dl>\n");
}

/* --- layers --- */

/* Sizes that are unknown count as nothing. */
struct sums {
    int64_t total;
    int64_t before; /* the layer in hand */
    size_t largest; /* its index; n_layers: none has a size */
};

static int64_t add(int64_t sum, int64_t bytes)
{
    return bytes <= 0 ? sum : bytes > INT64_MAX - sum ? INT64_MAX : sum + bytes;
}

static struct sums sum_up(const struct image *page)
{
    struct sums sums = {.largest = page->n_layers};
    for (size_t i = 0; i < page->n_layers; i++) {
        int64_t bytes = page->layers[i].bytes;
        sums.total = add(sums.total, bytes);
        if (bytes > 0 &&
            (sums.largest == page->n_layers || bytes > page->layers[sums.largest].bytes))
            sums.largest = i;
    }
    return sums;
}

static void write_instruction(struct ms_buf *out, const struct image_layer *layer)
{
    if (layer->made_by.len == 0) {
        html_raw(out, "<span class=\"subtle\">not recorded</span>");
        return;
    }
    html_raw(out, "<code><bdi>");
    if (layer->made_by.len <= INSTRUCTION_MAX) {
        html_text(out, layer->made_by);
        html_raw(out, "</bdi></code>");
        return;
    }
    html_text(out, ms_str_slice(layer->made_by, 0, INSTRUCTION_MAX / 2));
    html_raw(out, " …</bdi></code><details><summary>The whole instruction, ");
    format_size(out, (int64_t)layer->made_by.len);
    html_raw(out, "</summary><code><bdi>");
    html_text_at_most(out, layer->made_by, 64 * VALUE_MAX);
    html_raw(out, "</bdi></code></details>");
}

static void write_layer(struct ms_buf *out, const struct table *table, const struct image *page,
                        size_t i, struct sums *sums)
{
    const struct image_layer *layer = &page->layers[i];
    bool ends_base = page->base.len > 0 && i + 1 == page->base_layers;
    html_raw(out, ends_base ? "<tr class=\"base\">" : "<tr>");
    table_cell(out, table, 0);
    ms_buf_printf(out, "%zu", i + 1);
    table_cell_end(out, table, 0);
    table_cell(out, table, 1);
    chart_span(out, sums->before, layer->bytes, sums->total, i == sums->largest ? "other" : "");
    table_cell_end(out, table, 1);
    sums->before = add(sums->before, layer->bytes);
    table_size(out, table, 2, layer->bytes);
    table_size(out, table, 3, sums->before);
    table_cell(out, table, 4);
    part_digest(out, layer->digest);
    table_cell_end(out, table, 4);
    table_cell(out, table, 5);
    if (i == sums->largest && page->n_layers > 1)
        part_mark(out, "warning", "largest");
    write_instruction(out, layer);
    if (ends_base) {
        struct link link = link_to_manifest(page->base_repository, page->base_tag);
        html_raw(out, "<div>");
        part_mark(out, "", "base ends here");
        link_open(out, &link);
        html_name(out, page->base);
        html_raw(out, "</a></div>");
    }
    table_cell_end(out, table, 5);
    table_row_end(out);
}

void view_image_layers(struct ms_buf *out, const struct image *page)
{
    static const struct table_column COLUMNS[] = {
        {.title = "Layer", .is_number = true},
        {.title = "<span class=\"away\">Where it lies in the whole</span>"},
        {.title = "Size", .is_number = true},
        {.title = "Sum", .is_number = true},
        {.title = "Digest"},
        {.title = "Made by", .is_wide = true},
    };
    const struct table table = {.id = "layers-table",
                                .caption = "As they are stored and pulled, compressed",
                                .columns = COLUMNS,
                                .n_columns = 6};
    struct sums sums = sum_up(page);
    if (page->n_layers == 0)
        return;
    part_heading(out, "layers", "Layers");
    html_raw(out, "<p>");
    format_count(out, (int64_t)page->n_layers, "layer", "layers");
    html_raw(out, ", ");
    format_size(out, sums.total);
    html_raw(out, ".</p>\n<div class=\"layers\">");
    table_begin(out, &table);
    for (size_t i = 0; i < page->n_layers; i++)
        write_layer(out, &table, page, i, &sums);
    table_end(out);
    html_raw(out, "</div>\n");
}
