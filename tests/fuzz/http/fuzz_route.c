/* SPDX-License-Identifier: Apache-2.0 */
/* Paths against the patterns that the daemons use: captures lie in the path and are not empty. */
#include "common/http/router.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const PATTERNS[] = {
    "/",
    "/v2/{name}/tags/list",
    "/v2/{name}/referrers/{digest}",
    "/api/v1/repositories/{name}",
    "/api/v1/repositories/{name}/-/tags/{tag}/history",
    "/r/{name}/-/{reference}",
    "/{a}/{b}/{c}/{d}",
};

static void check_capture(struct ms_str capture, struct ms_str path)
{
    assert(capture.len > 0);
    assert(capture.ptr >= path.ptr && capture.ptr + capture.len <= path.ptr + path.len);
    assert(capture.ptr[0] != '/' && capture.ptr[capture.len - 1] != '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str path = size > 0 ? ms_str_n((const char *)data, size) : MS_STR("");
    for (size_t i = 0; i < sizeof(PATTERNS) / sizeof(PATTERNS[0]); i++) {
        struct ms_route_match match;
        if (!ms_route_matches(&match, PATTERNS[i], path))
            continue;
        assert(match.n_captures <= MS_ROUTE_CAPTURES);
        for (size_t k = 0; k < match.n_captures; k++)
            check_capture(match.captures[k], path);
    }
    return 0;
}
