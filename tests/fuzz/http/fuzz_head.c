/* SPDX-License-Identifier: Apache-2.0 */
/* Heads: an accepted one has one meaning, its views lie in the input, and it is found at the same
 * place however the bytes arrive. */
#include "common/http/head.h"
#include "common/http/text.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct ms_str view, struct ms_str whole)
{
    assert(view.ptr >= whole.ptr && view.ptr + view.len <= whole.ptr + whole.len);
}

static void check_fields(const struct ms_http_head *head, struct ms_str bytes)
{
    assert(head->n_fields <= MS_HTTP_FIELDS_MAX);
    unsigned hosts = 0, lengths = 0, codings = 0;
    for (size_t i = 0; i < head->n_fields; i++) {
        const struct ms_http_field *field = &head->fields[i];
        check_inside(field->name, bytes);
        check_inside(field->value, bytes);
        assert(ms_http_is_token(field->name) && ms_http_is_field_value(field->value));
        hosts += ms_str_equal_ci(field->name, MS_STR("host"));
        lengths += ms_str_equal_ci(field->name, MS_STR("content-length"));
        codings += ms_str_equal_ci(field->name, MS_STR("transfer-encoding"));
    }
    assert(hosts == 1 || (hosts == 0 && head->is_http_1_0));
    assert(lengths + codings <= 1);
    assert(head->is_chunked == (codings == 1));
}

static void check_head(struct ms_str bytes)
{
    struct ms_http_head head;
    struct ms_http_fault fault = ms_http_head_parse(&head, bytes, 1000);
    if (fault.status != 0) {
        assert(fault.status >= 400 && fault.status < 600 && fault.detail != NULL);
        return;
    }
    check_inside(head.target, bytes);
    assert(head.target.len <= 1000);
    if (head.method == MS_HTTP_OPTIONS && ms_str_equal(head.target, MS_STR("*")))
        return;
    assert(head.target.ptr[0] == '/');
    assert(head.target.len == 1 || head.target.ptr[1] != '/');
    check_fields(&head, bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ms_str input = size > 0 ? ms_str_n((const char *)data, size) : MS_STR("");
    size_t len = 0, scanned = 0;
    enum ms_http_head_found found = ms_http_head_find(&len, &scanned, input);

    size_t slow_len = 0, slow_scanned = 0;
    enum ms_http_head_found slow = MS_HTTP_HEAD_NEEDS_MORE;
    for (size_t n = 0; n <= input.len && slow == MS_HTTP_HEAD_NEEDS_MORE; n++)
        slow = ms_http_head_find(&slow_len, &slow_scanned, ms_str_slice(input, 0, n));
    assert(slow == found && slow_len == len);

    if (found == MS_HTTP_HEAD_WHOLE)
        check_head(ms_str_slice(input, 0, len));
    return 0;
}
