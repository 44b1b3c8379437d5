/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /index/icons/<hash>: the image that a label holds as a data URI; what `index.icons: link` puts
 * into the index in its place. It is served whatever that key says, for an index that a client
 * keeps may hold links. A hash names a value, so an answer never changes; a shared cache is not
 * told to keep it, for who may read the index is the proxy's to say.
 *
 * Always: no script in an image runs, and no image is taken for something else.
 */
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/icon.h"
#include "reader/api/rest_question.h"

#include <assert.h>

enum { COLUMN_VALUE, COLUMN_COUNT };
enum { HASH_CHARS = 64 };

#define NO_ICON MS_STR("no label holds an icon of this hash")

static bool is_hash(struct ms_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!((text.ptr[i] >= '0' && text.ptr[i] <= '9') ||
              (text.ptr[i] >= 'a' && text.ptr[i] <= 'f')))
            return false;
    return text.len == HASH_CHARS;
}

static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct icon icon;
    (void)arg;
    assert(n_columns == COLUMN_COUNT);
    if (!icon_parse(&icon, columns[COLUMN_VALUE])) {
        rest_write_problem(result, 404, NO_ICON);
        return;
    }
    result->content_type = icon.media_type;
    icon_append_bytes(&result->body, &icon);
}

void api_index_icon(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    static const struct ms_http_header HARMLESS[] = {
        {"X-Content-Type-Options", MS_STR_INIT("nosniff")},
        {"Content-Security-Policy",
         MS_STR_INIT("default-src 'none'; style-src 'unsafe-inline'; sandbox")},
    };
    struct ms_str hash = match->captures[0];
    struct rest_question question;
    struct ms_str key;
    if (!rest_question_read(&question, request, NULL, 0) || !rest_question_key(&key, &question))
        return;
    if (!is_hash(hash)) {
        send_error(request, 404, NULL, NO_ICON, MS_STR_ABSENT);
        return;
    }
    answer_serve(arg, request,
                 &(struct answer_query){
                     .key = key,
                     .statement = MS_READ_INDEX_ICON,
                     .params = &hash,
                     .n_params = 1,
                     .content_type = "image/png",
                     .on_row = on_row,
                 },
                 &(struct answer_reply){.cache_control = "max-age=31536000, immutable",
                                        .headers = HARMLESS,
                                        .n_headers = sizeof(HARMLESS) / sizeof(HARMLESS[0])});
}
