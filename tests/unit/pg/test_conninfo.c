/* SPDX-License-Identifier: Apache-2.0 */
/* Connection strings without their passwords: what is shown, also of strings that are wrong, and
 * that libpq can read it. */
#include "common/pg/conninfo.h"
#include "tests/support/check_main.h"

#include <stdlib.h>

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

static const struct {
    const char *conninfo;
    const char *keyword;
    size_t first;
    const char *list;
} LISTS[] = {
    {"postgresql://u:p@a:1,b:2,c:3/d", "host", 0, "a,b,c"},
    {"postgresql://u:p@a:1,b:2,c:3/d", "host", 1, "b,c,a"},
    {"postgresql://u:p@a:1,b:2,c:3/d", "port", 2, "3,1,2"},
    {"postgresql://u:p@a:1,b:2,c:3/d", "host", 4, "b,c,a"},
    {"host=a,b port=1", "host", 1, "b,a"},
    {"host=a,b port=1", "port", 1, NULL}, /* one for all */
    {"host=a,b", "hostaddr", 1, NULL},
    {"hostaddr=127.0.0.1,::1", "hostaddr", 1, "::1,127.0.0.1"},
    {"host=a,,c port=,2,", "host", 1, ",c,a"},
    {"host=a,,c port=,2,", "port", 1, "2,,"},
    {"host=a", "host", 1, NULL},
    {"host=a what", "host", 1, NULL},
};

START_TEST(lists_of_hosts_are_begun_elsewhere)
{
    char *list =
        ms_pg_conninfo_list_from(ms_str(LISTS[_i].conninfo), LISTS[_i].keyword, LISTS[_i].first);
    if (LISTS[_i].list == NULL)
        ck_assert_ptr_null(list);
    else
        ck_assert_str_eq(list, LISTS[_i].list);
    free(list);
}
END_TEST

static const struct {
    const char *conninfo;
    bool is_open;
} TLS[] = {
    {"postgresql://u@db/d", true},
    {"postgresql://u@10.0.0.1/d", true},
    {"host=db hostaddr=127.0.0.1", true}, /* a tunnel, maybe */
    {"host=localhost hostaddr=10.0.0.1", true},
    {"postgresql://localhost,db/d", true},
    {"postgresql://u@[2001:db8::1]/d", true},
    {"postgresql://u@db/d?sslmode=disable", false},
    {"host=db sslmode=prefer", false},
    {"host=db service=s", false},
    {"postgresql:///d", false},
    {"postgresql:///d?host=/run/postgresql", false},
    {"host=@abstract", false},
    {"postgresql://u@localhost/d", false},
    {"postgresql://127.0.0.1:1,127.0.0.2:2/d", false},
    {"postgresql://u@[::1]/d", false},
    {"host=db what", false},
    {"", false},
};

START_TEST(tls_is_ours_to_choose_when_nobody_has)
{
    struct ms_str conninfo = ms_str(TLS[_i].conninfo);
    unsetenv("PGHOST");
    ck_assert(ms_pg_conninfo_leaves_tls_open(conninfo) == TLS[_i].is_open);
    setenv("PGSSLMODE", "prefer", 1);
    ck_assert(!ms_pg_conninfo_leaves_tls_open(conninfo));
    unsetenv("PGSSLMODE");
    setenv("PGHOST", "db", 1);
    bool is_open = ms_pg_conninfo_leaves_tls_open(MS_STR("dbname=d"));
    unsetenv("PGHOST");
    ck_assert(is_open);
}
END_TEST

START_TEST(authorities_are_named_or_not)
{
    unsetenv("PGSSLROOTCERT");
    ck_assert(!ms_pg_conninfo_names_authorities(MS_STR("host=db")));
    ck_assert(ms_pg_conninfo_names_authorities(MS_STR("host=db sslrootcert=/f")));
    setenv("PGSSLROOTCERT", "/f", 1);
    bool is_named = ms_pg_conninfo_names_authorities(MS_STR("host=db"));
    unsetenv("PGSSLROOTCERT");
    ck_assert(is_named);
}
END_TEST

static Suite *make_suite(void)
{
    TCase *conninfo = tcase_create("conninfo");
    tcase_add_loop_test(conninfo, passwords_are_masked, 0, sizeof(MASKS) / sizeof(MASKS[0]));
    tcase_add_loop_test(conninfo, lists_of_hosts_are_begun_elsewhere, 0,
                        sizeof(LISTS) / sizeof(LISTS[0]));
    tcase_add_loop_test(conninfo, tls_is_ours_to_choose_when_nobody_has, 0,
                        sizeof(TLS) / sizeof(TLS[0]));
    tcase_add_test(conninfo, authorities_are_named_or_not);
    Suite *suite = suite_create("conninfo");
    suite_add_tcase(suite, conninfo);
    return suite;
}
