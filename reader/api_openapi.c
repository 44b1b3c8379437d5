/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/openapi.json: the description of /api/v1, which is the file openapi.json. Called by
 * routes.c. Always: it has the paths of the URL table, no more and no fewer (a test compares them).
 */
#include "reader/api.h"
#include "common/http_response.h"
#include "reader/rest_question.h"

/* Made by the build of openapi.json. */
extern const char reader_openapi[];
extern const size_t reader_openapi_len;

/* Made once a worker, with its compressed variant, and never freed. */
static const struct ms_http_entity *description(void)
{
    static struct ms_http_entity entity;
    if (entity.body == NULL)
        ms_http_entity_init(&entity, 200, "application/json",
                            ms_doc_static(ms_str_n(reader_openapi, reader_openapi_len)));
    return &entity;
}

void api_openapi(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct rest_question question;
    (void)match;
    (void)arg;
    if (rest_question_read(&question, request, NULL, 0))
        ms_http_send_entity(request, description(), NULL, NULL, 0);
}
