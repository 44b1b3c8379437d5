/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frame around the entries of an /index answer.
 */
#include "reader/api/index_body.h"

#include "common/base/json_write.h"
#include "reader/api/icon.h"

#include <string.h>

static void open_body(struct ms_buf *out, struct index_body *body)
{
    if (body->place != INDEX_AT_START)
        return;
    ms_buf_append_c(out, "{\"Registry\":");
    ms_json_append_string(out, ms_str(body->config->registry.public_url));
    ms_buf_append_c(out, ",\"Results\":[");
    body->place = INDEX_BETWEEN;
}

static void open_lists(struct ms_buf *out, struct index_body *body)
{
    ms_buf_append_c(out, "],\"Lists\":[");
    body->place = INDEX_IN_LISTS;
    body->n_entries = 0;
}

static void close_repository(struct ms_buf *out, struct index_body *body)
{
    if (body->place == INDEX_IN_IMAGES)
        open_lists(out, body);
    if (body->place == INDEX_IN_LISTS)
        ms_buf_append_c(out, "]}");
    body->place = INDEX_BETWEEN;
}

static bool is_open(const struct index_body *body, struct ms_str name)
{
    struct ms_str cut = ms_str_slice(name, 0, sizeof(body->name));
    return body->place != INDEX_BETWEEN && body->name_len == name.len &&
           memcmp(body->name, cut.ptr, cut.len) == 0;
}

static void open_repository(struct ms_buf *out, struct index_body *body, struct ms_str name)
{
    if (is_open(body, name))
        return;
    close_repository(out, body);
    ms_buf_append_c(out, body->n_repositories++ > 0 ? ",{\"Name\":" : "{\"Name\":");
    ms_json_append_string(out, name);
    ms_buf_append_c(out, ",\"Images\":[");
    struct ms_str cut = ms_str_slice(name, 0, sizeof(body->name));
    memcpy(body->name, cut.ptr, cut.len);
    body->name_len = name.len;
    body->place = INDEX_IN_IMAGES;
    body->n_entries = 0;
}

void index_body_add(struct ms_buf *out, struct index_body *body, const struct ms_str *columns)
{
    open_body(out, body);
    if (columns[INDEX_COLUMN_REPOSITORY].len == 0)
        return;
    open_repository(out, body, columns[INDEX_COLUMN_REPOSITORY]);
    if (body->place == INDEX_IN_IMAGES && ms_str_equal(columns[INDEX_COLUMN_IS_LIST], MS_STR("t")))
        open_lists(out, body);
    if (body->n_entries++ > 0)
        ms_buf_append_char(out, ',');
    if (body->config->index.icons == MS_ICONS_LINK)
        icon_append_linked(out, columns[INDEX_COLUMN_ENTRY]);
    else
        ms_buf_append(out, columns[INDEX_COLUMN_ENTRY]);
}

void index_body_finish(struct ms_buf *out, struct index_body *body)
{
    open_body(out, body);
    close_repository(out, body);
    ms_buf_append_c(out, "]}");
}
