/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circuit breaker: when nobody has answered for a while, requests fail at once instead of each
 * waiting for its time-outs, and one probe looks whether the registry is back.
 */
#include "common/base/clock.h"
#include "common/runtime/metrics.h"
#include "writer/registry/internal.h"

static void on_probed(const struct curl_response *response, void *arg);

static void start_probe(void *arg)
{
    struct registry_client *client = arg;
    struct ms_buf url;
    ms_buf_init(&url, REGISTRY_URL_MAX);
    ms_buf_append_c(&url, client->base_url);
    ms_buf_append_c(&url, "/v2/");
    struct curl_request request = {
        .method = EXCHANGE_GET,
        .url = url.data,
        .max_body_bytes = 64 * 1024,
        .timeout_ms = client->timeout_ms < REGISTRY_PROBE_TIMEOUT_MS ? client->timeout_ms
                                                                     : REGISTRY_PROBE_TIMEOUT_MS,
    };
    client->requests++;
    client->circuit.probe = curl_loop_start(client->curl, &request, on_probed, client);
    ms_buf_free(&url);
}

static void probe_later(struct registry_client *client)
{
    ms_timer_start(client->circuit.timer, ms_backoff_next_ms(&client->circuit.backoff));
}

/* A 401 is as good as a 200: somebody is there. */
static void on_probed(const struct curl_response *response, void *arg)
{
    struct registry_client *client = arg;
    struct registry_answer answer = {
        .kind = REGISTRY_KIND_PING,
        .transport = response->error != NULL ? response->error->status : MS_OK,
        .http_status = response->http_status,
    };
    client->circuit.probe = NULL;
    ms_metrics_add(MS_METRIC_REGISTRY_REQUESTS, registry_kind_name(REGISTRY_KIND_PING),
                   registry_code_name(response->http_status), 1);
    bool is_alive = registry_is_alive(&answer) && response->http_status != 500;
    if (!is_alive)
        probe_later(client);
    registry_circuit_note(client, is_alive, response->error != NULL ? response->error->text : NULL);
}

/* In a turn of its own: whoever hears it may cancel calls. */
static void tell(void *arg)
{
    struct registry_client *client = arg;
    struct registry_circuit *circuit = &client->circuit;
    if (client->is_freed || circuit->was_told_open == circuit->is_open)
        return;
    circuit->was_told_open = circuit->is_open;
    if (client->on_reachable != NULL)
        client->on_reachable(!circuit->is_open, client->on_reachable_arg);
}

static void set_open(struct registry_client *client, bool is_open)
{
    struct registry_circuit *circuit = &client->circuit;
    if (circuit->is_open == is_open)
        return;
    circuit->is_open = is_open;
    ms_backoff_reset(&circuit->backoff);
    if (is_open)
        probe_later(client);
    else
        ms_timer_stop(circuit->timer);
    registry_client_dispatch_soon(client);
    ms_loop_defer(client->loop, tell, client);
}

static void note_alive(struct registry_client *client)
{
    struct registry_circuit *circuit = &client->circuit;
    if (circuit->failures > 0)
        client->last_error[0] = '\0'; /* it was away, and is back */
    circuit->failures = 0;
    circuit->has_answered = true;
    circuit->last_alive_ms = ms_clock_mono_ms();
    curl_exchange_cancel(circuit->probe);
    circuit->probe = NULL;
    set_open(client, false);
}

void registry_circuit_note(struct registry_client *client, bool is_alive, const char *error)
{
    struct registry_circuit *circuit = &client->circuit;
    if (is_alive) {
        note_alive(client);
        return;
    }
    if (error != NULL)
        registry_client_note_error(client, error);
    circuit->failures++;
    if (circuit->failures >= REGISTRY_CIRCUIT_FAILURES &&
        ms_clock_mono_ms() - circuit->last_alive_ms >= REGISTRY_CIRCUIT_SILENCE_MS)
        set_open(client, true);
}

void registry_circuit_init(struct registry_client *client)
{
    client->circuit = (struct registry_circuit){
        .last_alive_ms = ms_clock_mono_ms(),
        .timer = ms_timer_new(client->loop, start_probe, client),
        .backoff = {.base_ms = REGISTRY_PROBE_BASE_MS, .max_ms = REGISTRY_PROBE_MAX_MS},
    };
}

void registry_circuit_close_down(struct registry_client *client)
{
    curl_exchange_cancel(client->circuit.probe);
    client->circuit.probe = NULL;
    ms_timer_free(client->circuit.timer);
    client->circuit.timer = NULL;
}
