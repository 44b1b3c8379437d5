/* SPDX-License-Identifier: Apache-2.0 */
/* See fake_calls.h. */
#include "tests/support/fake_calls.h"

#include "common/base/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

enum { HELD_MAX = 64, IDLE_TURNS = 6, TURNS_MAX = 100000 };

struct fake_calls fake_calls;

static struct fake_call *held[HELD_MAX];
static size_t n_held;

void fake_calls_begin(void)
{
    fake_calls = (struct fake_calls){.loop = ms_loop_new(), .failure = MS_UNAVAILABLE};
    n_held = 0;
}

void fake_calls_end(void)
{
    ck_assert_uint_eq(fake_calls.n_pending, 0);
    ms_loop_free(fake_calls.loop);
}

void fake_calls_reset(void)
{
    ck_assert_uint_eq(fake_calls.n_pending, 0);
    fake_calls.n_started = 0;
    fake_calls.log[0] = '\0';
}

/* --- the life of a call --- */

struct ending {
    struct fake_call *call;
    unsigned number;
};

static void on_turn(void *arg)
{
    struct ending *ending = arg;
    struct fake_call *call = ending->call;
    unsigned number = ending->number;
    struct ms_error err;
    free(ending);
    if (number == fake_calls.cancel_at && fake_calls.on_cancel != NULL)
        fake_calls.on_cancel();
    if (call->is_cancelled) {
        free(call); /* it is pending no more since it was cancelled */
        return;
    }
    fake_calls.n_pending--;
    bool fails = number == fake_calls.fail_at;
    if (fails)
        (void)ms_error_set(&err, fake_calls.failure, "played");
    call->tell(call, fails ? &err : NULL);
    ms_loop_defer_free(fake_calls.loop, call);
}

static void end_later(struct fake_call *call, unsigned number)
{
    struct ending *ending = malloc(sizeof(*ending));
    ck_assert_ptr_nonnull(ending);
    *ending = (struct ending){call, number};
    ms_loop_defer(fake_calls.loop, on_turn, ending);
}

void fake_calls_start(struct fake_call *call)
{
    fake_calls.n_started++;
    fake_calls.n_pending++;
    if (fake_calls.hold) {
        ck_assert_uint_lt(n_held, HELD_MAX);
        held[n_held++] = call;
    } else {
        end_later(call, fake_calls.n_started);
    }
}

void fake_calls_release(void)
{
    fake_calls.hold = false;
    for (size_t i = 0; i < n_held; i++)
        end_later(held[i], 0);
    n_held = 0;
}

/* --- running --- */

static void on_stop(void *arg)
{
    (void)arg;
    ms_loop_stop(fake_calls.loop);
}

void fake_calls_run(void)
{
    unsigned idle = 0;
    for (unsigned turns = 0; idle < IDLE_TURNS; turns++) {
        ck_assert_msg(turns < TURNS_MAX, "without end:\n%s", fake_calls.log);
        ms_loop_defer(fake_calls.loop, on_stop, NULL);
        ms_loop_run(fake_calls.loop);
        idle = fake_calls.n_pending > n_held ? 0 : idle + 1;
    }
}

static unsigned play(const struct fake_scenario *scenario, enum fake_how how, unsigned call)
{
    fake_calls_reset();
    fake_calls.fail_at = how == FAKE_FAILED ? call : 0;
    fake_calls.cancel_at = how == FAKE_CANCELLED ? call : 0;
    fake_calls.on_cancel = scenario->cancel;
    scenario->start();
    fake_calls_run();
    ck_assert_msg(fake_calls.n_pending == 0, "a call is left over:\n%s", fake_calls.log);
    scenario->check(how, call);
    fake_calls.fail_at = fake_calls.cancel_at = 0;
    return fake_calls.n_started;
}

void fake_calls_play(const struct fake_scenario *scenario)
{
    unsigned n = play(scenario, FAKE_WELL, 0);
    ck_assert_uint_gt(n, 0);
    for (unsigned call = 1; call <= n; call++)
        (void)play(scenario, FAKE_FAILED, call);
    for (unsigned call = 1; call <= n; call++)
        (void)play(scenario, FAKE_CANCELLED, call);
}

/* --- the log --- */

void fake_calls_log(const char *format, ...)
{
    va_list args;
    size_t length = strlen(fake_calls.log);
    va_start(args, format);
    (void)vsnprintf(fake_calls.log + length, FAKE_LOG_MAX - length, format, args);
    va_end(args);
}

bool fake_calls_has(const char *line)
{
    size_t length = strlen(line);
    for (const char *at = fake_calls.log; (at = strstr(at, line)) != NULL; at += length) {
        if ((at == fake_calls.log || at[-1] == '\n') && at[length] == '\n')
            return true;
    }
    return false;
}

unsigned fake_calls_count(const char *prefix)
{
    unsigned n = 0;
    for (const char *line = fake_calls.log; *line != '\0'; line = strchr(line, '\n') + 1)
        n += strncmp(line, prefix, strlen(prefix)) == 0;
    return n;
}

/* --- digests --- */

struct ms_digest fake_digest(char letter)
{
    struct ms_digest digest = {.len = 33};
    digest.bytes[0] = MS_SHA256;
    memset(digest.bytes + 1, letter, 32);
    return digest;
}

char fake_letter(const struct ms_digest *digest)
{
    return ms_digest_is_none(digest) ? '-' : (char)digest->bytes[1];
}
