/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's store: the inbox and its dead letters, pulls. */
#include "tests/component/store/store_fixture.h"

/* --- events in and out --- */

static int64_t next_due;
static int64_t ids[16];
static size_t n_ids;
static struct ms_inbox_row last_row;

/* The last ones to come are looked at apart from the others. */
static bool is_about_latest;

static void on_due_row(struct ms_str repository, enum ms_due_kind kind, void *arg)
{
    char text[300];
    (void)arg;
    if (is_about_latest != (kind == MS_DUE_LATEST))
        return;
    (void)snprintf(text, sizeof(text), "%.*s%s", MS_STR_ARG(repository),
                   kind == MS_DUE_AGAIN ? "~" : "");
    note(ms_str(text));
}

static void on_due(const struct ms_error *err, int64_t next_due_ms, void *arg)
{
    next_due = next_due_ms;
    on_done(err, arg);
}

static void on_event(const struct ms_inbox_row *row, void *arg)
{
    (void)arg;
    ids[n_ids++] = row->id;
    last_row = *row;
    note(row->event.event_id);
}

static const char *due_after(const char *after, size_t limit)
{
    rows[0] = '\0';
    ASSERT_OK(ms_store_inbox_due(store, ms_str(after), limit, on_due_row, on_due, NULL));
    return rows;
}

static const char *due(void)
{
    return due_after("", 10);
}

static const char *latest(size_t limit)
{
    is_about_latest = true;
    (void)due_after("", limit);
    is_about_latest = false;
    return rows;
}

static void postpone(int64_t id, uint64_t delay_ms)
{
    struct ms_inbox_delay delay = {.id = id, .delay_ms = delay_ms};
    ASSERT_OK(ms_store_inbox_postpone(store, term, &delay, 1, on_done, NULL));
}

static const char *load(const char *repository)
{
    rows[0] = '\0';
    n_ids = 0;
    ASSERT_OK(ms_store_inbox_load(store, ms_str(repository), 10, on_event, on_done, NULL));
    return rows;
}

START_TEST(events_are_kept_until_they_are_applied)
{
    struct ms_event_record event = {.event_id = MS_STR("e1"),
                                    .repository = MS_STR("app"),
                                    .tag = MS_STR("latest"),
                                    .digest = digest_of("i1"),
                                    .event_time_ms = 1600000000123,
                                    .actor = MS_STR("ann"),
                                    .instance_id = MS_STR("registry-1")};
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 1);
    ck_assert(last_flag);
    event.event_id = MS_STR("e2");
    event.repository = MS_STR("zoo");
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert(!last_flag);
    ck_assert_str_eq(due(), "app zoo");
    ck_assert_int_eq(next_due, -1);
    ck_assert_str_eq(load("app"), "e1");
    ck_assert_int_eq(last_row.event.event_time_ms, 1600000000123);
    ck_assert_uint_eq(last_row.attempts, 0);
    struct ms_digest digest = digest_of("i1");
    ck_assert(ms_digest_equal(&last_row.event.digest, &digest));
    ck_assert_int_eq(apply((struct ms_apply){
                         .repository = MS_STR("app"), .events_done = ids, .n_events_done = 1}),
                     MS_OK);
    ck_assert_uint_eq(last_apply.generation, 0);
    ck_assert_str_eq(due(), "zoo");
}
END_TEST

START_TEST(an_event_counts_once)
{
    struct ms_event_record event = {.event_id = MS_STR("e1"), .repository = MS_STR("app")};
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 0);
    load("app");
    ck_assert_int_eq(apply((struct ms_apply){
                         .repository = MS_STR("app"), .events_done = ids, .n_events_done = 1}),
                     MS_OK);
    ck_assert_int_eq(put_event(event), MS_OK); /* also when it was applied */
    ck_assert_uint_eq(last_count, 0);
    (void)sql("UPDATE event_seen SET slot = event_slot(-1)"); /* also a day later */
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 0);
    (void)sql("UPDATE event_seen SET slot = event_slot(1)"); /* but no longer */
    ASSERT_OK(ms_store_prune(store, term, 0, 0, on_done, NULL));
    ck_assert_str_eq(sql("SELECT count(*) FROM event_seen"), "0");
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 1);
}
END_TEST

/* Its writer remembered ids only, and what it was sent last is perhaps sent again to this one. */
START_TEST(what_schema_1_has_seen_counts_once)
{
    struct ms_event_record event = {.event_id = MS_STR("e1"), .repository = MS_STR("app")};
    (void)sql("INSERT INTO schema_version (version, min_reader_version) VALUES (1, 1), (2, 1);"
              "INSERT INTO event_seen (slot, event_id) VALUES (event_slot(0), 'e1'),"
              "                                               (event_slot(-1), 'e2')");
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 0);
    event.event_id = MS_STR("e2");
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 0);
    event.event_id = MS_STR("e3");
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 1);
    (void)sql("UPDATE schema_version SET applied_at = applied_at - interval '3 days'");
    event.event_id = MS_STR("e1");
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 1);
}
END_TEST

START_TEST(odd_events_do_no_harm)
{
    static char longest[100000];
    memset(longest, 'x', sizeof(longest));
    struct ms_event_record event = {.event_id = ms_str_n(longest, sizeof(longest)),
                                    .repository = ms_str_n(longest, sizeof(longest)),
                                    .tag = (struct ms_str){"\0\xff", 2}};
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 1);
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 0);
    ck_assert_int_eq(put_event((struct ms_event_record){.event_id = MS_STR("e2")}), MS_OK);
    ck_assert_uint_eq(last_count, 1);
    ck_assert_str_eq(load(""), "e2");
    ck_assert_str_eq(sql("SELECT encode(body, 'hex') FROM inbox LIMIT 1"), "7b2200ff227d");
}
END_TEST

START_TEST(events_wait_and_die)
{
    ck_assert_int_eq(
        put_event((struct ms_event_record){.event_id = MS_STR("e1"), .repository = MS_STR("app")}),
        MS_OK);
    load("app");
    postpone(ids[0], 60000);
    ck_assert_str_eq(due(), "");
    ck_assert_int_gt(next_due, 50000);
    ck_assert_int_le(next_due, 60000);
    ck_assert_str_eq(load("app"), "e1");
    ck_assert(!last_row.is_due);
    postpone(strtoll(sql("SELECT id FROM inbox"), NULL, 10), 0);
    ck_assert_str_eq(due(), "app~");
    load("app");
    ck_assert(last_row.is_due);
    ck_assert_uint_eq(last_row.attempts, 2);
    ASSERT_OK(ms_store_inbox_bury(store, term, ids, 1, MS_STR("no such name"), on_done, NULL));
    ck_assert_str_eq(due(), "");
}
END_TEST

static void put_into(const char *repository, const char *event_id)
{
    ck_assert_int_eq(put_event((struct ms_event_record){.event_id = ms_str(event_id),
                                                        .repository = ms_str(repository)}),
                     MS_OK);
}

START_TEST(every_repository_has_its_turn)
{
    put_into("b", "1");
    put_into("a", "2");
    put_into("c", "3");
    for (int i = 0; i < 20; i++)
        put_into("a", name_of('a', i));
    ck_assert_str_eq(due_after("", 2), "a b"); /* however many the events of one */
    ck_assert_str_eq(due_after("b", 2), "c");
    ck_assert_str_eq(due_after("c", 2), "");
    load("b");
    postpone(ids[0], 0);
    load("c");
    postpone(ids[0], 0);
    put_into("c", "4");
    ck_assert_str_eq(due(), "a c b~ c~");
    ck_assert_str_eq(due_after("", 1), "a b~");
    ck_assert_str_eq(load("c"), "4 3"); /* what was not looked at goes first */
}
END_TEST

START_TEST(the_last_to_come_go_first)
{
    for (int i = 0; i < 9; i++)
        put_into("zoo", name_of('z', i));
    put_into("app", "1");
    put_into("lib", "2");
    put_into("app", "3");
    ck_assert_str_eq(latest(10), "app lib zoo");
    ck_assert_str_eq(latest(2), "app lib");
    load("lib");
    postpone(ids[0], 60000);
    ck_assert_str_eq(latest(10), "app zoo"); /* not what is not due yet */
    (void)sql("UPDATE inbox SET not_before = now() WHERE repository = 'lib'");
    ck_assert_str_eq(latest(10), "app lib zoo"); /* looked at or not */
    (void)sql("INSERT INTO inbox (event_id, action, repository, is_blob, body) "
              "SELECT n, 'pull', 'pulled', false, '' FROM generate_series(1, 50) AS n");
    ck_assert_str_eq(latest(1), "app");
    put_into("new", "4");
    ck_assert_str_eq(latest(1), "new");
}
END_TEST

/* What is looked at to answer, by the plan of a statement with constants for its parameters. */
static void explain(const char *statement, char *out, size_t size)
{
    PGresult *result = PQexec(eye, statement);
    out[0] = '\0';
    for (int i = 0; i < PQntuples(result); i++)
        (void)snprintf(out + strlen(out), size - strlen(out), "%s\n", PQgetvalue(result, i, 0));
    PQclear(result);
}

START_TEST(a_backlog_costs_nothing)
{
    static char plan[16384];
    char *query = read_file(METASTORE_SOURCE_DIR "/sql/queries/write_inbox_due.sql");
    char statement[8192];
    (void)sql(
        "INSERT INTO inbox (event_id, action, repository, is_blob, attempts, not_before, body) "
        "SELECT n, 'push', 'team/app-' || n % 5000, false, n % 3, now(), '' "
        "FROM generate_series(1, 30000) AS n");
    (void)sql("ANALYZE inbox");
    (void)snprintf(statement, sizeof(statement), "PREPARE due (text, bigint) AS %s", query);
    (void)sql(statement);
    (void)sql("SET plan_cache_mode = force_generic_plan");
    explain("EXPLAIN (ANALYZE, BUFFERS, TIMING off) EXECUTE due ('', 8)", plan, sizeof(plan));
    const char *shared = strstr(plan, "Buffers: shared hit=");
    ck_assert_msg(shared != NULL && strtol(shared + strlen("Buffers: shared hit="), NULL, 10) < 200,
                  "%s", plan);
    ck_assert_msg(strstr(plan, "inbox_latest") != NULL && strstr(plan, "inbox_fresh") != NULL &&
                      strstr(plan, "inbox_again") != NULL,
                  "%s", plan);
    free(query);
}
END_TEST

static void on_dead(const struct ms_dead_letter *letter, void *arg)
{
    (void)arg;
    ck_assert_uint_gt(letter->id.len, 0);
    ck_assert_uint_eq(letter->died.len, strlen("2026-11-23T10:00:00Z"));
    ck_assert(ms_str_is_absent(letter->tag) && ms_str_is_absent(letter->digest));
    note(letter->reason);
    note(letter->action);
    note(letter->repository);
}

static void on_retried(const struct ms_error *err, uint64_t n_back, uint64_t n_left, void *arg)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%d+%d", (int)n_back, (int)n_left);
    note(ms_str(text));
    on_done(err, arg);
}

START_TEST(what_leads_nowhere_is_dead_at_once)
{
    struct ms_event_record event = {.event_id = MS_STR("e1"),
                                    .repository = MS_STR("No Name"),
                                    .fault = MS_STR("names an impossible repository")};
    ck_assert_int_eq(put_event(event), MS_OK);
    ck_assert_uint_eq(last_count, 1);
    ck_assert_int_eq(put_event(event), MS_OK); /* once */
    ck_assert_uint_eq(last_count, 0);
    ck_assert_str_eq(due(), "");
    rows[0] = '\0';
    ASSERT_OK(ms_store_dead_list(store, on_dead, on_done, NULL));
    ASSERT_OK(ms_store_dead_retry(store, on_retried, NULL));
    ck_assert_str_eq(rows, "names an impossible repository push No Name 0+1");
    ck_assert_str_eq(sql("SELECT encode(body, 'hex') FROM dead_letter"), "7b2200ff227d");
}
END_TEST

START_TEST(what_was_not_read_wishes_for_a_scan)
{
    struct ms_event_record ignored = {.instance_id = MS_STR("registry-2")};
    ASSERT_OK(ms_store_inbox_put(store, term, NULL, 0, true, on_put, NULL));
    ck_assert(!last_flag);
    ck_assert_str_eq(sql("SELECT scan_wanted IS NOT NULL FROM state"), "t");
    ASSERT_OK(ms_store_inbox_put(store, term, &ignored, 1, false, on_put, NULL));
    ck_assert(last_flag);
    ck_assert_uint_eq(last_count, 0);
    ASSERT_OK(ms_store_inbox_put(store, term, &ignored, 1, false, on_put, NULL));
    ck_assert(!last_flag);
    ck_assert_str_eq(sql("SELECT count(*) FROM inbox"), "0");
}
END_TEST

static int64_t scan_id;

static void on_begun(const struct ms_error *err, int64_t id, void *arg)
{
    scan_id = id;
    on_done(err, arg);
}

static bool wants_scan;
static uint64_t oldest_seconds, unknown_oldest_seconds, unknown_waiting;

static void on_status(const struct ms_error *err, const struct ms_store_status *status, void *arg)
{
    wants_scan = err == NULL && status->wants_scan;
    oldest_seconds = err == NULL ? status->inbox_oldest_seconds : 0;
    unknown_oldest_seconds = err == NULL ? status->inbox_unknown_oldest_seconds : 0;
    unknown_waiting = err == NULL ? status->inbox_unknown_waiting : 0;
    on_done(err, arg);
}

static bool instance_wants_scan(const char *id)
{
    struct ms_event_record event = {.instance_id = ms_str(id)};
    ASSERT_OK(ms_store_inbox_put(store, term, &event, 1, false, on_put, NULL));
    bool is_new = last_flag;
    ASSERT_OK(ms_store_status(store, on_status, NULL));
    return is_new;
}

static void end_scan(bool is_complete)
{
    struct ms_scan_record scan = {.id = scan_id, .complete = is_complete};
    ASSERT_OK(ms_store_scan_end(store, term, &scan, on_done, NULL));
    ASSERT_OK(ms_store_status(store, on_status, NULL));
}

START_TEST(the_first_scan_covers_the_first_instance_alone)
{
    ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL));
    ck_assert(!instance_wants_scan("registry-1"));
    ck_assert(wants_scan); /* as long as the scan is not complete */
    end_scan(true);
    ck_assert(!wants_scan);
    ck_assert(!instance_wants_scan("registry-1") && !wants_scan);
    ck_assert(instance_wants_scan("registry-2") && wants_scan); /* it restarted after the scan, */
    ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL));
    ck_assert(instance_wants_scan("registry-3")); /* and during one */
    end_scan(true);
    ck_assert(wants_scan);
}
END_TEST

START_TEST(the_first_instance_wants_a_scan_when_none_covers_it)
{
    if (_i == 1) { /* one that failed, or one of long ago */
        ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL));
        end_scan(false);
    } else if (_i == 2) {
        ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL));
        end_scan(true);
        (void)sql("UPDATE scan SET started = started - interval '1 day', ended = ended - interval "
                  "'1 day' "
                  "RETURNING id");
    }
    ck_assert(instance_wants_scan("registry-1") && wants_scan);
}
END_TEST

START_TEST(an_instance_seen_just_after_the_first_scan_is_covered)
{
    ASSERT_OK(ms_store_scan_begin(store, term, on_begun, NULL));
    end_scan(true);
    ck_assert(!instance_wants_scan("registry-1") && !wants_scan);
}
END_TEST

static uint64_t oldest(void)
{
    ASSERT_OK(ms_store_status(store, on_status, NULL));
    return oldest_seconds;
}

START_TEST(events_of_an_unknown_repository_are_counted_apart)
{
    (void)sql(
        "INSERT INTO inbox (event_id, action, repository, tag, is_blob, body, received) "
        "VALUES ('e1', 'push', 'app', 't', false, '', now() - interval '1 hour') RETURNING id");
    (void)load("app");
    ck_assert(last_row.is_of_unknown_repository);
    ck_assert_uint_eq(oldest(), 0);
    ck_assert_uint_ge(unknown_oldest_seconds, 3600);
    ck_assert_uint_eq(unknown_waiting, 1);
    (void)sql("INSERT INTO repository (name) VALUES ('app') RETURNING id");
    (void)load("app");
    ck_assert(!last_row.is_of_unknown_repository);
    ck_assert_uint_ge(oldest(), 3600);
    ck_assert_uint_eq(unknown_waiting, 0);
}
END_TEST

START_TEST(dead_letters_can_be_sent_again)
{
    ck_assert_int_eq(
        put_event((struct ms_event_record){.event_id = MS_STR("e1"), .repository = MS_STR("app")}),
        MS_OK);
    load("app");
    ASSERT_OK(ms_store_inbox_bury(store, term, ids, 1, MS_STR("why"), on_done, NULL));
    rows[0] = '\0';
    ASSERT_OK(ms_store_dead_list(store, on_dead, on_done, NULL));
    ASSERT_OK(ms_store_dead_retry(store, on_retried, NULL));
    ck_assert_str_eq(rows, "why push app 1+0");
    ck_assert_str_eq(load("app"), "e1");
    ASSERT_OK(ms_store_dead_retry(store, on_retried, NULL));
    ck_assert_str_eq(rows, "e1 0+0");
}
END_TEST

/* --- pulls --- */

static void pull(const char *id, const char *repository, const char *tag, const char *content)
{
    struct ms_event_record event = {.event_id = ms_str(id),
                                    .action = MS_STR("pull"),
                                    .repository = ms_str(repository),
                                    .tag = ms_str(tag),
                                    .event_time_ms = 1600000000000};
    if (content != NULL)
        event.digest = digest_of(content);
    ck_assert_int_eq(put_event(event), MS_OK);
}

START_TEST(pulls_are_counted)
{
    put_image("i1");
    put_image("i2");
    PUT_INDEX("x1", "i1");
    set_tag("app", "list", "x1");
    set_tag("app", "one", "i2");
    set_tag("app", "two", "i2");
    ck_assert_int_eq(hold("app", "i1", NULL), MS_OK);
    pull("p1", "app", "one", "i2");  /* the tag, and the manifest */
    pull("p2", "app", NULL, "i2");   /* both tags */
    pull("p3", "app", "list", "x1"); /* a client of many platforms … */
    pull("p4", "app", NULL, "i1");   /* … fetches this too: no pull */
    pull("p5", "none", "one", "i2");
    ck_assert_str_eq(due(), "");
    ASSERT_OK(ms_store_pulls_collect(store, term, on_count, NULL));
    ck_assert_uint_eq(last_count, 5);
    ck_assert_str_eq(sql("SELECT string_agg(name || '=' || pulls, ' ' ORDER BY name) FROM tag"),
                     "list=1 one=2 two=1");
    ck_assert_str_eq(sql("SELECT pulls FROM repository"), "3");
    ck_assert_str_eq(
        sql("SELECT string_agg(pulls::text, ',' ORDER BY pulls) FROM repository_manifest"),
        "0,1,2");
    ck_assert_str_eq(
        sql("SELECT string_agg(day || '=' || pulls, ' ' ORDER BY pulls) FROM pull_day"),
        "2020-09-13=1 2020-09-13=2");
    ck_assert_str_eq(sql("SELECT generation FROM state"), "4");
    ASSERT_OK(ms_store_pulls_collect(store, term, on_count, NULL));
    ck_assert_uint_eq(last_count, 0);
}
END_TEST

/* How each transaction with an event committed, in the order of their commits. */
static const char *commits(void)
{
    return sql("SELECT string_agg(event_id || '=' || kind, ' ' ORDER BY place) FROM commit_seen");
}

START_TEST(only_pulls_alone_may_be_undone_by_a_crash_of_the_server)
{
    (void)sql("CREATE TABLE commit_seen (place serial, event_id text, kind text);"
              "CREATE FUNCTION see_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
              " INSERT INTO commit_seen (event_id, kind)"
              " VALUES (NEW.event_id, current_setting('synchronous_commit')); RETURN NULL; END $$;"
              "CREATE CONSTRAINT TRIGGER see_commit AFTER INSERT ON inbox"
              " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see_commit()");
    const struct ms_event_record events[] = {
        {.event_id = MS_STR("p2"),
         .action = MS_STR("pull"),
         .repository = MS_STR("app"),
         .body = MS_STR("{}")},
        {.event_id = MS_STR("d1"),
         .action = MS_STR("delete"),
         .repository = MS_STR("app"),
         .body = MS_STR("{}")},
    };
    pull("p1", "app", "one", "i1");
    ASSERT_OK(ms_store_inbox_put(store, term, events, 2, false, on_put, NULL));
    ck_assert_str_eq(commits(), "p1=off p2=on d1=on");
    (void)sql("TRUNCATE commit_seen");
    ck_assert_int_eq(put_event((struct ms_event_record){.event_id = MS_STR("p3"),
                                                        .action = MS_STR("pull"),
                                                        .repository = MS_STR("app"),
                                                        .instance_id = MS_STR("registry-1")}),
                     MS_OK);
    struct ms_event_record last = events[0];
    last.event_id = MS_STR("p4");
    ASSERT_OK(ms_store_inbox_put(store, term, &last, 1, true, on_put, NULL));
    pull("p5", "app", "one", "i1");
    ck_assert_str_eq(commits(), "p3=on p4=on p5=off");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("store_inbox");
    TCase *tcase = tcase_create("inbox");
    tcase_add_unchecked_fixture(tcase, make_template, NULL);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, events_are_kept_until_they_are_applied);
    tcase_add_test(tcase, an_event_counts_once);
    tcase_add_test(tcase, what_schema_1_has_seen_counts_once);
    tcase_add_test(tcase, odd_events_do_no_harm);
    tcase_add_test(tcase, events_wait_and_die);
    tcase_add_test(tcase, every_repository_has_its_turn);
    tcase_add_test(tcase, the_last_to_come_go_first);
    tcase_add_test(tcase, a_backlog_costs_nothing);
    tcase_add_test(tcase, dead_letters_can_be_sent_again);
    tcase_add_test(tcase, what_leads_nowhere_is_dead_at_once);
    tcase_add_test(tcase, what_was_not_read_wishes_for_a_scan);
    tcase_add_test(tcase, the_first_scan_covers_the_first_instance_alone);
    tcase_add_loop_test(tcase, the_first_instance_wants_a_scan_when_none_covers_it, 0, 3);
    tcase_add_test(tcase, an_instance_seen_just_after_the_first_scan_is_covered);
    tcase_add_test(tcase, events_of_an_unknown_repository_are_counted_apart);
    tcase_add_test(tcase, pulls_are_counted);
    tcase_add_test(tcase, only_pulls_alone_may_be_undone_by_a_crash_of_the_server);
    suite_add_tcase(suite, tcase);
    return suite;
}

#include "tests/support/check_main.h"
