/* SPDX-License-Identifier: Apache-2.0 */
/* See dead_letters.h. Works beside a running leader and without one. */
#include "writer/upkeep/dead_letters.h"

#include "common/base/buf.h"
#include "writer/upkeep/store_task.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

struct job {
    ms_store_done *on_done;
    void *done_arg;
    uint64_t printed;
};

static int check_output(int exit_status)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return exit_status;
    perror("standard output");
    return EXIT_FAILURE;
}

/* --- list --- */

/* The text comes from strangers and goes to a terminal: control characters are replaced, and so are
 * blanks, which would look like the gap between two columns. */
static void append_plain(struct ms_buf *line, struct ms_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        ms_buf_append_char(line, c <= 0x20 || c == 0x7f ? '?' : (char)c);
    }
}

static struct ms_buf *subject_of(struct ms_buf *out, const struct ms_dead_letter *letter)
{
    append_plain(out, letter->repository.len > 0 ? letter->repository : MS_STR("-"));
    if (letter->tag.len > 0) {
        ms_buf_append_char(out, ':');
        append_plain(out, letter->tag);
    } else if (letter->digest.len > 0) {
        ms_buf_append_char(out, '@');
        append_plain(out, letter->digest);
    }
    return out;
}

static void print_row(struct ms_str id, struct ms_str died, struct ms_str subject,
                      struct ms_str action, struct ms_str reason)
{
    printf("%8.*s  %-20.*s  %-40.*s  %-7.*s  %.*s\n", MS_STR_ARG(id), MS_STR_ARG(died),
           MS_STR_ARG(subject), MS_STR_ARG(action), MS_STR_ARG(reason));
}

static void on_row(const struct ms_dead_letter *letter, void *arg)
{
    struct job *job = arg;
    struct ms_buf subject;
    ms_buf_init(&subject, LINE_MAX_BYTES);
    if (job->printed++ == 0)
        print_row(MS_STR("ID"), MS_STR("DIED"), MS_STR("REPOSITORY"), MS_STR("ACTION"),
                  MS_STR("REASON"));
    print_row(letter->id, letter->died, ms_buf_view(subject_of(&subject, letter)), letter->action,
              letter->reason);
    ms_buf_free(&subject);
}

/* Once something was printed, trying again would print it twice. */
static void on_listed(const struct ms_error *err, void *arg)
{
    struct job *job = arg;
    struct ms_error cut;
    if (err != NULL && job->printed > 0) {
        (void)ms_error_set(&cut, MS_IO, "the list is not complete: %s", err->text);
        err = &cut;
    }
    job->on_done(err, job->done_arg);
}

static struct ms_store_call *start_list(struct ms_store_writer *store, ms_store_done *on_done,
                                        void *done_arg, void *arg)
{
    struct job *job = arg;
    job->on_done = on_done;
    job->done_arg = done_arg;
    return ms_store_dead_list(store, on_row, on_listed, job);
}

int dead_letters_list(const struct ms_config *config)
{
    struct job job = {.printed = 0};
    struct store_task task = {.name = "dead letters", .start = start_list, .arg = &job};
    return check_output(store_task_run(config, &task));
}

/* --- retry --- */

static void on_retried(const struct ms_error *err, uint64_t n_back, uint64_t n_left, void *arg)
{
    struct job *job = arg;
    if (err == NULL)
        printf("%" PRIu64 " put back into the inbox\n", n_back);
    if (err == NULL && n_left > 0)
        printf("%" PRIu64 " lead nowhere, and stay for 30 days\n", n_left);
    job->on_done(err, job->done_arg);
}

static struct ms_store_call *start_retry(struct ms_store_writer *store, ms_store_done *on_done,
                                         void *done_arg, void *arg)
{
    struct job *job = arg;
    job->on_done = on_done;
    job->done_arg = done_arg;
    return ms_store_dead_retry(store, on_retried, job);
}

int dead_letters_retry(const struct ms_config *config)
{
    struct job job = {.printed = 0};
    struct store_task task = {.name = "dead letters", .start = start_retry, .arg = &job};
    return check_output(store_task_run(config, &task));
}
