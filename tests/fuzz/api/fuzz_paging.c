/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of lists: whatever the query is, what is accepted makes parameters that PostgreSQL takes,
 * and the links of a page are accepted again and name the rows that they were made from. */
#include "reader/api/paging.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct query_param TABLE[] = {
    {"cursor", QUERY_PLAIN}, {"n", QUERY_PLAIN},     {"q", QUERY_PLAIN},
    {"sort", QUERY_PLAIN},   {"total", QUERY_PLAIN},
};
static const struct paging_sort SORTS[] = {{"name", false}, {"pulls", true}};
enum { N_TABLE = sizeof(TABLE) / sizeof(TABLE[0]), N_SORTS = sizeof(SORTS) / sizeof(SORTS[0]) };

/* False: refused, and said why. */
static bool read_paging(struct paging *out, struct query *query, struct ms_str raw,
                        struct ms_arena *arena)
{
    struct query_fault fault = {MS_STR_ABSENT, MS_STR_ABSENT};
    enum ms_status status = query_parse(query, raw, TABLE, N_TABLE, arena, &fault);
    if (status == MS_OK)
        status = paging_read(out, query, TABLE, SORTS, N_SORTS, arena, &fault);
    assert(status == MS_OK || fault.detail.len > 0);
    return status == MS_OK;
}

static void check_params(const struct paging *paging, struct ms_arena *arena)
{
    struct ms_str params[PAGING_PARAMS];
    paging_params(params, paging, arena);
    for (size_t i = 0; i < PAGING_PARAMS; i++) {
        assert(ms_str_is_utf8(params[i]));
        assert(params[i].len == 0 || memchr(params[i].ptr, '\0', params[i].len) == NULL);
    }
    assert(paging->n >= 1 && paging->n <= PAGING_N_MAX);
    assert(ms_str_is_absent(paging->number) == ms_str_is_absent(paging->text));
}

/* A link to the page beside, from the only row of one, asks for that row with everything else the
 * same. */
static void check_link(struct ms_str link, const struct paging *before, struct ms_arena *arena)
{
    struct paging paging;
    struct query query;
    struct ms_str rest = ms_str_skip(link, sizeof("</list?") - 1);
    struct ms_str url = ms_str_next(&rest, '>');
    bool is_back = ms_str_equal(rest, MS_STR("; rel=\"prev\""));
    assert(is_back || ms_str_equal(rest, MS_STR("; rel=\"next\"")));
    assert(read_paging(&paging, &query, url, arena));
    assert(paging.is_back == is_back);
    assert(paging.n == before->n && paging.sort == before->sort);
    assert(paging.is_reversed == before->is_reversed && paging.wants_total == before->wants_total);
    assert(ms_str_equal(paging.number, before->number) && ms_str_equal(paging.text, before->text));
}

static void check_links(const struct paging *paging, const struct query *query,
                        struct ms_arena *arena)
{
    struct paging_page page;
    struct ms_buf links;
    if (paging_page_init(&page, MS_STR("/list"), query, TABLE, paging) != MS_OK)
        return;
    ms_buf_init(&links, 64 * 1024);
    page.has_more = true;
    paging_page_note(&page, paging->number, paging->text);
    paging_page_append_links(&links, &page);
    if (!ms_str_is_absent(paging->number)) {
        struct ms_str rest = ms_buf_view(&links);
        struct ms_str next = ms_str_next(&rest, ',');
        check_link(next, paging, arena);
        check_link(ms_str_skip(rest, 1), paging, arena);
    } else {
        assert(links.len == 0);
    }
    ms_buf_free(&links);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_arena *arena = ms_arena_new(4 * 1024 * 1024);
    struct paging paging;
    struct query query;
    if (read_paging(&paging, &query, ms_str_n((const char *)data, size), arena)) {
        check_params(&paging, arena);
        check_links(&paging, &query, arena);
    }
    ms_arena_free(arena);
    return 0;
}
