/* SPDX-License-Identifier: Apache-2.0 */
/* reader/answer/spool.c: files of large answers on a real file system, their limit, their gzip
 * variant. */
#include "reader/answer/spool.h"
#include "tests/support/check_main.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 4 * 1024 * 1024, MIB = 1024 * 1024 };

static char dir[] = "/tmp/ms-spool-XXXXXX";
static _Atomic uint64_t used[2];
static struct spool *spool;
static struct ms_error err;

static struct spool *open_spool(size_t own)
{
    return spool_new(&(struct spool_options){
        .dir = dir, .max_bytes = LIMIT, .used = used, .n_used = 2, .own = own});
}

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    spool = open_spool(0);
}

static void end(void)
{
    ck_assert_uint_eq(spool_bytes(spool), 0);
    spool_free(spool);
    ck_assert_int_eq(rmdir(dir), 0); /* nothing was left behind */
}

static struct ms_str mebibyte(void)
{
    static char bytes[MIB];
    for (size_t i = 0; i < MIB; i++)
        bytes[i] = (char)('a' + i % 7);
    return ms_str_n(bytes, MIB);
}

static struct spool_file *new_file(unsigned mebibytes)
{
    struct spool_file *file;
    ck_assert_int_eq(spool_file_new(&file, spool, 0, &err), MS_OK);
    for (unsigned i = 0; i < mebibytes; i++)
        ck_assert_int_eq(spool_file_append(file, mebibyte(), &err), MS_OK);
    return file;
}

START_TEST(bytes_are_counted_until_the_last_reference_goes)
{
    struct spool_file *file = new_file(2);
    ck_assert_uint_eq(spool_bytes(spool), 2 * MIB);
    spool_file_finish(file, "application/json");
    spool_file_ref(file);
    spool_file_unref(file);
    ck_assert_uint_eq(spool_bytes(spool), 2 * MIB);
    spool_file_unref(file);
    ck_assert_uint_eq(spool_bytes(spool), 0);
}
END_TEST

START_TEST(nothing_is_visible_in_the_directory)
{
    struct spool_file *file = new_file(1);
    unsigned entries = 0;
    DIR *listing = opendir(dir);
    while (readdir(listing) != NULL)
        entries++;
    closedir(listing);
    ck_assert_uint_eq(entries, 2); /* . and .. */
    spool_file_unref(file);
}
END_TEST

START_TEST(the_limit_holds_for_all_workers_together)
{
    struct spool *neighbour = open_spool(1);
    atomic_store(&used[1], 3 * (uint64_t)MIB);
    struct spool_file *file = new_file(1);
    ck_assert_int_eq(spool_file_append(file, mebibyte(), &err), MS_TOO_LARGE);
    ck_assert_uint_eq(spool_bytes(spool), MIB); /* nothing was taken */
    spool_free(neighbour);
    neighbour = open_spool(1); /* it died and was replaced: its files are gone */
    ck_assert_int_eq(spool_file_append(file, mebibyte(), &err), MS_OK);
    spool_file_unref(file);
    spool_free(neighbour);
}
END_TEST

START_TEST(a_gzip_variant_is_made_piece_by_piece)
{
    struct spool_file *file = new_file(2);
    spool_file_finish(file, "application/json");
    ck_assert(spool_file_lacks_gzip(file));
    bool done = false;
    unsigned pieces = 0;
    while (!done) {
        ck_assert_int_eq(spool_file_compress(&done, file, &err), MS_OK);
        pieces++;
    }
    ck_assert_uint_gt(pieces, 1);
    ck_assert(!spool_file_lacks_gzip(file));
    ck_assert_uint_gt(spool_file_bytes(file), 2 * MIB);
    ck_assert_uint_lt(spool_file_bytes(file), 2 * MIB + MIB / 10);
    ck_assert_uint_eq(spool_bytes(spool), spool_file_bytes(file));
    spool_file_unref(file);
}
END_TEST

START_TEST(no_room_for_gzip_leaves_the_plain_file)
{
    struct spool_file *file = new_file(2);
    spool_file_finish(file, "application/json");
    atomic_store(&used[1], 2 * (uint64_t)MIB);
    bool done = false;
    enum ms_status status = MS_OK;
    while (status == MS_OK && !done)
        status = spool_file_compress(&done, file, &err);
    ck_assert_int_eq(status, MS_TOO_LARGE);
    ck_assert(!spool_file_lacks_gzip(file)); /* and will not be tried again */
    ck_assert_uint_eq(spool_file_bytes(file), 2 * MIB);
    spool_file_unref(file);
}
END_TEST

static bool drop_file(void *arg)
{
    struct spool_file **file = arg;
    bool is_there = *file != NULL;
    spool_file_unref(*file);
    *file = NULL;
    return is_there;
}

START_TEST(what_is_kept_makes_room_for_gzip)
{
    struct spool_file *kept = new_file(2), *file = new_file(2);
    bool done = false;
    spool_file_finish(kept, "application/json");
    spool_file_finish(file, "application/json");
    spool_on_full(spool, drop_file, &kept);
    while (!done)
        ck_assert_int_eq(spool_file_compress(&done, file, &err), MS_OK);
    ck_assert_ptr_null(kept);
    ck_assert_uint_gt(spool_file_bytes(file), 2 * MIB);
    spool_file_unref(file);
}
END_TEST

START_TEST(a_missing_directory_is_told)
{
    ck_assert_int_eq(spool_check(dir, &err), MS_OK);
    ck_assert_int_eq(spool_check("/nonexistent/spool", &err), MS_IO);
    struct spool *lost = spool_new(&(struct spool_options){
        .dir = "/nonexistent/spool", .max_bytes = LIMIT, .used = used, .n_used = 2, .own = 1});
    struct spool_file *file = NULL;
    ck_assert_int_eq(spool_file_new(&file, lost, 0, &err), MS_IO);
    ck_assert_ptr_null(file);
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/spool"));
    spool_free(lost);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("spool");
    TCase *tcase = tcase_create("spool");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, bytes_are_counted_until_the_last_reference_goes);
    tcase_add_test(tcase, nothing_is_visible_in_the_directory);
    tcase_add_test(tcase, the_limit_holds_for_all_workers_together);
    tcase_add_test(tcase, a_gzip_variant_is_made_piece_by_piece);
    tcase_add_test(tcase, no_room_for_gzip_leaves_the_plain_file);
    tcase_add_test(tcase, what_is_kept_makes_room_for_gzip);
    tcase_add_test(tcase, a_missing_directory_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
