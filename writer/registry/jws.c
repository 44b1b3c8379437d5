/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed schema 1 manifests. A registry may sign anew for every answer, so the digest is that of
 * the payload, without the signatures.
 */
#include "writer/registry/jws.h"

#include "writer/parse/json.h"

enum { JWS_DEPTH_MAX = 32, JWS_VALUES_MAX = 200000, JWS_SIGNATURES_MAX = 64 };

/* --- base64url (RFC 4648 section 5), padding optional, white space ignored, as libtrust reads it
 * --- */

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool decode(struct ms_buf *out, struct ms_str text)
{
    uint32_t bits = 0;
    unsigned count = 0;
    while (text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ' ' || c == '\n')
            continue;
        int value = sextet(c);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            ms_buf_append_char(out, (char)(unsigned char)(bits >> count & 0xff));
        }
    }
    return count < 6 && ms_buf_status(out) == MS_OK;
}

/* --- protected headers --- */

struct format {
    int64_t length;
    struct ms_buf tail;
};

static bool read_header(struct format *out, struct ms_str header)
{
    struct json_object *root = NULL;
    struct ms_str tail;
    if (json_parse(&root, header, JWS_DEPTH_MAX, JWS_VALUES_MAX, NULL) != MS_OK)
        return false;
    bool is_good = json_get_i64(&out->length, root, "formatLength") == MS_OK &&
                   json_get_string(&tail, root, "formatTail") == MS_OK && out->length > 0 &&
                   decode(&out->tail, tail);
    json_release(root);
    return is_good;
}

static bool read_format(struct format *out, struct json_object *signature, size_t max_bytes)
{
    struct ms_str encoded;
    struct ms_buf header;
    if (json_get_string(&encoded, signature, "protected") != MS_OK)
        return false;
    ms_buf_init(&header, max_bytes);
    ms_buf_init(&out->tail, max_bytes);
    bool is_good = decode(&header, encoded) && read_header(out, ms_buf_view(&header));
    ms_buf_free(&header);
    if (!is_good)
        ms_buf_free(&out->tail);
    return is_good;
}

static bool agree(const struct format *a, struct json_object *signature, size_t max_bytes)
{
    struct format b;
    if (!read_format(&b, signature, max_bytes))
        return false;
    bool same = a->length == b.length && ms_str_equal(ms_buf_view(&a->tail), ms_buf_view(&b.tail));
    ms_buf_free(&b.tail);
    return same;
}

/* --- the payload --- */

static enum ms_status rebuild(struct ms_buf *out, struct ms_str body,
                              struct json_object *signatures)
{
    struct format format;
    size_t count = json_array_length(signatures);
    if (count == 0 || count > JWS_SIGNATURES_MAX ||
        !read_format(&format, json_array_at(signatures, 0), body.len))
        return MS_INVALID;
    bool is_good = (uint64_t)format.length <= body.len;
    for (size_t i = 1; i < count && is_good; i++)
        is_good = agree(&format, json_array_at(signatures, i), body.len);
    if (is_good) {
        ms_buf_append(out, ms_str_slice(body, 0, (size_t)format.length));
        ms_buf_append(out, ms_buf_view(&format.tail));
    }
    ms_buf_free(&format.tail);
    return is_good && ms_buf_status(out) == MS_OK ? MS_OK : MS_INVALID;
}

enum ms_status registry_jws_payload(struct ms_buf *out, struct ms_str body)
{
    struct json_object *root = NULL;
    if (json_parse(&root, body, JWS_DEPTH_MAX, JWS_VALUES_MAX, NULL) != MS_OK)
        return MS_INVALID;
    struct json_object *signatures = json_member(root, "signatures");
    enum ms_status status = signatures != NULL ? rebuild(out, body, signatures) : MS_NOT_FOUND;
    json_release(root);
    return status;
}
