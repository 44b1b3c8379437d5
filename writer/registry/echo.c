/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each manifest that the registry gives us makes it tell us of a pull, and its notifications wait
 * in one queue, each for the answer to the one before: a scan at full speed would put thousands of
 * them in front of somebody's push. So a scan asks no faster than the echo of its requests comes
 * back.
 *
 * Always holds: a registry that sends no such notifications never holds a scan back, and one that
 * loses some does so only for a time: whenever holding back for a while has brought almost none,
 * the bound is doubled.
 */
#include "common/runtime/limit.h"
#include "common/runtime/log.h"
#include "writer/registry/internal.h"

/* What is in flight may be about to add to the queue. */
static bool is_behind(const struct registry_client *client)
{
    const struct registry_echo *echo = &client->echo;
    return echo->is_heard && !client->circuit.is_open &&
           echo->waiting + (int64_t)client->n_in_flight >= echo->window;
}

static void begin_watch(struct registry_echo *echo)
{
    echo->n_watched = 0;
    ms_timer_start(echo->timer, REGISTRY_ECHO_WATCH_MS);
}

static void widen(struct registry_echo *echo)
{
    echo->window *= 2;
    ms_limit_reached(MS_LIMIT_REGISTRY_ECHO);
    ms_log(MS_LOG_INFO, "the scan waits no longer for notifications of its own requests",
           MS_FIELDS(ms_field_i64("missing", echo->waiting)));
}

static void on_watched(void *arg)
{
    struct registry_client *client = arg;
    struct registry_echo *echo = &client->echo;
    if (!is_behind(client))
        return;
    if (echo->n_watched < REGISTRY_ECHO_WATCH_MIN)
        widen(echo);
    registry_client_dispatch_soon(client);
}

bool registry_echo_holds_back(struct registry_client *client)
{
    if (!is_behind(client))
        return false;
    if (!ms_timer_is_running(client->echo.timer))
        begin_watch(&client->echo);
    return true;
}

void registry_echo_note_pull(struct registry_client *client)
{
    client->echo.waiting++;
}

/* An echo may be here before the answer whose it is. */
void registry_client_note_echoes(struct registry_client *client, size_t n)
{
    struct registry_echo *echo = &client->echo;
    int64_t least = -(int64_t)client->n_in_flight;
    if (n == 0)
        return;
    echo->waiting = echo->waiting - (int64_t)n > least ? echo->waiting - (int64_t)n : least;
    echo->is_heard = true;
    echo->n_watched += n;
    registry_client_dispatch_soon(client);
}

void registry_client_forget_echoes(struct registry_client *client)
{
    client->echo.waiting = 0;
    client->echo.window = REGISTRY_ECHO_WINDOW;
    client->echo.is_heard = false;
}

void registry_echo_init(struct registry_client *client)
{
    client->echo = (struct registry_echo){.window = REGISTRY_ECHO_WINDOW,
                                          .timer = ms_timer_new(client->loop, on_watched, client)};
}
