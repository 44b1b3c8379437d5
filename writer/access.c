/* SPDX-License-Identifier: Apache-2.0 */
/* See access.h. */
#include "writer/access.h"

#include "common/base/clock.h"
#include "common/http/response.h"
#include "writer/writer.h"

enum { REFUSAL_MAX_BYTES = 1024 };

/* The token of `Authorization: Bearer <token>`; the scheme's case does not matter (RFC 9110 11.1).
 */
static struct ms_str bearer_token(const struct ms_http_request *request)
{
    struct ms_str rest = ms_http_request_header(request, "Authorization");
    if (ms_str_is_absent(rest) || !ms_str_equal_ci(ms_str_next(&rest, ' '), MS_STR("bearer")))
        return MS_STR_ABSENT;
    return ms_str_is_absent(rest) ? rest : ms_str_trim(rest);
}

bool access_authorize(struct ms_http_request *request, const char *token)
{
    static const struct ms_http_header CHALLENGE = {"WWW-Authenticate",
                                                    MS_STR_INIT("Bearer realm=\"metastore\"")};
    if (token == NULL || *token == '\0')
        return true;
    struct ms_str given = bearer_token(request);
    if (!ms_str_is_absent(given) && ms_str_equal_secret(given, ms_str(token)))
        return true;
    ms_http_send_problem(request, 401, MS_STR("the token is missing or wrong"), MS_STR_ABSENT,
                         &CHALLENGE, 1);
    return false;
}

static void say_away(struct ms_buf *out, const struct writer *writer)
{
    char since[MS_CLOCK_TEXT_MAX];
    ms_buf_printf(out, "the database is away since %s",
                  ms_clock_format(since, writer->store_away_since_ms));
    if (writer->store_error.text[0] != '\0')
        ms_buf_printf(out, ": %s", writer->store_error.text);
}

bool access_require_leader(struct ms_http_request *request, const struct writer *writer)
{
    static const struct ms_http_header RETRY_AFTER = {"Retry-After", MS_STR_INIT("1")};
    const struct ms_store_leader_info *other = &writer->other;
    bool is_connected = ms_store_writer_is_connected(writer->env.store);
    if (is_connected && writer->env.term != 0)
        return true;
    struct ms_buf why;
    ms_buf_init(&why, REFUSAL_MAX_BYTES);
    if (!is_connected)
        say_away(&why, writer);
    else if (other->pid != 0)
        ms_buf_printf(&why, "another writer leads: process %d on %s", other->pid, other->host);
    else if (writer->lead_error.status != MS_OK)
        ms_buf_printf(&why, "this writer cannot take the lead: %s", writer->lead_error.text);
    else
        ms_buf_append_c(&why, "this writer does not lead yet");
    ms_http_send_problem(request, 503, ms_buf_view(&why), MS_STR_ABSENT, &RETRY_AFTER, 1);
    ms_buf_free(&why);
    return false;
}
