/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links between pages. A page without a link is the last, so a link that cannot be understood is an
 * error and never an end.
 */
#include "writer/registry/link.h"

static char first(struct ms_str s)
{
    return s.len > 0 ? s.ptr[0] : '\0';
}

static struct ms_str skip_blanks(struct ms_str s)
{
    while (first(s) == ' ' || first(s) == '\t')
        s = ms_str_skip(s, 1);
    return s;
}

/* What may stand in a URI reference: visible ASCII but for the delimiters of RFC 3986 appendix C.
 */
static bool is_uri_reference(struct ms_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '<' || c == '>' || c == '"' || c == '\\')
            return false;
    }
    return s.len > 0;
}

/* --- the header: <target>; name=value; name="value", <target>; … --- */

struct link {
    struct ms_str target;
    bool has_relation;
    bool is_next;
};

/* rel is a list of words, case ignored. */
static bool has_next(struct ms_str relations)
{
    for (struct ms_str rest = relations; !ms_str_is_absent(rest);) {
        if (ms_str_equal_ci(ms_str_trim(ms_str_next(&rest, ' ')), MS_STR("next")))
            return true;
    }
    return false;
}

/* Takes a value, quoted or not; false: an open quote. Escapes are left as they are. */
static bool take_value(struct ms_str *out, struct ms_str *rest)
{
    size_t end = 0;
    if (first(*rest) != '"') {
        while (end < rest->len && rest->ptr[end] != ';' && rest->ptr[end] != ',')
            end++;
        *out = ms_str_trim(ms_str_slice(*rest, 0, end));
        *rest = ms_str_skip(*rest, end);
        return true;
    }
    struct ms_str quoted = ms_str_skip(*rest, 1);
    while (end < quoted.len && quoted.ptr[end] != '"')
        end += quoted.ptr[end] == '\\' ? 2 : 1;
    if (end >= quoted.len)
        return false;
    *out = ms_str_slice(quoted, 0, end);
    *rest = ms_str_skip(quoted, end + 1);
    return true;
}

/* Takes `; name=value`, as often as it comes. */
static bool take_parameters(struct link *link, struct ms_str *rest)
{
    *rest = skip_blanks(*rest);
    while (first(*rest) == ';') {
        *rest = skip_blanks(ms_str_skip(*rest, 1));
        size_t end = 0;
        while (end < rest->len && rest->ptr[end] != '=' && rest->ptr[end] != ';' &&
               rest->ptr[end] != ',')
            end++;
        struct ms_str name = ms_str_trim(ms_str_slice(*rest, 0, end));
        struct ms_str value = MS_STR("");
        *rest = ms_str_skip(*rest, end);
        if (first(*rest) == '=') {
            *rest = skip_blanks(ms_str_skip(*rest, 1));
            if (!take_value(&value, rest))
                return false;
        }
        if (ms_str_equal_ci(name, MS_STR("rel"))) {
            link->has_relation = true;
            link->is_next |= has_next(value);
        }
        *rest = skip_blanks(*rest);
    }
    return rest->len == 0 || first(*rest) == ',';
}

/* Takes one link and the comma behind it; false: this is no Link header. */
static bool take_link(struct link *out, struct ms_str *rest)
{
    *out = (struct link){.is_next = false};
    if (first(*rest) != '<')
        return false;
    *rest = ms_str_skip(*rest, 1);
    out->target = ms_str_next(rest, '>');
    if (ms_str_is_absent(*rest) || !take_parameters(out, rest))
        return false;
    *rest = skip_blanks(ms_str_skip(*rest, 1));
    return true;
}

/* --- the next page --- */

/* Nothing but the query counts: it is used on our own URL. So a link that names the registry as it
 * knows itself behind its proxies, with a host or a path that we cannot use, does as well, and none
 * can lead elsewhere. */
static enum ms_status query_of(struct ms_str *out, struct ms_str target)
{
    struct ms_str rest = target;
    struct ms_str query = ms_str_next(&rest, '#');
    (void)ms_str_next(&query, '?');
    if (!is_uri_reference(target) || query.len == 0)
        return MS_INVALID;
    *out = query;
    return MS_OK;
}

enum ms_status registry_link_next(struct ms_str *out_query, struct ms_str header)
{
    struct ms_str unrelated;
    enum ms_status found = MS_NOT_FOUND;
    struct ms_str rest = ms_str_trim(header);
    while (rest.len > 0) {
        struct link link;
        if (!take_link(&link, &rest))
            return MS_INVALID;
        if (link.is_next)
            return query_of(out_query, link.target);
        if (!link.has_relation && found == MS_NOT_FOUND &&
            query_of(&unrelated, link.target) == MS_OK)
            found = MS_OK;
    }
    if (found == MS_OK)
        *out_query = unrelated;
    return found;
}
