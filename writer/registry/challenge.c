/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Challenges. The grammar is read strictly: what says where credentials go must not be guessed.
 *
 *   challenges = challenge *( "," challenge )
 *   challenge  = scheme [ 1*SP ( token68 / name=value *( "," name=value ) ) ]
 */
#include "writer/registry/challenge.h"

#include "common/http/text.h"

#include <string.h>

#include <event2/http.h>

struct reader {
    struct ms_str rest;
};

static char peek(const struct reader *reader)
{
    return reader->rest.len > 0 ? reader->rest.ptr[0] : '\0';
}

static void skip(struct reader *reader, size_t count)
{
    reader->rest = ms_str_skip(reader->rest, count);
}

static void skip_blanks(struct reader *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\t')
        skip(reader, 1);
}

/* Empty list elements are allowed (RFC 9110 5.6.1.2). */
static void skip_commas(struct reader *reader)
{
    skip_blanks(reader);
    while (peek(reader) == ',') {
        skip(reader, 1);
        skip_blanks(reader);
    }
}

static struct ms_str take_token(struct reader *reader)
{
    size_t len = 0;
    while (len < reader->rest.len && ms_http_is_token(ms_str_slice(reader->rest, len, len + 1)))
        len++;
    struct ms_str token = ms_str_slice(reader->rest, 0, len);
    skip(reader, len);
    return token;
}

/* Takes a quoted string without its quotes and escapes into `out`. */
static bool take_quoted(char *out, size_t out_size, struct reader *reader)
{
    size_t len = 0;
    skip(reader, 1);
    for (; peek(reader) != '"'; skip(reader, 1)) {
        if (peek(reader) == '\\')
            skip(reader, 1);
        unsigned char c = (unsigned char)peek(reader);
        if (reader->rest.len == 0 || c < 0x20 || c == 0x7f || len + 1 >= out_size)
            return false;
        out[len++] = (char)c;
    }
    skip(reader, 1);
    out[len] = '\0';
    return true;
}

static bool take_value(char *out, size_t out_size, struct reader *reader)
{
    if (peek(reader) == '"')
        return take_quoted(out, out_size, reader);
    struct ms_str token = take_token(reader);
    if (token.len == 0 || token.len >= out_size)
        return false;
    memcpy(out, token.ptr, token.len);
    out[token.len] = '\0';
    return true;
}

/* --- one challenge --- */

enum parameter { REALM, SERVICE, SCOPE, ERROR, OTHER };

static enum parameter parameter_of(struct ms_str name)
{
    static const struct ms_str NAMES[] = {MS_STR_INIT("realm"), MS_STR_INIT("service"),
                                          MS_STR_INIT("scope"), MS_STR_INIT("error")};
    for (size_t i = 0; i < OTHER; i++) {
        if (ms_str_equal_ci(name, NAMES[i]))
            return (enum parameter)i;
    }
    return OTHER;
}

static bool take_parameter_value(struct registry_challenge *challenge, enum parameter parameter,
                                 struct reader *reader)
{
    char ignored[REGISTRY_SCOPE_MAX];
    switch (parameter) {
    case REALM:
        return take_value(challenge->realm, sizeof(challenge->realm), reader);
    case SERVICE:
        return take_value(challenge->service, sizeof(challenge->service), reader);
    case SCOPE:
        return take_value(challenge->scope, sizeof(challenge->scope), reader);
    case ERROR:
        return take_value(challenge->error, sizeof(challenge->error), reader);
    case OTHER:
        break;
    }
    return take_value(ignored, sizeof(ignored), reader);
}

/* True when `name=` comes next, and not the scheme of the next challenge. */
static bool is_at_parameter(const struct reader *reader)
{
    struct reader ahead = *reader;
    if (take_token(&ahead).len == 0)
        return false;
    skip_blanks(&ahead);
    return peek(&ahead) == '=';
}

/* base64 with its padding at the end, as Negotiate sends it. */
static bool take_token68(struct reader *reader)
{
    struct reader ahead = *reader;
    size_t len = 0;
    while (len < ahead.rest.len &&
           (ms_http_is_token(ms_str_slice(ahead.rest, len, len + 1)) || ahead.rest.ptr[len] == '/'))
        len++;
    skip(&ahead, len);
    while (peek(&ahead) == '=')
        skip(&ahead, 1);
    skip_blanks(&ahead);
    if (len == 0 || (ahead.rest.len > 0 && peek(&ahead) != ','))
        return false;
    *reader = ahead;
    return true;
}

static bool take_parameters(struct registry_challenge *challenge, struct reader *reader)
{
    unsigned seen = 0;
    while (is_at_parameter(reader)) {
        enum parameter parameter = parameter_of(take_token(reader));
        unsigned bit = parameter == OTHER ? 0 : 1U << parameter;
        skip_blanks(reader);
        skip(reader, 1); /* the = that is there */
        skip_blanks(reader);
        if ((seen & bit) != 0 || !take_parameter_value(challenge, parameter, reader))
            return false;
        seen |= bit;
        skip_blanks(reader);
        if (reader->rest.len > 0 && peek(reader) != ',')
            return false;
        skip_commas(reader);
    }
    return true;
}

static enum registry_scheme scheme_of(struct ms_str name)
{
    if (ms_str_equal_ci(name, MS_STR("bearer")))
        return REGISTRY_BEARER;
    return ms_str_equal_ci(name, MS_STR("basic")) ? REGISTRY_BASIC : REGISTRY_SCHEME_NONE;
}

static bool take_challenge(struct registry_challenge *out, struct reader *reader)
{
    struct ms_str scheme = take_token(reader);
    *out = (struct registry_challenge){.scheme = scheme_of(scheme)};
    if (scheme.len == 0)
        return false;
    if (reader->rest.len > 0 && peek(reader) != ' ' && peek(reader) != ',')
        return false;
    skip_blanks(reader);
    if (peek(reader) != ',' && take_token68(reader)) {
        skip_commas(reader);
        return true;
    }
    skip_commas(reader);
    return take_parameters(out, reader);
}

/* --- the header --- */

/* http or https, with a host, without user information and fragment. */
static bool is_realm_url(const char *realm)
{
    struct evhttp_uri *uri = evhttp_uri_parse(realm);
    if (uri == NULL)
        return false;
    const char *host = evhttp_uri_get_host(uri);
    bool is_web = ms_str_equal(ms_str(evhttp_uri_get_scheme(uri)), MS_STR("http")) ||
                  ms_str_equal(ms_str(evhttp_uri_get_scheme(uri)), MS_STR("https"));
    bool is_fine = is_web && host != NULL && host[0] != '\0' &&
                   evhttp_uri_get_userinfo(uri) == NULL && evhttp_uri_get_fragment(uri) == NULL;
    evhttp_uri_free(uri);
    return is_fine;
}

enum ms_status registry_challenge_parse(struct registry_challenge *out, struct ms_str header)
{
    struct reader reader = {header};
    struct registry_challenge best = {.scheme = REGISTRY_SCHEME_NONE};
    skip_commas(&reader);
    if (reader.rest.len == 0)
        return MS_INVALID;
    while (reader.rest.len > 0) {
        struct registry_challenge challenge;
        if (!take_challenge(&challenge, &reader))
            return MS_INVALID;
        if (challenge.scheme > best.scheme)
            best = challenge;
    }
    if (best.scheme == REGISTRY_BEARER && !is_realm_url(best.realm))
        return MS_INVALID;
    *out = best;
    return MS_OK;
}
