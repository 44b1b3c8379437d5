/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map by key and a list by age. All live equally long, so the oldest is always the first to go.
 */
#include "reader/answer/timeouts.h"

#include "common/base/alloc.h"
#include "common/base/map.h"

#include <string.h>
#include <sys/queue.h>

struct timeout {
    TAILQ_ENTRY(timeout) link;
    int64_t until_ms;
    size_t key_len;
    char key[];
};
TAILQ_HEAD(timeout_list, timeout);

struct timeouts {
    struct ms_map by_key;
    struct timeout_list by_age; /* the head is the oldest */
};

struct timeouts *timeouts_new(void)
{
    struct timeouts *timeouts = ms_alloc(sizeof(*timeouts));
    TAILQ_INIT(&timeouts->by_age);
    return timeouts;
}

static struct ms_str key_of(const struct timeout *timeout)
{
    return ms_str_n(timeout->key, timeout->key_len);
}

static void drop(struct timeouts *timeouts, struct timeout *timeout)
{
    ms_map_remove(&timeouts->by_key, key_of(timeout));
    TAILQ_REMOVE(&timeouts->by_age, timeout, link);
    free(timeout);
}

void timeouts_clear(struct timeouts *timeouts)
{
    struct timeout *timeout;
    while ((timeout = TAILQ_FIRST(&timeouts->by_age)) != NULL)
        drop(timeouts, timeout);
}

void timeouts_free(struct timeouts *timeouts)
{
    if (timeouts == NULL)
        return;
    timeouts_clear(timeouts);
    ms_map_free(&timeouts->by_key);
    free(timeouts);
}

void timeouts_note(struct timeouts *timeouts, struct ms_str key, int64_t now_ms)
{
    struct timeout *old = ms_map_get(&timeouts->by_key, key);
    if (key.len > TIMEOUTS_KEY_MAX)
        return;
    if (old == NULL && timeouts->by_key.count == TIMEOUTS_MAX)
        old = TAILQ_FIRST(&timeouts->by_age);
    if (old != NULL)
        drop(timeouts, old);
    struct timeout *timeout = ms_alloc(sizeof(*timeout) + key.len);
    timeout->until_ms = now_ms + TIMEOUTS_LIVE_MS;
    timeout->key_len = key.len;
    if (key.len > 0)
        memcpy(timeout->key, key.ptr, key.len);
    ms_map_put(&timeouts->by_key, key_of(timeout), timeout);
    TAILQ_INSERT_TAIL(&timeouts->by_age, timeout, link);
}

bool timeouts_has(struct timeouts *timeouts, struct ms_str key, int64_t now_ms)
{
    struct timeout *timeout;
    while ((timeout = TAILQ_FIRST(&timeouts->by_age)) != NULL && timeout->until_ms <= now_ms)
        drop(timeouts, timeout);
    return ms_map_get(&timeouts->by_key, key) != NULL;
}

size_t timeouts_count(const struct timeouts *timeouts)
{
    return timeouts->by_key.count;
}
