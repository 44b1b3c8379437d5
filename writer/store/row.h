/* SPDX-License-Identifier: Apache-2.0 */
/* Embedded statements, columns of results, and what a failure of the server means. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "common/base/digest.h"
#include "common/pg/pg.h"

/* The text of sql/queries/<file>.sql, embedded by the build; MS_STORE_STATEMENT_INIT needs it. */
#define MS_STORE_SQL(file) extern const char ms_sql_##file[]

/* Initializer of a struct ms_pg_statement, for tables of statements. */
/* Versions of clang-format lay out braces in macros differently. */
/* clang-format off */
#define MS_STORE_STATEMENT_INIT(statement_name, file) {.name = (statement_name), .sql = ms_sql_##file}
/* clang-format on */

/* At file scope: MS_STORE_STATEMENT(write_apply); declares the statement `write_apply` with the
 * text of sql/queries/write_apply.sql. */
#define MS_STORE_STATEMENT(file)                                                                   \
    MS_STORE_SQL(file);                                                                            \
    static const struct ms_pg_statement file = MS_STORE_STATEMENT_INIT(#file, file)

/* The two-part keys of our advisory locks: the class ("meta"), then what is locked. */
#define MS_STORE_LOCK_LEADER "1835365473, 1"
#define MS_STORE_LOCK_MIGRATION "1835365473, 2"

/* What an outcome means, as a status; its text goes to `out`. As ms_pg_status_of(),
 * but rows that vanished or appeared meanwhile (23502, 23503, 23505, MS002) are MS_CONFLICT too.
 * MS_OK leaves `out` as it is. */
enum ms_status row_status(struct ms_error *out, const struct ms_pg_outcome *outcome) MS_CHECKED;

/* Text columns. NULL, and what is no number, is 0; what is no digest is none. */
int64_t row_i64(const struct ms_pg_row *row, size_t column);
uint64_t row_u64(const struct ms_pg_row *row, size_t column);
bool row_bool(const struct ms_pg_row *row, size_t column);
struct ms_digest row_digest(const struct ms_pg_row *row, size_t column);

#endif
