/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/openapi.json: the description of /api/v1, which is the file openapi.json. Always: it has
 * the paths of the URL table, no more and no fewer (a test compares them).
 */
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"

/* Made by the build of openapi.json. */
extern const char reader_openapi[];
extern const size_t reader_openapi_len;

void api_openapi(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    static struct ms_http_entity kept;
    struct rest_question question;
    (void)match;
    (void)arg;
    if (rest_question_read(&question, request, NULL, 0))
        send_fixed(request, &kept, ms_str_n(reader_openapi, reader_openapi_len), NULL, 0);
}
