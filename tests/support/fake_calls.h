/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that a test plays, what fake_store.c and fake_registry_client.c share: each is recorded
 * when it starts and ends in a later turn of the loop, in the order of the starts, as the test
 * says. Any one of them can be made to fail, and the work that started it be cancelled before it
 * ends, so that a loop over all of them proves that every step ends once and leaves nothing behind.
 */
#ifndef FAKE_CALLS_H
#define FAKE_CALLS_H

#include "common/base/digest.h"
#include "common/runtime/loop.h"

enum { FAKE_LOG_MAX = 64 * 1024 };

struct fake_call {
    bool is_cancelled;
    void (*tell)(struct fake_call *call, const struct ms_error *err); /* err NULL: it goes well */
};

extern struct fake_calls {
    struct ms_loop *loop;
    unsigned n_started, n_pending;
    unsigned fail_at;       /* the call, counted from 1, that fails; 0: none */
    enum ms_status failure; /* MS_UNAVAILABLE unless the test sets another */
    unsigned cancel_at;     /* before this call would end on_cancel is called; 0: never */
    void (*on_cancel)(void);
    bool hold;              /* what starts from now on ends when fake_calls_release() says so */
    char log[FAKE_LOG_MAX]; /* a line for each call: its name, its parameters */
} fake_calls;

void fake_calls_begin(void);
/* Frees the loop; nothing may be under way. */
void fake_calls_end(void);
/* Forgets what was logged and counted. */
void fake_calls_reset(void);
/* Until nothing is under way (but for what is held), and some turns more. */
void fake_calls_run(void);
void fake_calls_release(void);
/* Some line of the log is this one. */
bool fake_calls_has(const char *line);
unsigned fake_calls_count(const char *prefix);

/* Plays a piece of work as it is, then again with each of its calls failing, then again cancelled
 * before each of its calls would end. `check` comes after each; `call` counts from 1. */
enum fake_how { FAKE_WELL, FAKE_FAILED, FAKE_CANCELLED };
struct fake_scenario {
    void (*start)(void);
    void (*cancel)(void);
    void (*check)(enum fake_how how, unsigned call);
};
void fake_calls_play(const struct fake_scenario *scenario);

/* For the fakes. */
void fake_calls_start(struct fake_call *call);
void fake_calls_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A digest of one letter; in the log it stands as this letter. */
struct ms_digest fake_digest(char letter);
char fake_letter(const struct ms_digest *digest); /* '-': none */

#endif
