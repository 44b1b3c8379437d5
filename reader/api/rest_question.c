/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters and key of a request to /api/v1. Always: a parameter is in the table and given once,
 * or the request is refused: a typing error must never be answered with something else.
 */
#include "reader/api/rest_question.h"

#include "common/base/json_write.h"
#include "common/config/config.h"
#include "reader/answer/answer.h"
#include "reader/api/paging.h"

enum { KEY_MAX = 64 * 1024, WHAT_MAX = 128, NUMBER_MAX = 24 };

static bool refuse(struct rest_question *question)
{
    send_error(question->request, 400, NULL, question->fault.detail, question->fault.parameter);
    return false;
}

bool rest_question_read(struct rest_question *out, struct ms_http_request *request,
                        const struct query_param *table, size_t n_table)
{
    *out = (struct rest_question){
        .request = request, .arena = ms_http_request_arena(request), .table = table};
    enum ms_status status = query_parse(&out->query, ms_http_request_query(request), table, n_table,
                                        out->arena, &out->fault);
    return status == MS_OK || refuse(out);
}

bool rest_question_value(struct ms_str *out, struct rest_question *question, const char *name)
{
    enum ms_status status = query_value(out, &question->query, question->table, name,
                                        question->arena, &question->fault);
    return status == MS_OK || refuse(question);
}

struct ms_str rest_number_text(struct ms_arena *arena, uint64_t number)
{
    struct ms_buf text;
    ms_buf_init(&text, NUMBER_MAX);
    ms_buf_append_u64(&text, number);
    struct ms_str copy = ms_arena_dup(arena, ms_buf_view(&text));
    ms_buf_free(&text);
    return copy;
}

void rest_question_refuse(struct rest_question *question, const char *name, const char *what)
{
    query_fail(&question->fault, question->arena, name, what);
    (void)refuse(question);
}

bool rest_question_number(uint64_t *out, struct rest_question *question, const char *name,
                          uint64_t min, uint64_t max)
{
    struct ms_str text;
    uint64_t number;
    if (!rest_question_value(&text, question, name))
        return false;
    if (ms_str_is_absent(text))
        return true;
    if (ms_str_to_u64(&number, text) == MS_OK && number >= min && number <= max) {
        *out = number;
        return true;
    }
    struct ms_buf what;
    ms_buf_init(&what, WHAT_MAX);
    ms_buf_printf(&what, " is no number from %llu to %llu", (unsigned long long)min,
                  (unsigned long long)max);
    rest_question_refuse(question, name, what.data);
    ms_buf_free(&what);
    return false;
}

bool rest_question_switch(bool *out, struct rest_question *question, const char *name)
{
    enum ms_status status = query_switch(out, &question->query, question->table, name,
                                         question->arena, &question->fault);
    return status == MS_OK || refuse(question);
}

bool rest_question_wait(uint64_t *out_ms, struct rest_question *question)
{
    static const uint64_t WAIT_MAX_MS = 60 * 1000;
    struct ms_str text;
    *out_ms = 0;
    if (!rest_question_value(&text, question, "wait"))
        return false;
    if (ms_str_is_absent(text) ||
        (ms_config_parse_duration(out_ms, text) == MS_OK && *out_ms <= WAIT_MAX_MS))
        return true;
    rest_question_refuse(question, "wait", " is no duration of at most 60s, such as 30s");
    return false;
}

bool rest_question_key(struct ms_str *out, struct rest_question *question)
{
    struct ms_buf key;
    ms_buf_init(&key, KEY_MAX);
    ms_http_percent_encode(&key, ms_http_request_path(question->request), "/");
    query_append_key(&key, &question->query, question->table);
    enum ms_status status = ms_buf_status(&key);
    if (status == MS_OK)
        status = ms_arena_copy(out, question->arena, ms_buf_view(&key));
    ms_buf_free(&key);
    if (status == MS_OK)
        return true;
    question->fault = (struct query_fault){MS_STR("the query is too long"), MS_STR_ABSENT};
    return refuse(question);
}

void rest_write_problem_with(struct answer_result *result, int status, struct ms_str detail,
                             const char *type, const char *member, uint64_t number)
{
    struct ms_json_writer json;
    result->status = status;
    result->content_type = "application/problem+json";
    ms_json_begin(&json, &result->body);
    ms_json_object(&json);
    ms_json_key(&json, "type");
    ms_json_string_c(&json, type != NULL ? type : "about:blank");
    ms_json_key(&json, "title");
    ms_json_string_c(&json, ms_http_reason(status));
    ms_json_key(&json, "status");
    ms_json_u64(&json, (uint64_t)status);
    ms_json_key(&json, "detail");
    ms_json_string(&json, detail);
    if (member != NULL) {
        ms_json_key(&json, member);
        ms_json_u64(&json, number);
    }
    ms_json_end_object(&json);
}

void rest_write_problem(struct answer_result *result, int status, struct ms_str detail)
{
    rest_write_problem_with(result, status, detail, NULL, NULL, 0);
}
