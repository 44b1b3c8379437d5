/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of both programs: one YAML file, one table of keys (keys.c) that drives
 * loading, defaults, ranges, --print-config, reloading and the manual.
 *
 * YAML itself is read in config/yaml.c. Every fault is reported, not only the first.
 */
#ifndef MS_CONFIG_H
#define MS_CONFIG_H

#include "common/base/buf.h"
#include "common/runtime/log.h"

/* Worker processes of one reader, at most. */
enum { MS_WORKERS_MAX = 64 };

enum ms_config_program { MS_CONFIG_WRITER, MS_CONFIG_READER };

enum ms_collect_mode { MS_COLLECT_OFF, MS_COLLECT_DRY_RUN, MS_COLLECT_ON };
enum ms_icons_mode { MS_ICONS_INLINE, MS_ICONS_LINK };

struct ms_string_list {
    char **items; /* NULL when count is 0 */
    size_t count;
    size_t capacity;
};

/* Strings are NULL when not set; durations are milliseconds, sizes bytes. Owned by the config. */
struct ms_config {
    struct {
        char *url;        /* without trailing slash */
        char *public_url; /* never NULL after loading: falls back to url */
        char *username;
        char *password; /* from password or password_file; always NULL in a reader */
        char *password_file;
        char *ca_file;
        char *client_cert;
        char *client_key;
        uint64_t concurrency;
        uint64_t timeout_ms;
        struct ms_string_list include;
        struct ms_string_list exclude;
        struct ms_string_list repositories; /* count 0: use the catalog */
    } registry;
    struct {
        char *token; /* from token or token_file; "" or NULL: none asked for; NULL in a reader */
        char *token_file;
        uint64_t max_body_bytes;
    } events;
    struct {
        char *url;      /* NULL: the PG* environment */
        char *read_url; /* NULL: as url */
        uint64_t connections;
    } database;
    struct {
        char *listen;
    } writer;
    struct {
        char *listen;
        char *admin_listen;                    /* NULL: as listen */
        uint64_t workers;                      /* 0: auto, one a core */
        struct ms_string_list trusted_proxies; /* each a network: common/runtime/network.h */
        char *cors_origin;
        uint64_t max_stale_ms;
        uint64_t max_connections;
        uint64_t header_timeout_ms;
        uint64_t idle_timeout_ms;
        uint64_t write_timeout_ms;
        uint64_t statement_timeout_ms;
        uint64_t max_waiting;
    } reader;
    struct {
        uint64_t max_age_index_ms;
        uint64_t max_age_html_ms;
        uint64_t size_bytes;
        uint64_t spool_size_bytes;
        char *spool_dir;
    } cache;
    struct {
        uint64_t fetch_all_ms;
        uint64_t garbage_collect_ms;
    } interval;
    struct {
        enum ms_collect_mode registry;
        uint64_t grace_ms;
    } garbage_collect;
    struct {
        uint64_t changes_ms;
        uint64_t history_ms;
    } retention;
    struct {
        enum ms_icons_mode icons;
    } index;
    struct {
        bool sbom;
        uint64_t sbom_max_bytes;
    } contents;
    struct {
        bool web_ui;
        bool assert_endpoint;
    } components;
    struct {
        struct ms_string_list official;
    } search;
    struct {
        enum ms_log_level level;
        enum ms_log_format format;
        bool access;
    } log;
    uint64_t shutdown_timeout_ms;
};

/* Reads and checks `path` for `program`. On MS_INVALID (faults in the file) or MS_IO (cannot be
 * read) `diagnostics` holds one line for each fault, "FILE:LINE:COLUMN: key: what is wrong" or
 * "FILE: key: required". On MS_OK the caller owns *out. */
enum ms_status ms_config_load(struct ms_config **out, const char *path,
                              enum ms_config_program program,
                              struct ms_buf *diagnostics) MS_CHECKED;

/* The same from bytes in memory (tests, fuzzing); `name` stands for the file in diagnostics. */
enum ms_status ms_config_parse(struct ms_config **out, struct ms_str yaml, const char *name,
                               enum ms_config_program program,
                               struct ms_buf *diagnostics) MS_CHECKED;

void ms_config_free(struct ms_config *config); /* wipes secrets; NULL is fine */

/* The effective configuration as YAML: every key, secrets and passwords in URLs masked. What it
 * prints loads again (but for the masks). */
void ms_config_print(struct ms_buf *out, const struct ms_config *config);

/* A Markdown table of every key, its default and its meaning. */
void ms_config_manual(struct ms_buf *out);

/* "500ms", "30s", "1h30m", "0"; a bare number other than 0 is MS_INVALID. */
enum ms_status ms_config_parse_duration(uint64_t *out_ms, struct ms_str text) MS_CHECKED;

/* Moves what can change at run time from *fresh to *current, and appends to `needs_restart` the
 * names of keys that differ but cannot (one a line). `fresh` is left valid, to be freed: strings
 * and lists of *current may end with it, so borrow the configuration, not what it points to. */
void ms_config_reload(struct ms_config *current, struct ms_config *fresh,
                      struct ms_buf *needs_restart);

#endif
