/* SPDX-License-Identifier: Apache-2.0 */
/* See dead_letters.h. Calls store_task.c; beside a running leader or without one. */
#include "writer/dead_letters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/json_write.h"
#include "writer/json.h"
#include "writer/store_task.h"

enum { LINE_MAX_BYTES = 128 * 1024 * 1024, EVENT_DEPTH_MAX = 64, EVENT_VALUES_MAX = 400000 };

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

/* As it came, if it is JSON (it should be), else as a string. */
static void write_event(struct ms_json_writer *json, struct ms_str body)
{
    struct json_object *parsed;
    ms_json_key(json, "event");
    if (json_parse(&parsed, body, EVENT_DEPTH_MAX, EVENT_VALUES_MAX, NULL) != MS_OK) {
        ms_json_string(json, body);
        return;
    }
    json_release(parsed);
    ms_json_raw(json, body);
}

static void write_member(struct ms_json_writer *json, const char *key, struct ms_str value)
{
    if (value.len == 0)
        return;
    ms_json_key(json, key);
    ms_json_string(json, value);
}

static void on_row(int64_t id, struct ms_str died, struct ms_str reason, struct ms_str action,
                   struct ms_str repository, struct ms_str tag, struct ms_str body, void *arg)
{
    struct job *job = arg;
    struct ms_buf line;
    struct ms_json_writer json;
    ms_buf_init(&line, LINE_MAX_BYTES);
    ms_json_begin(&json, &line);
    ms_json_object(&json);
    ms_json_key(&json, "id");
    ms_json_i64(&json, id);
    write_member(&json, "died", died);
    write_member(&json, "reason", reason);
    write_member(&json, "action", action);
    write_member(&json, "repository", repository);
    write_member(&json, "tag", tag);
    write_event(&json, body);
    ms_json_end_object(&json);
    ms_buf_append_char(&line, '\n');
    struct ms_str text = ms_buf_view(&line);
    (void)fwrite(text.ptr, 1, text.len, stdout); /* check_output() sees a failure */
    ms_buf_free(&line);
    job->printed++;
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

static enum ms_status start_list(struct ms_store_writer *store, ms_store_done *on_done,
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

static void on_retried(const struct ms_error *err, uint64_t count, void *arg)
{
    struct job *job = arg;
    if (err == NULL)
        printf("%" PRIu64 " put back into the inbox\n", count);
    job->on_done(err, job->done_arg);
}

static enum ms_status start_retry(struct ms_store_writer *store, ms_store_done *on_done,
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
