/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the writer's store share: a database of their own for each test, copied from
 * one that the writer's migration made; the store's calls, waited for; contents by name; and a
 * plain connection that looks at what became of it.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "common/base/hash.h"
#include "writer/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <libpq-fe.h>

static struct ms_loop *loop;
static struct ms_store_writer *store;
static PGconn *eye; /* looks at the database directly */
static char database[64];
static char conninfo[1024];
static uint64_t term;

/* What the last call that was waited for told. */
static struct ms_error last_err;
static uint64_t last_count, last_id;
static bool last_flag;
static struct ms_apply_result last_apply;

/* --- the database --- */

static inline const char *test_database(void)
{
    const char *url = getenv("METASTORE_TEST_DATABASE");
    ck_assert_msg(url != NULL, "METASTORE_TEST_DATABASE is not set");
    return url;
}

static inline PGconn *connect_to(const char *name)
{
    const char *keywords[] = {"dbname", name != NULL ? "dbname" : NULL, NULL};
    const char *values[] = {test_database(), name, NULL};
    PGconn *conn = PQconnectdbParams(keywords, values, 1);
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    return conn;
}

/* On that connection: `before`, the test's database, `behind`. Closes it. */
static inline void administer_on(PGconn *conn, const char *before, const char *behind)
{
    char sql[256];
    (void)snprintf(sql, sizeof(sql), "%s %s %s", before, database, behind);
    PGresult *result = PQexec(conn, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

static inline void administer(const char *before, const char *behind)
{
    administer_on(connect_to(NULL), before, behind);
}

/* The same server and user as METASTORE_TEST_DATABASE, as keywords, other database, host and port
 * (NULL: the same). */
static inline void make_conninfo(char *out, size_t size, const char *host, const char *port)
{
    PQconninfoOption *options = PQconninfoParse(test_database(), NULL);
    ck_assert_ptr_nonnull(options);
    size_t length = (size_t)snprintf(out, size, "dbname=%s", database);
    for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
        const char *value = option->val;
        if (strcmp(option->keyword, "host") == 0 && host != NULL)
            value = host;
        if (strcmp(option->keyword, "port") == 0 && port != NULL)
            value = port;
        if (value == NULL || value[0] == '\0' || strcmp(option->keyword, "dbname") == 0 ||
            (host != NULL && strcmp(option->keyword, "hostaddr") == 0))
            continue;
        length += (size_t)snprintf(out + length, size - length, " %s='%s'", option->keyword, value);
    }
    PQconninfoFree(options);
}

/* The first column of the first row, as text; "" for none. Until the next call. */
static inline const char *sql(const char *statement)
{
    static char value[4096];
    PGresult *result = PQexec(eye, statement);
    ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", statement,
                  PQerrorMessage(eye));
    (void)snprintf(value, sizeof(value), "%s",
                   PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

static inline char *read_file(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_int_gt(getdelim(&text, &size, '\0', file), 0);
    (void)fclose(file);
    return text;
}

static inline void assert_recount(void)
{
    ck_assert_str_eq(sql("SELECT coalesce(string_agg(r, '; '), '') FROM recount() AS r"), "");
}

/* --- waiting --- */

static inline void on_done(const struct ms_error *err, void *arg)
{
    (void)arg;
    last_err = err != NULL ? *err : (struct ms_error){.status = MS_OK};
    ms_loop_stop(loop);
}

static inline void on_count(const struct ms_error *err, uint64_t count, void *arg)
{
    last_count = count;
    on_done(err, arg);
}

static inline void on_collected(const struct ms_error *err, uint64_t count, uint64_t last,
                                void *arg)
{
    last_id = last;
    on_count(err, count, arg);
}

static inline void on_put(const struct ms_error *err, size_t n_new, bool new_instance, void *arg)
{
    last_count = n_new;
    last_flag = new_instance;
    on_done(err, arg);
}

static inline void on_applied(const struct ms_error *err, const struct ms_apply_result *result,
                              void *arg)
{
    ck_assert((err == NULL) == (result != NULL));
    last_apply = result != NULL ? *result : (struct ms_apply_result){.generation = 0};
    on_done(err, arg);
}

static inline enum ms_status waited(const struct ms_store_call *call)
{
    ck_assert_ptr_nonnull(call);
    ms_loop_run(loop);
    return last_err.status;
}

#define ASSERT_OK(call) ck_assert_msg(waited(call) == MS_OK, "%s: %s", #call, last_err.text)

/* --- life --- */

static inline struct ms_store_options store_options(const char *url)
{
    return (struct ms_store_options){
        .url = url, .application_name = "metastore-test", .connections = 2, .max_waiting = 100};
}

static inline void start_store(void)
{
    loop = ms_loop_new();
    struct ms_store_options options = store_options(conninfo);
    store = ms_store_writer_new(loop, &options);
}

static inline void look_at_database(void)
{
    make_conninfo(conninfo, sizeof(conninfo), NULL, NULL);
    eye = connect_to(database);
    (void)sql("SET jit = off"); /* it takes longer than a recount */
}

/* Without anything in it. */
static inline void make_empty_database(void)
{
    (void)snprintf(database, sizeof(database), "metastore_store_%d", (int)getpid());
    administer("CREATE DATABASE", "TEMPLATE template0");
    look_at_database();
}

/* Once a program: what METASTORE_TEST_DATABASE names becomes what each test's database is copied
 * from. */
static inline void make_template(void)
{
    PGconn *conn = connect_to(NULL);
    (void)snprintf(database, sizeof(database), "%s", PQdb(conn));
    PQfinish(conn);
    look_at_database();
    start_store();
    ASSERT_OK(ms_store_migrate(store, on_done, NULL));
    char *recount = read_file(METASTORE_SOURCE_DIR "/tests/component/store/store_recount.sql");
    (void)sql(recount);
    free(recount);
    ms_store_writer_free(store);
    ms_loop_free(loop);
    PQfinish(eye);
}

/* A migrated database with a leader of term 1. */
static inline void set_up(void)
{
    char template[80];
    PGconn *conn = connect_to(NULL);
    (void)snprintf(template, sizeof(template), "TEMPLATE %s", PQdb(conn));
    (void)snprintf(database, sizeof(database), "metastore_store_%d", (int)getpid());
    administer_on(conn, "CREATE DATABASE", template);
    look_at_database();
    start_store();
    (void)sql("SELECT begin_term('test', 1)");
    term = 1;
}

static inline void tear_down(void)
{
    ms_store_writer_free(store);
    ms_loop_free(loop);
    PQfinish(eye);
    administer("DROP DATABASE", "WITH (FORCE)");
}

/* --- contents by name: "i7" is an image, "x7" an index, "a7" an artifact --- */

static inline struct ms_digest digest_of(const char *name)
{
    struct ms_digest digest;
    ms_hash_digest(&digest, MS_SHA256, ms_str(name));
    return digest;
}

/* The present one of a few static strings. */
static inline const char *name_of(char kind, int number)
{
    static char names[64][16];
    static size_t next;
    char *name = names[next++ % 64];
    (void)snprintf(name, sizeof(names[0]), "%c%d", kind, number);
    return name;
}

enum { LAYERS = 3, LABELS = 2, CHILDREN_MAX = 4 };
struct content {
    struct ms_manifest_record record;
    struct ms_layer_record layers[LAYERS];
    struct ms_pair labels[LABELS];
    struct ms_child_record children[CHILDREN_MAX];
};

/* Layers are shared with neighbours, and one is there twice; a label has one of three values. "i1"
 * and "p1" are images, "a1" is an artifact; indexes list "a1" and "p1" as attestations. */
static inline void make_image(struct content *out, const char *name)
{
    int number = (int)strtol(name + 1, NULL, 10);
    *out = (struct content){
        .record = {.digest = digest_of(name),
                   .kind = name[0] == 'a' ? MS_KIND_ARTIFACT : MS_KIND_IMAGE,
                   .media_type = MS_STR("application/vnd.oci.image.manifest.v1+json"),
                   .size = 1000 + number,
                   .raw = ms_str(name),
                   .config_digest = digest_of(name_of('c', number)),
                   .config_size = 300 + number,
                   .annotations = MS_STR("{}"),
                   .document = MS_STR("\"Digest\":\"\"")}};
    for (int i = 0; i < LAYERS; i++)
        out->layers[i] = (struct ms_layer_record){
            .digest = digest_of(name_of('l', i == 2 ? number : number + i)),
            .size = 10 * (number + (i == 2 ? 0 : i)),
            .media_type = MS_STR("application/vnd.oci.image.layer.v1.tar+gzip")};
    out->record.layers = out->layers;
    out->record.n_layers = LAYERS;
    if (name[0] == 'a')
        return;
    out->record.config_raw = MS_STR("{}");
    out->record.config_document = MS_STR("\"os\":\"linux\"");
    out->record.os = MS_STR("linux");
    out->record.architecture = number % 2 == 0 ? MS_STR("amd64") : MS_STR("arm64");
    out->record.title = ms_str(name);
    out->labels[0] = (struct ms_pair){MS_STR("color"), ms_str(number % 3 == 0 ? "Red" : "Blue")};
    out->labels[1] = (struct ms_pair){MS_STR("name"), ms_str(name)};
    out->record.labels = out->labels;
    out->record.n_labels = LABELS;
}

static inline void make_index(struct content *out, const char *name, const char *const *children,
                              size_t n)
{
    *out =
        (struct content){.record = {.digest = digest_of(name),
                                    .kind = MS_KIND_INDEX,
                                    .media_type = MS_STR("application/vnd.oci.image.index.v1+json"),
                                    .size = 500,
                                    .raw = ms_str(name),
                                    .annotations = MS_STR("{}"),
                                    .document = MS_STR("\"Digest\":\"\"")}};
    ck_assert_uint_le(n, CHILDREN_MAX);
    for (size_t i = 0; i < n; i++) {
        out->children[i] = (struct ms_child_record){
            .digest = digest_of(children[i]), .size = 1, .annotations = MS_STR("{}")};
        out->children[i].is_attestation = children[i][0] == 'a' || children[i][0] == 'p';
        long number = strtol(children[i] + 1, NULL, 10);
        if (number % 3 != 0) /* an image has one variant here and another one there */
            out->children[i].variant =
                ms_str((number + strtol(name + 1, NULL, 10)) % 2 == 0 ? "v6" : "v7");
    }
    out->record.children = out->children;
    out->record.n_children = n;
}

static inline enum ms_status put(struct content *content)
{
    return waited(ms_store_contents_put(store, term, &content->record, 1, on_done, NULL));
}

static inline void put_image(const char *name)
{
    struct content content;
    make_image(&content, name);
    ck_assert_msg(put(&content) == MS_OK, "%s", last_err.text);
}

#define PUT_INDEX(name, ...)                                                                       \
    do {                                                                                           \
        const char *const names_[] = {__VA_ARGS__};                                                \
        struct content content_;                                                                   \
        make_index(&content_, name, names_, sizeof(names_) / sizeof(names_[0]));                   \
        ck_assert_msg(put(&content_) == MS_OK, "%s", last_err.text);                               \
    } while (0)

/* --- applies --- */

static inline enum ms_status apply(struct ms_apply change)
{
    change.term = change.term != 0 ? change.term : term;
    return waited(ms_store_apply(store, &change, on_applied, NULL));
}

static const int64_t FAR_FUTURE_MS = 32503680000000; /* the year 3000 */

/* A scan finds that something is gone; `tag` empty: the whole repository. */
static inline enum ms_status put_down(const char *repository, const char *tag, int64_t scan)
{
    struct ms_removal_record removal = {.repository = ms_str(repository), .tag = ms_str(tag)};
    return waited(ms_store_removals_hold(store, term, scan, &removal, 1, on_done, NULL));
}

static inline enum ms_status remove_repository(const char *repository)
{
    enum ms_status status = put_down(repository, "", 0);
    return status != MS_OK ? status
                           : apply((struct ms_apply){.repository = ms_str(repository),
                                                     .removals_before_ms = FAR_FUTURE_MS});
}

static inline struct ms_tag_record tag_on(const char *name, const char *content)
{
    return (struct ms_tag_record){.name = ms_str(name), .digest = digest_of(content)};
}

/* A tag, and what is below it, as a scan finds it. */
static inline void set_tag(const char *repository, const char *name, const char *content)
{
    struct ms_tag_record tag = tag_on(name, content);
    ck_assert_msg(
        apply((struct ms_apply){
            .repository = ms_str(repository), .from_scan = true, .tags = &tag, .n_tags = 1}) ==
            MS_OK,
        "%s", last_err.text);
}

static inline void remove_tag(const char *repository, const char *name)
{
    struct ms_str removed = ms_str(name);
    ck_assert_int_eq(apply((struct ms_apply){.repository = ms_str(repository),
                                             .removed_tags = &removed,
                                             .n_removed_tags = 1}),
                     MS_OK);
}

static inline enum ms_status hold(const char *repository, const char *content, const char *reason)
{
    struct ms_held_record held = {.digest = digest_of(content), .unreadable = ms_str(reason)};
    return apply((struct ms_apply){.repository = ms_str(repository), .held = &held, .n_held = 1});
}

static inline enum ms_status release(const char *repository, const char *content)
{
    struct ms_digest gone = digest_of(content);
    return apply((struct ms_apply){.repository = ms_str(repository), .gone = &gone, .n_gone = 1});
}

/* --- rows --- */

static char rows[4096]; /* what row callbacks told, with blanks between */

static inline void note(struct ms_str text)
{
    size_t length = strlen(rows);
    (void)snprintf(rows + length, sizeof(rows) - length, "%s%.*s", length > 0 ? " " : "",
                   MS_STR_ARG(text));
}

static inline void on_name(struct ms_str name, void *arg)
{
    (void)arg;
    note(name);
}

static inline enum ms_status put_event(struct ms_event_record event)
{
    if (ms_str_is_absent(event.action))
        event.action = MS_STR("push");
    event.body = (struct ms_str){"{\"\0\xff\"}", 6};
    return waited(ms_store_inbox_put(store, term, &event, 1, false, on_put, NULL));
}

#endif
