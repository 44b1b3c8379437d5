/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circuit breaker: when nobody has answered for a while, requests fail at once instead of each
 * waiting for its time-outs, and one probe looks whether the registry is back.
 */
#ifndef REGISTRY_CIRCUIT_H
#define REGISTRY_CIRCUIT_H

#include "writer/registry/curl_loop.h"
#include "writer/registry/queue.h"
#include "writer/registry/timing.h"

/* Open the circuit: so many in a row, and silence for as long as `timing` says. */
enum { REGISTRY_CIRCUIT_FAILURES = 5 };

struct registry_circuit;

/* `probe_url` is asked while the circuit is open; it is copied. */
struct registry_circuit *registry_circuit_new(struct ms_loop *loop, struct curl_loop *curl,
                                              struct registry_queue *queue,
                                              const struct registry_timing *timing,
                                              const char *probe_url, uint64_t timeout_ms);
/* No callbacks any more; its memory goes in a later turn. NULL is fine. */
void registry_circuit_free(struct registry_circuit *circuit);
void registry_circuit_set_timeout(struct registry_circuit *circuit, uint64_t timeout_ms);

/* Takes note of an answer; or of none, and why (NULL: not known). */
void registry_circuit_note(struct registry_circuit *circuit, bool is_alive, const char *error);
/* What /status shows until the registry comes back from being away. */
void registry_circuit_note_error(struct registry_circuit *circuit, const char *text);
bool registry_circuit_is_open(const struct registry_circuit *circuit);
/* "" when there was none since the registry last came back. */
const char *registry_circuit_last_error(const struct registry_circuit *circuit);
/* Fills what it knows: all but the retries, and of the requests its own. */
void registry_circuit_health(struct registry_health *out, const struct registry_circuit *circuit);
/* Told when the circuit opens or closes. */
void registry_circuit_on_reachable(struct registry_circuit *circuit,
                                   void (*on_change)(bool reachable, void *arg), void *arg);

#endif
