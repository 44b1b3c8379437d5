/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers. Every function here answers the request exactly once and ends the handler's right to
 * touch it. HEAD, Content-Length, Date, validators, 304 and the choice of the gzip variant are done
 * here, so that no route can forget them.
 */
#ifndef MS_HTTP_RESPONSE_H
#define MS_HTTP_RESPONSE_H

#include "common/base/digest.h"
#include "common/base/doc.h"
#include "common/http/request.h"

/* A header beside those below. Values are checked: control bytes become '?'. */
struct ms_http_header {
    const char *name;
    struct ms_str value;
};

enum { MS_ETAG_MAX = 48 };

/* The ETag of a body, from its SHA-256: equal bytes have equal tags. */
void ms_http_etag_of(char out[static MS_ETAG_MAX], const struct ms_digest *digest);

/* What a resource looks like: made once, kept in a cache, sent many times. A plain value with a
 * reference to the body. The gzip variant of a body over 1 KiB is made when first
 * it has to be sent, and kept with the body (if it is smaller). */
struct ms_http_entity {
    int status;               /* 200, or e.g. 404 for a cached "not found" */
    const char *content_type; /* static string */
    struct ms_doc *body;
    char etag[MS_ETAG_MAX]; /* strong, with quotes, from the body's bytes; "" when status is not 200
                             */
};

/* Takes the reference to `body`; makes the ETag. */
void ms_http_entity_init(struct ms_http_entity *entity, int status, const char *content_type,
                         struct ms_doc *body);
/* The same with an ETag from a part of the body: the rest may differ between bodies that say the
 * same (the generation that they were made from). */
void ms_http_entity_init_tagged(struct ms_http_entity *entity, int status, const char *content_type,
                                struct ms_doc *body, struct ms_str tagged);
void ms_http_entity_release(struct ms_http_entity *entity);
/* The memory of its bytes at present: sending it may add the gzip variant. */
size_t ms_http_entity_bytes(const struct ms_http_entity *entity);

/* Sends it: 304 when If-None-Match names its ETag (lists, W/, *), the gzip variant (ETag with the
 * suffix -gzip inside its quotes) when the client accepts gzip. `Vary: Accept-Encoding` stands
 * where there is such a variant, or where it has not been asked for yet and may turn out to exist.
 * `cache_control` may be NULL: `no-cache`. `headers` (an array of n) are repeated on a 304. The
 * documents are sent by reference. */
void ms_http_send_entity(struct ms_http_request *request, const struct ms_http_entity *entity,
                         const char *cache_control, const struct ms_http_header *headers,
                         size_t n_headers);

/* A large entity that lies in a file: the same rules, sent by sendfile as the client reads.
 * `gzip_fd` is -1 when there is no such variant. Descriptors stay the caller's; `release(arg)` is
 * called when the last byte was sent or the client has gone. */
struct ms_http_file_entity {
    const char *content_type;
    int fd;
    uint64_t length;
    int gzip_fd;
    uint64_t gzip_length;
    char etag[MS_ETAG_MAX];
};
void ms_http_send_file(struct ms_http_request *request, const struct ms_http_file_entity *entity,
                       const char *cache_control, const struct ms_http_header *headers,
                       size_t n_headers, ms_loop_call *release, void *arg);

/* A small answer that is not worth a validator (202, 401, 405, 503 …). `body` may be absent. */
void ms_http_send(struct ms_http_request *request, int status, const char *content_type,
                  struct ms_str body, const struct ms_http_header *headers, size_t n_headers);

/* application/problem+json (RFC 9457): type, title (from the status), status, detail, and
 * "parameter" when it is not absent. */
void ms_http_send_problem(struct ms_http_request *request, int status, struct ms_str detail,
                          struct ms_str parameter, const struct ms_http_header *headers,
                          size_t n_headers);

/* True when it would be answered 304: If-None-Match names this ETag, or that of its gzip variant,
 * which the client takes. */
bool ms_http_is_unmodified(const struct ms_http_request *request, const char *etag);
/* True when the client would take a gzip body (q=0 respected). */
bool ms_http_accepts_gzip(const struct ms_http_request *request);

/* "Not Found", …; never NULL. */
const char *ms_http_reason(int status);

#endif
