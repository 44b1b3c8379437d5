/* SPDX-License-Identifier: Apache-2.0 */
/* See row.h. */
#include "writer/store/row.h"

#include <string.h>

/* A row that a concurrent transaction took away or made: trying again sees what is there now. */
static bool is_conflict(const char *sqlstate)
{
    static const char *const CONFLICTS[] = {"MS002", "23502", "23503", "23505"};
    for (size_t i = 0; i < sizeof(CONFLICTS) / sizeof(CONFLICTS[0]); i++)
        if (strcmp(sqlstate, CONFLICTS[i]) == 0)
            return true;
    return false;
}

enum ms_status row_status(struct ms_error *out, const struct ms_pg_outcome *outcome)
{
    if (outcome->err == NULL)
        return MS_OK;
    *out = *outcome->err;
    if (is_conflict(outcome->sqlstate))
        out->status = MS_CONFLICT;
    return out->status;
}

uint64_t row_u64(const struct ms_pg_row *row, size_t column)
{
    uint64_t value = 0;
    if (column >= row->n_columns || ms_str_to_u64(&value, row->columns[column]) != MS_OK)
        return 0;
    return value;
}

int64_t row_i64(const struct ms_pg_row *row, size_t column)
{
    uint64_t value = 0;
    if (column >= row->n_columns)
        return 0;
    struct ms_str text = row->columns[column];
    bool is_negative = ms_str_starts_with(text, MS_STR("-"));
    if (ms_str_to_u64(&value, ms_str_skip(text, is_negative)) != MS_OK || value > INT64_MAX)
        return 0;
    return is_negative ? -(int64_t)value : (int64_t)value;
}

bool row_bool(const struct ms_pg_row *row, size_t column)
{
    return column < row->n_columns && ms_str_equal(row->columns[column], MS_STR("t"));
}

struct ms_digest row_digest(const struct ms_pg_row *row, size_t column)
{
    struct ms_digest digest = {.len = 0};
    if (column >= row->n_columns || ms_str_is_absent(row->columns[column]) ||
        ms_digest_parse(&digest, row->columns[column]) != MS_OK)
        return (struct ms_digest){.len = 0};
    return digest;
}
