/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's life, and who is next: two queues, a fixed number of slots.
 *
 * Always holds: no more requests are in flight than slots, and none waits inside curl; events go
 * before scans; requests begin only in dispatch(), which is a turn of the loop of its own, so that
 * no start function calls back.
 */
#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/runtime/metrics.h"
#include "writer/registry/internal.h"
#include "writer/registry/link.h"

#include <stdio.h>
#include <string.h>

/* --- queue and slots --- */

/* NULL: none, or only such as are held back. */
static struct registry_request *next_request(struct registry_client *client)
{
    struct registry_request *request = TAILQ_FIRST(&client->queues[REGISTRY_EVENT]);
    if (request == NULL)
        request = TAILQ_FIRST(&client->queues[REGISTRY_SCAN]);
    if (request == NULL || request->ask.priority == REGISTRY_EVENT)
        return request;
    return registry_echo_holds_back(client) ? NULL : request;
}

static bool may_begin(const struct registry_client *client)
{
    if (client->circuit.is_open)
        return true; /* to fail at once */
    return client->n_in_flight < client->concurrency && !ms_timer_is_running(client->quiet);
}

/* Begins so many at most: those that fail at once may have started others. */
enum { BEGIN_AT_ONCE = 1000 };

static void dispatch(void *arg)
{
    struct registry_client *client = arg;
    struct registry_request *request;
    client->is_dispatching = false;
    for (size_t i = 0; i < BEGIN_AT_ONCE && !client->is_freed && may_begin(client); i++) {
        request = next_request(client);
        if (request == NULL)
            return;
        registry_client_dequeue(client, request);
        client->n_in_flight++;
        registry_request_begin(request);
    }
    if (!client->is_freed && next_request(client) != NULL && may_begin(client))
        registry_client_dispatch_soon(client);
}

void registry_client_dispatch_soon(struct registry_client *client)
{
    if (client->is_dispatching || client->is_freed)
        return;
    client->is_dispatching = true;
    ms_loop_defer(client->loop, dispatch, client);
}

void registry_client_enqueue(struct registry_client *client, struct registry_request *request,
                             bool is_first)
{
    struct registry_queue *queue = &client->queues[request->ask.priority];
    if (is_first)
        TAILQ_INSERT_HEAD(queue, request, link);
    else
        TAILQ_INSERT_TAIL(queue, request, link);
    registry_client_dispatch_soon(client);
}

void registry_client_dequeue(struct registry_client *client, struct registry_request *request)
{
    TAILQ_REMOVE(&client->queues[request->ask.priority], request, link);
}

void registry_client_release_slot(struct registry_client *client)
{
    client->n_in_flight--;
    registry_client_dispatch_soon(client);
}

static void on_quiet_over(void *arg)
{
    registry_client_dispatch_soon(arg);
}

void registry_client_keep_quiet(struct registry_client *client, uint64_t pause_ms)
{
    int64_t until_ms = ms_clock_mono_ms() + (int64_t)pause_ms;
    if (pause_ms == 0 || (ms_timer_is_running(client->quiet) && until_ms <= client->quiet_until_ms))
        return;
    client->quiet_until_ms = until_ms;
    ms_timer_start(client->quiet, pause_ms);
}

/* --- life --- */

static struct curl_loop *make_curl(struct ms_loop *loop, const struct ms_config *config)
{
    struct curl_loop_options options = {
        .ca_file = config->registry.ca_file,
        .client_cert = config->registry.client_cert,
        .client_key = config->registry.client_key,
        .user_agent = REGISTRY_USER_AGENT,
        .max_connections = (size_t)config->registry.concurrency,
    };
    return curl_loop_new(loop, &options);
}

struct registry_client *registry_client_new(struct ms_loop *loop, const struct ms_config *config)
{
    struct registry_client *client = ms_alloc(sizeof(*client));
    client->loop = loop;
    client->base_url = ms_alloc_copy(config->registry.url);
    client->host = registry_url_host(ms_str(client->base_url));
    client->concurrency = (size_t)config->registry.concurrency;
    client->timeout_ms = config->registry.timeout_ms;
    client->curl = make_curl(loop, config);
    client->auth = registry_auth_new(client->curl, config);
    TAILQ_INIT(&client->queues[REGISTRY_EVENT]);
    TAILQ_INIT(&client->queues[REGISTRY_SCAN]);
    LIST_INIT(&client->calls);
    client->quiet = ms_timer_new(loop, on_quiet_over, client);
    registry_circuit_init(client);
    registry_echo_init(client);
    return client;
}

void registry_client_reload(struct registry_client *client, const struct ms_config *config)
{
    client->concurrency = (size_t)config->registry.concurrency;
    client->timeout_ms = config->registry.timeout_ms;
    curl_loop_set_connections(client->curl, client->concurrency);
    registry_auth_reload(client->auth, config);
    registry_client_dispatch_soon(client);
}

/* In a turn of its own, after the deferred calls that still know the client. */
static void destroy(void *arg)
{
    struct registry_client *client = arg;
    ms_timer_free(client->quiet);
    ms_timer_free(client->echo.timer);
    registry_auth_free(client->auth);
    curl_loop_free(client->curl);
    free(client->base_url);
    free(client);
}

void registry_client_free(struct registry_client *client)
{
    if (client == NULL || client->is_freed)
        return;
    client->is_freed = true;
    while (!LIST_EMPTY(&client->calls))
        registry_call_cancel(LIST_FIRST(&client->calls));
    registry_circuit_close_down(client);
    ms_timer_stop(client->quiet);
    ms_timer_stop(client->echo.timer);
    ms_loop_defer(client->loop, destroy, client);
}

/* --- health --- */

void registry_client_note_error(struct registry_client *client, const char *text)
{
    (void)snprintf(client->last_error, sizeof(client->last_error), "%s", text);
    client->last_error_ms = ms_clock_wall_ms();
}

void registry_client_health(struct registry_health *out, const struct registry_client *client)
{
    *out = (struct registry_health){
        .is_known = client->circuit.has_answered || client->circuit.failures > 0,
        .reachable = client->circuit.has_answered && !client->circuit.is_open,
        .last_error = client->last_error,
        .last_error_ms = client->last_error_ms,
        .requests = client->requests,
        .retries = client->retries,
    };
}

void registry_client_on_reachable(struct registry_client *client,
                                  void (*on_change)(bool reachable, void *arg), void *arg)
{
    client->on_reachable = on_change;
    client->on_reachable_arg = arg;
}
