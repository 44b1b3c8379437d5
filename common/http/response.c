/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: entities with validators and variants, files, small answers, errors. Always holds: a
 * gzip variant has an ETag of its own, and a 304 carries the headers that the 200 would have had.
 */
#include "common/http/response.h"

#include "common/base/compress.h"
#include "common/base/hash.h"
#include "common/base/json_write.h"
#include "common/http/internal.h"

#include <stdio.h>
#include <string.h>

enum {
    GZIP_MIN_BYTES = 1024,
    ETAG_HASH_BYTES = 16, /* 128 bits of SHA-256: no two bodies will ever meet */
    ERROR_BODY_MAX = 64 * 1024
};

/* --- entities --- */

void ms_http_etag_of(char out[static MS_ETAG_MAX], const struct ms_digest *digest)
{
    struct ms_buf text;
    ms_buf_init(&text, MS_ETAG_MAX - 1);
    ms_buf_append_char(&text, '"');
    ms_buf_append_hex(&text, digest->bytes + 1, ETAG_HASH_BYTES);
    ms_buf_append_char(&text, '"');
    memcpy(out, text.data, text.len + 1);
    ms_buf_free(&text);
}

/* Empty: no gain. */
static struct ms_doc *make_gzip(struct ms_str body)
{
    struct ms_doc *gzip = NULL;
    if (ms_compress_gzip(&gzip, body) == MS_OK && ms_doc_view(gzip).len < body.len)
        return gzip;
    ms_doc_unref(gzip);
    return ms_doc_static(MS_STR(""));
}

void ms_http_entity_init(struct ms_http_entity *entity, int status, const char *content_type,
                         struct ms_doc *body)
{
    ms_http_entity_init_tagged(entity, status, content_type, body, ms_doc_view(body));
}

void ms_http_entity_init_tagged(struct ms_http_entity *entity, int status, const char *content_type,
                                struct ms_doc *body, struct ms_str tagged)
{
    *entity = (struct ms_http_entity){
        .status = status,
        .content_type = content_type,
        .body = body,
    };
    if (status == 200) {
        struct ms_digest digest;
        ms_hash_digest(&digest, MS_SHA256, tagged);
        ms_http_etag_of(entity->etag, &digest);
    }
}

void ms_http_entity_release(struct ms_http_entity *entity)
{
    ms_doc_unref(entity->body);
    entity->body = NULL;
}

size_t ms_http_entity_bytes(const struct ms_http_entity *entity)
{
    const struct ms_doc *gzip = entity->body == NULL ? NULL : ms_doc_form(entity->body);
    size_t gzip_bytes = gzip == NULL ? 0 : ms_doc_view(gzip).len;
    return entity->body == NULL ? 0 : ms_doc_view(entity->body).len + gzip_bytes;
}

bool ms_http_accepts_gzip(const struct ms_http_request *request)
{
    return ms_http_gzip_acceptable(ms_http_request_header(request, "Accept-Encoding"));
}

/* `"x"` becomes `"x-gzip"`. */
static struct ms_str gzip_etag(char out[static MS_ETAG_MAX], const char *etag)
{
    size_t len = strlen(etag);
    int written = snprintf(out, MS_ETAG_MAX, "%.*s-gzip\"", len > 0 ? (int)len - 1 : 0, etag);
    return ms_str_n(out, written < MS_ETAG_MAX ? (size_t)written : MS_ETAG_MAX - 1);
}

/* Which variants of an answer the client says that it has. */
struct known {
    bool plain;
    bool gzip;
};

/* A client that takes gzip may hold either variant, and be told that it is still good. */
static struct known find_known(const struct ms_http_request *request, const char *etag)
{
    char gzip_tag[MS_ETAG_MAX];
    struct ms_str listed = ms_http_request_header(request, "If-None-Match");
    bool is_read = request->method == MS_HTTP_GET || request->method == MS_HTTP_HEAD;
    if (!is_read || ms_str_is_absent(listed) || etag[0] == '\0')
        return (struct known){false, false};
    return (struct known){.plain = ms_http_etag_listed(listed, ms_str(etag)),
                          .gzip = ms_http_accepts_gzip(request) &&
                                  ms_http_etag_listed(listed, gzip_etag(gzip_tag, etag))};
}

bool ms_http_is_unmodified(const struct ms_http_request *request, const char *etag)
{
    struct known known = find_known(request, etag);
    return known.plain || known.gzip;
}

/* Chooses between the plain variant, which is in the reply, and gzip; then between 200 and 304. */
static void negotiate(struct ms_http_reply *reply, const struct ms_http_request *request,
                      struct known known, bool has_gzip, const char *etag,
                      char gzip_tag[static MS_ETAG_MAX])
{
    reply->varies = has_gzip;
    reply->is_gzip = has_gzip && ms_http_accepts_gzip(request);
    bool tells_gzip = reply->is_gzip;
    if (known.plain || known.gzip) {
        reply->status = 304;
        tells_gzip = known.gzip && (has_gzip || !known.plain);
    }
    reply->etag = etag[0] == '\0' ? MS_STR_ABSENT
                  : tells_gzip    ? gzip_etag(gzip_tag, etag)
                                  : ms_str(etag);
}

/* A body that is long enough counts as having the variant until making it has shown that it does
 * not get shorter. */
static bool has_gzip(const struct ms_doc *body)
{
    const struct ms_doc *gzip = ms_doc_form(body);
    return ms_doc_view(body).len > GZIP_MIN_BYTES && (gzip == NULL || ms_doc_view(gzip).len > 0);
}

void ms_http_send_entity(struct ms_http_request *request, const struct ms_http_entity *entity,
                         const char *cache_control, const struct ms_http_header *headers,
                         size_t n_headers)
{
    struct ms_http_reply reply = {
        .status = entity->status,
        .content_type = entity->content_type,
        .cache_control = cache_control,
        .headers = headers,
        .n_headers = n_headers,
    };
    char gzip_tag[MS_ETAG_MAX];
    struct known known = find_known(request, entity->etag);
    /* Made when the answer depends on it: it is to be sent, or the client holds both variants. */
    if (ms_doc_view(entity->body).len > GZIP_MIN_BYTES && ms_doc_form(entity->body) == NULL &&
        known.plain == known.gzip && ms_http_accepts_gzip(request))
        ms_doc_set_form(entity->body, make_gzip(ms_doc_view(entity->body)));
    negotiate(&reply, request, known, has_gzip(entity->body), entity->etag, gzip_tag);
    struct ms_doc *gzip = reply.is_gzip ? ms_doc_form(entity->body) : NULL;
    reply.doc = ms_doc_ref(gzip != NULL ? gzip : entity->body); /* a 304 needs neither */
    reply.body_bytes = ms_doc_view(reply.doc).len;
    ms_http_reply(request, &reply);
}

void ms_http_send_file(struct ms_http_request *request, const struct ms_http_file_entity *entity,
                       const char *cache_control, const struct ms_http_header *headers,
                       size_t n_headers, ms_loop_call *release, void *arg)
{
    struct ms_http_reply reply = {
        .status = 200,
        .content_type = entity->content_type,
        .cache_control = cache_control,
        .headers = headers,
        .n_headers = n_headers,
        .release = release,
        .release_arg = arg,
    };
    char gzip_tag[MS_ETAG_MAX];
    negotiate(&reply, request, find_known(request, entity->etag), entity->gzip_fd >= 0,
              entity->etag, gzip_tag);
    reply.fd = reply.is_gzip ? entity->gzip_fd : entity->fd;
    reply.body_bytes = reply.is_gzip ? entity->gzip_length : entity->length;
    ms_http_reply(request, &reply);
}

/* --- small answers --- */

void ms_http_send(struct ms_http_request *request, int status, const char *content_type,
                  struct ms_str body, const struct ms_http_header *headers, size_t n_headers)
{
    struct ms_http_reply reply = {
        .status = status,
        .content_type = ms_str_is_absent(body) ? NULL : content_type,
        .headers = headers,
        .n_headers = n_headers,
        .body_bytes = body.len,
        .doc = body.len > 0 ? ms_doc_copy(body) : NULL,
    };
    ms_http_reply(request, &reply);
}

/* A text that does not fit is left out: the status says what matters. */
void ms_http_send_problem(struct ms_http_request *request, int status, struct ms_str detail,
                          struct ms_str parameter, const struct ms_http_header *headers,
                          size_t n_headers)
{
    struct ms_buf body;
    struct ms_json_writer json;
    ms_buf_init(&body, ERROR_BODY_MAX);
    ms_json_begin(&json, &body);
    ms_json_object(&json);
    ms_json_key(&json, "type");
    ms_json_string_c(&json, "about:blank");
    ms_json_key(&json, "title");
    ms_json_string_c(&json, ms_http_reason(status));
    ms_json_key(&json, "status");
    ms_json_i64(&json, status);
    if (!ms_str_is_absent(detail)) {
        ms_json_key(&json, "detail");
        ms_json_string(&json, detail);
    }
    if (!ms_str_is_absent(parameter)) {
        ms_json_key(&json, "parameter");
        ms_json_string(&json, parameter);
    }
    ms_json_end_object(&json);
    bool fits = ms_buf_status(&body) == MS_OK;
    ms_http_send(request, status, "application/problem+json",
                 fits ? ms_buf_view(&body) : MS_STR("{}"), headers, n_headers);
    ms_buf_free(&body);
}
