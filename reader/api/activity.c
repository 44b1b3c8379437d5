/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/activity: pushes and pulls by day, of everything or of a repository. */
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_list.h"
#include "reader/api/rest_question.h"

#include <assert.h>

enum { DAYS_DEFAULT = 90, DAYS_MAX = 400 };

enum { COLUMN_IS_KNOWN, COLUMN_BODY, COLUMN_COUNT };

static const struct query_param TABLE[] = {{"days", QUERY_PLAIN}, {"repository", QUERY_PLAIN}};

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    (void)arg;
    assert(n_columns == COLUMN_COUNT);
    if (ms_str_equal(columns[COLUMN_IS_KNOWN], MS_STR("t")))
        ms_buf_append(&result->body, columns[COLUMN_BODY]);
    else
        rest_write_problem(result, 404, MS_STR("no repository of this name is known"));
}

static void on_finish(struct answer_result *result, void *arg)
{
    (void)arg;
    if (result->status == 200)
        answer_result_end_object(result);
}

void api_activity(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    struct ms_str repository, key;
    uint64_t days = DAYS_DEFAULT;
    (void)match;
    if (!rest_question_read(&question, request, TABLE, 2) ||
        !rest_question_value(&repository, &question, "repository") ||
        !rest_question_number(&days, &question, "days", 1, DAYS_MAX) ||
        !rest_question_key(&key, &question))
        return;
    const struct ms_str params[] = {repository, rest_number_text(question.arena, days)};
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = key,
                     .statement = MS_READ_ACTIVITY,
                     .params = params,
                     .n_params = sizeof(params) / sizeof(params[0]),
                     .repository = repository,
                     .shows_counts = true,
                     .content_type = "application/json",
                     .on_row = on_row,
                     .on_finish = on_finish,
                 },
                 NULL);
}
