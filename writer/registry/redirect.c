/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: where they lead, and whether that is allowed. */
#include "writer/registry/redirect.h"

#include "common/base/alloc.h"

#include <strings.h>

#include <curl/curl.h>

/* Owned by curl; NULL: the URL has none, or is none. */
struct place {
    CURLU *url;
    char *scheme;
    char *host;
    char *port;
    char *path;
};

static char *get_part(const struct place *place, CURLUPart part)
{
    char *value = NULL;
    return curl_url_get(place->url, part, &value, CURLU_DEFAULT_PORT) == CURLUE_OK ? value : NULL;
}

/* `base` (NULL: none): what a relative URL is relative to. False: no http or https URL, or one with
 * user information, which would be sent as credentials. */
static bool place_open(struct place *place, const char *base, const char *url)
{
    const unsigned flags = CURLU_DISALLOW_USER | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    *place = (struct place){.url = curl_url()};
    if (place->url == NULL)
        abort();
    if (base != NULL && curl_url_set(place->url, CURLUPART_URL, base, flags) != CURLUE_OK)
        return false;
    if (curl_url_set(place->url, CURLUPART_URL, url, flags) != CURLUE_OK)
        return false;
    place->scheme = get_part(place, CURLUPART_SCHEME);
    place->host = get_part(place, CURLUPART_HOST);
    place->port = get_part(place, CURLUPART_PORT);
    place->path = get_part(place, CURLUPART_PATH);
    return place->scheme != NULL && place->host != NULL && place->port != NULL &&
           place->path != NULL &&
           (strcmp(place->scheme, "http") == 0 || strcmp(place->scheme, "https") == 0);
}

static void place_close(struct place *place)
{
    curl_free(place->scheme);
    curl_free(place->host);
    curl_free(place->port);
    curl_free(place->path);
    curl_url_cleanup(place->url);
}

static bool is_same_origin(const struct place *a, const struct place *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcasecmp(a->host, b->host) == 0 &&
           strcmp(a->port, b->port) == 0;
}

bool registry_redirect_is_same_origin(const char *a, const char *b)
{
    struct place first;
    struct place second;
    bool are_urls = place_open(&first, NULL, a);
    are_urls = place_open(&second, NULL, b) && are_urls;
    bool is_same = are_urls && is_same_origin(&first, &second);
    place_close(&first);
    place_close(&second);
    return is_same;
}

enum ms_status registry_redirect_judge(char **out, enum registry_redirects allowed,
                                       const char *from, const char *location, const char *own,
                                       struct ms_error *err)
{
    static const char REFUSED[] = "a redirect that must not be followed: to";
    struct place to;
    struct place registry;
    char *url = NULL;
    enum ms_status status = MS_OK;
    bool is_url = place_open(&to, from, location) &&
                  curl_url_get(to.url, CURLUPART_URL, &url, 0) == CURLUE_OK;
    bool is_own = place_open(&registry, NULL, own) && is_url && is_same_origin(&to, &registry);
    bool from_tls = strncasecmp(from, "https:", 6) == 0;
    if (!is_url)
        status =
            ms_error_set(err, MS_PROTOCOL, "%s something that is no plain web address", REFUSED);
    else if (from_tls && strcmp(to.scheme, "https") != 0)
        status = ms_error_set(err, MS_PROTOCOL, "%s %s://%s:%s%s, which has no TLS", REFUSED,
                              to.scheme, to.host, to.port, to.path);
    else if (allowed != REGISTRY_REDIRECTS_ANYWHERE && !is_own)
        status = ms_error_set(err, MS_PROTOCOL, "%s %s://%s:%s%s, which is not the registry itself",
                              REFUSED, to.scheme, to.host, to.port, to.path);
    else
        *out = ms_alloc_copy(url);
    curl_free(url);
    place_close(&to);
    place_close(&registry);
    return status;
}
