/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /api/v1/dump: everything, as a line of JSON each. Always: the last line counts the others, so
 * that a dump without it is known to be cut.
 */
#include "common/base/json_write.h"
#include "common/config/config.h"
#include "reader/answer/answer.h"
#include "reader/api/api.h"
#include "reader/api/rest_question.h"

#include <assert.h>

enum { COLUMN_SECTION, COLUMN_LINE, COLUMN_COUNT };

/* As the statement numbers them. */
enum section { SECTION_HEAD, SECTION_REPOSITORIES, SECTION_TAGS, SECTION_MANIFESTS, SECTION_COUNT };

struct dump_state {
    const struct ms_config *config;
    uint64_t n_lines[SECTION_COUNT];
};

/* U+0085, U+2028 and U+2029 stand in JSON as they are, but many a reader of lines takes them for
 * the end of one: so they are escaped. All three lie in strings, where an escape means the same. */
static void append_line(struct ms_buf *out, struct ms_str line)
{
    static const struct {
        struct ms_str raw;
        const char *escaped;
    } SEPARATORS[] = {
        {MS_STR_INIT("\xc2\x85"), "\\u0085"},
        {MS_STR_INIT("\xe2\x80\xa8"), "\\u2028"},
        {MS_STR_INIT("\xe2\x80\xa9"), "\\u2029"},
    };
    size_t begin = 0;
    for (size_t at = 0; at < line.len; at++) {
        if ((line.ptr[at] & 0x80) == 0)
            continue;
        for (size_t i = 0; i < sizeof(SEPARATORS) / sizeof(SEPARATORS[0]); i++) {
            if (!ms_str_starts_with(ms_str_skip(line, at), SEPARATORS[i].raw))
                continue;
            ms_buf_append(out, ms_str_slice(line, begin, at));
            ms_buf_append_c(out, SEPARATORS[i].escaped);
            begin = at + SEPARATORS[i].raw.len;
        }
    }
    ms_buf_append(out, ms_str_skip(line, begin));
}

/* The statement leaves the brace at the end to us. */
static void on_row(struct answer_result *result, const struct ms_str *columns, size_t n_columns,
                   void *arg)
{
    struct dump_state *state = arg;
    uint64_t section;
    assert(n_columns == COLUMN_COUNT);
    if (ms_str_to_u64(&section, columns[COLUMN_SECTION]) != MS_OK || section >= SECTION_COUNT)
        return;
    state->n_lines[section]++;
    append_line(&result->body, columns[COLUMN_LINE]);
    if (section == SECTION_HEAD) {
        ms_buf_append_c(&result->body, ",\"registry\":");
        ms_json_append_string(&result->body, ms_str(state->config->registry.public_url));
    }
    ms_buf_append_c(&result->body, "}\n");
    if (section == SECTION_HEAD)
        result->untagged = result->body.len;
}

static void on_finish(struct answer_result *result, void *arg)
{
    const struct dump_state *state = arg;
    ms_buf_append_c(&result->body, "{\"type\":\"end\",\"repositories\":");
    ms_buf_append_u64(&result->body, state->n_lines[SECTION_REPOSITORIES]);
    ms_buf_append_c(&result->body, ",\"tags\":");
    ms_buf_append_u64(&result->body, state->n_lines[SECTION_TAGS]);
    ms_buf_append_c(&result->body, ",\"manifests\":");
    ms_buf_append_u64(&result->body, state->n_lines[SECTION_MANIFESTS]);
    ms_buf_append_c(&result->body, "}\n");
}

void api_dump(struct ms_http_request *request, const struct ms_route_match *match, void *arg)
{
    struct answers *answers = arg;
    const struct dump_state state = {.config = answers->env->config};
    struct rest_question question;
    (void)match;
    if (!rest_question_read(&question, request, NULL, 0))
        return;
    answer_serve(answers, request,
                 &(struct answer_query){
                     .key = MS_STR("/api/v1/dump"),
                     .statement = MS_READ_DUMP,
                     .shows_counts = true,
                     .is_large = true,
                     .content_type = "application/x-ndjson",
                     .on_row = on_row,
                     .on_finish = on_finish,
                     .state = &state,
                     .state_bytes = sizeof(state),
                 },
                 NULL);
}
