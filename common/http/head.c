/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the head of a request: request line, fields, and what they mean for special. Pure; what it
 * accepts has one meaning only: no two lengths, no `+3`, no bare line feeds, no folded lines, no
 * `//`, no `%00`.
 *
 * In order: find the end, request line, fields, the fields that frame, the rules between them.
 */
#include "common/http/head.h"

#include "common/http/text.h"

#include <string.h>

#define BAD(text) ((struct ms_http_fault){400, (text), MS_LIMIT_NONE})

/* The fields that frame, before the rules between them are applied. */
struct special_fields {
    unsigned hosts, lengths, codings, none_matches, accept_encodings, forwards, authorizations;
    struct ms_str host, length, coding;
    bool close, keep_alive, expects_other;
};

enum ms_http_head_found ms_http_head_find(size_t *out_len, size_t *scanned, struct ms_str input)
{
    size_t at = *scanned;
    const char *found;
    while (at < input.len && (found = memchr(input.ptr + at, '\n', input.len - at)) != NULL) {
        size_t line_feed = (size_t)(found - input.ptr);
        if (line_feed == 0 || input.ptr[line_feed - 1] != '\r')
            return MS_HTTP_HEAD_MALFORMED;
        at = line_feed + 1;
        *scanned = at;
        bool line_is_empty = line_feed >= 2 && input.ptr[line_feed - 2] == '\n';
        if (line_is_empty) {
            *out_len = at;
            return MS_HTTP_HEAD_WHOLE;
        }
    }
    *scanned = input.len;
    return MS_HTTP_HEAD_NEEDS_MORE;
}

/* The line without its CRLF. A lone carriage return inside stays and is refused with its line. */
static struct ms_str take_line(struct ms_str *rest)
{
    struct ms_str line = ms_str_next(rest, '\n');
    return ms_str_slice(line, 0, line.len > 0 ? line.len - 1 : 0);
}

static enum ms_http_method method_of(struct ms_str name)
{
    static const char *const NAMES[] = {
        [MS_HTTP_GET] = "GET",     [MS_HTTP_HEAD] = "HEAD",     [MS_HTTP_POST] = "POST",
        [MS_HTTP_PUT] = "PUT",     [MS_HTTP_DELETE] = "DELETE", [MS_HTTP_OPTIONS] = "OPTIONS",
        [MS_HTTP_PATCH] = "PATCH",
    };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (ms_str_equal(name, ms_str(NAMES[i])))
            return (enum ms_http_method)i;
    }
    return MS_HTTP_OTHER;
}

static struct ms_http_fault read_version(struct ms_http_head *head, struct ms_str version)
{
    bool well_formed = version.len == 8 && ms_str_starts_with(version, MS_STR("HTTP/")) &&
                       version.ptr[5] >= '0' && version.ptr[5] <= '9' && version.ptr[6] == '.' &&
                       version.ptr[7] >= '0' && version.ptr[7] <= '9';
    if (!well_formed)
        return BAD("malformed request line");
    if (version.ptr[5] != '1')
        return (struct ms_http_fault){505, "only HTTP/1.1 and HTTP/1.0 are spoken here",
                                      MS_LIMIT_NONE};
    head->is_http_1_0 = version.ptr[7] == '0';
    return MS_HTTP_NO_FAULT;
}

/* "http://host/path", as a proxy is asked: RFC 9112 3.2.2 wants it understood by all. An empty path
 * is the slash before the authority, which lies in the same bytes. */
static struct ms_http_fault take_off_origin(struct ms_str *target)
{
    static const struct ms_str SCHEMES[] = {MS_STR_INIT("http://"), MS_STR_INIT("https://")};
    for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++) {
        size_t scheme_len = SCHEMES[i].len;
        if (!ms_str_equal_ci(ms_str_slice(*target, 0, scheme_len), SCHEMES[i]))
            continue;
        struct ms_str rest = ms_str_skip(*target, scheme_len);
        struct ms_str authority = ms_str_next(&rest, '/');
        if (authority.len == 0 || !ms_http_is_host(authority))
            return BAD("malformed authority in the request target");
        *target = ms_str_is_absent(rest) ? ms_str_slice(*target, scheme_len - 1, scheme_len)
                                         : ms_str_skip(*target, scheme_len + authority.len);
        break;
    }
    return MS_HTTP_NO_FAULT;
}

static struct ms_http_fault check_path(struct ms_str target)
{
    if (target.len == 0 || target.ptr[0] != '/')
        return BAD("the request target must begin with a slash");
    if (target.len > 1 && target.ptr[1] == '/')
        return BAD("the request target must not begin with two slashes");
    for (size_t i = 0; i < target.len; i++) {
        unsigned char c = (unsigned char)target.ptr[i];
        if (c <= 0x20 || c == 0x7f || c == '#')
            return BAD("the request target holds a byte that must be escaped");
    }
    if (!ms_str_is_utf8(target))
        return BAD("the request target is not UTF-8");
    return MS_HTTP_NO_FAULT;
}

static struct ms_http_fault read_request_line(struct ms_http_head *head, struct ms_str line,
                                              size_t max_target_bytes)
{
    struct ms_str rest = line;
    head->method_name = ms_str_next(&rest, ' ');
    if (!ms_http_is_token(head->method_name) || head->method_name.len > MS_HTTP_METHOD_MAX)
        return BAD("malformed request line");
    head->method = method_of(head->method_name);
    head->target = ms_str_next(&rest, ' ');
    struct ms_http_fault fault = read_version(head, rest);
    if (fault.status != 0)
        return fault;
    if (head->target.len > max_target_bytes)
        return (struct ms_http_fault){414, "the request target is too long", MS_LIMIT_TARGET};
    if (head->method == MS_HTTP_OPTIONS && ms_str_equal(head->target, MS_STR("*")))
        return MS_HTTP_NO_FAULT;
    fault = take_off_origin(&head->target);
    return fault.status == 0 ? check_path(head->target) : fault;
}

static bool is_named(const struct ms_http_field *field, const char *name)
{
    return ms_str_equal_ci(field->name, ms_str(name));
}

/* Takes note of a field that frames, or that may stand there several times. */
static void note_field(struct ms_http_head *head, struct special_fields *special,
                       const struct ms_http_field *field)
{
    if (is_named(field, "Host")) {
        special->hosts++;
        special->host = field->value;
    } else if (is_named(field, "Content-Length")) {
        special->lengths++;
        special->length = field->value;
    } else if (is_named(field, "Transfer-Encoding")) {
        special->codings++;
        special->coding = field->value;
    } else if (is_named(field, "Connection")) {
        special->close = special->close || ms_http_list_has(field->value, "close");
        special->keep_alive = special->keep_alive || ms_http_list_has(field->value, "keep-alive");
    } else if (is_named(field, "Expect")) {
        if (ms_str_equal_ci(field->value, MS_STR("100-continue")))
            head->expects_continue = true;
        else
            special->expects_other = true;
    } else if (is_named(field, "If-None-Match")) {
        special->none_matches++;
    } else if (is_named(field, "Accept-Encoding")) {
        special->accept_encodings++;
    } else if (is_named(field, "X-Forwarded-For")) {
        special->forwards++;
    } else if (is_named(field, "Authorization")) {
        special->authorizations++;
    }
}

static struct ms_http_fault read_field(struct ms_http_field *out, struct ms_str line)
{
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return BAD("folded header lines are obsolete");
    struct ms_str rest = line;
    struct ms_str name = ms_str_next(&rest, ':');
    if (ms_str_is_absent(rest) || !ms_http_is_token(name))
        return BAD("malformed header name");
    if (!ms_http_is_field_value(rest))
        return BAD("control byte in a header");
    out->name = name;
    out->value = ms_str_trim(rest);
    return MS_HTTP_NO_FAULT;
}

static struct ms_http_fault read_fields(struct ms_http_head *head, struct special_fields *special,
                                        struct ms_str lines)
{
    struct ms_str line = take_line(&lines);
    while (line.len > 0) {
        if (head->n_fields == MS_HTTP_FIELDS_MAX)
            return (struct ms_http_fault){431, "too many header lines", MS_LIMIT_HEADERS};
        struct ms_http_field *field = &head->fields[head->n_fields];
        struct ms_http_fault fault = read_field(field, line);
        if (fault.status != 0)
            return fault;
        note_field(head, special, field);
        head->n_fields++;
        line = take_line(&lines);
    }
    return MS_HTTP_NO_FAULT;
}

/* The rules between the fields: of RFC 9112 6.3, without its leniencies. */
static struct ms_http_fault apply_framing(struct ms_http_head *head,
                                          const struct special_fields *special)
{
    if (special->hosts > 1)
        return BAD("more than one Host header");
    if (special->hosts == 0 && !head->is_http_1_0)
        return BAD("no Host header");
    if (!ms_http_is_host(special->host))
        return BAD("malformed Host header");

    /* A length is digits, once. */
    if (special->lengths > 0 && special->codings > 0)
        return BAD("both Content-Length and Transfer-Encoding");
    if (special->lengths > 1 || special->codings > 1)
        return BAD("more than one header that frames the body");
    if (special->lengths == 1 && ms_str_to_u64(&head->content_length, special->length) != MS_OK)
        return BAD("malformed Content-Length");
    if (special->codings == 1 && head->is_http_1_0)
        return BAD("Transfer-Encoding in HTTP/1.0");
    if (special->codings == 1 && !ms_str_equal_ci(special->coding, MS_STR("chunked")))
        return (struct ms_http_fault){501, "only the chunked transfer coding is known",
                                      MS_LIMIT_NONE};
    head->is_chunked = special->codings == 1;
    bool has_body = head->is_chunked || head->content_length > 0;
    if (has_body && (head->method == MS_HTTP_GET || head->method == MS_HTTP_HEAD))
        return BAD("GET and HEAD have no body");

    if (special->authorizations > 1) /* a proxy may have looked at the other one */
        return BAD("more than one Authorization header");
    if (special->expects_other)
        return (struct ms_http_fault){417, "only 100-continue can be expected", MS_LIMIT_NONE};
    if (head->is_http_1_0)
        head->expects_continue = false;
    head->keep_alive = !special->close && (!head->is_http_1_0 || special->keep_alive);
    head->has_split_lists =
        special->none_matches > 1 || special->accept_encodings > 1 || special->forwards > 1;
    return MS_HTTP_NO_FAULT;
}

struct ms_str ms_http_head_path(struct ms_str head)
{
    struct ms_str rest = ms_str_next(&head, '\n');
    (void)ms_str_next(&rest, ' ');
    struct ms_str target = ms_str_next(&rest, ' ');
    struct ms_str path = ms_str_next(&target, '?');
    return path.len > 0 && path.ptr[0] == '/' ? path : MS_STR("");
}

struct ms_http_fault ms_http_head_parse(struct ms_http_head *out, struct ms_str head,
                                        size_t max_target_bytes)
{
    struct special_fields special;
    memset(&special, 0, sizeof(special));
    memset(out, 0, offsetof(struct ms_http_head, fields));

    struct ms_str lines = head;
    struct ms_http_fault fault = read_request_line(out, take_line(&lines), max_target_bytes);
    if (fault.status == 0)
        fault = read_fields(out, &special, lines);
    if (fault.status == 0)
        fault = apply_framing(out, &special);
    return fault;
}
