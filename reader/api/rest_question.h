/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request to /api/v1 asks, for resources that are no lists (rest_list.h): its parameters,
 * read strictly, and its canonical key.
 */
#ifndef REST_QUESTION_H
#define REST_QUESTION_H

#include "common/http/request.h"
#include "reader/query/query.h"

struct answer_result;

/* Everything lies in the request's arena. */
struct rest_question {
    struct ms_http_request *request;
    struct ms_arena *arena;
    const struct query_param *table;
    struct query query;
    struct query_fault fault;
};

/* The functions that return bool have, when it is false, answered the request with a 400. */

/* `table`: all of them QUERY_PLAIN, in the order of the names. */
bool rest_question_read(struct rest_question *out, struct ms_http_request *request,
                        const struct query_param *table, size_t n_table);
/* The value of a parameter that may be given once; absent when it is not. */
bool rest_question_value(struct ms_str *out, struct rest_question *question, const char *name);
/* A whole number from `min` to `max`; `*out` stays as it is when the parameter is not given. */
bool rest_question_number(uint64_t *out, struct rest_question *question, const char *name,
                          uint64_t min, uint64_t max);
bool rest_question_switch(bool *out, struct rest_question *question, const char *name);
/* The value of "wait", a duration of at most 60s; 0: not given. */
bool rest_question_wait(uint64_t *out_ms, struct rest_question *question);
/* Path and parameters, the same for equal questions. */
bool rest_question_key(struct ms_str *out, struct rest_question *question);
/* A number as a parameter of a statement. */
struct ms_str rest_number_text(struct ms_arena *arena, uint64_t number);
/* Answers 400: `name` and then `what`, e.g. " is no number". */
void rest_question_refuse(struct rest_question *question, const char *name, const char *what);

/* Makes an answer of a builder a problem; nothing else may be in its body. */
void rest_write_problem(struct answer_result *result, int status, struct ms_str detail);
/* One with a type of its own, where the status does not say it all (NULL: it does), and one more
 * member, a number. */
void rest_write_problem_with(struct answer_result *result, int status, struct ms_str detail,
                             const char *type, const char *member, uint64_t number);

#endif
