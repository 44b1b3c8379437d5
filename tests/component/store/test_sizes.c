/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes, and other things that manifests say and that cannot be: they belong to the manifest that
 * says them, and fail nothing.
 */
#include "tests/component/store/store_fixture.h"

/* Each manifest has what it says itself; a repository counts the largest, while it is there. */
START_TEST(a_size_belongs_to_the_manifest_that_names_it)
{
    struct content liar;
    make_image(&liar, "i1");
    liar.record.digest = digest_of("liar");
    liar.record.config_size = 5000;
    liar.layers[0].size = 1000000; /* twice in it, and 10 bytes the other time */
    ck_assert_int_eq(put(&liar), MS_OK);
    put_image("i1");
    set_tag("honest", "t", "i1");
    set_tag("both", "t", "i1");
    ck_assert_str_eq(sql("SELECT string_agg(size::text, ' ') FROM repository"), "1332 1332");
    set_tag("both", "liar", "liar");
    ck_assert_str_eq(sql("SELECT string_agg(size::text, ' ' ORDER BY name) FROM repository"),
                     "1007022 1332");
    assert_recount();
    remove_tag("both", "liar");
    ck_assert_str_eq(sql("SELECT string_agg(size::text, ' ') FROM repository"), "1332 1332");
    assert_recount();
}
END_TEST

START_TEST(no_sum_of_sizes_overflows)
{
    enum { MANY = 4000 };
    static struct ms_layer_record layers[MANY];
    struct content content;
    make_image(&content, "i1");
    for (int i = 0; i < MANY; i++)
        layers[i] = (struct ms_layer_record){.digest = digest_of(name_of('l', i)),
                                             .size = i < MANY / 2 ? INT64_MAX : 9007199254740991};
    content.record.layers = layers;
    content.record.n_layers = MANY;
    ck_assert_msg(put(&content) == MS_OK, "%s", last_err.text);
    set_tag("app", "a", "i1");
    put_image("i2");
    set_tag("app", "b", "i2");
    ck_assert_str_eq(sql("SELECT count(*) FROM manifest_layer WHERE size IS NULL"), "2000");
    ck_assert_str_eq(sql("SELECT size FROM repository"), "18014398509481984656");
    assert_recount();
}
END_TEST

/* What the parser never lets through is no reason to fail either. */
START_TEST(nothing_that_contents_say_fails_their_transaction)
{
    enum { LONG = 100000 };
    static char letters[LONG];
    static struct ms_pair pairs[2];
    const struct ms_str text = {letters, LONG};
    struct content image, index;
    for (int i = 0; i < LONG; i++)
        letters[i] = (char)('a' + i * 7919 % 26);
    make_image(&image, "i1");
    pairs[0] = pairs[1] = (struct ms_pair){text, text};
    image.record.labels = image.record.annotation_rows = pairs;
    image.record.n_labels = image.record.n_annotation_rows = 2; /* the same key twice */
    image.record.os = image.record.architecture = image.record.variant = text;
    image.record.os_version = image.record.title = image.record.description = text;
    image.record.media_type = image.record.artifact_type = text;
    image.record.created_ms = INT64_MAX;
    image.record.size = INT64_MIN;
    ck_assert_msg(put(&image) == MS_OK, "%s", last_err.text);
    make_index(&index, "x1", (const char *const[]){"i1", "i1"}, 2);
    index.children[0].os = index.children[0].variant = index.children[1].media_type = text;
    index.children[0].size = INT64_MAX;
    index.record.subject = index.record.digest;
    index.record.created_ms = INT64_MIN;
    ck_assert_msg(put(&index) == MS_OK, "%s", last_err.text);
    struct ms_tag_record tags[] = {tag_on("a", "i1"), tag_on("b", "x1")};
    tags[0].event_time_ms = INT64_MAX;
    tags[1].event_time_ms = INT64_MIN;
    tags[0].actor = text;
    ck_assert_msg(
        apply((struct ms_apply){.repository = MS_STR("app"), .tags = tags, .n_tags = 2}) == MS_OK,
        "%s", last_err.text);
    assert_recount();
    ck_assert_str_eq(sql("SELECT string_agg(updated_source, ' ') FROM tag"), "seen seen");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_sizes");
    TCase *tcase = tcase_create("sizes");
    tcase_add_unchecked_fixture(tcase, make_template, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_size_belongs_to_the_manifest_that_names_it);
    tcase_add_test(tcase, no_sum_of_sizes_overflows);
    tcase_add_test(tcase, nothing_that_contents_say_fails_their_transaction);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
