/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of URLs, database strings and listen addresses, each by the library that will read
 * them later: libevent, libpq.
 *
 * Always holds: no message quotes a URL, which may hold a password.
 */
#include "common/base/alloc.h"
#include "common/config/keys.h"
#include "common/pg/conninfo.h"
#include "common/runtime/address.h"

#include <string.h>

#include <event2/http.h>

/* --- http URLs --- */

/* The length of "http://" or "https://" at the front of `url`; 0: there is none. */
static size_t scheme_length(struct ms_str url)
{
    static const struct ms_str SCHEMES[] = {MS_STR_INIT("http://"), MS_STR_INIT("https://")};
    for (size_t i = 0; i < 2; i++) {
        if (ms_str_equal_ci(ms_str_slice(url, 0, SCHEMES[i].len), SCHEMES[i]))
            return SCHEMES[i].len;
    }
    return 0;
}

/* `origin` is "https://host:port". libevent lets an empty port and port 0 pass. */
static bool is_origin(struct ms_str origin)
{
    char *text = ms_alloc_str(origin);
    struct evhttp_uri *uri = evhttp_uri_parse(text);
    const char *host = uri != NULL ? evhttp_uri_get_host(uri) : NULL;
    bool is_valid = host != NULL && host[0] != '\0' && evhttp_uri_get_port(uri) != 0 &&
                    !ms_str_ends_with(origin, MS_STR(":"));
    if (uri != NULL)
        evhttp_uri_free(uri);
    free(text);
    return is_valid;
}

/* `url` is a whole one, or a path alone. */
static bool ends_with_path(struct ms_str url)
{
    char *text = ms_alloc_str(url);
    struct evhttp_uri *uri = evhttp_uri_parse(text);
    bool is_valid =
        uri != NULL && evhttp_uri_get_query(uri) == NULL && evhttp_uri_get_fragment(uri) == NULL;
    if (uri != NULL)
        evhttp_uri_free(uri);
    free(text);
    return is_valid;
}

static enum ms_status check_http_url(struct ms_str url, const char *expected, struct ms_error *err)
{
    size_t scheme_len = scheme_length(url);
    if (scheme_len == 0)
        return ms_error_set(err, MS_INVALID, "must be %s", expected);
    /* The sign may stand behind a slash in the password; a path has no need of it. */
    if (memchr(url.ptr, '@', url.len) != NULL)
        return ms_error_set(err, MS_INVALID,
                            "must not hold user information, which would leak: use "
                            "registry.username and registry.password_file");
    const char *slash = memchr(url.ptr + scheme_len, '/', url.len - scheme_len);
    size_t origin_len = slash != NULL ? (size_t)(slash - url.ptr) : url.len;
    if (!is_origin(ms_str_slice(url, 0, origin_len)))
        return ms_error_set(err, MS_INVALID, "has no valid host and port");
    if (!ends_with_path(url))
        return ms_error_set(err, MS_INVALID,
                            "must not hold a query, a fragment, spaces or signs to be escaped");
    return MS_OK;
}

enum ms_status ms_config_check_registry_url(struct ms_str url, struct ms_error *err)
{
    return check_http_url(url, "an absolute URL such as https://registry.example.com", err);
}

enum ms_status ms_config_check_public_url(struct ms_str url, struct ms_error *err)
{
    if (!ms_str_starts_with(url, MS_STR("/")))
        return check_http_url(url, "an absolute URL or a path such as /", err);
    if (ms_str_starts_with(url, MS_STR("//")) || !ends_with_path(url))
        return ms_error_set(err, MS_INVALID, "is no path of a URL");
    return MS_OK;
}

/* --- addresses --- */

enum ms_status ms_config_check_listen(struct ms_str address, struct ms_error *err)
{
    struct ms_address parsed;
    return ms_address_parse(&parsed, address, err);
}

/* libpq takes any other text for the name of a database, and knows no more about it. */
enum ms_status ms_config_check_database(struct ms_str url, struct ms_error *err)
{
    bool is_uri = ms_pg_conninfo_is_uri(url);
    bool has_other_scheme = !is_uri && ms_str_contains(ms_str_slice(url, 0, 16), MS_STR("://"));
    if (has_other_scheme || (!is_uri && memchr(url.ptr, '=', url.len) == NULL))
        return ms_error_set(err, MS_INVALID,
                            "must be a URI such as postgresql://user@host/database or a keyword "
                            "string such as \"host=db dbname=metastore\"");
    return ms_pg_conninfo_check(url, err);
}
