/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/suggest: names that begin with a word, for search boxes. */
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"

#include <assert.h>

enum { WORD_MAX = 255 };

static void on_finish(struct answer_result *result, void *arg)
{
    (void)arg;
    if (result->status == 200)
        answer_result_end_object(result);
}

static const struct query_param TABLE[] = {{"q", QUERY_PLAIN}};

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    (void)arg;
    assert(n_columns == 1);
    ms_buf_append(&result->body, columns[0]);
}

void api_suggest(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    struct ms_str word, key;
    struct ms_buf like;
    (void)match;
    if (!rest_question_read(&question, request, TABLE, 1) ||
        !rest_question_value(&word, &question, "q") || !rest_question_key(&key, &question))
        return;
    if (word.len == 0 || word.len > WORD_MAX) {
        rest_question_refuse(&question, "q", " is empty or too long");
        return;
    }
    ms_buf_init(&like, 2 * WORD_MAX);
    query_append_like_literal(&like, word);
    const struct ms_str params[] = {word, ms_buf_view(&like)};
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = key,
                     .statement = MS_READ_SUGGEST,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .shows_counts = true,
                     .content_type = "application/json",
                     .on_row = on_row,
                     .on_finish = on_finish,
                 },
                 NULL);
    ms_buf_free(&like);
}
