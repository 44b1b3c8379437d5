/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outcomes of every function that can fail, and the detail that travels with a failure.
 *
 * common/ returns errors and never logs them; the module that handles an error logs it, once.
 * On failure a function leaves its outputs untouched.
 */
#ifndef MS_STATUS_H
#define MS_STATUS_H

#define MS_CHECKED __attribute__((warn_unused_result))
#define MS_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))

enum ms_status {
    MS_OK = 0,
    MS_INVALID,      /* input breaks a grammar or a rule; trying again is useless */
    MS_TOO_LARGE,    /* a limit on size, depth or count was reached */
    MS_NOT_FOUND,    /* the other side says that it does not exist */
    MS_CONFLICT,     /* something else holds or changed it */
    MS_UNAUTHORIZED, /* credentials are missing, wrong or not sufficient */
    MS_UNAVAILABLE,  /* the other side is away or overloaded; trying again later may help */
    MS_TIMEOUT,      /* it took too long */
    MS_PROTOCOL,     /* the other side answered what its protocol does not allow */
    MS_MISMATCH,     /* content does not have the digest or the size it was announced with */
    MS_BUSY,         /* a queue of ours is full */
    MS_DEPOSED,      /* another writer has a higher term: stop at once */
    MS_IO            /* the operating system refused */
};

enum { MS_ERROR_TEXT_MAX = 512 };

/* A failure with its detail. Plain value: lives on the stack of who asked. */
struct ms_error {
    enum ms_status status;
    char text[MS_ERROR_TEXT_MAX]; /* one line, no secrets, always terminated */
};

/* Fills `err` (which may be NULL) and returns `status`, so that a failing function can end with
 * `return ms_error_set(err, MS_INVALID, "...")`. Control characters in the text become '?'. */
enum ms_status ms_error_set(struct ms_error *err, enum ms_status status, const char *format, ...)
    MS_PRINTF(3, 4);

/* A short name for logs and metrics: "invalid", "too-large", ... Never NULL. */
const char *ms_status_name(enum ms_status status);

#endif
