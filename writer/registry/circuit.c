/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps: closed -> enough failures (registry_circuit_note) -> open -> probes, with growing pauses
 * -> an answer, to a probe or to a request that was under way -> closed.
 */
#include "writer/registry/circuit.h"

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/runtime/metrics.h"
#include "writer/registry/answer.h"

#include <stdio.h>

enum { PROBE_BODY_MAX = 64 * 1024 };

struct registry_circuit {
    struct ms_loop *loop;
    struct curl_loop *curl;
    struct registry_queue *queue;
    const struct registry_timing *timing;
    char *probe_url;
    uint64_t timeout_ms;
    bool is_open;
    bool has_answered;  /* ever */
    bool was_told_open; /* as on_reachable heard it last */
    bool is_freed;
    unsigned failures; /* in a row */
    int64_t last_alive_ms;
    struct ms_timer *timer;
    struct ms_backoff backoff;
    struct curl_exchange *probe;
    uint64_t n_probes;
    char last_error[MS_ERROR_TEXT_MAX];
    int64_t last_error_ms;
    void (*on_reachable)(bool reachable, void *arg);
    void *on_reachable_arg;
};

/* --- probing --- */

static void probe_later(struct registry_circuit *circuit)
{
    ms_timer_start(circuit->timer, ms_backoff_next_ms(&circuit->backoff));
}

/* A 401 is as good as a 200: somebody is there. */
static void on_probed(const struct curl_response *response, void *arg)
{
    struct registry_circuit *circuit = arg;
    struct registry_answer answer = {
        .kind = REGISTRY_KIND_PING,
        .transport = response->error != NULL ? response->error->status : MS_OK,
        .http_status = response->http_status,
    };
    circuit->probe = NULL;
    ms_metrics_add(MS_METRIC_REGISTRY_REQUESTS, registry_kind_name(REGISTRY_KIND_PING),
                   registry_code_name(response->http_status), 1);
    bool is_alive = registry_is_alive(&answer) && response->http_status != 500;
    if (!is_alive)
        probe_later(circuit);
    registry_circuit_note(circuit, is_alive,
                          response->error != NULL ? response->error->text : NULL);
}

static void on_timer(void *arg)
{
    struct registry_circuit *circuit = arg;
    struct curl_request request = {
        .method = EXCHANGE_GET,
        .url = circuit->probe_url,
        .is_own = true,
        .max_body_bytes = PROBE_BODY_MAX,
        .timeout_ms = circuit->timeout_ms < circuit->timing->probe_timeout_ms
                          ? circuit->timeout_ms
                          : circuit->timing->probe_timeout_ms,
    };
    circuit->n_probes++;
    circuit->probe = curl_loop_start(circuit->curl, &request, on_probed, circuit);
}

/* --- opening and closing --- */

/* In a turn of its own, so that the one who is told may cancel calls. */
static void tell(void *arg)
{
    struct registry_circuit *circuit = arg;
    if (circuit->is_freed || circuit->was_told_open == circuit->is_open)
        return;
    circuit->was_told_open = circuit->is_open;
    if (circuit->on_reachable != NULL)
        circuit->on_reachable(!circuit->is_open, circuit->on_reachable_arg);
}

static void set_open(struct registry_circuit *circuit, bool is_open)
{
    if (circuit->is_open == is_open)
        return;
    circuit->is_open = is_open;
    ms_backoff_reset(&circuit->backoff);
    if (is_open)
        probe_later(circuit);
    else
        ms_timer_stop(circuit->timer);
    registry_queue_let_all_begin(circuit->queue, is_open);
    ms_loop_defer(circuit->loop, tell, circuit);
}

void registry_circuit_note(struct registry_circuit *circuit, bool is_alive, const char *error)
{
    if (is_alive) {
        if (circuit->failures > 0)
            circuit->last_error[0] = '\0'; /* it was away, and is back */
        circuit->failures = 0;
        circuit->has_answered = true;
        circuit->last_alive_ms = ms_clock_mono_ms();
        curl_exchange_cancel(circuit->probe);
        circuit->probe = NULL;
        set_open(circuit, false);
        return;
    }
    if (error != NULL)
        registry_circuit_note_error(circuit, error);
    circuit->failures++;
    if (circuit->failures >= REGISTRY_CIRCUIT_FAILURES &&
        ms_clock_mono_ms() - circuit->last_alive_ms >= (int64_t)circuit->timing->silence_ms)
        set_open(circuit, true);
}

void registry_circuit_note_error(struct registry_circuit *circuit, const char *text)
{
    (void)snprintf(circuit->last_error, sizeof(circuit->last_error), "%s", text);
    circuit->last_error_ms = ms_clock_wall_ms();
}

bool registry_circuit_is_open(const struct registry_circuit *circuit)
{
    return circuit->is_open;
}

const char *registry_circuit_last_error(const struct registry_circuit *circuit)
{
    return circuit->last_error;
}

void registry_circuit_health(struct registry_health *out, const struct registry_circuit *circuit)
{
    *out = (struct registry_health){
        .is_known = circuit->has_answered || circuit->failures > 0,
        .reachable = circuit->has_answered && !circuit->is_open,
        .last_error = circuit->last_error,
        .last_error_ms = circuit->last_error_ms,
        .requests = circuit->n_probes,
    };
}

/* --- life --- */

struct registry_circuit *registry_circuit_new(struct ms_loop *loop, struct curl_loop *curl,
                                              struct registry_queue *queue,
                                              const struct registry_timing *timing,
                                              const char *probe_url, uint64_t timeout_ms)
{
    struct registry_circuit *circuit = ms_alloc(sizeof(*circuit));
    circuit->loop = loop;
    circuit->curl = curl;
    circuit->queue = queue;
    circuit->timing = timing;
    circuit->probe_url = ms_alloc_copy(probe_url);
    circuit->timeout_ms = timeout_ms;
    circuit->last_alive_ms = ms_clock_mono_ms();
    circuit->timer = ms_timer_new(loop, on_timer, circuit);
    circuit->backoff =
        (struct ms_backoff){.base_ms = timing->probe_base_ms, .max_ms = timing->probe_max_ms};
    return circuit;
}

void registry_circuit_set_timeout(struct registry_circuit *circuit, uint64_t timeout_ms)
{
    circuit->timeout_ms = timeout_ms;
}

void registry_circuit_on_reachable(struct registry_circuit *circuit,
                                   void (*on_change)(bool reachable, void *arg), void *arg)
{
    circuit->on_reachable = on_change;
    circuit->on_reachable_arg = arg;
}

/* In a turn of its own, after a deferred tell(). */
static void destroy(void *arg)
{
    struct registry_circuit *circuit = arg;
    ms_timer_free(circuit->timer);
    free(circuit->probe_url);
    free(circuit);
}

void registry_circuit_free(struct registry_circuit *circuit)
{
    if (circuit == NULL)
        return;
    circuit->is_freed = true;
    curl_exchange_cancel(circuit->probe);
    circuit->probe = NULL;
    ms_timer_stop(circuit->timer);
    ms_loop_defer(circuit->loop, destroy, circuit);
}
