/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /v1/_ping and /v1/search: what `docker search` and `podman search` speak. A search is never an
 * error: what cannot be understood is searched for as it stands, numbers are brought into their
 * range.
 */
#include "common/base/json_write.h"
#include "common/base/refname.h"
#include "common/config/config.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/query/query.h"
#include "reader/query/search_words.h"

#include <assert.h>
#include <stdio.h>

enum { PAGE_SIZE_MALFORMED = 25, PAGE_SIZE_MAX = 100, KEY_MAX = 128 * 1024 };
static const uint64_t PAGE_MAX = 1000000000;

enum { COLUMN_PLACE, COLUMN_NAME, COLUMN_DESCRIPTION, COLUMN_NUMBER, COLUMN_COUNT };

struct search_state {
    const struct ms_config *config;
    uint64_t page_size;
    uint64_t page;
    size_t n_results;
};

void api_search_ping(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    /* Without `Standalone: false` dockerd sends credentials that nobody has entered. */
    static const struct ms_http_header HEADERS[] = {
        {"X-Docker-Registry-Version", MS_STR_INIT("0.6.0")},
        {"X-Docker-Registry-Standalone", MS_STR_INIT("false")},
    };
    static struct ms_http_entity kept;
    (void)match;
    (void)arg;
    send_fixed(request, &kept, MS_STR("true"), HEADERS, sizeof(HEADERS) / sizeof(HEADERS[0]));
}

static bool is_official(const struct ms_config *config, struct ms_str name)
{
    for (size_t i = 0; i < config->search.official.count; i++)
        if (ms_refname_glob_match(ms_str(config->search.official.items[i]), name))
            return true;
    return false;
}

static uint64_t to_number(struct ms_str text)
{
    uint64_t number;
    return ms_str_to_u64(&number, text) == MS_OK ? number : 0;
}

/* Everything before the results, from the row that is always there. */
static void write_head(struct ms_buf *body, const struct search_state *state,
                       const struct ms_str *columns)
{
    uint64_t total = to_number(columns[COLUMN_NUMBER]);
    uint64_t n_pages = (total + state->page_size - 1) / state->page_size;
    ms_buf_append_c(body, "{\"query\":");
    ms_json_append_string(body, columns[COLUMN_NAME]);
    ms_buf_append_c(body, ",\"num_results\":");
    ms_buf_append_u64(body, total);
    ms_buf_append_c(body, ",\"num_pages\":");
    ms_buf_append_u64(body, n_pages);
    ms_buf_append_c(body, ",\"page\":");
    ms_buf_append_u64(body, state->page);
    ms_buf_append_c(body, ",\"page_size\":");
    ms_buf_append_u64(body, state->page_size);
    ms_buf_append_c(body, ",\"results\":[");
}

static void write_result(struct ms_buf *body, const struct search_state *state,
                         const struct ms_str *columns)
{
    struct ms_str name = columns[COLUMN_NAME];
    struct ms_str description = columns[COLUMN_DESCRIPTION];
    ms_buf_append_c(body, state->n_results > 0 ? ",{\"name\":" : "{\"name\":");
    ms_json_append_string(body, name);
    ms_buf_append_c(body, ",\"description\":");
    ms_json_append_string(body, ms_str_is_absent(description) ? MS_STR("") : description);
    ms_buf_append_c(body, ",\"star_count\":");
    ms_buf_append_u64(body, to_number(columns[COLUMN_NUMBER]));
    ms_buf_append_c(body, is_official(state->config, name) ? ",\"is_official\":true"
                                                           : ",\"is_official\":false");
    ms_buf_append_c(body, ",\"is_automated\":false,\"is_trusted\":false}");
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct search_state *state = arg;
    assert(n_columns == COLUMN_COUNT);
    if (to_number(columns[COLUMN_PLACE]) == 0) {
        write_head(&result->body, state, columns);
    } else {
        write_result(&result->body, state, columns);
        state->n_results++;
    }
}

static void on_finish(struct answer_result *result, void *arg)
{
    (void)arg;
    ms_buf_append_c(&result->body, "]}");
}

/* A number from 1 to `max`; smaller and larger ones are brought there, what is none is `fallback`.
 */
static uint64_t read_number(struct ms_str text, uint64_t fallback, uint64_t max)
{
    if (text.len > 1 && text.ptr[0] == '-' && to_number(ms_str_skip(text, 1)) > 0)
        return 1;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return fallback;
    if (text.len == 0)
        return fallback;
    uint64_t number;
    if (ms_str_to_u64(&number, text) != MS_OK || number > max)
        return max;
    return number < 1 ? 1 : number;
}

/* The question and its statement; the views live as long as the request or on our caller's stack.
 */
struct search {
    struct ms_str text;
    struct search_words words;
    struct search_state state;
    char size_text[MS_STR_NUMBER_MAX];
    char skip_text[MS_STR_NUMBER_MAX];
    struct ms_str params[4];
    size_t n_params;
};

static void add_page(struct search *search)
{
    const struct search_state *state = &search->state;
    search->params[search->n_params++] = ms_str_from_u64(search->size_text, state->page_size);
    search->params[search->n_params++] =
        ms_str_from_u64(search->skip_text, (state->page - 1) * state->page_size);
}

static enum ms_status read_search(struct search *out, struct answers *answers,
                                  struct ms_http_request *request)
{
    struct ms_arena *arena = ms_http_request_arena(request);
    struct ms_str raw = ms_http_request_query(request);
    out->text = query_first_value(raw, "q", arena);
    if (ms_str_is_absent(out->text))
        out->text = MS_STR("");
    enum ms_status status = search_words_read(&out->words, out->text, arena);
    if (status != MS_OK)
        return status;
    out->state.config = answers->env->config;
    struct ms_str n = query_first_value(raw, "n", arena);
    out->state.page_size =
        ms_str_is_absent(n) ? PAGE_SIZE_MAX : read_number(n, PAGE_SIZE_MALFORMED, PAGE_SIZE_MAX);
    out->state.page = read_number(query_first_value(raw, "page", arena), 1, PAGE_MAX);

    out->params[out->n_params++] = out->text;
    if (out->words.n_words > 0)
        out->params[out->n_params++] = out->words.json;
    add_page(out);
    return MS_OK;
}

static void append_key(struct ms_buf *out, const struct search *search)
{
    ms_buf_append_c(out, "/v1/search?n=");
    ms_buf_append_u64(out, search->state.page_size);
    ms_buf_append_c(out, "&page=");
    ms_buf_append_u64(out, search->state.page);
    ms_buf_append_c(out, "&q=");
    ms_http_percent_encode(out, search->text, "/");
}

void api_search(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct answers *answers = arg;
    struct search search = {.n_params = 0};
    struct ms_buf key;
    (void)match;
    ms_buf_init(&key, KEY_MAX);
    enum ms_status status = read_search(&search, answers, request);
    if (status == MS_OK) {
        append_key(&key, &search);
        status = ms_buf_status(&key);
    }
    if (status != MS_OK)
        send_error(request, 414, "UNSUPPORTED", MS_STR("the query is too long"), MS_STR_ABSENT);
    else
        answer_serve(
            answers, request,
            &(struct answer_query){
                .key = ms_buf_view(&key),
                .statement = search.words.n_words > 0 ? MS_READ_SEARCH : MS_READ_SEARCH_POPULAR,
                .params = search.params,
                .n_params = search.n_params,
                .shows_counts = true,
                .content_type = "application/json",
                .on_row = on_row,
                .on_finish = on_finish,
                .state = &search.state,
                .state_bytes = sizeof(search.state),
            },
            NULL);
    ms_buf_free(&key);
}
