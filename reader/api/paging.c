/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters and links of pages. Always: a cursor that is accepted is, byte for byte, one that
 * paging_page_append_links() would write.
 */
#include "reader/api/paging.h"

#include "common/http/request.h"

#include <stdio.h>
#include <string.h>

enum { DETAIL_MAX = 256 };

/* --- parameters --- */

/* The sort's name as clients write it. */
static void append_sort(struct ms_buf *out, const struct paging *paging)
{
    if (paging->is_reversed != paging->sort->is_descending)
        ms_buf_append_char(out, '-');
    ms_buf_append_c(out, paging->sort->name);
}

static enum ms_status read_sort(struct paging *paging, struct ms_str text,
                                const struct paging_sort *sorts, size_t n_sorts,
                                struct ms_arena *arena, struct query_fault *fault)
{
    bool is_descending = text.len > 0 && text.ptr[0] == '-';
    struct ms_str name = ms_str_skip(text, is_descending ? 1 : 0);
    paging->sort = &sorts[0];
    paging->is_reversed = false;
    if (ms_str_is_absent(text))
        return MS_OK;
    for (size_t i = 0; i < n_sorts; i++) {
        if (!ms_str_equal(name, ms_str(sorts[i].name)))
            continue;
        paging->sort = &sorts[i];
        paging->is_reversed = is_descending != sorts[i].is_descending;
        return MS_OK;
    }
    struct ms_buf what;
    ms_buf_init(&what, DETAIL_MAX / 2);
    ms_buf_append_c(&what, " is none of");
    for (size_t i = 0; i < n_sorts; i++) {
        ms_buf_append_c(&what, i > 0 ? ", " : " ");
        ms_buf_append_c(&what, sorts[i].name);
    }
    ms_buf_append_c(&what, ", nor one of them with - in front");
    enum ms_status status = query_fail(fault, arena, "sort", what.data);
    ms_buf_free(&what);
    return status;
}

/* --- cursors --- */

/* Decimal, as we write it, of 64 bits with a sign. */
static bool is_number(struct ms_str text)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    struct ms_str digits = ms_str_skip(text, is_negative ? 1 : 0);
    uint64_t value;
    if (ms_str_to_u64(&value, digits) != MS_OK || value > (uint64_t)INT64_MAX)
        return false;
    bool has_plain_zero = digits.ptr[0] == '0' && (digits.len > 1 || is_negative);
    return !has_plain_zero;
}

static bool is_own_sort(const struct paging *paging, struct ms_str name)
{
    struct ms_buf own;
    ms_buf_init(&own, DETAIL_MAX);
    append_sort(&own, paging);
    bool is_own = ms_str_equal(name, ms_buf_view(&own));
    ms_buf_free(&own);
    return is_own;
}

enum ms_status paging_read_cursor(struct paging *paging, const char *name, struct ms_str cursor,
                                  struct ms_arena *arena, struct query_fault *fault)
{
    struct ms_str rest = cursor;
    paging->number = paging->text = MS_STR_ABSENT;
    paging->is_back = false;
    if (ms_str_is_absent(cursor))
        return MS_OK;
    struct ms_str direction = ms_str_next(&rest, '.');
    paging->is_back = ms_str_equal(direction, MS_STR("prev"));
    bool has_direction = paging->is_back || ms_str_equal(direction, MS_STR("next"));
    struct ms_str sort = ms_str_next(&rest, '.');
    paging->number = ms_str_next(&rest, '.');
    paging->text = rest;
    if (!has_direction || !is_number(paging->number) || ms_str_is_absent(rest) ||
        rest.len > PAGING_TEXT_MAX)
        return query_fail(fault, arena, name, " is none that was given out here");
    if (!is_own_sort(paging, sort))
        return query_fail(fault, arena, name, " belongs to another sort");
    return MS_OK;
}

enum ms_status paging_read(struct paging *out, const struct query *query,
                           const struct query_param *table, const struct paging_sort *sorts,
                           size_t n_sorts, struct ms_arena *arena, struct query_fault *fault)
{
    struct paging paging = {.sort = &sorts[0], .n = PAGING_N_DEFAULT};
    struct ms_str n, sort, cursor;
    enum ms_status status = query_value(&n, query, table, "n", arena, fault);
    if (status == MS_OK)
        status = query_value(&sort, query, table, "sort", arena, fault);
    if (status == MS_OK)
        status = query_value(&cursor, query, table, "cursor", arena, fault);
    if (status == MS_OK)
        status = query_switch(&paging.wants_total, query, table, "total", arena, fault);
    if (status == MS_OK && !ms_str_is_absent(n) &&
        (ms_str_to_u64(&paging.n, n) != MS_OK || paging.n < 1 || paging.n > PAGING_N_MAX))
        status = query_fail(fault, arena, "n", " is no number from 1 to 1000");
    if (status == MS_OK)
        status = read_sort(&paging, sort, sorts, n_sorts, arena, fault);
    if (status == MS_OK)
        status = paging_read_cursor(&paging, "cursor", cursor, arena, fault);
    if (status == MS_OK)
        *out = paging;
    return status;
}

static struct ms_str boolean(bool value)
{
    return value ? MS_STR("t") : MS_STR("f");
}

void paging_params(struct ms_str out[static PAGING_PARAMS], const struct paging *paging,
                   struct ms_arena *arena)
{
    char n[MS_STR_NUMBER_MAX];
    const struct ms_str params[PAGING_PARAMS] = {
        paging->number,
        paging->text,
        ms_arena_dup(arena, ms_str_from_u64(n, paging->n)),
        boolean(paging->is_reversed != paging->is_back),
        boolean(paging->is_back),
        boolean(paging->wants_total),
    };
    memcpy(out, params, sizeof(params));
}

/* --- links --- */

/* Copies with a terminating NUL. */
static enum ms_status copy_text(char *out, size_t size, const struct ms_buf *text)
{
    if (ms_buf_status(text) != MS_OK || text->len >= size)
        return MS_TOO_LARGE;
    memcpy(out, text->data, text->len + 1);
    return MS_OK;
}

enum ms_status paging_page_init(struct paging_page *out, struct ms_str path,
                                const struct query *query, const struct query_param *table,
                                const struct paging *paging)
{
    struct query_term terms[QUERY_TERMS_MAX];
    struct query kept = {terms, 0};
    for (size_t i = 0; i < query->n_terms; i++)
        if (strcmp(table[query->terms[i].param].name, "cursor") != 0)
            terms[kept.n_terms++] = query->terms[i];
    struct paging_page page = {.has_query = kept.n_terms > 0,
                               .has_cursor = !ms_str_is_absent(paging->number),
                               .is_back = paging->is_back};
    struct ms_buf base, sort;
    ms_buf_init(&base, sizeof(page.base));
    ms_buf_init(&sort, sizeof(page.sort));
    ms_http_percent_encode(&base, path, "/");
    query_append_key(&base, &kept, table);
    append_sort(&sort, paging);
    enum ms_status status = copy_text(page.base, sizeof(page.base), &base);
    if (status == MS_OK)
        status = copy_text(page.sort, sizeof(page.sort), &sort);
    page.base_len = base.len;
    if (status == MS_OK)
        *out = page;
    ms_buf_free(&base);
    ms_buf_free(&sort);
    return status;
}

void paging_page_note(struct paging_page *page, struct ms_str number, struct ms_str text)
{
    struct paging_place *place = &page->last;
    place->len = 0;
    /* What does not fit cannot be a place: then there is no link to it. */
    if (is_number(number) && text.len <= PAGING_TEXT_MAX) {
        memcpy(place->text, number.ptr, number.len);
        place->text[number.len] = '.';
        if (text.len > 0)
            memcpy(place->text + number.len + 1, text.ptr, text.len);
        place->len = number.len + 1 + text.len;
    }
    if (page->first.len == 0)
        page->first = page->last;
}

void paging_page_append_cursor(struct ms_buf *out, const struct paging_page *page, bool is_next)
{
    /* A cursor came from the page on its other side. */
    bool is_there = is_next != page->is_back ? page->has_more : page->has_cursor;
    const struct paging_place *place = is_next ? &page->last : &page->first;
    if (!is_there || place->len == 0)
        return;
    ms_buf_append_c(out, is_next ? "next." : "prev.");
    ms_buf_append_c(out, page->sort);
    ms_buf_append_char(out, '.');
    ms_buf_append(out, ms_str_n(place->text, place->len));
}

static void append_link(struct ms_buf *out, const struct paging_page *page, bool is_next)
{
    struct ms_buf cursor;
    ms_buf_init(&cursor, sizeof(page->sort) + PAGING_PLACE_MAX + 8);
    paging_page_append_cursor(&cursor, page, is_next);
    if (cursor.len > 0) {
        ms_buf_append_c(out, out->len > 0 ? ", <" : "<");
        ms_buf_append(out, ms_str_n(page->base, page->base_len));
        ms_buf_append_c(out, page->has_query ? "&cursor=" : "?cursor=");
        ms_http_percent_encode(out, ms_buf_view(&cursor), "/");
        ms_buf_append_c(out, is_next ? ">; rel=\"next\"" : ">; rel=\"prev\"");
    }
    ms_buf_free(&cursor);
}

void paging_page_append_links(struct ms_buf *out, const struct paging_page *page)
{
    append_link(out, page, true);
    append_link(out, page, false);
}
