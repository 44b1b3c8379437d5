/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's store: contents, applies and what they keep (references, sizes, labels, history, the
 * feed), compared with a recount from scratch (store_recount.sql).
 */
#include "common/runtime/metrics.h"
#include "tests/component/store/store_fixture.h"

/* --- contents --- */

START_TEST(contents_are_stored_once)
{
    put_image("i1");
    ck_assert_str_eq(sql("SELECT ctid FROM manifest"), "(0,1)"); /* one version of one row */
    ck_assert_str_eq(sql("SELECT kind || ' ' || size || ' ' || title || ' ' || os FROM manifest"),
                     "image 1001 i1 linux");
    ck_assert_str_eq(
        sql("SELECT string_agg(size::text, ',' ORDER BY position) FROM manifest_layer"),
        "10,20,10");
    ck_assert_str_eq(sql("SELECT string_agg(key || '=' || value, ',' ORDER BY key) FROM label"),
                     "color=Blue,name=i1");
    char before[4096];
    const char *all = "SELECT string_agg(r, ' ') FROM ("
                      "SELECT 'm' || xmin || ctid FROM manifest UNION ALL "
                      "SELECT 'b' || xmin || ctid FROM blob UNION ALL "
                      "SELECT 'c' || xmin || ctid FROM config UNION ALL "
                      "SELECT 'l' || xmin || ctid FROM label) AS x (r)";
    (void)snprintf(before, sizeof(before), "%s", sql(all));
    put_image("i1");
    ck_assert_str_eq(sql(all), before);
    ck_assert_str_eq(sql("SELECT generation FROM state"), "0");
}
END_TEST

START_TEST(text_that_postgresql_cannot_store_is_replaced)
{
    struct content content;
    make_image(&content, "i1");
    content.labels[0].value = (struct ms_str){"a\0b\xff", 4};
    content.record.title = (struct ms_str){"\xc3\x28", 2};
    ck_assert_int_eq(put(&content), MS_OK);
    ck_assert_str_eq(sql("SELECT value FROM label WHERE key = 'color'"), "a\uFFFDb\uFFFD");
    ck_assert_str_eq(sql("SELECT title FROM manifest"), "\uFFFD(");
}
END_TEST

START_TEST(nested_indexes_are_flattened_in_order)
{
    put_image("i1");
    put_image("i2");
    put_image("a3");
    PUT_INDEX("x1", "i2", "i1", "a3");
    PUT_INDEX("x2", "i1", "x1", "i2");
    ck_assert_str_eq(
        sql("SELECT string_agg(n.title, ',' ORDER BY x.position) FROM index_image x "
            "JOIN manifest n ON n.id = x.image_id JOIN manifest m ON m.id = x.index_id "
            "WHERE convert_from(m.raw, 'UTF8') = 'x2'"),
        "i1,i2");
    assert_recount();
}
END_TEST

START_TEST(children_may_be_stored_after_their_indexes)
{
    PUT_INDEX("x3", "x2", "i3");
    PUT_INDEX("x2", "x1", "i2");
    PUT_INDEX("x1", "i1");
    ck_assert_str_eq(sql("SELECT count(*) FROM index_image"), "0");
    put_image("i1");
    assert_recount();
    ck_assert_str_eq(sql("SELECT count(*) FROM index_image"), "3");
    put_image("i3");
    put_image("i2");
    assert_recount();
    ck_assert_str_eq(sql("SELECT count(*) FROM index_image"), "6");
}
END_TEST

START_TEST(what_refers_to_an_image_may_be_a_document)
{
    struct content content;
    PUT_INDEX("x1", "a2"); /* a1 is new, a2 was known by its digest */
    for (int i = 1; i <= 2; i++) {
        make_image(&content, name_of('a', i));
        content.record.subject = digest_of("i1");
        ck_assert_int_eq(put(&content), MS_OK);
    }
    ck_assert_str_eq(
        sql("SELECT string_agg(convert_from(m.raw, 'UTF8') || '=' || s.kind, ' ' "
            "ORDER BY m.raw) FROM sbom_source s JOIN manifest m ON m.id = s.manifest_id"),
        "a1=referrer a2=referrer");
}
END_TEST

static const char *images_of(const char *repository)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "SELECT image_count || ' ' || coalesce((SELECT string_agg(platform || ' ' || "
                   "\"references\", ',') FROM repository_platform WHERE repository_id = id), '-') "
                   "FROM repository WHERE name = '%s'",
                   repository);
    return sql(text);
}

START_TEST(what_only_attests_is_no_image)
{
    put_image("i9");
    put_image("p3");
    PUT_INDEX("x1", "i9", "p3");
    ck_assert_int_eq(hold("app", "i9", NULL), MS_OK);
    ck_assert_int_eq(hold("app", "p3", NULL), MS_OK);
    set_tag("app", "index", "x1");
    ck_assert_str_eq(images_of("app"), "1 linux/arm64 1");
    set_tag("app", "too", "p3");
    ck_assert_str_eq(images_of("app"), "2 linux/arm64 2");
    assert_recount();
    remove_tag("app", "index");
    ck_assert_str_eq(images_of("app"), "1 linux/arm64 1");
    set_tag("app", "index", "x1");
    remove_tag("app", "too");
    ck_assert_str_eq(images_of("app"), "1 linux/arm64 1");
    assert_recount();
}
END_TEST

/* --- indexes nested too deeply: nine levels of them --- */

enum { CHAIN = 9 };

/* x1 lists i1, x2 lists x1 … */
static void put_link(int level)
{
    PUT_INDEX(name_of('x', level), level > 1 ? name_of('x', level - 1) : "i1");
}

static void hold_chain(int first, int last)
{
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    for (int level = first; level <= last; level++)
        ck_assert_int_eq(hold("app", name_of('x', level), NULL), MS_OK);
}

static const char *chain_state(void)
{
    return sql("SELECT string_agg(convert_from(m.raw, 'UTF8') || ' ' || h.\"references\" || "
               "coalesce(' ' || h.unreadable, ''), ', ' ORDER BY m.nesting) "
               "FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id "
               "WHERE m.nesting >= 6");
}

START_TEST(indexes_nested_too_deeply_are_unreadable_from_below)
{
    put_image("i1");
    for (int level = 1; level <= CHAIN; level++)
        put_link(level);
    hold_chain(1, CHAIN);
    set_tag("app", "latest", "x9");
    ck_assert_str_eq(chain_state(), "x7 0, x8 0, x9 1 indexes nested too deeply");
    assert_recount();
    set_tag("app", "latest", "x8");
    ck_assert_str_eq(chain_state(), "x7 1, x8 1, x9 0 indexes nested too deeply");
    assert_recount();
}
END_TEST

START_TEST(indexes_nested_too_deeply_are_unreadable_from_above)
{
    for (int level = CHAIN; level >= 1; level--)
        put_link(level);
    put_image("i1");
    set_tag("app", "latest", "x9");
    hold_chain(1, CHAIN);
    ck_assert_str_eq(chain_state(), "x7 0, x8 0, x9 1 indexes nested too deeply");
    assert_recount();
}
END_TEST

START_TEST(an_index_is_nested_too_deeply_when_the_middle_comes_last)
{
    put_image("i1");
    for (int level = 1; level <= CHAIN; level++)
        if (level != 5)
            put_link(level);
    hold_chain(6, CHAIN);
    set_tag("app", "latest", "x9");
    ck_assert_str_eq(sql("SELECT count(*) FROM repository_manifest WHERE unreadable IS NOT NULL"),
                     "0");
    put_link(5);
    hold_chain(1, 5);
    ck_assert_str_eq(chain_state(), "x7 0, x8 0, x9 1 indexes nested too deeply");
    assert_recount();
}
END_TEST

/* What another repository holds shows that an index here is: the next scan says so. */
START_TEST(an_index_known_to_be_nested_too_deeply_is_looked_at_again)
{
    put_image("i1");
    for (int level = CHAIN; level >= 6; level--)
        put_link(level);
    hold_chain(6, CHAIN);
    set_tag("app", "latest", "x9");
    ck_assert_int_eq(hold("app", "x5", "missing in the registry"), MS_OK);
    for (int level = 5; level >= 1; level--)
        put_link(level);
    ck_assert_str_eq(sql("SELECT is_wholly_readable(h.repository_id, m.id) "
                         "FROM repository_manifest h JOIN manifest m ON m.id = h.manifest_id "
                         "WHERE convert_from(m.raw, 'UTF8') = 'x9'"),
                     "f");
    ck_assert_int_eq(hold("app", "x9", NULL), MS_OK);
    ck_assert_str_eq(chain_state(), "x7 0, x8 0, x9 1 indexes nested too deeply");
}
END_TEST

/* --- applies --- */

START_TEST(tags_are_created_moved_and_deleted)
{
    put_image("i1");
    put_image("i2");
    set_tag("team/app", "latest", "i1");
    ck_assert_uint_eq(last_apply.generation, 1);
    ck_assert_uint_eq(last_apply.tags_changed, 1);
    assert_recount();
    set_tag("team/app", "latest", "i2");
    ck_assert_uint_eq(last_apply.generation, 2);
    assert_recount();
    remove_tag("team/app", "latest");
    ck_assert_uint_eq(last_apply.tags_removed, 1);
    assert_recount();
    ck_assert_str_eq(
        sql("SELECT string_agg(generation || ':' || type, ' ' ORDER BY id) FROM change"),
        "1:repository.created 1:tag.created 2:tag.moved 3:tag.deleted");
    ck_assert_str_eq(sql("SELECT count(*) || ',' || count(until_time) FROM tag_history"), "2,2");
    ck_assert_str_eq(sql("SELECT string_agg(repository, ',' ORDER BY generation) FROM touched"),
                     "team/app,team/app,team/app");
}
END_TEST

START_TEST(what_changes_nothing_writes_nothing)
{
    put_image("i1");
    set_tag("app", "latest", "i1");
    char before[4096];
    const char *all = "SELECT string_agg(r, ' ') FROM ("
                      "SELECT 'r' || xmin || ctid FROM repository UNION ALL "
                      "SELECT 'h' || xmin || ctid FROM repository_manifest UNION ALL "
                      "SELECT 't' || xmin || ctid FROM tag UNION ALL "
                      "SELECT 'y' || xmin || ctid FROM tag_history UNION ALL "
                      "SELECT 's' || xmin || ctid FROM state UNION ALL "
                      "SELECT 'b' || xmin || ctid FROM repository_blob) AS x (r)";
    (void)snprintf(before, sizeof(before), "%s", sql(all));
    set_tag("app", "latest", "i1");
    ck_assert_uint_eq(last_apply.generation, 0);
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    ck_assert_int_eq(release("app", "i9"), MS_OK);
    remove_tag("app", "unknown");
    remove_tag("unknown", "latest");
    ck_assert_str_eq(sql(all), before);
}
END_TEST

START_TEST(a_shared_digest_belongs_to_each_repository)
{
    put_image("i1");
    set_tag("one", "a", "i1");
    set_tag("one", "b", "i1");
    set_tag("two", "a", "i1");
    assert_recount();
    remove_tag("one", "a");
    assert_recount();
    remove_tag("one", "b");
    assert_recount();
    ck_assert_str_eq(
        sql("SELECT string_agg(name || '=' || size, ' ' ORDER BY name) FROM repository"),
        "one=0 two=1332");
}
END_TEST

START_TEST(references_follow_nested_indexes)
{
    put_image("i1");
    put_image("i2");
    PUT_INDEX("x1", "i1", "i2");
    PUT_INDEX("x2", "x1", "i1");
    set_tag("app", "nested", "x2");
    ck_assert_int_eq(hold("app", "x1", NULL), MS_OK);
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    ck_assert_int_eq(hold("app", "i2", NULL), MS_OK);
    assert_recount();
    ck_assert_str_eq(sql("SELECT image_count FROM repository"), "2");
    set_tag("app", "nested", "i1");
    assert_recount();
    ck_assert_str_eq(sql("SELECT image_count FROM repository"), "1");
    remove_tag("app", "nested");
    assert_recount();
    ck_assert_str_eq(sql("SELECT image_count FROM repository"), "0");
}
END_TEST

START_TEST(a_missing_child_may_arrive_later)
{
    put_image("i1");
    PUT_INDEX("x1", "i1", "i2");
    set_tag("app", "latest", "x1");
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    ck_assert_int_eq(hold("app", "i2", "not found"), MS_OK);
    assert_recount();
    ck_assert_str_eq(sql("SELECT image_count FROM repository"), "1");
    put_image("i2"); /* somewhere else: changes nothing here */
    assert_recount();
    ck_assert_str_eq(sql("SELECT image_count || ',' || generation FROM repository, state"), "1,3");
    ck_assert_int_eq(hold("app", "i2", NULL), MS_OK);
    assert_recount();
    ck_assert_str_eq(sql("SELECT image_count || ',' || generation FROM repository, state"), "2,4");
}
END_TEST

START_TEST(unreadable_harms_only_itself)
{
    struct ms_tag_record tags[] = {
        {.name = MS_STR("broken"), .digest = digest_of("i1"), .unreadable = MS_STR("too large")},
        {.name = MS_STR("lost"), .unreadable = MS_STR("its manifest is missing")},
        tag_on("good", "i2"),
    };
    put_image("i2");
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .tags = tags, .n_tags = 3}), MS_OK);
    assert_recount();
    ck_assert_str_eq(sql("SELECT tag_count || ',' || image_count FROM repository"), "3,1");
    ck_assert_str_eq(sql("SELECT string_agg(unreadable, ',') FROM repository_manifest"),
                     "too large");
    ck_assert_str_eq(sql("SELECT unreadable FROM tag WHERE manifest_id IS NULL"),
                     "its manifest is missing");
    put_image("i1");
    tags[0] = tag_on("broken", "i1");
    tags[1] = tag_on("lost", "i2");
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .tags = tags, .n_tags = 2}), MS_OK);
    assert_recount();
    ck_assert_str_eq(sql("SELECT tag_count || ',' || image_count FROM repository"), "3,2");
}
END_TEST

START_TEST(readable_content_must_be_stored)
{
    struct ms_tag_record tag = tag_on("latest", "i1");
    ck_assert_int_eq(hold("app", "i1", NULL), MS_CONFLICT);
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .tags = &tag, .n_tags = 1}),
        MS_CONFLICT);
    ck_assert_str_eq(sql("SELECT count(*) FROM repository"), "0");
}
END_TEST

START_TEST(gone_manifests_leave_or_become_unreadable)
{
    put_image("i1");
    put_image("i2");
    PUT_INDEX("x1", "i1");
    set_tag("app", "latest", "x1");
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    ck_assert_int_eq(hold("app", "i2", NULL), MS_OK);
    ck_assert_int_eq(release("app", "i2"), MS_OK);
    ck_assert_str_eq(sql("SELECT count(*) FROM repository_manifest"), "2");
    ck_assert_int_eq(release("app", "i1"), MS_OK);
    assert_recount();
    ck_assert_str_eq(sql("SELECT count(unreadable) FROM repository_manifest"), "1");
    ck_assert_int_eq(release("app", "x1"), MS_OK);
    assert_recount();
    remove_tag("app", "latest");
    ck_assert_int_eq(release("app", "x1"), MS_OK);
    ck_assert_int_eq(release("app", "i1"), MS_OK);
    assert_recount();
    ck_assert_str_eq(sql("SELECT count(*) FROM repository_manifest"), "0");
}
END_TEST

START_TEST(a_repository_goes_and_comes_back)
{
    put_image("i1");
    set_tag("app", "a", "i1");
    set_tag("app", "b", "i1");
    ck_assert_int_eq(remove_repository("app"), MS_OK);
    ck_assert_uint_eq(last_apply.tags_removed, 2);
    assert_recount();
    ck_assert_str_eq(
        sql("SELECT string_agg(type, ' ' ORDER BY id) FROM change WHERE generation = 3"),
        "tag.deleted tag.deleted repository.deleted");
    ck_assert_int_eq(remove_repository("app"), MS_OK);
    ck_assert_uint_eq(last_apply.generation, 0);
    set_tag("app", "a", "i1");
    assert_recount();
    ck_assert_str_eq(sql("SELECT count(*) || ',' || count(deleted_at) FROM repository"), "1,0");
    ck_assert_str_eq(
        sql("SELECT string_agg(type, ' ' ORDER BY id) FROM change WHERE generation = 4"),
        "repository.created tag.created");
}
END_TEST

START_TEST(events_alone_create_no_repository)
{
    double observed = ms_metrics_get(MS_METRIC_APPLY_SECONDS, NULL, NULL);
    ck_assert_int_eq(apply((struct ms_apply){.repository = MS_STR("app")}), MS_OK);
    ck_assert_double_eq(ms_metrics_get(MS_METRIC_APPLY_SECONDS, NULL, NULL), observed + 1);
    ck_assert_str_eq(sql("SELECT count(*) FROM repository"), "0");
    ck_assert_int_eq(apply((struct ms_apply){.repository = MS_STR("app"), .from_scan = true}),
                     MS_OK);
    ck_assert_str_eq(sql("SELECT count(*) FROM repository"), "1");
}
END_TEST

START_TEST(manifests_pushed_without_a_tag_are_told)
{
    put_image("i1");
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    ck_assert_str_eq(sql("SELECT string_agg(type, ' ' ORDER BY id) FROM change"),
                     "repository.created manifest.pushed");
    ck_assert_str_eq(sql("SELECT digest_text(digest) FROM change WHERE type = 'manifest.pushed'"),
                     sql("SELECT digest_text(digest) FROM manifest"));
}
END_TEST

START_TEST(a_deposed_term_changes_nothing)
{
    struct content content;
    put_image("i1");
    (void)sql("SELECT begin_term('other', 2)");
    struct ms_tag_record tag = tag_on("latest", "i1");
    ck_assert_int_eq(
        apply((struct ms_apply){.repository = MS_STR("app"), .tags = &tag, .n_tags = 1}),
        MS_DEPOSED);
    make_image(&content, "i2");
    ck_assert_int_eq(put(&content), MS_DEPOSED);
    ck_assert_int_eq(waited(ms_store_pulls_collect(store, term, on_count, NULL)), MS_DEPOSED);
    ck_assert_int_eq(waited(ms_store_prune(store, term, 1, 1, on_done, NULL)), MS_DEPOSED);
    ck_assert_int_eq(waited(ms_store_collect(store, term, 0, 0, 10, on_collected, NULL)),
                     MS_DEPOSED);
    ck_assert_str_eq(sql("SELECT count(*) FROM repository"), "0");
    ck_assert_str_eq(sql("SELECT count(*) FROM manifest"), "1");
}
END_TEST

/* --- times, titles --- */

static enum ms_status push(const char *name, const char *content, int64_t time_ms)
{
    struct ms_tag_record tag = tag_on(name, content);
    tag.event_time_ms = time_ms;
    tag.actor = MS_STR("ann");
    return apply((struct ms_apply){.repository = MS_STR("app"), .tags = &tag, .n_tags = 1});
}

START_TEST(times_come_from_events_images_or_seeing)
{
    struct content content;
    const char *shown =
        "SELECT (extract(epoch FROM updated) * 1000)::bigint || ' ' || updated_source "
        "|| ' ' || coalesce(updated_by, '-') FROM tag WHERE name = 't'";
    make_image(&content, "i1");
    content.record.created_ms = 1500000000123;
    ck_assert_int_eq(put(&content), MS_OK);
    make_image(&content, "i2");
    content.record.created_ms = 1000000; /* 1970: nobody believes that */
    ck_assert_int_eq(put(&content), MS_OK);
    set_tag("app", "t", "i1");
    ck_assert_str_eq(sql(shown), "1500000000123 created -");
    ck_assert_int_eq(push("t", "i1", 1600000000456),
                     MS_OK); /* the event that the scan was before */
    ck_assert_str_eq(sql(shown), "1600000000456 event ann");
    ck_assert_int_eq(push("t", "i1", 1600000009999), MS_OK); /* pushed again: did not move */
    ck_assert_str_eq(sql(shown), "1600000000456 event ann");
    set_tag("app", "t", "i2");
    ck_assert_str_eq(sql("SELECT updated_source FROM tag"), "seen");
    ck_assert_str_eq(
        sql("SELECT updated = from_time FROM tag, tag_history WHERE until_time IS NULL"), "t");
    ck_assert_str_eq(
        sql("SELECT string_agg(source || ' ' || coalesce(changed_by, '-'), ',' ORDER BY id) "
            "FROM tag_history"),
        "event ann,scan -");
    ck_assert_str_eq(sql("SELECT extract(epoch FROM created)::bigint FROM repository"),
                     "1500000000");
}
END_TEST

START_TEST(titles_come_from_latest_or_the_newest_tag)
{
    for (int i = 1; i <= 4; i++)
        put_image(name_of('i', i));
    PUT_INDEX("x1", "i3", "i2", "i4"); /* i2 is the first for amd64 */
    ck_assert_int_eq(push("a", "i1", 2000000000000), MS_OK);
    ck_assert_int_eq(push("b", "i3", 1000000000000), MS_OK);
    ck_assert_str_eq(sql("SELECT title || ' ' || extract(year FROM updated) FROM repository"),
                     "i1 2033");
    ck_assert_int_eq(push("latest", "i4", 500000000000), MS_OK);
    ck_assert_str_eq(sql("SELECT title FROM repository"), "i4");
    ck_assert_int_eq(hold("app", "i2", NULL), MS_OK);
    ck_assert_int_eq(push("latest", "x1", 500000000001), MS_OK);
    ck_assert_str_eq(sql("SELECT title FROM repository"), "i2");
    remove_tag("app", "latest");
    ck_assert_str_eq(sql("SELECT title FROM repository"), "i1");
}
END_TEST

START_TEST(fallback_and_cosign_tags_are_hidden)
{
    char name[128];
    put_image("i1");
    (void)snprintf(name, sizeof(name), "sha256-%064d.sig", 1);
    set_tag("app", name, "i1");
    ck_assert_str_eq(sql("SELECT hidden FROM tag"), "t");
    (void)snprintf(name, sizeof(name), "sha256-%063d.sig", 1);
    set_tag("app", name, "i1");
    ck_assert_str_eq(sql("SELECT count(*) FROM tag WHERE hidden"), "1");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_write");
    TCase *tcase = tcase_create("contents and applies");
    tcase_add_unchecked_fixture(tcase, make_template, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, contents_are_stored_once);
    tcase_add_test(tcase, text_that_postgresql_cannot_store_is_replaced);
    tcase_add_test(tcase, nested_indexes_are_flattened_in_order);
    tcase_add_test(tcase, children_may_be_stored_after_their_indexes);
    tcase_add_test(tcase, what_refers_to_an_image_may_be_a_document);
    tcase_add_test(tcase, what_only_attests_is_no_image);
    tcase_add_test(tcase, indexes_nested_too_deeply_are_unreadable_from_below);
    tcase_add_test(tcase, indexes_nested_too_deeply_are_unreadable_from_above);
    tcase_add_test(tcase, an_index_is_nested_too_deeply_when_the_middle_comes_last);
    tcase_add_test(tcase, an_index_known_to_be_nested_too_deeply_is_looked_at_again);
    tcase_add_test(tcase, tags_are_created_moved_and_deleted);
    tcase_add_test(tcase, what_changes_nothing_writes_nothing);
    tcase_add_test(tcase, a_shared_digest_belongs_to_each_repository);
    tcase_add_test(tcase, references_follow_nested_indexes);
    tcase_add_test(tcase, a_missing_child_may_arrive_later);
    tcase_add_test(tcase, unreadable_harms_only_itself);
    tcase_add_test(tcase, readable_content_must_be_stored);
    tcase_add_test(tcase, gone_manifests_leave_or_become_unreadable);
    tcase_add_test(tcase, a_repository_goes_and_comes_back);
    tcase_add_test(tcase, events_alone_create_no_repository);
    tcase_add_test(tcase, manifests_pushed_without_a_tag_are_told);
    tcase_add_test(tcase, a_deposed_term_changes_nothing);
    tcase_add_test(tcase, times_come_from_events_images_or_seeing);
    tcase_add_test(tcase, titles_come_from_latest_or_the_newest_tag);
    tcase_add_test(tcase, fallback_and_cosign_tags_are_hidden);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
