/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers without a server: a request is a query, answer_serve runs the real statement with libpq
 * and builds the real body, everything at once. Stands in for reader/answer and common/http in a
 * program that links it.
 */
#ifndef FAKE_ANSWER_H
#define FAKE_ANSWER_H

#include "reader/answer/answer.h"

#include <libpq-fe.h>

struct ms_http_request {
    struct ms_str query;
    struct ms_arena *arena;
};

/* What became of the last request. */
struct answered {
    int status;
    char *body;
    char *link;
    char key[1024];
    char repository[256];
    char cache_control[ANSWER_CACHE_CONTROL_MAX];
    char headers[256]; /* "Name: value\n" each */
    char code[64];
    char detail[512];
    char parameter[256];
    enum ms_read_query query;
    bool is_large;
    bool shows_counts;
    bool served; /* by answer_serve */
};
extern struct answered answered;

extern PGconn *connection; /* for the statements */

#endif
