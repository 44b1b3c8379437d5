/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge of answers.
 */
#include "writer/registry/answer.h"

#include "common/http/text.h"
#include "writer/parse/json.h"

#include <string.h>
#include <time.h>

#include <curl/curl.h>

const char *registry_kind_name(enum registry_kind kind)
{
    static const char *const NAMES[] = {
        [REGISTRY_KIND_CATALOG] = "catalog", [REGISTRY_KIND_TAGS] = "tags",
        [REGISTRY_KIND_HEAD] = "head",       [REGISTRY_KIND_MANIFEST] = "manifest",
        [REGISTRY_KIND_BLOB] = "blob",       [REGISTRY_KIND_DELETE] = "delete",
        [REGISTRY_KIND_TOKEN] = "token",     [REGISTRY_KIND_PING] = "ping",
    };
    return NAMES[kind];
}

const char *registry_code_name(int http_status)
{
    return http_status == 0 ? "error" : ms_http_code(http_status);
}

/* --- error bodies --- */

enum { ERROR_DEPTH_MAX = 16, ERROR_VALUES_MAX = 10000 };

static bool is_code(struct ms_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_')
            return false;
    }
    return s.len > 0 && s.len < REGISTRY_ERROR_CODE_MAX;
}

/* As much as fits; what is not visible ASCII becomes '?'. */
static void copy_visible(char *out, size_t out_size, struct ms_str s)
{
    size_t len = s.len < out_size ? s.len : out_size - 1;
    for (size_t i = 0; i < len; i++)
        out[i] = s.ptr[i] >= 0x20 && s.ptr[i] < 0x7f ? s.ptr[i] : '?';
    out[len] = '\0';
}

bool registry_error_parse(struct registry_error_body *out, struct ms_str body)
{
    struct json_object *root = NULL;
    struct ms_str code;
    struct ms_str message;
    if (json_parse(&root, body, ERROR_DEPTH_MAX, ERROR_VALUES_MAX, NULL) != MS_OK)
        return false;
    struct json_object *error = json_array_at(json_member(root, "errors"), 0);
    bool is_error = json_get_string(&code, error, "code") == MS_OK && is_code(code);
    if (is_error) {
        if (json_get_string(&message, error, "message") != MS_OK)
            message = MS_STR("");
        copy_visible(out->code, sizeof(out->code), code);
        copy_visible(out->message, sizeof(out->message), message);
    }
    json_release(root);
    return is_error;
}

/* --- Retry-After --- */

uint64_t registry_retry_after_ms(struct ms_str header, int64_t now_wall_ms, uint64_t max_ms)
{
    enum { DATE_MAX = 64, NO_DATE = -1 };
    char date[DATE_MAX];
    uint64_t seconds;
    struct ms_str value = ms_str_trim(header);
    if (ms_str_to_u64(&seconds, value) == MS_OK)
        return seconds <= max_ms / 1000 ? seconds * 1000 : max_ms;
    if (value.len == 0 || value.len >= sizeof(date))
        return 0;
    memcpy(date, value.ptr, value.len);
    date[value.len] = '\0';
    time_t when = curl_getdate(date, NULL); /* in English whatever the locale is, unlike strptime */
    int64_t pause_ms = (int64_t)when * 1000 - now_wall_ms;
    if (when == NO_DATE || pause_ms <= 0)
        return 0;
    return (uint64_t)pause_ms < max_ms ? (uint64_t)pause_ms : max_ms;
}

/* --- judging --- */

static bool is_item(enum registry_kind kind)
{
    return kind != REGISTRY_KIND_CATALOG && kind != REGISTRY_KIND_PING &&
           kind != REGISTRY_KIND_TOKEN;
}

static bool is_content(enum registry_kind kind)
{
    return kind == REGISTRY_KIND_HEAD || kind == REGISTRY_KIND_MANIFEST ||
           kind == REGISTRY_KIND_BLOB;
}

/* The codes that say "it does not exist" of what was asked for. NOT_FOUND is Harbor's. */
static bool says_absent(enum registry_kind kind, const char *code)
{
    if (strcmp(code, "NAME_UNKNOWN") == 0)
        return is_item(kind);
    if (kind == REGISTRY_KIND_BLOB)
        return strcmp(code, "BLOB_UNKNOWN") == 0 || strcmp(code, "NOT_FOUND") == 0;
    if (kind == REGISTRY_KIND_MANIFEST || kind == REGISTRY_KIND_DELETE)
        return strcmp(code, "MANIFEST_UNKNOWN") == 0 || strcmp(code, "NOT_FOUND") == 0;
    return false;
}

static enum registry_verdict judge_not_found(const struct registry_answer *answer)
{
    if (answer->kind == REGISTRY_KIND_HEAD)
        return REGISTRY_SAYS_ABSENT;
    if (answer->was_sent_away)
        return REGISTRY_PERHAPS_UNREADABLE;
    if (answer->error_code != NULL && says_absent(answer->kind, answer->error_code))
        return REGISTRY_SAYS_ABSENT;
    return REGISTRY_IN_TROUBLE;
}

/* 4xx but for those with a meaning of their own: believed when the registry itself says so. */
static enum registry_verdict judge_refusal(const struct registry_answer *answer)
{
    if (answer->kind == REGISTRY_KIND_HEAD)
        return REGISTRY_SAYS_ASK_BY_GET;
    if (answer->was_sent_away && is_content(answer->kind))
        return REGISTRY_PERHAPS_UNREADABLE;
    if (answer->kind == REGISTRY_KIND_DELETE && answer->http_status == 405)
        return REGISTRY_SAYS_UNREADABLE;
    if (answer->error_code == NULL)
        return REGISTRY_IN_TROUBLE;
    return is_item(answer->kind) ? REGISTRY_SAYS_UNREADABLE : REGISTRY_SAYS_NO;
}

static enum registry_verdict judge_status(const struct registry_answer *answer)
{
    int status = answer->http_status;
    bool is_expected =
        answer->kind == REGISTRY_KIND_DELETE ? status == 202 || status == 200 : status == 200;
    switch (status) {
    case 304:
        return answer->is_conditional ? REGISTRY_SAYS_NOT_MODIFIED : REGISTRY_IN_TROUBLE;
    case 401: /* only the registry itself may say where our credentials go */
        if (!answer->was_sent_away)
            return REGISTRY_SAYS_CHALLENGE;
        return is_content(answer->kind) ? REGISTRY_PERHAPS_UNREADABLE : REGISTRY_IN_TROUBLE;
    case 404:
        return judge_not_found(answer);
    case 408:
        return REGISTRY_IN_TROUBLE;
    case 429:
        return REGISTRY_SAYS_SLOWER;
    case 500: /* a registry that cannot read or no longer serves this one; a proxy says 502 to 504
               */
        return is_content(answer->kind) ? REGISTRY_PERHAPS_UNREADABLE : REGISTRY_IN_TROUBLE;
    case 503:
        return answer->names_pause ? REGISTRY_SAYS_SLOWER : REGISTRY_IN_TROUBLE;
    default:
        break;
    }
    if (status >= 500)
        return REGISTRY_IN_TROUBLE;
    if (status >= 400)
        return judge_refusal(answer);
    if (status >= 300)
        return REGISTRY_SAYS_NO;
    return is_expected && !answer->is_html ? REGISTRY_SAYS_FOUND : REGISTRY_IN_TROUBLE;
}

enum registry_verdict registry_judge(const struct registry_answer *answer)
{
    if (answer->transport == MS_OK)
        return judge_status(answer);
    if (answer->is_refused)
        return REGISTRY_SAYS_NO;
    if (answer->transport == MS_TOO_LARGE)
        return is_content(answer->kind) ? REGISTRY_SAYS_UNREADABLE : REGISTRY_SAYS_NO;
    /* A body that began and never ends well may be the fault of this one item. */
    bool has_begun = answer->http_status == 200;
    return has_begun && is_content(answer->kind) ? REGISTRY_PERHAPS_UNREADABLE
                                                 : REGISTRY_IN_TROUBLE;
}

bool registry_is_alive(const struct registry_answer *answer)
{
    if (answer->transport != MS_OK)
        return answer->transport == MS_TOO_LARGE || answer->transport == MS_PROTOCOL;
    return answer->http_status < 502 || answer->http_status > 504 || answer->names_pause;
}
