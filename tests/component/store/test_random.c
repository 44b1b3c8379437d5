/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's store under many changes: random ones, one after the other, and many calls at once.
 * What it keeps must be what a recount from scratch finds (store_recount.sql). METASTORE_TEST_SEED
 * runs another sequence of random changes.
 */
#include "tests/component/store/store_fixture.h"

/* --- many changes, in a random order --- */

enum { IMAGES = 12, INDEXES = 11, N_REPOSITORIES = 3, TAGS = 6, STEPS = 250, RECOUNT_EVERY = 25 };

static bool is_stored[IMAGES + INDEXES];
static const char *names[IMAGES + INDEXES];

/* A generator of our own: the same numbers everywhere for a seed. */
static uint64_t random_state;

static int below(int limit)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (int)((random_state >> 33) % (uint64_t)limit);
}

static char kind_of(int i)
{
    if (i >= IMAGES)
        return 'x';
    return i < IMAGES - 4 ? 'i' : i < IMAGES - 2 ? 'p' : 'a';
}

/* Some descriptors name sizes that cannot be, or other ones than their neighbours name for the same
 * blob: always the same in one manifest. */
static int64_t odd_size(int64_t size, int number)
{
    static const int64_t ODD[] = {-1, INT64_MAX, INT64_MIN, 9007199254740992, 9007199254740991, 0};
    switch (number % 4) {
    case 0:
        return ODD[(number / 4) % (int)(sizeof(ODD) / sizeof(ODD[0]))];
    case 1:
        return size + number;
    default:
        return size;
    }
}

static void make_odd_image(struct content *out, const char *name)
{
    int number = (int)strtol(name + 1, NULL, 10);
    make_image(out, name);
    for (int i = 0; i < LAYERS; i++)
        out->layers[i].size = odd_size(out->layers[i].size, number * 5 + i);
    if (name[0] == 'a')
        out->record.config_size = odd_size(out->record.config_size, number * 3);
}

static void store_something(void)
{
    struct content content;
    int n = below(IMAGES + INDEXES);
    if (n < IMAGES) {
        make_odd_image(&content, names[n]);
    } else {
        const char *children[CHILDREN_MAX];
        children[0] = names[n - 1];            /* the last ones are nested too deeply */
        for (int i = 1; i < CHILDREN_MAX; i++) /* the same each time; also indexes, also twice */
            children[i] = names[(n * 7 + i * i * 5) % n];
        make_index(&content, names[n], children, CHILDREN_MAX);
    }
    ck_assert_int_eq(put(&content), MS_OK);
    is_stored[n] = true;
}

static void change_something(void)
{
    static const char *const REPOSITORIES[N_REPOSITORIES] = {"one", "two", "three"};
    struct ms_tag_record tags[3];
    struct ms_held_record held[6];
    struct ms_str removed[2];
    struct ms_digest gone[2];
    const char *repository = REPOSITORIES[below(N_REPOSITORIES)];
    struct ms_apply change = {.repository = ms_str(repository),
                              .tags = tags,
                              .removed_tags = removed,
                              .held = held,
                              .gone = gone,
                              .from_scan = below(2) == 0};
    for (int i = below(4); i > 0; i--) {
        int n = below(IMAGES + INDEXES);
        tags[change.n_tags] = tag_on(name_of('t', below(TAGS)), names[n]);
        if (!is_stored[n] || below(8) == 0)
            tags[change.n_tags].unreadable = MS_STR("broken");
        if (below(10) == 0)
            tags[change.n_tags] = (struct ms_tag_record){.name = tags[change.n_tags].name,
                                                         .unreadable = MS_STR("lost")};
        change.n_tags++;
    }
    for (int i = below(7); i > 0; i--) {
        int n = below(IMAGES + INDEXES);
        held[change.n_held++] = (struct ms_held_record){
            .digest = digest_of(names[n]),
            .unreadable = is_stored[n] && below(6) > 0 ? MS_STR_ABSENT : MS_STR("missing")};
    }
    for (int i = below(3); i > 0; i--)
        removed[change.n_removed_tags++] = ms_str(name_of('t', below(TAGS)));
    for (int i = below(3); i > 0; i--)
        gone[change.n_gone++] = digest_of(names[below(IMAGES + INDEXES)]);
    bool is_removal = below(40) == 0;
    enum ms_status status_now = is_removal ? remove_repository(repository) : apply(change);
    ck_assert_msg(status_now == MS_OK, "%s", last_err.text);
}

START_TEST(counts_stay_right_under_random_changes)
{
    const char *given = getenv("METASTORE_TEST_SEED");
    random_state = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)_i + 1;
    for (int i = 0; i < IMAGES + INDEXES; i++)
        names[i] = strdup(name_of(kind_of(i), i));
    for (int step = 0; step < STEPS; step++) {
        if (below(4) == 0)
            store_something();
        else
            change_something();
        if (step % RECOUNT_EVERY == 0)
            assert_recount();
    }
    assert_recount();
    ck_assert_str_ne(sql("SELECT generation FROM state"), "0");
}
END_TEST

/* --- platforms --- */

static const char *platforms(void)
{
    return sql(
        "SELECT coalesce(string_agg(platform || ' ' || \"references\", ',' ORDER BY platform), "
        "'-') FROM repository_platform");
}

/* The fixture's images name no variant; x1 and x2 list i1 as v6 and as v7. */
START_TEST(an_image_has_the_variants_that_indexes_name)
{
    put_image("i1");
    PUT_INDEX("x1", "i1");
    PUT_INDEX("x2", "i1");
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    set_tag("app", "image", "i1");
    ck_assert_str_eq(platforms(), "linux/arm64 1");
    set_tag("app", "index", "x2");
    ck_assert_str_eq(platforms(), "linux/arm64/v7 1");
    set_tag("app", "other", "x1");
    ck_assert_str_eq(platforms(), "linux/arm64/v6 1,linux/arm64/v7 1");
    assert_recount();
    remove_tag("app", "image");
    remove_tag("app", "index");
    ck_assert_str_eq(platforms(), "linux/arm64/v6 1");
    ck_assert_int_eq(hold("app", "x1", "unreadable now"), MS_OK);
    ck_assert_str_eq(platforms(), "-");
    set_tag("app", "image", "i1");
    ck_assert_str_eq(platforms(), "linux/arm64 1");
    assert_recount();
}
END_TEST

/* --- sizes, in a random order --- */

enum { ODD_IMAGES = 40, ODD_TAGS = 2 * ODD_IMAGES };

/* Entries of an index that are no manifests. */
static void put_cache(void)
{
    static struct ms_layer_record entries[2];
    struct content content;
    make_index(&content, "x0", NULL, 0);
    entries[0] = (struct ms_layer_record){.digest = digest_of("l3"), .size = 123456789};
    entries[1] = (struct ms_layer_record){.digest = digest_of("cached"), .size = INT64_MAX};
    content.record.layers = entries;
    content.record.n_layers = 2;
    ck_assert_msg(put(&content) == MS_OK, "%s", last_err.text);
}

/* The same images come, and leave one of the repositories, in every order: the totals are the same.
 */
START_TEST(totals_do_not_depend_on_the_order_of_arrival)
{
    int order[ODD_TAGS];
    random_state = (uint64_t)_i + 1;
    for (int i = 0; i < ODD_TAGS; i++)
        order[i] = i;
    for (int i = ODD_TAGS - 1; i > 0; i--) {
        int other = below(i + 1), was = order[i];
        order[i] = order[other];
        order[other] = was;
    }
    for (int i = 0; i < ODD_TAGS; i++) {
        struct content content;
        const char *name = name_of(order[i] % 5 == 4 ? 'a' : 'i', order[i] % ODD_IMAGES);
        if (i % 7 == 0)
            put_cache();
        make_odd_image(&content, name);
        ck_assert_msg(put(&content) == MS_OK, "%s", last_err.text);
        set_tag(order[i] < ODD_IMAGES ? "stays" : "leaves", name, name);
        set_tag("moves", "latest", name);
    }
    set_tag("stays", "cache", "x0");
    set_tag("moves", "latest", "x0");
    for (int i = 0; i < ODD_TAGS; i++) {
        int n = order[i] % ODD_IMAGES;
        if (order[i] >= ODD_IMAGES && n != 1)
            remove_tag("leaves", name_of(order[i] % 5 == 4 ? 'a' : 'i', n));
    }
    assert_recount();
    ck_assert_str_eq(
        sql("SELECT string_agg(name || ' ' || size, ', ' ORDER BY name) FROM repository"),
        "leaves 1337, moves 123457289, stays 45035996397224183");
}
END_TEST

/* --- many calls at once --- */

enum { ROUNDS = 25, BATCHES = 6, PER_BATCH = 5 };

static size_t awaited;

static void on_one_done(const struct ms_error *err, void *arg)
{
    (void)arg;
    ck_assert_msg(err == NULL, "%s", err != NULL ? err->text : "");
    if (--awaited == 0)
        ms_loop_stop(loop);
}

static void on_one_applied(const struct ms_error *err, const struct ms_apply_result *result,
                           void *arg)
{
    (void)result;
    on_one_done(err, arg);
}

/* Batches of the same new images and of indexes over them, each in an order of its own. */
static void put_at_once(int round)
{
    static struct content contents[BATCHES][PER_BATCH];
    static struct ms_manifest_record records[BATCHES][PER_BATCH];
    for (int batch = 0; batch < BATCHES; batch++) {
        for (int i = 0; i < PER_BATCH; i++) {
            int n =
                round * PER_BATCH + (i * (batch % 2 == 0 ? 1 : PER_BATCH - 1) + batch) % PER_BATCH;
            const char *children[] = {name_of('i', n + 1), name_of('i', n),
                                      name_of('x', round > 0 ? n - PER_BATCH : n + 1000)};
            if ((batch + i) % 3 == 0)
                make_index(&contents[batch][i], name_of('x', n), children, 3);
            else
                make_image(&contents[batch][i], name_of('i', n));
            records[batch][i] = contents[batch][i].record;
        }
        awaited++;
        (void)ms_store_contents_put(store, term, records[batch], PER_BATCH, on_one_done, NULL);
    }
}

/* Every repository gets all that was put, its tags in an order of its own. */
static void apply_at_once(int round)
{
    for (int i = 0; i < BATCHES; i++) {
        struct ms_tag_record tags[PER_BATCH * 2];
        for (int j = 0; j < PER_BATCH * 2; j++) {
            int k = i % 2 == 0 ? j : PER_BATCH * 2 - 1 - j;
            tags[j] =
                tag_on(name_of('t', k), name_of(k % 2 == 0 ? 'i' : 'x', round * PER_BATCH + k / 2));
            tags[j].unreadable = MS_STR("not sure that it is stored");
        }
        struct ms_apply change = {.term = term,
                                  .repository = ms_str(name_of('r', i % 4)),
                                  .tags = tags,
                                  .n_tags = PER_BATCH * 2};
        awaited++;
        (void)ms_store_apply(store, &change, on_one_applied, NULL);
    }
}

START_TEST(calls_at_once_do_not_block_each_other)
{
    ms_store_writer_free(store);
    struct ms_store_options options = store_options(conninfo);
    options.connections = 6;
    options.max_waiting = 1000;
    store = ms_store_writer_new(loop, &options);
    for (int round = 0; round < ROUNDS; round++) {
        put_at_once(round);
        apply_at_once(round);
        ms_loop_run(loop);
    }
    assert_recount();
    ck_assert_str_eq(sql("SELECT count(*) FROM repository WHERE tag_count = 10"), "4");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_random");
    TCase *tcase = tcase_create("many changes");
    tcase_add_unchecked_fixture(tcase, make_template, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 100);
    tcase_add_loop_test(tcase, counts_stay_right_under_random_changes, 0, 4);
    tcase_add_test(tcase, an_image_has_the_variants_that_indexes_name);
    tcase_add_loop_test(tcase, totals_do_not_depend_on_the_order_of_arrival, 0, 4);
    tcase_add_test(tcase, calls_at_once_do_not_block_each_other);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
