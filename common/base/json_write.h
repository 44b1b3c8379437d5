/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON into a buffer: escaping and commas, nothing else. Both daemons write JSON (answers,
 * logs, documents prepared at storing time); only the writer parses it (writer/parse/json.h).
 *
 * A writer keeps track of commas; containers nest at most 32 deep (asserted: depth comes from our
 * code, never from input).
 */
#ifndef MS_JSON_WRITE_H
#define MS_JSON_WRITE_H

#include "common/base/buf.h"

/* The string with its quotes. Invalid UTF-8 and NUL become U+FFFD, so that what we write is always
 * accepted by PostgreSQL's jsonb; `<`, `>` and `&` are left alone. */
void ms_json_append_string(struct ms_buf *buf, struct ms_str s);

struct ms_json_writer {
    struct ms_buf *buf;
    uint32_t has_element; /* a bit for each open container */
    unsigned depth;
    bool after_key;
};

void ms_json_begin(struct ms_json_writer *json, struct ms_buf *buf);
void ms_json_object(struct ms_json_writer *json);
void ms_json_end_object(struct ms_json_writer *json);
void ms_json_array(struct ms_json_writer *json);
void ms_json_end_array(struct ms_json_writer *json);
void ms_json_key(struct ms_json_writer *json, const char *key);
void ms_json_key_str(struct ms_json_writer *json, struct ms_str key);
void ms_json_string(struct ms_json_writer *json, struct ms_str value); /* absent: null */
void ms_json_string_c(struct ms_json_writer *json, const char *value); /* NULL: null */
void ms_json_u64(struct ms_json_writer *json, uint64_t value);
void ms_json_i64(struct ms_json_writer *json, int64_t value);
void ms_json_f64(struct ms_json_writer *json, double value); /* not finite: null */
void ms_json_bool(struct ms_json_writer *json, bool value);
void ms_json_null(struct ms_json_writer *json);
void ms_json_raw(struct ms_json_writer *json, struct ms_str already_json); /* absent: null */

#endif
