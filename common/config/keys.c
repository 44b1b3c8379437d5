/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of keys. Loading, defaults, ranges, --print-config, reloading and the manual are
 * driven by it; a new key is a member of struct ms_config and a row here.
 *
 * Pure. Always holds: every fallback is a valid value of its key (a test proves it), and the keys
 * of a section stand together.
 */
#include "common/config/keys.h"

#include <assert.h>
#include <string.h>

#define SECOND UINT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

static const char *const COLLECT_WORDS[] = {"off", "dry-run", "on", NULL};
static const char *const ICON_WORDS[] = {"inline", "link", NULL};
static const char *const LEVEL_WORDS[] = {"debug", "info", "warn", "error", NULL};
static const char *const FORMAT_WORDS[] = {"logfmt", "json", NULL};

/* A word is stored as its position in these lists. */
static_assert(MS_COLLECT_OFF == 0 && MS_COLLECT_DRY_RUN == 1 && MS_COLLECT_ON == 2,
              "COLLECT_WORDS");
static_assert(MS_ICONS_INLINE == 0 && MS_ICONS_LINK == 1, "ICON_WORDS");
static_assert(MS_LOG_DEBUG == 0 && MS_LOG_INFO == 1 && MS_LOG_WARN == 2 && MS_LOG_ERROR == 3,
              "LEVEL_WORDS");
static_assert(MS_LOG_LOGFMT == 0 && MS_LOG_JSON == 1, "FORMAT_WORDS");

#define KEY(key_name, member, key_type, key_flags)                                                 \
    .name = (key_name), .type = (key_type), .flags = (key_flags),                                  \
    .offset = offsetof(struct ms_config, member)

/* clang-format off */
const struct ms_config_key MS_CONFIG_KEYS[] = {
    {KEY("registry.url", registry.url, MS_TYPE_REGISTRY_URL, MS_KEY_REQUIRED),
     .meaning = "where the registry is, as the writer reaches it; may have a path prefix; user "
                "information in it is an error"},
    {KEY("registry.public_url", registry.public_url, MS_TYPE_PUBLIC_URL, 0),
     .fallback_note = "registry.url",
     .meaning = "what clients are told (`Registry` in `/index`): absolute, or a path such as `/`"},
    {KEY("registry.username", registry.username, MS_TYPE_TEXT, MS_KEY_RELOAD),
     .meaning = "HTTP basic, or for the token server that the registry names"},
    {KEY("registry.password", registry.password, MS_TYPE_TEXT, MS_KEY_SECRET | MS_KEY_RELOAD),
     .meaning = "goes with the username; better in a file"},
    {KEY("registry.password_file", registry.password_file, MS_TYPE_TEXT, MS_KEY_RELOAD),
     .meaning = "file that holds the password; opened by the writer only"},
    {KEY("registry.ca_file", registry.ca_file, MS_TYPE_TEXT, MS_KEY_FILE), .fallback_note = "system CAs",
     .meaning = "certificate authorities trusted towards the registry, PEM"},
    {KEY("registry.client_cert", registry.client_cert, MS_TYPE_TEXT, MS_KEY_FILE),
     .meaning = "client certificate towards the registry, PEM"},
    {KEY("registry.client_key", registry.client_key, MS_TYPE_TEXT, MS_KEY_FILE),
     .meaning = "key of the client certificate, PEM"},
    {KEY("registry.concurrency", registry.concurrency, MS_TYPE_COUNT, MS_KEY_RELOAD),
     .fallback = "32", .min = 1, .max = 1024,
     .meaning = "requests in flight towards the registry"},
    {KEY("registry.timeout", registry.timeout_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "30s", .min = 100, .max = HOUR,
     .meaning = "time for one request to the registry"},
    {KEY("registry.include", registry.include, MS_TYPE_GLOBS, MS_KEY_RELOAD),
     .fallback = "*", .min = 1, .meaning = "globs of the repositories to keep"},
    {KEY("registry.exclude", registry.exclude, MS_TYPE_GLOBS, MS_KEY_RELOAD),
     .fallback_note = "[]", .meaning = "globs of repositories to leave out of those; what is known of them stays shown"},
    {KEY("registry.repositories", registry.repositories, MS_TYPE_REPOSITORIES, MS_KEY_RELOAD),
     .meaning = "a fixed list, for registries that forbid the catalog"},

    {KEY("events.token", events.token, MS_TYPE_TEXT, MS_KEY_SECRET | MS_KEY_RELOAD),
     .fallback_note = "empty",
     .meaning = "if not empty, `POST /events` needs `Authorization: Bearer <token>`"},
    {KEY("events.token_file", events.token_file, MS_TYPE_TEXT, MS_KEY_RELOAD),
     .meaning = "file that holds the token; opened by the writer only"},
    {KEY("events.max_body", events.max_body_bytes, MS_TYPE_SIZE, MS_KEY_RELOAD),
     .fallback = "4MiB", .min = 1, .max = 64 * MIB,
     .meaning = "a larger envelope is not parsed, but leads to a full scan"},

    {KEY("database.postgres.url", database.url, MS_TYPE_DATABASE, 0),
     .fallback_note = "PG* environment",
     .meaning = "libpq URI or keyword string; used by the writer, and by readers unless the next "
                "is set"},
    {KEY("database.postgres.read_url", database.read_url, MS_TYPE_DATABASE, 0),
     .fallback_note = "database.postgres.url",
     .meaning = "what readers query; a hot standby is fine"},
    {KEY("database.postgres.connections", database.connections, MS_TYPE_COUNT, 0),
     .fallback = "4", .min = 1, .max = 1000,
     .meaning = "connections of one process. A reader's worker shares them out to classes of "
                "statements, of which none waits behind one that costs more: with 2, lookups have "
                "one and everything else the other; with 3, walks (dumps, the index by what no "
                "index finds) have their own too; with 4, so have lists (docker search and other "
                "searches share the fourth with the index without a filter, taking turns); with 5, "
                "so has docker search; with 6, so has that index; more go to docker search, lookups, "
                "searches, lists and walks, in turn. With 1 all share it. Lookups "
                "and lists also use those of what costs more while it does not. One more, not "
                "counted here, cancels what nobody waits for any more"},

    {KEY("writer.listen", writer.listen, MS_TYPE_LISTEN, 0), .fallback = ":8087",
     .meaning = "where the writer serves `/events`, `/scan`, `/status`, health and metrics"},

    {KEY("reader.listen", reader.listen, MS_TYPE_LISTEN, 0), .fallback = ":8088",
     .meaning = "where readers serve everything else"},
    {KEY("reader.admin_listen", reader.admin_listen, MS_TYPE_LISTEN, 0),
     .fallback_note = "reader.listen",
     .meaning = "where `/healthz`, `/readyz` and `/metrics` are served instead, by any of the "
                "workers for all of them"},
    {KEY("reader.workers", reader.workers, MS_TYPE_WORKERS, 0),
     .fallback = "auto", .min = 1, .max = MS_WORKERS_MAX,
     .meaning = "worker processes; `auto` is one a core"},
    {KEY("reader.trusted_proxies", reader.trusted_proxies, MS_TYPE_NETWORKS, MS_KEY_RELOAD),
     .fallback_note = "[]",
     .meaning = "networks whose `X-Forwarded-For` names the client; turns at the database go round "
                "the clients that wait (IPv6: one /64 is one client), and a client with many "
                "waiting is refused (429 with `Retry-After`) only while others wait"},
    {KEY("reader.cors_origin", reader.cors_origin, MS_TYPE_HEADER, 0),
     .meaning = "value of `Access-Control-Allow-Origin`; none: no CORS"},
    {KEY("reader.max_stale", reader.max_stale_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "5m", .max = 30 * DAY,
     .meaning = "how long a reader that lost sight of the database stays ready"},
    {KEY("reader.max_connections", reader.max_connections, MS_TYPE_COUNT, MS_KEY_RELOAD),
     .fallback = "10000", .min = 1, .max = 1000000, .meaning = "clients connected to one worker"},
    {KEY("reader.header_timeout", reader.header_timeout_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "10s", .min = 100, .max = HOUR,
     .meaning = "time for a client to send the head of a request"},
    {KEY("reader.idle_timeout", reader.idle_timeout_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "75s", .min = 100, .max = HOUR,
     .meaning = "how long a connection without a request is kept"},
    {KEY("reader.write_timeout", reader.write_timeout_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "30s", .min = 100, .max = HOUR,
     .meaning = "how long a client may take nothing of its answer"},
    {KEY("reader.statement_timeout", reader.statement_timeout_ms, MS_TYPE_DURATION, 0),
     .fallback = "15s", .min = 100, .max = HOUR,
     .meaning = "time for one query: a third of it for lookups and lists, all of it for searches, "
                "forty times as long for the index without a filter and for walks"},
    {KEY("reader.max_waiting", reader.max_waiting, MS_TYPE_COUNT, 0),
     .fallback = "1000", .min = 1, .max = 1000000,
     .meaning = "queries of one worker that wait for a connection"},

    {KEY("cache.max_age_index", cache.max_age_index_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "5s", .max = YEAR,
     .meaning = "`Cache-Control: max-age` of `/index/static`; whole seconds, rounded down"},
    {KEY("cache.max_age_html", cache.max_age_html_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "5s", .max = YEAR,
     .meaning = "`Cache-Control: max-age` of pages; whole seconds, rounded down"},
    {KEY("cache.size", cache.size_bytes, MS_TYPE_SIZE, 0), .fallback = "64MiB", .max = TIB,
     .meaning = "response cache in memory of one worker; 0: off"},
    {KEY("cache.spool_size", cache.spool_size_bytes, MS_TYPE_SIZE, 0),
     .fallback = "4GiB", .min = MIB, .max = 1024 * TIB, .meaning = "large answers on disk; each worker keeps its share"},
    {KEY("cache.spool_dir", cache.spool_dir, MS_TYPE_TEXT, 0), .fallback = "/var/tmp",
     .meaning = "where the large answers are kept"},

    {KEY("interval.fetch_all", interval.fetch_all_ms, MS_TYPE_DURATION,
         MS_KEY_RELOAD | MS_KEY_ZERO),
     .fallback = "1h", .min = 100, .max = YEAR,
     .meaning = "full scan, also at start and take-over when the last complete one is older; 0: "
                "only on request"},
    {KEY("interval.garbage_collect", interval.garbage_collect_ms, MS_TYPE_DURATION,
         MS_KEY_RELOAD | MS_KEY_ZERO),
     .fallback = "30m", .min = 100, .max = YEAR,
     .meaning = "removal of what nothing references; 0: never"},

    {KEY("garbage_collect.registry", garbage_collect.registry, MS_TYPE_WORD, MS_KEY_RELOAD),
     .fallback = "off", .words = COLLECT_WORDS,
     .meaning = "`dry-run` logs, `on` deletes, untagged manifests **from the registry** too"},
    {KEY("garbage_collect.grace", garbage_collect.grace_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "24h", .max = YEAR, .meaning = "nothing younger is collected"},

    {KEY("retention.changes", retention.changes_ms, MS_TYPE_DURATION, MS_KEY_RELOAD | MS_KEY_ZERO),
     .fallback = "720h", .min = SECOND, .max = 100 * YEAR,
     .meaning = "how long the feed of changes is kept; 0: for ever"},
    {KEY("retention.history", retention.history_ms, MS_TYPE_DURATION, MS_KEY_RELOAD | MS_KEY_ZERO),
     .fallback = "0", .min = SECOND, .max = 100 * YEAR,
     .meaning = "how long superseded tag history is kept, at least `garbage_collect.grace`; 0: for ever"},

    {KEY("index.icons", index.icons, MS_TYPE_WORD, 0), .fallback = "inline", .words = ICON_WORDS,
     .meaning = "icons that labels hold as data URIs (`org.freedesktop.appstream.icon-64`, `-128`) in `/index`: "
                "`inline` as they are, `link` as URLs of `/index/icons/<hash>`, which clients keep for a year"},

    {KEY("contents.sbom", contents.sbom, MS_TYPE_BOOL, MS_KEY_RELOAD), .fallback = "true",
     .meaning = "read the SBOMs and provenance that the registry holds, and index the packages in them; `false` "
                "removes what is there"},
    {KEY("contents.sbom_max", contents.sbom_max_bytes, MS_TYPE_SIZE, MS_KEY_RELOAD),
     .fallback = "32MiB", .min = 1, .max = GIB,
     .meaning = "larger documents are counted and left alone"},

    {KEY("components.web_ui", components.web_ui, MS_TYPE_BOOL, 0),
     .fallback = "true", .meaning = "the pages"},
    {KEY("components.assert_endpoint", components.assert_endpoint, MS_TYPE_BOOL, 0),
     .fallback = "false", .meaning = "`POST /assert`, for tests"},

    {KEY("search.official", search.official, MS_TYPE_GLOBS, 0), .fallback = "library/*",
     .meaning = "globs of repositories that `docker search` marks official"},

    {KEY("log.level", log.level, MS_TYPE_WORD, MS_KEY_RELOAD),
     .fallback = "info", .words = LEVEL_WORDS, .meaning = "the least important events logged"},
    {KEY("log.format", log.format, MS_TYPE_WORD, MS_KEY_RELOAD),
     .fallback = "logfmt", .words = FORMAT_WORDS, .meaning = "form of a line in the log"},
    {KEY("log.access", log.access, MS_TYPE_BOOL, MS_KEY_RELOAD),
     .fallback = "false", .meaning = "a line for each request served"},

    {KEY("shutdown_timeout", shutdown_timeout_ms, MS_TYPE_DURATION, MS_KEY_RELOAD),
     .fallback = "30s", .max = HOUR,
     .meaning = "time to finish what is under way after SIGTERM"},
    {.name = NULL},
};
/* clang-format on */

static_assert(sizeof(MS_CONFIG_KEYS) / sizeof(MS_CONFIG_KEYS[0]) <= MS_CONFIG_KEYS_MAX + 1,
              "MS_CONFIG_KEYS_MAX");

void *ms_config_field(struct ms_config *config, const struct ms_config_key *key)
{
    return (unsigned char *)config + key->offset;
}

const void *ms_config_field_const(const struct ms_config *config, const struct ms_config_key *key)
{
    return (const unsigned char *)config + key->offset;
}

bool ms_config_type_is_string(enum ms_config_type type)
{
    return type <= MS_TYPE_LISTEN;
}

bool ms_config_type_is_number(enum ms_config_type type)
{
    return type >= MS_TYPE_COUNT && type <= MS_TYPE_SIZE;
}

bool ms_config_type_is_list(enum ms_config_type type)
{
    return type == MS_TYPE_GLOBS || type == MS_TYPE_REPOSITORIES || type == MS_TYPE_NETWORKS;
}

const struct ms_config_key *ms_config_key_find(struct ms_str name)
{
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        if (ms_str_equal(ms_str(key->name), name))
            return key;
    }
    return NULL;
}

bool ms_config_key_is_section(struct ms_str name)
{
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        struct ms_str whole = ms_str(key->name);
        if (name.len < whole.len && ms_str_starts_with(whole, name) && whole.ptr[name.len] == '.')
            return true;
    }
    return false;
}

/* --- suggestions --- */

enum { SUGGEST_EDITS_MAX = 2 };

static size_t count_dots(struct ms_str s)
{
    size_t dots = 0;
    for (size_t i = 0; i < s.len; i++)
        dots += s.ptr[i] == '.';
    return dots;
}

/* The first components of `name`, as many as there are dots, and one. */
static struct ms_str cut_components(struct ms_str name, size_t dots)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '.' && dots-- == 0)
            return ms_str_slice(name, 0, i);
    }
    return name;
}

static struct ms_str last_component(struct ms_str name)
{
    const char *dot = name.len > 0 ? memrchr(name.ptr, '.', name.len) : NULL;
    return dot != NULL ? ms_str_skip(name, (size_t)(dot - name.ptr) + 1) : name;
}

/* The right key in the wrong place, preferably of the same section. */
static struct ms_str suggest_place(struct ms_str unknown)
{
    struct ms_str best = MS_STR_ABSENT;
    struct ms_str word = last_component(unknown);
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        struct ms_str name = ms_str(key->name);
        bool is_same_section = ms_str_equal(cut_components(name, 0), cut_components(unknown, 0));
        if (ms_str_equal(last_component(name), word) && (best.ptr == NULL || is_same_section))
            best = name;
    }
    return best;
}

struct ms_str ms_config_key_suggest(struct ms_str unknown)
{
    struct ms_str best = MS_STR_ABSENT;
    size_t best_edits = SUGGEST_EDITS_MAX + 1;
    for (const struct ms_config_key *key = MS_CONFIG_KEYS; key->name != NULL; key++) {
        struct ms_str candidate = cut_components(ms_str(key->name), count_dots(unknown));
        size_t edits = ms_str_edits(unknown, candidate);
        if (edits < best_edits) {
            best = candidate;
            best_edits = edits;
        }
    }
    return best.ptr != NULL ? best : suggest_place(unknown);
}
