/* SPDX-License-Identifier: Apache-2.0 */
/* The document of GET /status, see status.h. Pure. */
#include "common/base/clock.h"
#include "common/base/json_write.h"
#include "writer/status.h"

#include <stdio.h>
#include <string.h>

static void write_u64(struct ms_json_writer *json, const char *key, uint64_t value)
{
    ms_json_key(json, key);
    ms_json_u64(json, value);
}

static void write_bool(struct ms_json_writer *json, const char *key, bool value)
{
    ms_json_key(json, key);
    ms_json_bool(json, value);
}

/* null for never. */
static void write_time(struct ms_json_writer *json, const char *key, int64_t at_ms)
{
    char text[MS_CLOCK_TEXT_MAX];
    ms_json_key(json, key);
    if (at_ms != 0)
        ms_json_string_c(json, ms_clock_format(text, at_ms));
    else
        ms_json_null(json);
}

/* To the millisecond, so that whoever did something knows whether it is in what is told. */
static void write_as_of(struct ms_json_writer *json, int64_t at_ms)
{
    char seconds[MS_CLOCK_TEXT_MAX], text[MS_CLOCK_TEXT_MAX + 4];
    size_t length = strlen(ms_clock_format(seconds, at_ms)) - 1; /* without the Z */
    snprintf(text, sizeof(text), "%.*s.%03dZ", (int)length, seconds, (int)(at_ms % 1000));
    ms_json_key(json, "as_of");
    ms_json_string_c(json, text);
}

static bool has_text(const char *text)
{
    return text != NULL && *text != '\0';
}

/* null for none. */
static void write_text(struct ms_json_writer *json, const char *key, const char *text)
{
    ms_json_key(json, key);
    ms_json_string_c(json, has_text(text) ? text : NULL);
}

static void begin_object(struct ms_json_writer *json, const char *key)
{
    ms_json_key(json, key);
    ms_json_object(json);
}

static void write_leader(struct ms_json_writer *json, const struct ms_store_leader_info *leader)
{
    if (leader->pid == 0) {
        ms_json_key(json, "leader");
        ms_json_null(json);
        return;
    }
    begin_object(json, "leader");
    ms_json_key(json, "host");
    ms_json_string_c(json, leader->host);
    ms_json_key(json, "pid");
    ms_json_i64(json, leader->pid);
    write_time(json, "since", leader->since_ms);
    ms_json_end_object(json);
}

static void write_who(struct ms_json_writer *json, const struct status_facts *facts)
{
    uint64_t term = facts->term != 0 ? facts->term : facts->leader->term;
    ms_json_key(json, "role");
    ms_json_string_c(json, facts->term != 0 ? "leader" : "standby");
    if (term != 0)
        write_u64(json, "term", term);
    write_leader(json, facts->leader);
    ms_json_key(json, "version");
    ms_json_string_c(json, METASTORE_VERSION);
    if (facts->database == NULL)
        return;
    ms_json_key(json, "schema_version");
    ms_json_i64(json, facts->database->schema_version);
    write_u64(json, "generation", facts->database->generation);
    write_as_of(json, facts->as_of_ms);
}

static void write_peers(struct ms_json_writer *json, const struct status_facts *facts)
{
    const struct registry_health *registry = &facts->registry;
    begin_object(json, "database");
    write_bool(json, "connected", facts->database_connected);
    if (!facts->database_connected) {
        write_text(json, "error", facts->database_error);
        write_time(json, "since", facts->database_away_since_ms);
    }
    ms_json_end_object(json);
    begin_object(json, "registry");
    write_text(json, "url", facts->registry_url);
    ms_json_key(json, "reachable");
    if (registry->is_known)
        ms_json_bool(json, registry->reachable);
    else
        ms_json_null(json);
    write_text(json, "last_error", registry->last_error);
    if (has_text(registry->last_error))
        write_time(json, "last_error_time", registry->last_error_ms);
    write_u64(json, "requests", registry->requests);
    write_u64(json, "retries", registry->retries);
    ms_json_key(json, "own_notifications_missing");
    ms_json_i64(json, registry->own_notifications_missing);
    ms_json_key(json, "own_notifications_window");
    ms_json_i64(json, registry->own_notifications_window);
    ms_json_end_object(json);
}

static void write_inbox(struct ms_json_writer *json, const struct status_facts *facts)
{
    begin_object(json, "inbox");
    if (facts->database != NULL) {
        write_u64(json, "waiting", facts->database->inbox_waiting);
        write_u64(json, "oldest_seconds", facts->database->inbox_oldest_seconds);
        write_u64(json, "dead", facts->database->inbox_dead);
    }
    write_u64(json, "accepted", facts->inbox.accepted);
    write_u64(json, "duplicates", facts->inbox.duplicates);
    write_u64(json, "oversized", facts->inbox.oversized);
    ms_json_end_object(json);
}

static void write_scan(struct ms_json_writer *json, const struct scan_progress *scan)
{
    begin_object(json, "scan");
    write_bool(json, "running", scan->is_running);
    if (scan->is_running) {
        write_time(json, "started", scan->started_ms);
        begin_object(json, "repositories");
        write_u64(json, "done", scan->repositories_done);
        write_u64(json, "total", scan->repositories_total);
        ms_json_end_object(json);
        write_u64(json, "manifests", scan->manifests);
        ms_json_key(json, "rate");
        ms_json_f64(json, scan->rate);
        ms_json_key(json, "eta_seconds");
        if (scan->eta_seconds >= 0)
            ms_json_i64(json, scan->eta_seconds);
        else
            ms_json_null(json);
    }
    ms_json_end_object(json);
}

static void write_last_scan(struct ms_json_writer *json, const struct ms_store_status *database)
{
    const struct ms_scan_record *scan = &database->last_scan;
    if (!database->has_last_scan) {
        ms_json_key(json, "last_scan");
        ms_json_null(json);
        return;
    }
    begin_object(json, "last_scan");
    ms_json_key(json, "id");
    ms_json_i64(json, scan->id);
    write_bool(json, "complete", scan->complete);
    write_time(json, "started", database->last_scan_started_ms);
    write_time(json, "ended", database->last_scan_ended_ms);
    write_u64(json, "repositories", scan->repositories);
    write_u64(json, "tags", scan->tags);
    write_u64(json, "manifests", scan->manifests);
    write_u64(json, "added", scan->added);
    write_u64(json, "removed", scan->removed);
    write_u64(json, "unreadable", scan->unreadable);
    write_u64(json, "requests", scan->requests);
    ms_json_end_object(json);
}

static void write_removals(struct ms_json_writer *json, const struct ms_store_status *database)
{
    begin_object(json, "held_removals");
    write_u64(json, "repositories", database->held_repositories);
    write_u64(json, "tags", database->held_tags);
    write_time(json, "since", database->held_since_ms);
    ms_json_end_object(json);
}

static void write_collection(struct ms_json_writer *json, const struct ms_store_status *database)
{
    if (database->last_collection_ended_ms == 0) {
        ms_json_key(json, "last_collection");
        ms_json_null(json);
        return;
    }
    begin_object(json, "last_collection");
    write_time(json, "ended", database->last_collection_ended_ms);
    write_u64(json, "manifests", database->collected_manifests);
    write_u64(json, "registry_manifests", database->collected_registry_manifests);
    write_u64(json, "dry_run", database->collected_dry_run);
    ms_json_end_object(json);
}

static void write_sboms(struct ms_json_writer *json, const struct sbom_counts *sboms)
{
    begin_object(json, "sboms");
#define WRITE_COUNT(upper, key, text) write_u64(json, #key, sboms->of[MS_SBOM_##upper]);
    MS_SBOM_STATES(WRITE_COUNT)
#undef WRITE_COUNT
    ms_json_end_object(json);
}

void status_write(struct ms_buf *out, const struct status_facts *facts)
{
    struct ms_json_writer json;
    ms_json_begin(&json, out);
    ms_json_object(&json);
    write_who(&json, facts);
    write_peers(&json, facts);
    write_inbox(&json, facts);
    write_scan(&json, &facts->scan);
    if (facts->term != 0)
        write_sboms(&json, &facts->sboms);
    if (facts->database != NULL) {
        write_last_scan(&json, facts->database);
        write_removals(&json, facts->database);
        write_collection(&json, facts->database);
    }
    ms_json_end_object(&json);
    ms_buf_append_char(out, '\n');
}
