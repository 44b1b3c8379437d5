/* SPDX-License-Identifier: Apache-2.0 */
/* /index queries and searches: what is accepted has a key that parses to itself, every parameter is
 * text that PostgreSQL takes; what is refused says why. */
#include "reader/query/index_query.h"
#include "reader/query/search_words.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct ms_str s)
{
    assert(ms_str_is_utf8(s));
    assert(s.len == 0 || memchr(s.ptr, '\0', s.len) == NULL);
}

static void check_same(const struct index_query *a, const struct index_query *b)
{
    assert(ms_str_equal(a->key, b->key));
    assert(a->statement == b->statement && a->n_params == b->n_params);
    for (size_t i = 0; i < a->n_params; i++)
        assert(ms_str_equal(a->params[i], b->params[i]));
}

static void check_index(struct ms_str raw, struct ms_arena *arena)
{
    struct index_query query, again;
    struct query_fault fault = {MS_STR_ABSENT, MS_STR_ABSENT};
    enum ms_status status = index_query_parse(&query, raw, arena, &fault);
    if (status != MS_OK) {
        assert(status == MS_INVALID || status == MS_TOO_LARGE);
        assert(fault.detail.len > 0);
        return;
    }
    for (size_t i = 0; i < query.n_params; i++)
        check_text(query.params[i]);
    assert(ms_str_starts_with(query.key, MS_STR("/index")));
    struct ms_str key = ms_str_skip(query.key, sizeof("/index?") - 1);
    assert(index_query_parse(&again, key, arena, &fault) == MS_OK);
    check_same(&query, &again);
}

static void check_search(struct ms_str raw, struct ms_arena *arena)
{
    struct search_words words;
    struct ms_str text = query_first_value(raw, "label:q", arena);
    check_text(text);
    if (search_words_read(&words, text, arena) == MS_OK)
        check_text(words.json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_arena *arena = ms_arena_new(4 * 1024 * 1024);
    struct ms_str raw = ms_str_n((const char *)data, size);
    check_index(raw, arena);
    check_search(raw, arena);
    ms_arena_free(arena);
    return 0;
}
