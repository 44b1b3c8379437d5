/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reason phrases, header values, dates. Nothing here allocates or keeps state, all input is taken
 * as hostile.
 */
#include "common/http/text.h"

#include "common/http/response.h"

#include <string.h>
#include <time.h>

#include <event2/util.h>

static const struct {
    int status;
    const char *code;
    const char *reason;
} STATUSES[] = {
    {200, "200", "OK"},
    {304, "304", "Not Modified"},
    {404, "404", "Not Found"},
    {202, "202", "Accepted"},
    {400, "400", "Bad Request"},
    {100, "100", "Continue"},
    {201, "201", "Created"},
    {204, "204", "No Content"},
    {206, "206", "Partial Content"},
    {301, "301", "Moved Permanently"},
    {302, "302", "Found"},
    {303, "303", "See Other"},
    {307, "307", "Temporary Redirect"},
    {308, "308", "Permanent Redirect"},
    {401, "401", "Unauthorized"},
    {403, "403", "Forbidden"},
    {405, "405", "Method Not Allowed"},
    {406, "406", "Not Acceptable"},
    {408, "408", "Request Timeout"},
    {409, "409", "Conflict"},
    {410, "410", "Gone"},
    {411, "411", "Length Required"},
    {412, "412", "Precondition Failed"},
    {413, "413", "Content Too Large"},
    {414, "414", "URI Too Long"},
    {415, "415", "Unsupported Media Type"},
    {416, "416", "Range Not Satisfiable"},
    {417, "417", "Expectation Failed"},
    {421, "421", "Misdirected Request"},
    {422, "422", "Unprocessable Content"},
    {425, "425", "Too Early"},
    {428, "428", "Precondition Required"},
    {429, "429", "Too Many Requests"},
    {431, "431", "Request Header Fields Too Large"},
    {499, "499", "Client Closed Request"}, /* never sent: for metrics and the log */
    {500, "500", "Internal Server Error"},
    {501, "501", "Not Implemented"},
    {502, "502", "Bad Gateway"},
    {503, "503", "Service Unavailable"},
    {504, "504", "Gateway Timeout"},
    {505, "505", "HTTP Version Not Supported"},
    {507, "507", "Insufficient Storage"},
};

enum { N_STATUSES = sizeof(STATUSES) / sizeof(STATUSES[0]) };

const char *ms_http_reason(int status)
{
    for (size_t i = 0; i < N_STATUSES; i++) {
        if (STATUSES[i].status == status)
            return STATUSES[i].reason;
    }
    return "Unknown";
}

const char *ms_http_code(int status)
{
    for (size_t i = 0; i < N_STATUSES; i++) {
        if (STATUSES[i].status == status)
            return STATUSES[i].code;
    }
    return "other";
}

static bool is_alnum(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters, digits and the given punctuation (strchr would also find the NUL). */
static bool is_made_of(struct ms_str s, const char *punctuation)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_alnum((unsigned char)s.ptr[i]) &&
            (s.ptr[i] == '\0' || strchr(punctuation, s.ptr[i]) == NULL))
            return false;
    }
    return true;
}

bool ms_http_is_token(struct ms_str s)
{
    return s.len > 0 && is_made_of(s, "!#$%&'*+-.^_`|~");
}

bool ms_http_is_host(struct ms_str s)
{
    return is_made_of(s, "-._~!$&'()*+;=:[]%");
}

bool ms_http_is_field_value(struct ms_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

struct ms_str ms_http_list_next(struct ms_str *rest)
{
    while (!ms_str_is_absent(*rest)) {
        struct ms_str element = ms_str_trim(ms_str_next(rest, ','));
        if (element.len > 0)
            return element;
    }
    return MS_STR_ABSENT;
}

bool ms_http_list_has(struct ms_str list, const char *element)
{
    struct ms_str wanted = ms_str(element);
    struct ms_str found = ms_http_list_next(&list);
    while (!ms_str_is_absent(found)) {
        if (ms_str_equal_ci(found, wanted))
            return true;
        found = ms_http_list_next(&list);
    }
    return false;
}

/* Cuts a quoted tag, with its quotes, off the front of `*rest`; absent when there is none. */
static struct ms_str take_quoted(struct ms_str *rest)
{
    if (rest->len < 2 || rest->ptr[0] != '"')
        return MS_STR_ABSENT;
    const char *end = memchr(rest->ptr + 1, '"', rest->len - 1);
    if (end == NULL)
        return MS_STR_ABSENT;
    struct ms_str tag = {rest->ptr, (size_t)(end - rest->ptr) + 1};
    *rest = ms_str_skip(*rest, tag.len);
    return tag;
}

/* A tag may hold commas, so this list cannot be cut at them first. */
bool ms_http_etag_listed(struct ms_str if_none_match, struct ms_str etag)
{
    struct ms_str rest = ms_str_trim(if_none_match);
    if (ms_str_equal(rest, MS_STR("*")))
        return true;
    while (rest.len > 0) {
        if (rest.ptr[0] == ',' || rest.ptr[0] == ' ' || rest.ptr[0] == '\t') {
            rest = ms_str_skip(rest, 1);
            continue;
        }
        if (ms_str_starts_with(rest, MS_STR("W/")))
            rest = ms_str_skip(rest, 2);
        struct ms_str tag = take_quoted(&rest);
        if (ms_str_is_absent(tag))
            (void)ms_str_next(&rest, ',');
        else if (ms_str_equal(tag, etag))
            return true;
    }
    return false;
}

/* `0`, `0.`, `0.000`, `1.0`: true when it is a weight above zero. */
static bool is_positive_weight(struct ms_str q)
{
    if (q.len == 0 || q.len > 5 || (q.ptr[0] != '0' && q.ptr[0] != '1'))
        return false;
    if (q.len > 1 && q.ptr[1] != '.')
        return false;
    bool positive = q.ptr[0] == '1';
    for (size_t i = 2; i < q.len; i++) {
        if (q.ptr[i] < '0' || q.ptr[i] > '9')
            return false;
        positive = positive || q.ptr[i] != '0';
    }
    return positive;
}

/* The parameters behind a coding: no `q` means 1. */
static bool is_wanted(struct ms_str parameters)
{
    while (!ms_str_is_absent(parameters)) {
        struct ms_str value = ms_str_trim(ms_str_next(&parameters, ';'));
        struct ms_str name = ms_str_trim(ms_str_next(&value, '='));
        if (ms_str_equal_ci(name, MS_STR("q")))
            return is_positive_weight(ms_str_trim(value));
    }
    return true;
}

bool ms_http_gzip_acceptable(struct ms_str accept_encoding)
{
    bool any = false;
    struct ms_str parameters = ms_http_list_next(&accept_encoding);
    while (!ms_str_is_absent(parameters)) {
        struct ms_str coding = ms_str_trim(ms_str_next(&parameters, ';'));
        if (ms_str_equal_ci(coding, MS_STR("gzip")) || ms_str_equal_ci(coding, MS_STR("x-gzip")))
            return is_wanted(parameters);
        if (ms_str_equal(coding, MS_STR("*")))
            any = is_wanted(parameters);
        parameters = ms_http_list_next(&accept_encoding);
    }
    return any;
}

/* libevent's names of days and months do not follow the locale, as those of strftime(3) do. */
void ms_http_format_date(char out[static MS_HTTP_DATE_MAX], int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    (void)evutil_date_rfc1123(out, MS_HTTP_DATE_MAX, &tm);
}
