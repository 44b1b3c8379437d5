/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of outcomes and the filling of error structs. An error text is always terminated, one line,
 * and never ends inside a UTF-8 sequence.
 */
#include "common/base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void replace_controls(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
}

/* Where a text that was cut in the middle of a UTF-8 sequence should end. */
static size_t whole_sequences(const char *text, size_t len)
{
    size_t start = len;
    while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return len;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    return len - start + 1 < wanted ? start - 1 : len;
}

enum ms_status ms_error_set(struct ms_error *err, enum ms_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    /* Not straight into err->text: that may be among the arguments. */
    char text[MS_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (wanted < 0)
        text[0] = '\0';
    else if ((size_t)wanted >= sizeof(text))
        text[whole_sequences(text, sizeof(text) - 1)] = '\0';
    replace_controls(text);
    err->status = status;
    memcpy(err->text, text, strlen(text) + 1);
    return status;
}

const char *ms_status_name(enum ms_status status)
{
    switch (status) {
    case MS_OK:
        return "ok";
    case MS_INVALID:
        return "invalid";
    case MS_TOO_LARGE:
        return "too-large";
    case MS_NOT_FOUND:
        return "not-found";
    case MS_CONFLICT:
        return "conflict";
    case MS_UNAUTHORIZED:
        return "unauthorized";
    case MS_UNAVAILABLE:
        return "unavailable";
    case MS_TIMEOUT:
        return "timeout";
    case MS_PROTOCOL:
        return "protocol";
    case MS_MISMATCH:
        return "mismatch";
    case MS_BUSY:
        return "busy";
    case MS_DEPOSED:
        return "deposed";
    case MS_IO:
        return "io";
    }
    return "unknown";
}
