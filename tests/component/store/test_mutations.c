/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and configurations as the world spoils them, through the parser into a real database.
 * Each step makes a few of them from real ones, stores what can be read and applies all to a
 * repository, as the writer does. Whatever they hold, the database takes them, each repository
 * holds exactly what it should, and the dump can be made of it.
 *
 * METASTORE_TEST_SEED chooses the changes, METASTORE_TEST_STEPS how many steps: see
 * tests/soak/contents.
 */
#include "tests/component/store/store_fixture.h"
#include "tests/support/mutate.h"
#include "writer/parse/manifest.h"

#include <stdarg.h>

enum {
    STEPS = 700,
    CHECK_EVERY = 50,
    PER_STEP = 6,
    REPOSITORIES = 4,
    TAGS = 10,
    DEPTH_MAX = 3,
    WIDTH = 1100,
    KNOWN = 64, /* manifests that indexes and subjects may name */
    TEXT_MAX = 1024 * 1024,
    ARENA_BYTES = 64 * 1024 * 1024
};

extern const char ms_sql_read_dump[];

static struct mutate mutate;

/* What a tag of a repository is to be on. */
static struct {
    struct ms_digest digest; /* none: there is no such tag */
    bool is_readable;
} model[REPOSITORIES][TAGS];

/* Manifests of the steps before, of which indexes are made. */
static struct known {
    struct ms_digest digest;
    bool is_readable;
    int depth; /* levels of indexes: too many of them could not be read */
} known[KNOWN];
static size_t n_known;

/* --- real ones --- */

static const char CONFIG[] =
    "{\"created\":\"2024-05-01T10:00:00.123Z\",\"author\":\"someone\",\"architecture\":\"arm\","
    "\"os\":\"linux\","
    "\"os.version\":\"10.0\",\"os.features\":[\"win32k\"],\"config\":{\"User\":\"app\",\"Env\":["
    "\"PATH=/bin\"],"
    "\"Cmd\":[\"serve\"],\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"vendor\":\"Acme\","
    "\"org.opencontainers.image.title\":\"Title\",\"org.flatpak.ref\":\"app/org.test/x86_64/"
    "stable\"}},"
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:aa\",\"sha256:bb\"]},\"history\":[{"
    "\"created_by\":"
    "\"ADD base\"},{\"created_by\":\"ENV X\",\"empty_layer\":true},{\"created_by\":\"RUN "
    "make\"}],\"salt\":%zu}";

/* #: a digest. */
static const char IMAGE[] =
    "{\"schemaVersion\":2,\"mediaType\":\"application/"
    "vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
    "\"application/"
    "vnd.oci.image.config.v1+json\",\"digest\":\"#\",\"size\":700},\"layers\":[{\"mediaType\":"
    "\"application/"
    "vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"#\",\"size\":32654},{\"mediaType\":"
    "\"application/"
    "vnd.oci.image.layer.v1.tar+zstd\",\"digest\":\"#\",\"size\":16724}],\"annotations\":"
    "{\"org.opencontainers.image.description\":\"Words\",\"stage\":\"prod\"}}";
static const char DOCKER[] =
    "{\"schemaVersion\":2,\"mediaType\":\"application/"
    "vnd.docker.distribution.manifest.v2+json\",\"config\":"
    "{\"mediaType\":\"application/"
    "vnd.docker.container.image.v1+json\",\"size\":1469,\"digest\":\"#\"},\"layers\":"
    "[{\"mediaType\":\"application/"
    "vnd.docker.image.rootfs.diff.tar.gzip\",\"size\":977,\"digest\":\"#\"},"
    "{\"mediaType\":\"application/"
    "vnd.docker.image.rootfs.foreign.diff.tar.gzip\",\"size\":0,\"digest\":\"#\"}]}";
static const char ARTIFACT[] =
    "{\"schemaVersion\":2,\"mediaType\":\"application/"
    "vnd.oci.image.manifest.v1+json\",\"artifactType\":"
    "\"application/spdx+json\",\"config\":{\"mediaType\":\"application/"
    "vnd.oci.empty.v1+json\",\"digest\":\"#\","
    "\"size\":2},\"layers\":[{\"mediaType\":\"application/"
    "spdx+json\",\"digest\":\"#\",\"size\":2}],\"subject\":"
    "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"#\",\"size\":5}}";
static const char INDEX[] =
    "{\"schemaVersion\":2,\"mediaType\":\"application/"
    "vnd.oci.image.index.v1+json\",\"manifests\":[{\"mediaType\":"
    "\"application/"
    "vnd.oci.image.manifest.v1+json\",\"digest\":\"#\",\"size\":528,\"platform\":{\"os\":"
    "\"linux\","
    "\"architecture\":\"arm\",\"variant\":\"v7\",\"os.features\":[\"a\"]}},{\"mediaType\":"
    "\"application/"
    "vnd.oci.image.manifest.v1+json\",\"digest\":\"#\",\"size\":1,\"platform\":{\"os\":"
    "\"unknown\"},"
    "\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}},{\"mediaType\":"
    "\"application/"
    "vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"#\",\"size\":77}],\"annotations\":"
    "{\"org.opencontainers.image.title\":\"Of an index\"}}";

/* The known manifest of this digest, or NULL. */
static const struct known *find_known(const struct ms_digest *digest)
{
    for (size_t i = 0; i < KNOWN && i < n_known; i++)
        if (ms_digest_equal(&known[i].digest, digest))
            return &known[i];
    return NULL;
}

/* Of one of the known manifests, or one that nobody has. */
static const char *some_digest(char text[static MS_DIGEST_TEXT_MAX])
{
    struct ms_digest digest = digest_of(name_of('l', (int)mutate_below(&mutate, 40)));
    const struct known *one = &known[mutate_below(&mutate, n_known < KNOWN ? n_known : KNOWN)];
    if (n_known > 0 && one->depth < DEPTH_MAX && mutate_below(&mutate, 5) > 0)
        digest = one->digest;
    return ms_digest_format(text, &digest);
}

static void change(struct ms_buf *text)
{
    for (size_t n = mutate_below(&mutate, 5); n > 0; n--)
        mutate_json(&mutate, text);
}

/* --- one manifest --- */

struct made {
    struct ms_arena *arena;
    struct ms_manifest_record record;
    struct ms_digest digest;
    bool is_readable;
    struct ms_error err; /* why it is not */
};

static enum ms_status read_it(struct made *made, struct ms_str manifest, struct ms_str config,
                              const struct ms_digest *config_digest)
{
    bool wants_config;
    enum ms_status status = manifest_parse(&made->record, &wants_config, made->arena, manifest,
                                           MS_STR(""), &made->digest, &made->err);
    if (status != MS_OK || !wants_config)
        return status;
    if (!ms_digest_equal(&made->record.config_digest, config_digest))
        return ms_error_set(&made->err, MS_INVALID, "its configuration is missing");
    return manifest_add_config(&made->record, made->arena, config, &made->err);
}

/* An image of more layers of the largest size than fit into 64 bits together. */
static void append_wide(struct ms_buf *out, const char *config)
{
    char text[MS_DIGEST_TEXT_MAX];
    ms_buf_printf(out,
                  "{\"schemaVersion\":2,\"mediaType\":\"application/"
                  "vnd.oci.image.manifest.v1+json\",\"config\":"
                  "{\"mediaType\":\"application/"
                  "vnd.oci.image.config.v1+json\",\"digest\":\"%s\"},\"layers\":[",
                  config);
    for (int i = 0; i < WIDTH; i++) {
        struct ms_digest digest = digest_of(name_of('w', i));
        ms_buf_printf(out,
                      "%s{\"mediaType\":\"application/"
                      "vnd.oci.image.layer.v1.tar\",\"digest\":\"%s\",\"size\":"
                      "9007199254740991}",
                      i > 0 ? "," : "", ms_digest_format(text, &digest));
    }
    ms_buf_append_c(out, "]}");
}

/* One of the real ones; an image of this configuration. */
static void append_real(struct ms_buf *out, const struct ms_digest *config_digest)
{
    static const char *const KINDS[] = {IMAGE, IMAGE, DOCKER, ARTIFACT, INDEX, INDEX};
    char config[MS_DIGEST_TEXT_MAX], a[MS_DIGEST_TEXT_MAX], b[MS_DIGEST_TEXT_MAX];
    const char *kind = KINDS[mutate_below(&mutate, sizeof(KINDS) / sizeof(KINDS[0]))];
    (void)ms_digest_format(config, config_digest);
    if (mutate_below(&mutate, 100) == 0) {
        append_wide(out, config);
        return;
    }
    if (kind == INDEX)
        (void)some_digest(config);
    struct ms_str rest = ms_str(kind); /* its digests stand where it has a '#' */
    const char *digests[] = {config, some_digest(a), some_digest(b)};
    for (size_t i = 0; !ms_str_is_absent(rest); i++) {
        ms_buf_append(out, ms_str_next(&rest, '#'));
        if (!ms_str_is_absent(rest))
            ms_buf_append_c(out, digests[i]);
    }
}

static void make(struct made *out, size_t number)
{
    struct ms_digest config_digest;
    struct ms_buf config, manifest;
    ms_buf_init(&config, TEXT_MAX);
    ms_buf_init(&manifest, TEXT_MAX);
    ms_buf_printf(&config, CONFIG, number);
    change(&config);
    ms_hash_digest(&config_digest, MS_SHA256, ms_buf_view(&config));
    append_real(&manifest, &config_digest);
    change(&manifest);
    *out = (struct made){.arena = ms_arena_new(ARENA_BYTES)};
    struct ms_str config_bytes = ms_arena_dup(out->arena, ms_buf_view(&config));
    struct ms_str bytes = ms_arena_dup(out->arena, ms_buf_view(&manifest));
    ms_hash_digest(&out->digest, MS_SHA256, bytes);
    out->is_readable = read_it(out, bytes, config_bytes, &config_digest) == MS_OK;
    ms_buf_free(&config);
    ms_buf_free(&manifest);
}

/* --- what the database makes of it --- */

/* What SQL says of a manifest, in one text; with its parameter the digest. */
static const char TELL[] =
    "SELECT concat_ws(E'\\x01', kind, media_type, size, coalesce(os, '-'), coalesce(architecture, "
    "'-'),"
    "       coalesce(title, '-'), coalesce(description, '-'), annotations, coalesce(document, '-'),"
    "       (SELECT count(*) || '/' || coalesce(sum(octet_length(key) + octet_length(value)), 0)"
    "          FROM label WHERE manifest_id = m.id),"
    "       (SELECT count(*) FROM manifest_layer WHERE manifest_id = m.id),"
    "       (SELECT count(*) FROM manifest_child WHERE parent_id = m.id), encode(sha256(raw), "
    "'hex'))"
    "  FROM manifest m WHERE digest = digest_bytes($1)";

static const char *kind_of(enum ms_manifest_kind kind)
{
    return kind == MS_KIND_IMAGE ? "image" : kind == MS_KIND_INDEX ? "index" : "artifact";
}

static void add_field(struct ms_buf *out, struct ms_str text)
{
    ms_buf_append_char(out, '\x01');
    ms_buf_append(out, ms_str_is_absent(text) ? MS_STR("-") : text);
}

static void expect_stored(const struct made *made)
{
    const struct ms_manifest_record *record = &made->record;
    char digest[MS_DIGEST_TEXT_MAX];
    size_t bytes = 0;
    struct ms_buf expected;
    ms_buf_init(&expected, 8 * TEXT_MAX);
    ms_buf_append_c(&expected, kind_of(record->kind));
    add_field(&expected, record->media_type);
    ms_buf_printf(&expected, "\x01%lld", (long long)record->size);
    add_field(&expected, record->os);
    add_field(&expected, record->architecture);
    add_field(&expected, record->title);
    add_field(&expected, record->description);
    add_field(&expected, record->annotations);
    add_field(&expected, record->document);
    for (size_t i = 0; i < record->n_labels; i++)
        bytes += record->labels[i].key.len + record->labels[i].value.len;
    ms_buf_printf(&expected, "\x01%zu/%zu\x01%zu\x01%zu\x01%s", record->n_labels, bytes,
                  record->n_layers, record->n_children,
                  ms_digest_format(digest, &made->digest) + sizeof("sha256:") - 1);

    const char *values[] = {ms_digest_format(digest, &made->digest)};
    PGresult *result = PQexecParams(eye, TELL, 1, NULL, values, NULL, NULL, 0);
    ck_assert_msg(PQntuples(result) == 1, "%s", PQerrorMessage(eye));
    ck_assert_msg(strcmp(PQgetvalue(result, 0, 0), expected.data) == 0,
                  "%s\ninstead of\n%s\nof\n%.*s", PQgetvalue(result, 0, 0), expected.data,
                  MS_STR_ARG(record->raw));
    PQclear(result);
    ms_buf_free(&expected);
}

static void expect_tags(void)
{
    for (size_t i = 0; i < REPOSITORIES; i++) {
        struct ms_buf expected;
        char digest[MS_DIGEST_TEXT_MAX], text[512];
        ms_buf_init(&expected, 4096);
        for (size_t j = 0; j < TAGS; j++)
            if (!ms_digest_is_none(&model[i][j].digest))
                ms_buf_printf(&expected, "%zu %s %d;", j,
                              ms_digest_format(digest, &model[i][j].digest),
                              model[i][j].is_readable);
        (void)snprintf(
            text, sizeof(text),
            "SELECT string_agg(t.name || ' ' || digest_text(m.digest) || "
            "CASE WHEN h.unreadable IS NULL THEN ' 1;' ELSE ' 0;' END, '' ORDER BY t.name) "
            "FROM repository r JOIN tag t ON t.repository_id = r.id "
            "JOIN repository_manifest h USING (repository_id, manifest_id) "
            "JOIN manifest m ON m.id = h.manifest_id WHERE r.name = 'app/%zu'",
            i);
        ck_assert_str_eq(sql(text), expected.data != NULL ? expected.data : "");
        ms_buf_free(&expected);
    }
}

static void expect_dump(void)
{
    PGresult *result = PQexec(eye, ms_sql_read_dump);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(eye));
    ck_assert_int_gt(PQntuples(result), 0);
    PQclear(result);
}

/* --- a step --- */

/* What lies directly below an index is held, too. */
static size_t hold_children(struct ms_held_record *held, const struct ms_manifest_record *record)
{
    for (size_t i = 0; i < record->n_children; i++) {
        const struct known *child = find_known(&record->children[i].digest);
        held[i] = (struct ms_held_record){.digest = record->children[i].digest};
        if (child == NULL || !child->is_readable)
            held[i].unreadable = MS_STR("missing in the registry");
    }
    return record->n_children;
}

static void note_known(const struct made *made)
{
    struct known *one = &known[n_known++ % KNOWN];
    int depth = made->record.kind == MS_KIND_INDEX;
    for (size_t i = 0; i < made->record.n_children; i++) {
        const struct known *child = find_known(&made->record.children[i].digest);
        if (child != NULL && child->depth >= depth)
            depth = child->depth + 1;
    }
    *one = (struct known){made->digest, made->is_readable, depth};
}

static void apply_all(const struct made *made, size_t n)
{
    struct ms_held_record held[PER_STEP * 8];
    struct ms_tag_record tags[PER_STEP];
    char name[32];
    size_t repository = mutate_below(&mutate, REPOSITORIES);
    (void)snprintf(name, sizeof(name), "app/%zu", repository);
    struct ms_apply change = {.repository = ms_str(name), .tags = tags, .held = held};
    for (size_t i = 0; i < n; i++) {
        size_t tag = mutate_below(&mutate, TAGS);
        tags[change.n_tags++] = (struct ms_tag_record){
            .name = ms_str_skip(ms_str(name_of('t', (int)tag)), 1),
            .digest = made[i].digest,
            .unreadable = made[i].is_readable ? MS_STR_ABSENT : ms_str(made[i].err.text)};
        model[repository][tag].digest = made[i].digest;
        model[repository][tag].is_readable = made[i].is_readable;
        ck_assert_uint_le(change.n_held + made[i].record.n_children,
                          sizeof(held) / sizeof(held[0]));
        if (made[i].is_readable)
            change.n_held += hold_children(held + change.n_held, &made[i].record);
    }
    ck_assert_msg(apply(change) == MS_OK, "%s", last_err.text);
    for (size_t i = 0; i < n; i++)
        note_known(&made[i]);
}

static void step(size_t number)
{
    struct made made[PER_STEP];
    struct ms_manifest_record records[PER_STEP];
    size_t n_records = 0;
    size_t n = 1 + mutate_below(&mutate, PER_STEP);
    for (size_t i = 0; i < n; i++) {
        make(&made[i], number * PER_STEP + i);
        if (made[i].is_readable)
            records[n_records++] = made[i].record;
    }
    if (n_records > 0)
        ASSERT_OK(ms_store_contents_put(store, term, records, n_records, on_done, NULL));
    for (size_t i = 0; i < n; i++)
        if (made[i].is_readable)
            expect_stored(&made[i]);
    apply_all(made, n);
    for (size_t i = 0; i < n; i++)
        ms_arena_free(made[i].arena);
}

static size_t given(const char *name, size_t otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? (size_t)strtoull(value, NULL, 10) : otherwise;
}

START_TEST(the_database_takes_whatever_can_be_read)
{
    size_t steps = given("METASTORE_TEST_STEPS", STEPS);
    mutate.state = given("METASTORE_TEST_SEED", 1) * 2654435761u + 1;
    for (size_t i = 0; i < steps; i++) {
        step(i);
        if ((i + 1) % CHECK_EVERY == 0) {
            expect_tags();
            assert_recount();
        }
    }
    expect_dump();
    /* or the changes spoil too much, or too little, to show anything */
    ck_assert_str_eq(
        sql("SELECT 100 * count(*) FILTER (WHERE unreadable IS NULL) / count(*) BETWEEN 25 AND 75 "
            "FROM repository_manifest"),
        "t");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_mutations");
    TCase *tcase = tcase_create("whatever can be read");
    tcase_add_unchecked_fixture(tcase, make_template, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, getenv("METASTORE_TEST_STEPS") != NULL ? 0 : 100);
    tcase_add_test(tcase, the_database_takes_whatever_can_be_read);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
