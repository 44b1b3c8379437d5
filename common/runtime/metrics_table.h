/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of metrics: the enum of metrics.h, the families of metrics.c, /metrics and the
 * manual are made from it. A new metric is a row here, and whoever counts it: the lint refuses a
 * row that nobody does. Columns: MS_METRIC_X, the name without its prefix, type, the program that
 * has it, labels, help.
 *
 * Over the slots of a reader's processes a GAUGE is summed up; of a GAUGE_MAX the largest counts.
 */
#ifndef MS_METRICS_TABLE_H
#define MS_METRICS_TABLE_H

/* clang-format off */
#define MS_METRICS(METRIC)                                                                         \
    /* both programs */                                                                            \
    METRIC(GENERATION, "generation", GAUGE_MAX, BOTH, NO_LABEL,                                    \
           "Latest generation known to this process.")                                             \
    METRIC(HTTP_REQUESTS, "http_requests_total", COUNTER, BOTH, TWO(ROUTE, CODE),                  \
           "Requests answered.")                                                                   \
    METRIC(HTTP_REQUEST_SECONDS, "http_request_seconds", HISTOGRAM, BOTH, ONE(ROUTE),              \
           "Time from a request's arrival to the end of its answer.")                              \
    METRIC(HTTP_CONNECTIONS, "http_connections", GAUGE, BOTH, NO_LABEL,                            \
           "Open connections of clients.")                                                         \
    METRIC(LIMIT_REACHED, "limit_reached_total", COUNTER, BOTH, ONE(LIMIT),                        \
           "How often a limit was reached.")                                                       \
    METRIC(QUERY_SECONDS, "query_seconds", HISTOGRAM, BOTH, ONE(QUERY),                            \
           "Time of a database query, waiting for a connection included.")                         \
    /* writer */                                                                                   \
    METRIC(LEADER, "leader", GAUGE_MAX, WRITER, NO_LABEL,                                          \
           "1 while this writer leads, else 0.")                                                   \
    METRIC(INBOX_WAITING, "inbox_waiting", GAUGE, WRITER, NO_LABEL,                                \
           "Events accepted and not yet applied.")                                                 \
    METRIC(INBOX_OLDEST_SECONDS, "inbox_oldest_seconds", GAUGE_MAX, WRITER, NO_LABEL,              \
           "Age of the oldest event not yet applied.")                                             \
    METRIC(INBOX_UNKNOWN, "inbox_unknown", GAUGE, WRITER, NO_LABEL,                                \
           "Of those not yet applied: events of repositories that are not known.")                 \
    METRIC(EVENTS, "events_total", COUNTER, WRITER, TWO(ACTION, RESULT),                           \
           "Events received, and what became of them.")                                            \
    METRIC(FRESHNESS_SECONDS, "freshness_seconds", HISTOGRAM, WRITER, NO_LABEL,                    \
           "Time from a push, by the clock of its event, to the commit that shows it.")            \
    METRIC(DEAD_LETTERS, "dead_letters", GAUGE, WRITER, NO_LABEL,                                  \
           "Events that can never be applied; those that lead nowhere count for 30 days.")         \
    METRIC(REGISTRY_REQUESTS, "registry_requests_total", COUNTER, WRITER, TWO(KIND, CODE),         \
           "Requests to the registry; code \"error\": no answer.")                                 \
    METRIC(REGISTRY_REQUEST_SECONDS, "registry_request_seconds", HISTOGRAM, WRITER, NO_LABEL,      \
           "Time of a request to the registry.")                                                   \
    METRIC(SCAN_REPOSITORIES, "scan_repositories", GAUGE, WRITER, ONE(STATE),                      \
           "Repositories of the scan under way, or of the last one.")                              \
    METRIC(LAST_COMPLETE_SCAN, "last_complete_scan_timestamp_seconds", GAUGE_MAX, WRITER, NO_LABEL, \
           "When the last complete scan ended, Unix time.")                                        \
    METRIC(HELD_REMOVALS, "held_removals", GAUGE, WRITER, NO_LABEL,                                \
           "Repositories and tags whose removal is held.")                                         \
    METRIC(UNREADABLE_MANIFESTS, "unreadable_manifests", GAUGE, WRITER, NO_LABEL,                  \
           "Manifests that could not be read.")                                                    \
    METRIC(FLATPAK_REFS_DOUBLED, "flatpak_refs_doubled", GAUGE, WRITER, NO_LABEL,                  \
           "Flatpak refs that the tag latest of more than one repository offers.")                 \
    METRIC(SBOMS, "sboms", GAUGE, WRITER, ONE(SBOM),                                               \
           "SBOM documents, by what became of them; waiting: manifests that may hold some.")       \
    METRIC(APPLY_SECONDS, "apply_seconds", HISTOGRAM, WRITER, NO_LABEL,                            \
           "Time of a transaction that applies changes.")                                          \
    /* reader */                                                                                   \
    METRIC(CACHE_HITS, "cache_hits_total", COUNTER, READER, NO_LABEL,                              \
           "Requests answered from the cache.")                                                    \
    METRIC(CACHE_MISSES, "cache_misses_total", COUNTER, READER, NO_LABEL,                          \
           "Requests that needed the database.")                                                   \
    METRIC(CACHE_BYTES, "cache_bytes", GAUGE, READER, NO_LABEL,                                    \
           "Memory held by cached answers.")                                                       \
    METRIC(SPOOL_BYTES, "spool_bytes", GAUGE, READER, NO_LABEL,                                    \
           "Disk held by large answers.")                                                          \
    METRIC(STALE_SECONDS, "stale_seconds", GAUGE_MAX, READER, NO_LABEL,                            \
           "How long the database has been out of sight; 0: in sight.")                            \
    METRIC(STATEMENTS_WAITING, "statements_waiting", GAUGE, READER, ONE(CLASS),                    \
           "Statements that wait for a connection.")                                               \
    METRIC(STATEMENTS_REFUSED, "statements_refused_total", COUNTER, READER, ONE(CLASS),            \
           "Statements that were not run: too many waited (503), of one client (429), or too long.") \
    METRIC(STATEMENTS_RUNNING, "statements_running", GAUGE, READER, ONE(CLASS),                    \
           "Statements that a connection was given to.")                                           \
    METRIC(STATEMENTS_TIMED_OUT, "statements_timed_out_total", COUNTER, READER, ONE(CLASS),        \
           "Statements that took longer than their class may.")                                    \
    METRIC(STATEMENTS_CANCELLED, "statements_cancelled_total", COUNTER, READER, ONE(CLASS),        \
           "Statements that ended because nobody waited for them any more.")                       \
    METRIC(PARKED_REQUESTS, "parked_requests", GAUGE, READER, NO_LABEL,                            \
           "Requests that wait for a change.")                                                     \
    METRIC(WORKER_RESTARTS, "worker_restarts_total", COUNTER, READER, NO_LABEL,                    \
           "Worker and watcher processes that died and were replaced.")
/* clang-format on */

#endif
