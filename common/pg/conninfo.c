/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See pg/conninfo.h.
 */
#include "common/pg/conninfo.h"

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

/* Of one sign libpq speaks itself ("="); what is longer is quoted from the string. */
static bool is_own_quote(const char *quote)
{
    return quote[1] != '\0' && quote[2] == '"';
}

static struct ms_str without_quotation(const char *message)
{
    const char *end = strchr(message, '"');
    while (end != NULL && is_own_quote(end))
        end = strchr(end + 3, '"');
    struct ms_str text = end != NULL ? ms_str_n(message, (size_t)(end - message)) : ms_str(message);
    while (text.len > 0 && strchr(": \n", text.ptr[text.len - 1]) != NULL)
        text.len--;
    return text;
}

static void free_options(PQconninfoOption *options)
{
    for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++) {
        if (option->val != NULL)
            explicit_bzero(option->val, strlen(option->val));
    }
    PQconninfoFree(options);
}

enum ms_status ms_pg_conninfo_check(struct ms_str conninfo, struct ms_error *err)
{
    char *message = NULL;
    char *text = ms_alloc_str(conninfo);
    PQconninfoOption *options = PQconninfoParse(text, &message);
    enum ms_status status = MS_OK;
    if (options == NULL) {
        struct ms_str what = message != NULL ? without_quotation(message) : MS_STR("no memory");
        status = ms_error_set(err, MS_INVALID, "libpq cannot read it: %.*s", MS_STR_ARG(what));
    }
    free_options(options);
    PQfreemem(message);
    ms_alloc_wipe(text);
    return status;
}
