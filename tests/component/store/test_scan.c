/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's store: what is known, scans with staged tags and removals, collection, pruning,
 * status.
 */
#include "tests/component/store/store_fixture.h"

/* --- what is known --- */

static void on_known_tag(const struct ms_known_tag *tag, void *arg)
{
    char text[64];
    (void)arg;
    (void)snprintf(text, sizeof(text), "%.*s%s%s%s", MS_STR_ARG(tag->name),
                   ms_digest_is_none(&tag->digest) ? "?" : "", tag->readable ? "" : "!",
                   tag->is_index ? "*" : "");
    note(ms_str(text));
}

static void on_tag_name(struct ms_str name, void *arg)
{
    (void)arg;
    note(name);
}

static void on_known_manifest(const struct ms_known_manifest *manifest, void *arg)
{
    static const char *const NAMES[] = {"x2", "x1", "i1", "i2"};
    char text[64];
    size_t at = 0;
    (void)arg;
    for (struct ms_digest digest = digest_of(NAMES[0]);
         !ms_digest_equal(&digest, &manifest->digest) && at + 1 < 4; digest = digest_of(NAMES[at]))
        at++;
    (void)snprintf(text, sizeof(text), "%s%s%s%s", NAMES[at], manifest->is_stored ? "+" : "",
                   manifest->is_held ? "!" : "", manifest->is_unreadable ? "?" : "");
    note(ms_str(text));
}

START_TEST(what_is_known_is_told)
{
    struct ms_tag_record lost = {.name = MS_STR("d"), .unreadable = MS_STR("lost")};
    put_image("i1");
    PUT_INDEX("x1", "i1", "i2");
    PUT_INDEX("x2", "x1", "i1");
    set_tag("app", "a", "i1");
    set_tag("app", "b", "x1");
    set_tag("app", "c", "x2");
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .tags = &lost, .n_tags = 1}), MS_OK);
    ck_assert_int_eq(hold("app", "i2", "missing"), MS_OK);
    ck_assert_int_eq(hold("app", "x1", NULL), MS_OK);
    rows[0] = '\0';
    ASSERT_OK(
        ms_store_tags_after(store, MS_STR("app"), MS_STR(""), 10, on_known_tag, on_done, NULL));
    ck_assert_str_eq(rows, "a b!* c!* d?!");
    rows[0] = '\0';
    ASSERT_OK(
        ms_store_tags_after(store, MS_STR("app"), MS_STR("a"), 1, on_known_tag, on_done, NULL));
    struct ms_str wanted[] = {MS_STR("c"), MS_STR("unknown"), MS_STR("a")};
    ASSERT_OK(ms_store_tags_named(store, MS_STR("app"), wanted, 3, on_known_tag, on_done, NULL));
    struct ms_digest digests[] = {digest_of("x2"), digest_of("never seen")};
    ASSERT_OK(ms_store_tags_on(store, MS_STR("app"), digests, 2, 10, on_tag_name, on_done, NULL));
    ck_assert_str_eq(rows, "b!* a c!* c");
    rows[0] = '\0';
    ASSERT_OK(ms_store_manifests_known(store, MS_STR("app"), digests, 2, on_known_manifest, on_done,
                                       NULL));
    ck_assert_str_eq(rows, "i1+! i2? x1+! x2+!");
    rows[0] = '\0';
    ASSERT_OK(ms_store_manifests_known(store, MS_STR("other"), digests, 1, on_known_manifest,
                                       on_done, NULL));
    ck_assert_str_eq(rows, "i1+ i2 x1+ x2+");
}
END_TEST

static void on_config(const struct ms_digest *digest, struct ms_str raw, void *arg)
{
    (void)arg;
    struct ms_digest expected = digest_of("c1");
    ck_assert(ms_digest_equal(digest, &expected));
    note(raw);
}

static void on_repository(struct ms_str name, void *arg)
{
    (void)arg;
    note(name);
}

static void on_digest(const struct ms_digest *digest, void *arg)
{
    (void)arg;
    struct ms_digest expected = digest_of("i1");
    ck_assert(ms_digest_equal(digest, &expected));
    note(MS_STR("i1"));
}

START_TEST(configurations_and_repositories_are_told)
{
    struct ms_digest digests[] = {digest_of("c1"), digest_of("c2"), digest_of("c3")};
    put_image("i1");
    put_image("a3"); /* its configuration is not fetched */
    set_tag("a", "t", "i1");
    set_tag("b", "t", "i1");
    set_tag("c", "t", "i1");
    ck_assert_int_eq(remove_repository("b"), MS_OK);
    rows[0] = '\0';
    ASSERT_OK(ms_store_configs_known(store, digests, 3, on_config, on_done, NULL));
    ASSERT_OK(ms_store_repositories_after(store, MS_STR(""), 10, on_repository, on_done, NULL));
    ASSERT_OK(ms_store_repositories_after(store, MS_STR("a"), 10, on_repository, on_done, NULL));
    ASSERT_OK(ms_store_held_digests(store, MS_STR("a"), 10, on_digest, on_done, NULL));
    ck_assert_str_eq(rows, "{} a c c i1");
}
END_TEST

/* --- scans --- */

static int64_t scan_id;

static void on_begun(const struct ms_error *err, int64_t id, void *arg)
{
    scan_id = id;
    on_done(err, arg);
}

static enum ms_status stage(const struct ms_tag_record *tags, size_t n)
{
    return waited(ms_store_stage(store, term, MS_STR("app"), tags, n, on_done, NULL));
}

START_TEST(staged_tags_appear_at_once)
{
    put_image("i1");
    put_image("i2");
    set_tag("app", "old", "i1");
    ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL));
    struct ms_tag_record tags[] = {tag_on("a", "i1"), tag_on("b", "i1"), tag_on("c", "i1")};
    ck_assert_int_eq(stage(tags, 2), MS_OK);
    ck_assert_int_eq(stage(&tags[2], 1), MS_OK);
    ck_assert_str_eq(sql("SELECT string_agg(name, ',') FROM tag"), "old");
    rows[0] = '\0'; /* when what they point to is deleted, they are asked for, too */
    struct ms_digest digest = digest_of("i1");
    ASSERT_OK(ms_store_tags_on(store, MS_STR("app"), &digest, 1, 10, on_tag_name, on_done, NULL));
    ck_assert_str_eq(rows, "a b c old");
    struct ms_tag_record moved = tag_on("b", "i2"); /* an event came meanwhile: it is newer */
    moved.event_time_ms = 1600000000000;
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .tags = &moved, .n_tags = 1}), MS_OK);
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .from_scan = true, .staged = true}),
        MS_OK);
    ck_assert_uint_eq(last_apply.tags_changed, 2);
    assert_recount();
    ck_assert_str_eq(sql("SELECT string_agg(name || '=' || title, ',' ORDER BY name) FROM tag t "
                         "JOIN manifest m ON m.id = t.manifest_id"),
                     "a=i1,b=i2,c=i1,old=i1");
    ck_assert_str_eq(sql("SELECT count(*) FROM scan_tag"), "0");
}
END_TEST

static struct ms_removal_counts counts;
static struct ms_store_status status;

static void on_counted(const struct ms_error *err, const struct ms_removal_counts *counted,
                       void *arg)
{
    counts = *counted;
    on_done(err, arg);
}

static void on_status(const struct ms_error *err, const struct ms_store_status *told, void *arg)
{
    ck_assert_ptr_nonnull(told);
    status = *told;
    on_done(err, arg);
}

/* Their manifests are held, with a reason, before they are staged. */
START_TEST(staged_tags_of_unreadable_manifests_appear)
{
    struct ms_tag_record tags[] = {
        {.name = MS_STR("a"), .digest = digest_of("i1")},
        {.name = MS_STR("b"), .digest = digest_of("i2")},
    };
    put_image("i1");
    ck_assert_int_eq(hold("app", "i2", "no manifest"), MS_OK);
    ck_assert_int_eq(stage(tags, 2), MS_OK);
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .from_scan = true, .staged = true}),
        MS_OK);
    rows[0] = '\0';
    ASSERT_OK(
        ms_store_tags_after(store, MS_STR("app"), MS_STR(""), 10, on_known_tag, on_done, NULL));
    ck_assert_str_eq(rows, "a b!");
}
END_TEST

START_TEST(removals_wait_until_they_are_applied)
{
    put_image("i1");
    for (int i = 0; i < 3; i++) {
        set_tag("one", name_of('t', i), "i1");
        set_tag("two", name_of('t', i), "i1");
    }
    ck_assert_int_eq(put_down("one", "t0", 1), MS_OK);
    ck_assert_int_eq(put_down("one", "t1", 1), MS_OK);
    ck_assert_int_eq(put_down("one", "t2", 1), MS_OK);
    ck_assert_int_eq(put_down("two", "", 1), MS_OK);
    ck_assert_int_eq(put_down("one", "t0", 2), MS_OK);
    ck_assert_int_eq(put_down("one", "t1", 2), MS_OK);
    ck_assert_int_eq(put_down("two", "", 2), MS_OK);
    ASSERT_OK(ms_store_removals_count(store, term, 2, on_counted, NULL)); /* forgets t2 */
    ck_assert_uint_eq(counts.repositories, 1);
    ck_assert_uint_eq(counts.tags, 5);
    ck_assert_uint_eq(counts.all_repositories, 2);
    ck_assert_uint_eq(counts.all_tags, 6);
    rows[0] = '\0';
    ASSERT_OK(
        ms_store_removals_after(store, MS_STR(""), FAR_FUTURE_MS, 10, on_name, on_done, NULL));
    ASSERT_OK(ms_store_removals_after(store, MS_STR(""), 1000, 10, on_name, on_done, NULL));
    ck_assert_str_eq(rows, "one two");
    set_tag("one", "t1", "i1"); /* an event says that it is there after all */
    struct ms_apply change = {
        .repository = MS_STR("one"), .from_scan = true, .removals_before_ms = FAR_FUTURE_MS};
    ck_assert_int_eq(apply(change), MS_OK);
    ck_assert_uint_eq(last_apply.tags_removed, 1);
    change.repository = MS_STR("two");
    ck_assert_int_eq(apply(change), MS_OK);
    ck_assert_uint_eq(last_apply.tags_removed, 3);
    assert_recount();
    ck_assert_str_eq(sql("SELECT string_agg(name, ',' ORDER BY name) FROM tag"), "t1,t2");
    ck_assert_str_eq(sql("SELECT count(*) FROM held_removal"), "0");
    ck_assert_int_eq(apply(change), MS_OK); /* it does not come back by that */
    ck_assert_str_eq(sql("SELECT count(*) FROM repository WHERE deleted_at IS NULL"), "1");
}
END_TEST

START_TEST(status_tells_of_scans)
{
    ASSERT_OK(ms_store_status(store, on_status, NULL));
    ck_assert(!status.has_last_scan);
    ck_assert_str_eq(status.leader_host, "test");
    ck_assert_int_eq(status.last_complete_scan_ms, 0);
    ck_assert_int_eq(status.schema_version, MS_SCHEMA_VERSION);
    ck_assert_int_eq(
        put_event((struct ms_event_record){.event_id = MS_STR("e1"), .instance_id = MS_STR("new")}),
        MS_OK);
    ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL)); /* interrupted */
    ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL));
    ck_assert_str_eq(sql("SELECT scan_running FROM state"), "t");
    ASSERT_OK(ms_store_status(store, on_status, NULL));
    ck_assert(status.wants_scan);
    ck_assert_uint_eq(status.inbox_waiting, 1);
    struct ms_scan_record scan = {.id = scan_id,
                                  .complete = true,
                                  .repositories = 1,
                                  .tags = 2,
                                  .manifests = 3,
                                  .added = 4,
                                  .removed = 5,
                                  .unreadable = 6,
                                  .requests = 7};
    ASSERT_OK(ms_store_scan_end(store, term, &scan, on_done, NULL));
    ASSERT_OK(ms_store_status(store, on_status, NULL));
    ck_assert(status.has_last_scan && status.last_scan.complete);
    ck_assert_int_eq(status.last_scan.id, scan_id);
    ck_assert_uint_eq(status.last_scan.requests, 7);
    ck_assert_int_gt(status.last_complete_scan_ms, 1600000000000);
    ck_assert_int_ge(status.last_scan_ended_ms, status.last_scan_started_ms);
    ck_assert(!status.wants_scan);
    ASSERT_OK(ms_store_inbox_put(store, term, NULL, 0, true, on_put, NULL));
    ASSERT_OK(ms_store_status(store, on_status, NULL));
    ck_assert(status.wants_scan);
    ck_assert_str_eq(sql("SELECT string_agg(coalesce(error, '-'), ',' ORDER BY id) FROM scan"),
                     "interrupted,-");
}
END_TEST

/* --- what nobody needs --- */

static uint64_t candidate_id;

static void on_candidate(const struct ms_candidate *candidate, void *arg)
{
    (void)arg;
    struct ms_digest expected = digest_of("i3");
    ck_assert(ms_digest_equal(&candidate->digest, &expected));
    candidate_id = candidate->manifest_id;
    note(candidate->repository);
    note(candidate->may_delete ? MS_STR("may go") : MS_STR("is kept"));
}

/* From the start, and then of all three images by their digests. */
static void expect_candidates(const char *expected)
{
    const struct ms_digest asked[] = {digest_of("i1"), digest_of("i2"), digest_of("i3")};
    rows[0] = '\0';
    ASSERT_OK(
        ms_store_collect_candidates(store, 0, MS_STR_ABSENT, 0, 10, on_candidate, on_done, NULL));
    ck_assert_str_eq(rows, expected);
    rows[0] = '\0';
    ASSERT_OK(
        ms_store_collect_confirm(store, 0, MS_STR("app"), asked, 3, on_candidate, on_done, NULL));
    ck_assert_str_eq(rows, expected);
}

START_TEST(candidates_come_a_repository_at_a_time)
{
    static const char *const AFTER[] = {"", "app", "zoo"}, *const EXPECTED[] = {"app may go",
                                                                                "zoo may go", ""};
    put_image("i3");
    ck_assert_int_eq(hold("app", "i3", NULL), MS_OK);
    ck_assert_int_eq(hold("zoo", "i3", NULL), MS_OK);
    candidate_id = 0;
    for (size_t i = 0; i < sizeof(AFTER) / sizeof(AFTER[0]); i++) {
        rows[0] = '\0';
        ASSERT_OK(ms_store_collect_candidates(store, 0, ms_str(AFTER[i]), candidate_id, 10,
                                              on_candidate, on_done, NULL));
        ck_assert_str_eq(rows, EXPECTED[i]);
    }
}
END_TEST

START_TEST(garbage_is_found_and_collected)
{
    const struct ms_digest digest = digest_of("i3");
    struct content content;
    for (int i = 1; i <= 3; i++)
        put_image(name_of('i', i));
    PUT_INDEX("x1", "i2");
    make_image(&content, "a4");
    content.record.subject = digest_of("i1");
    ck_assert_int_eq(put(&content), MS_OK);
    set_tag("app", "latest", "i1");
    ck_assert_int_eq(hold("app", "a4", NULL), MS_OK); /* a referrer of what is there */
    ck_assert_int_eq(hold("app", "i2", NULL), MS_OK);
    ck_assert_int_eq(hold("app", "i3", NULL), MS_OK);
    set_tag("app", "list", "x1");
    expect_candidates("app may go");
    rows[0] = '\0';
    ASSERT_OK(ms_store_collect_candidates(store, 0, MS_STR("app"), candidate_id, 10, on_candidate,
                                          on_done, NULL));
    ASSERT_OK(ms_store_collect_candidates(store, 60000, MS_STR_ABSENT, 0, 10, on_candidate, on_done,
                                          NULL));
    ASSERT_OK(ms_store_collect_confirm(store, 60000, MS_STR("app"), &digest, 1, on_candidate,
                                       on_done, NULL));
    ASSERT_OK(ms_store_collect_confirm(store, 0, MS_STR("other"), &digest, 1, on_candidate, on_done,
                                       NULL));
    ck_assert_str_eq(rows, "");
    static const struct {
        const char *unreadable, *expected;
    } UNREAD[] = {{"missing in the registry", "app may go"}, {"no JSON", "app is kept"}};
    for (size_t i = 0; i < sizeof(UNREAD) / sizeof(UNREAD[0]); i++) {
        ck_assert_int_eq(hold("app", "i2", UNREAD[i].unreadable), MS_OK);
        expect_candidates(UNREAD[i].expected);
    }
    ck_assert_int_eq(hold("app", "i2", NULL), MS_OK);
    ck_assert_int_eq(hold("app", "i3", "no JSON"), MS_OK); /* it may go itself */
    expect_candidates("app may go");
    ck_assert_int_eq(
        put_event((struct ms_event_record){.event_id = MS_STR("e1"), .repository = MS_STR("app")}),
        MS_OK);
    expect_candidates(""); /* nobody knows yet what it tells */
    (void)sql("DELETE FROM inbox");
    ck_assert_int_eq(hold("app", "i3", NULL), MS_OK);
    ASSERT_OK(ms_store_collect(store, term, 0, 0, 10, on_collected, NULL)); /* all is held */
    ck_assert_uint_eq(last_count, 0);
    ck_assert_int_eq(release("app", "i3"), MS_OK);
    ASSERT_OK(ms_store_collect(store, term, 0, 60000, 10, on_collected, NULL)); /* too young */
    ck_assert_uint_eq(last_count, 0);
    ASSERT_OK(ms_store_collect(store, term, 0, 0, 10, on_collected, NULL));
    ck_assert_uint_eq(last_count, 1);
    ck_assert_str_eq(sql("SELECT count(*) FROM manifest"), "4");
    ck_assert_str_eq(sql("SELECT count(*) FROM config"), "3"); /* i1, i2, a4 */
    assert_recount();
    ck_assert_int_eq(remove_repository("app"), MS_OK);
    for (bool is_over = false; !is_over;) { /* a manifest at a time, then what indexes listed */
        uint64_t n_went = 0;
        last_id = 0;
        do {
            uint64_t after_id = last_id;
            ASSERT_OK(ms_store_collect(store, term, after_id, 0, 1, on_collected, NULL));
            ck_assert(last_id == 0 || last_id > after_id);
            n_went += last_count;
        } while (last_id > 0);
        is_over = n_went == 0;
    }
    ck_assert_str_eq(sql("SELECT (SELECT count(*) FROM manifest) + (SELECT count(*) FROM blob) + "
                         "(SELECT count(*) FROM config) + (SELECT count(*) FROM label)"),
                     "0");
    ASSERT_OK(ms_store_collection_end(store, term, 1600000000000, 5, 1, 2, on_done, NULL));
    ASSERT_OK(ms_store_status(store, on_status, NULL));
    ck_assert_uint_eq(status.collected_manifests, 5);
    ck_assert_uint_eq(status.collected_dry_run, 2);
}
END_TEST

/* Nothing tells when the image of a document comes back but that its source is due. */
START_TEST(documents_about_a_collected_image_are_due_again)
{
    static const char READ[] =
        "SELECT put_sboms(1, s.manifest_id, s.about, ARRAY['\\x01'::bytea], ARRAY['done'], "
        "ARRAY[NULL::text], ARRAY[0::bigint], ARRAY[false]) FROM sbom_source s";
    static const char SOURCES[] = "SELECT string_agg(s.is_read || ' ' || (SELECT count(*) FROM "
                                  "sbom), ',') FROM sbom_source s";
    struct content content;
    put_image("i1");
    make_image(&content, "a4");
    content.record.subject = digest_of("i1");
    ck_assert_int_eq(put(&content), MS_OK);
    ck_assert_int_eq(hold("app", "a4", NULL), MS_OK);
    set_tag("app", "latest", "i1");
    (void)sql(READ);
    ck_assert_str_eq(sql(SOURCES), "true 1");
    remove_tag("app", "latest");
    ck_assert_int_eq(release("app", "i1"), MS_OK);
    ASSERT_OK(ms_store_collect(store, term, 0, 0, 10, on_collected, NULL));
    ck_assert_uint_eq(last_count, 1);
    ck_assert_str_eq(sql(SOURCES), "false 0");
    (void)sql(READ); /* what was being read meanwhile */
    ck_assert_str_eq(sql(SOURCES), "false 0");
    put_image("i1");
    set_tag("app", "latest", "i1");
    (void)sql("UPDATE sbom_source SET not_before = not_before - interval '1 hour'");
    ck_assert_str_eq(sql("SELECT repository FROM due_sbom_sources(10)"), "app");
    (void)sql(READ);
    ck_assert_str_eq(sql(SOURCES), "true 1");
}
END_TEST

START_TEST(old_changes_and_history_are_forgotten)
{
    put_image("i1");
    put_image("i2");
    set_tag("app", "t", "i1");
    set_tag("app", "t", "i2");
    set_tag("app", "t", "i1");
    (void)sql("UPDATE change SET at = now() - interval '2 hours' WHERE generation <= 2");
    (void)sql("UPDATE touched SET at = now() - interval '2 hours' WHERE generation = 1");
    (void)sql("UPDATE tag_history SET until_time = now() - interval '2 hours' WHERE id = 1");
    ASSERT_OK(ms_store_prune(store, term, 0, 0, on_done, NULL)); /* 0: for ever */
    ck_assert_str_eq(sql("SELECT count(*) FROM change"), "4");
    ck_assert_str_eq(sql("SELECT count(*) FROM tag_history"), "3");
    ck_assert_str_eq(sql("SELECT count(*) FROM touched"), "2");
    ASSERT_OK(ms_store_prune(store, term, 3600000, 3600000, on_done, NULL));
    ck_assert_str_eq(sql("SELECT count(*) FROM change"), "1");
    ck_assert_str_eq(sql("SELECT count(*) FROM tag_history"), "2");
    ck_assert_str_eq(sql("SELECT changes_pruned || ',' || generation FROM state"), "2,3");
}
END_TEST

START_TEST(old_days_of_pulls_are_forgotten)
{
    put_image("i1");
    set_tag("app", "t", "i1");
    (void)sql("INSERT INTO pull_day (repository_id, manifest_id, day, pulls) "
              "SELECT repository_id, manifest_id, (now() AT TIME ZONE 'UTC')::date - age, age "
              "FROM repository_manifest, unnest(ARRAY[0, 399, 402, 4000]) AS age");
    ASSERT_OK(ms_store_prune(store, term, 0, 0, on_done, NULL));
    ck_assert_str_eq(sql("SELECT string_agg(pulls::text, ',' ORDER BY pulls) FROM pull_day"),
                     "0,399");
}
END_TEST

/* Those that can be put back wait for it as long as they must. */
START_TEST(dead_letters_that_lead_nowhere_are_forgotten)
{
    (void)sql("INSERT INTO dead_letter (id, event_id, received, died, reason, leads_somewhere, "
              "action, repository, is_blob, body) "
              "SELECT age + leads::integer, 'e', now(), now() - make_interval(days => age), 'why', "
              "leads, 'push', 'app', false, '{}' "
              "FROM unnest(ARRAY[10, 40]) AS age, unnest(ARRAY[false, true]) AS leads");
    ASSERT_OK(ms_store_prune(store, term, 0, 0, on_done, NULL));
    ck_assert_str_eq(sql("SELECT string_agg(id::text, ',' ORDER BY id) FROM dead_letter"),
                     "10,11,41");
}
END_TEST

/* Whoever publishes waits for the row of state: what takes long must come before it. */
START_TEST(pruning_touches_the_state_last)
{
    put_image("i1");
    put_image("i2");
    set_tag("app", "t", "i1");
    set_tag("app", "t", "i2");
    (void)sql("UPDATE change SET at = now() - interval '2 hours'");
    (void)sql("UPDATE tag_history SET until_time = now() - interval '2 hours' WHERE id = 1");
    (void)sql("CREATE FUNCTION state_is_free() RETURNS trigger LANGUAGE plpgsql AS "
              "'BEGIN ASSERT (SELECT changes_pruned FROM state) = 0; RETURN OLD; END'");
    (void)sql("CREATE TRIGGER on_delete BEFORE DELETE ON tag_history "
              "FOR EACH ROW EXECUTE FUNCTION state_is_free()");
    ASSERT_OK(ms_store_prune(store, term, 3600000, 3600000, on_done, NULL));
    ck_assert_str_eq(sql("SELECT count(*) FROM tag_history"), "1");
    ck_assert_str_eq(sql("SELECT changes_pruned FROM state"), "2");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_scan");
    TCase *tcase = tcase_create("scans and garbage");
    tcase_add_unchecked_fixture(tcase, make_template, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_is_known_is_told);
    tcase_add_test(tcase, configurations_and_repositories_are_told);
    tcase_add_test(tcase, staged_tags_appear_at_once);
    tcase_add_test(tcase, staged_tags_of_unreadable_manifests_appear);
    tcase_add_test(tcase, removals_wait_until_they_are_applied);
    tcase_add_test(tcase, status_tells_of_scans);
    tcase_add_test(tcase, candidates_come_a_repository_at_a_time);
    tcase_add_test(tcase, garbage_is_found_and_collected);
    tcase_add_test(tcase, documents_about_a_collected_image_are_due_again);
    tcase_add_test(tcase, old_changes_and_history_are_forgotten);
    tcase_add_test(tcase, old_days_of_pulls_are_forgotten);
    tcase_add_test(tcase, dead_letters_that_lead_nowhere_are_forgotten);
    tcase_add_test(tcase, pruning_touches_the_state_last);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
