/* SPDX-License-Identifier: Apache-2.0 */
/* Connection strings without their passwords: what is shown, also of strings that are wrong, and
 * that libpq can read it. */
#include "common/pg/conninfo.h"
#include "tests/support/check_main.h"

static const struct {
    const char *url;
    const char *masked;
} MASKS[] = {
    {"postgres://u:p@h:5432/d?sslmode=disable", "postgres://u:****@h:5432/d?sslmode=disable"},
    {"postgresql://u@h/d", "postgresql://u@h/d"},
    {"postgresql://", "postgresql://"},
    {"postgresql://h:5432/d", "postgresql://h:5432/d"},
    {"postgresql://h1:1,h2:2/d", "postgresql://h1:1,h2:2/d"},
    {"postgresql://[::1]/d", "postgresql://[::1]/d"},
    {"postgresql://u:p@[::1]:5/d", "postgresql://u:****@[::1]:5/d"},
    {"postgresql://:p@/d", "postgresql://:****@/d"},
    {"postgresql://u:p:q@h/d", "postgresql://u:****@h/d"},
    {"postgresql://u:p@q@h/d", "postgresql://****"},
    {"postgresql://u:p/q@h/d", "postgresql://****"},
    {"postgresql://u:p?q@h/d", "postgresql://u:****@h/d"},
    {"postgresql://u:p?q/r@h/d", "password=****"},
    {"postgresql://h:5432/d?user=me@tenant", "postgresql://h:5432/d?user=me@tenant"},
    {"postgresql://h/d?user=u&password=p", "postgresql://h/d?user=u&password=****"},
    {"postgresql://h?password=p&user=y&sslpassword=q",
     "postgresql://h?password=****&user=y&sslpassword=****"},
    {"postgres://h?unknown=p", "password=****"},
    {"postgresql://h/d?p%61ssword=p", "postgresql://h/d?p%61ssword=****"},
    {"postgresql://h/d?password", "password=****"},
    {"host=h password=p dbname=d", "password=**** dbname=d host=h"},
    {"password = p", "password=****"},
    {"password='a \\' b' host=h", "password=**** host=h"},
    {"password=a\\ b host=h", "password=**** host=h"},
    {"password='a b", "password=****"},
    {"  host=h\tsslpassword=x\n", "host=h sslpassword=****"},
    {"dbname='it\\'s \\\\ here' host=''", "dbname='it\\'s \\\\ here' host=''"},
    {"host=h password=two words", "password=****"},
    {"password=", "password=****"},
    {"password=a\\", "password=****"},
    {"host=", "host=''"},
};

START_TEST(passwords_are_masked)
{
    struct ms_buf out;
    ms_buf_init(&out, 4096);
    ms_pg_conninfo_mask(&out, ms_str(MASKS[_i].url));
    ck_assert_str_eq(out.data, MASKS[_i].masked);
    ck_assert_int_eq(ms_pg_conninfo_check(ms_buf_view(&out), NULL), MS_OK);
    ms_buf_free(&out);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *conninfo = tcase_create("conninfo");
    tcase_add_loop_test(conninfo, passwords_are_masked, 0, sizeof(MASKS) / sizeof(MASKS[0]));
    Suite *suite = suite_create("conninfo");
    suite_add_tcase(suite, conninfo);
    return suite;
}
