/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The matcher of route patterns. Pure. A pattern comes from our own table and is asserted, a path
 * comes from outside and is not. Work is bounded: a `{name}` tries each slash once, and no pattern
 * has two.
 */
#include "common/http/router.h"

#include <assert.h>
#include <string.h>

/* Cuts `{x}` off the front of the pattern and returns x. */
static struct ms_str take_placeholder(struct ms_str *pattern)
{
    struct ms_str name = ms_str_next(pattern, '}');
    assert(!ms_str_is_absent(*pattern));
    return ms_str_skip(name, 1);
}

static bool match(struct ms_route_match *out, struct ms_str pattern, struct ms_str path);

/* How far a repository name can reach: `/-/` ends it. Its grammar is the handler's matter, for a
 * wrong name has an answer of its own. */
static size_t name_reach(struct ms_str path)
{
    size_t start = 0;
    struct ms_str rest = path;
    while (!ms_str_is_absent(rest)) {
        struct ms_str component = ms_str_next(&rest, '/');
        if (ms_str_equal(component, MS_STR("-")))
            return start > 0 ? start - 1 : 0;
        start += component.len + 1;
    }
    return path.len;
}

/* Tries the lengths that end before a slash or at the path's end, longest first. */
static bool match_name(struct ms_route_match *out, struct ms_str pattern, struct ms_str path)
{
    size_t index = out->n_captures++;
    if (path.ptr[0] == '/')
        return false;
    for (size_t len = name_reach(path); len > 0; len--) {
        bool ends_component = len == path.len || path.ptr[len] == '/';
        if (!ends_component || path.ptr[len - 1] == '/')
            continue;
        out->captures[index] = ms_str_n(path.ptr, len);
        if (match(out, pattern, ms_str_skip(path, len)))
            return true;
        out->n_captures = index + 1;
    }
    return false;
}

static bool match_component(struct ms_route_match *out, struct ms_str pattern, struct ms_str path)
{
    const char *slash = memchr(path.ptr, '/', path.len);
    size_t len = slash != NULL ? (size_t)(slash - path.ptr) : path.len;
    if (len == 0)
        return false;
    out->captures[out->n_captures++] = ms_str_n(path.ptr, len);
    return match(out, pattern, ms_str_skip(path, len));
}

static bool match(struct ms_route_match *out, struct ms_str pattern, struct ms_str path)
{
    while (pattern.len > 0 && pattern.ptr[0] != '{') {
        if (path.len == 0 || path.ptr[0] != pattern.ptr[0])
            return false;
        pattern = ms_str_skip(pattern, 1);
        path = ms_str_skip(path, 1);
    }
    if (pattern.len == 0)
        return path.len == 0;
    if (path.len == 0)
        return false;
    assert(out->n_captures < MS_ROUTE_CAPTURES);
    if (ms_str_equal(take_placeholder(&pattern), MS_STR("name")))
        return match_name(out, pattern, path);
    return match_component(out, pattern, path);
}

bool ms_route_matches(struct ms_route_match *out, const char *pattern, struct ms_str path)
{
    struct ms_route_match found = {.n_captures = 0};
    if (!match(&found, ms_str(pattern), path))
        return false;
    *out = found;
    return true;
}
