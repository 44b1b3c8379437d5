/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's endpoints over real HTTP: who may, what is refused, when an event is acknowledged,
 * what commits together, and what is said while the database is away.
 */
#include "tests/support/check_main.h"
#include "tests/support/writer_app.h"

#define YAML "registry: {url: \"http://r\"}\nevents: {token: \"s3cret\", max_body: 8KiB}\n"
#define TOKEN "Authorization: Bearer s3cret\r\n"
#define EVENT_OF(action, repository)                                                               \
    "{\"id\": \"1\", \"action\": \"" action "\", \"target\": {\"repository\": \"" repository       \
    "\", \"tag\": \"t\"}}"
#define ENVELOPE(events) "{\"events\": [" events "]}"
#define PUSH ENVELOPE(EVENT_OF("push", "team/app"))

static struct response response;

static void send_request(int fd, const char *method, const char *target, const char *headers,
                         const char *body)
{
    char request[2048];
    (void)snprintf(request, sizeof(request),
                   "%s %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n", method, target,
                   headers, strlen(body));
    peer_send(fd, request);
    peer_send(fd, body);
}

/* One request on a connection of its own; the answer is in `response`. */
static int ask(const char *method, const char *target, const char *headers, const char *body)
{
    int fd = peer_dial(app.port);
    response_free(&response);
    send_request(fd, method, target, headers, body);
    peer_read(fd, &response);
    close(fd);
    return response.status;
}

static int post(const char *body)
{
    return ask("POST", "/events", TOKEN, body);
}

static bool says(const char *text)
{
    return strstr(response.body, text) != NULL;
}

/* What the database knows is told as of the last time that it was asked. */
static void await_status(const char *text)
{
    long long until = peer_now_ms() + PEER_PATIENCE_MS;
    do {
        ck_assert_msg(peer_now_ms() < until, "no %s in %s", text, response.body);
        ck_assert_int_eq(ask("GET", "/status", "", ""), 200);
        usleep(2000);
    } while (!says(text));
}

/* Of at least: while somebody asks, the database is asked again and again. */
static void await_generation(unsigned least)
{
    static const char NAME[] = "\"generation\":";
    do
        await_status(NAME);
    while (strtoul(strstr(response.body, NAME) + strlen(NAME), NULL, 10) < least);
}

static void start(void)
{
    app_start(YAML, true);
}

static void start_standby(void)
{
    app_start(YAML, false);
}

static void start_open(void)
{
    app_start("registry: {url: \"http://r\"}\n", true);
}

static void end(void)
{
    response_free(&response);
    app_end();
}

/* --- who may --- */

START_TEST(the_token_is_needed)
{
    static const char *const WRONG[] = {
        "",
        "Authorization: s3cret\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer \r\n",
        "Authorization: Bearer s3cre\r\n",
        "Authorization: Bearer s3crets\r\n",
        "Authorization: Bearer S3CRET\r\n",
        "Authorization: Basic s3cret\r\n",
    };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        ck_assert_int_eq(ask("POST", "/events", WRONG[i], PUSH), 401);
        ck_assert_ptr_nonnull(response_header(&response, "WWW-Authenticate"));
        ck_assert(!says("s3cret"));
        ck_assert_int_eq(ask("POST", "/scan", WRONG[i], ""), 401);
    }
    ck_assert_uint_eq(played->puts + played->scans, 0);
    ck_assert_int_eq(ask("POST", "/events", "authorization: bEARER   s3cret\r\n", PUSH), 202);
    ck_assert_uint_eq(played->puts, 1);
}
END_TEST

START_TEST(without_a_token_everybody_may)
{
    ck_assert_int_eq(ask("POST", "/events", "", PUSH), 202);
    ck_assert_int_eq(ask("POST", "/events", TOKEN, PUSH), 202);
}
END_TEST

START_TEST(methods_and_paths)
{
    ck_assert_int_eq(ask("GET", "/events", TOKEN, ""), 405);
    ck_assert_str_eq(response_header(&response, "Allow"), "POST");
    ck_assert_int_eq(ask("PUT", "/events", TOKEN, PUSH), 405);
    ck_assert_int_eq(ask("POST", "/status", TOKEN, ""), 405);
    ck_assert_str_eq(response_header(&response, "Allow"), "GET, HEAD");
    ck_assert_int_eq(ask("GET", "/", "", ""), 404);
    ck_assert_int_eq(ask("GET", "/healthz", "", ""), 200);
}
END_TEST

/* --- envelopes --- */

START_TEST(an_event_goes_into_the_inbox)
{
    ck_assert_int_eq(post(PUSH), 202);
    ck_assert_uint_eq(response.body_len, 0);
    ck_assert_uint_eq(played->puts, 1);
    ck_assert_uint_eq(played->put_events[0], 1);
    ck_assert_str_eq(played->last_action, "push");
    ck_assert_str_eq(played->last_repository, "team/app");
    ck_assert_str_eq(played->last_body, "{\"id\":\"1\",\"action\":\"push\",\"target\":{"
                                        "\"repository\":\"team/app\",\"tag\":\"t\"}}");
    ck_assert_uint_eq(played->wakes, 1);
    ck_assert_uint_eq(played->scan_requests, 0);
}
END_TEST

START_TEST(what_says_nothing_is_accepted_and_not_kept)
{
    ck_assert_int_eq(post(ENVELOPE("")), 202);
    ck_assert_int_eq(post(ENVELOPE(EVENT_OF("frobnicate", "a"))), 202);
    ck_assert_int_eq(post(ENVELOPE(EVENT_OF("mount", "a"))), 202);
    ck_assert_uint_eq(played->puts, 0);
    ck_assert_int_eq(post(ENVELOPE(EVENT_OF("mount", "a") "," EVENT_OF("delete", "b"))), 202);
    ck_assert_uint_eq(played->put_events[0], 1);
    ck_assert_str_eq(played->last_repository, "b");
}
END_TEST

#define OWN_PULL                                                                                   \
    "{\"id\": \"2\", \"action\": \"pull\", \"target\": {\"repository\": \"a\", \"tag\": \"t\"}, "  \
    "\"request\": {\"useragent\": \"metastore-writer/1\"}}"

START_TEST(pulls_of_our_own_go_to_the_registry_client_and_not_into_the_database)
{
    ck_assert_int_eq(post(ENVELOPE(OWN_PULL)), 202);
    ck_assert_int_eq(post(ENVELOPE(OWN_PULL "," OWN_PULL)), 202);
    ck_assert_uint_eq(played->echoes, 3);
    ck_assert_uint_eq(played->puts, 0);
    ck_assert_int_eq(post(PUSH), 202);
    ck_assert_uint_eq(played->echoes, 3);
}
END_TEST

#define PULL                                                                                       \
    "{\"id\": \"2\", \"action\": \"pull\", \"target\": {\"repository\": \"a\", \"digest\": "       \
    "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}}"

START_TEST(pulls_wake_nobody)
{
    ck_assert_int_eq(post(ENVELOPE(PULL)), 202);
    ck_assert_uint_eq(played->puts, 1);
    ck_assert_uint_eq(played->wakes, 0);
    ck_assert_int_eq(post(ENVELOPE(PULL "," EVENT_OF("push", "a"))), 202);
    ck_assert_uint_eq(played->wakes, 1);
}
END_TEST

START_TEST(what_leads_nowhere_is_kept_with_the_reason)
{
    ck_assert_int_eq(post(ENVELOPE(EVENT_OF("push", "No Name"))), 202);
    ck_assert_uint_eq(played->puts, 1);
    ck_assert_str_eq(played->last_action, "push");
    ck_assert_str_eq(played->last_repository, "No Name");
    ck_assert_str_eq(played->last_fault, "names an impossible repository");
    ck_assert_int_eq(ask("GET", "/metrics", "", ""), 200);
    ck_assert(says("metastore_events_total{action=\"push\",result=\"dead\"} 1\n"));
}
END_TEST

START_TEST(odd_events_leave_their_neighbours)
{
    ck_assert_int_eq(post(ENVELOPE("7, {\"action\": []}, " EVENT_OF("push", "team/app"))), 202);
    ck_assert_uint_eq(played->put_events[0], 3);
    ck_assert_str_eq(played->last_repository, "team/app");
    ck_assert_str_eq(played->last_fault, "");
}
END_TEST

START_TEST(no_envelope_is_refused_with_words)
{
    ck_assert_int_eq(post("hello"), 400);
    ck_assert_str_eq(response_header(&response, "Content-Type"), "application/problem+json");
    ck_assert_int_eq(post(""), 400);
    ck_assert_int_eq(post("{}"), 400);
    ck_assert(says("events: missing"));
    ck_assert_uint_eq(played->puts, 0);
}
END_TEST

START_TEST(any_content_type_will_do)
{
    ck_assert_int_eq(ask("POST", "/events", TOKEN "Content-Type: text/plain\r\n", PUSH), 202);
}
END_TEST

START_TEST(a_large_envelope_is_accepted_unread)
{
    char body[9000];
    memset(body, ' ', sizeof(body));
    memcpy(body, PUSH, strlen(PUSH));
    body[sizeof(body) - 1] = '\0';
    ck_assert_int_eq(ask("POST", "/events", "", body), 401);
    ck_assert_uint_eq(played->scan_requests, 0);
    ck_assert_int_eq(post(body), 202);
    ck_assert_uint_eq(played->scans_wanted, 1);
    ck_assert_uint_eq(played->scan_requests, 1);
    ck_assert_uint_eq(played->put_events[0], 0);
    ck_assert_int_eq(ask("GET", "/metrics", "", ""), 200);
    ck_assert(says("metastore_limit_reached_total{limit=\"event_body\"} 1\n"));
    ck_assert_int_eq(ask("GET", "/status", "", ""), 200);
    ck_assert(says("\"oversized\":1"));
}
END_TEST

START_TEST(what_is_unread_is_accepted_when_the_request_for_a_scan_is_committed)
{
    char body[9000];
    int fd = peer_dial(app.port);
    memset(body, ' ', sizeof(body));
    body[sizeof(body) - 1] = '\0';
    played->holds_commits = true;
    send_request(fd, "POST", "/events", TOKEN, body);
    app_await(&played->puts, 1);
    peer_expect_silence(fd, 50);
    ck_assert_uint_eq(played->scan_requests, 0);
    played->holds_commits = false;
    peer_expect_status(fd, 202);
    close(fd);
    ck_assert_uint_eq(played->scan_requests, 1);
    played->commit_fails = MS_UNAVAILABLE;
    ck_assert_int_eq(post(body), 503);
    played->commit_fails = MS_INVALID; /* no use to wish for it again */
    ck_assert_int_eq(post(body), 503);
    ck_assert_uint_eq(played->scan_requests, 1);
}
END_TEST

START_TEST(a_huge_one_is_refused)
{
    int fd = peer_dial(app.port);
    peer_send(fd, "POST /events HTTP/1.1\r\nHost: h\r\n" TOKEN "Content-Length: 67108865\r\n\r\n");
    peer_expect_status(fd, 413);
    close(fd);
    ck_assert_uint_eq(played->scan_requests, 0);
}
END_TEST

START_TEST(what_lies_deep_harms_nothing)
{
    char deep[1001];
    char body[2000];
    memset(deep, '[', 500);
    memset(deep + 500, ']', 500);
    deep[sizeof(deep) - 1] = '\0';
    (void)snprintf(body, sizeof(body),
                   "{\"deep\": %s, \"events\": [{\"id\": \"1\", \"action\": \"push\", \"target\": "
                   "{\"repository\": "
                   "\"a\", \"tag\": \"b\"}}]}",
                   deep);
    ck_assert_int_eq(post(body), 202);
    ck_assert_uint_eq(played->puts, 1);
    ck_assert_uint_eq(played->scan_requests, 0);
}
END_TEST

START_TEST(a_new_instance_asks_for_a_scan)
{
    played->new_instance = true;
    ck_assert_int_eq(post(PUSH), 202);
    ck_assert_uint_eq(played->scan_requests, 1);
}
END_TEST

START_TEST(an_ignored_event_of_a_new_instance_counts_too)
{
    const char *mount = ENVELOPE("{\"id\": \"1\", \"action\": \"mount\", \"source\": "
                                 "{\"instanceID\": \"two\"}}");
    played->new_instance = true;
    ck_assert_int_eq(post(mount), 202);
    ck_assert_uint_eq(played->puts, 1);
    ck_assert_str_eq(played->last_instance, "two");
    ck_assert_uint_eq(played->scan_requests, 1);
    ck_assert_int_eq(post(mount), 202); /* it is known now: no commit */
    ck_assert_uint_eq(played->puts, 1);
    ck_assert_int_eq(ask("GET", "/status", "", ""), 200);
    ck_assert(says("\"accepted\":0,\"duplicates\":0,"));
}
END_TEST

START_TEST(duplicates_are_counted)
{
    ck_assert_int_eq(post(PUSH), 202);
    played->n_duplicates = 1;
    ck_assert_int_eq(post(PUSH), 202);
    ck_assert_uint_eq(played->wakes, 1);
    ck_assert_int_eq(ask("GET", "/status", "", ""), 200);
    ck_assert(says("\"accepted\":1,\"duplicates\":1,"));
    ck_assert_int_eq(ask("GET", "/metrics", "", ""), 200);
    ck_assert(says("metastore_events_total{action=\"push\",result=\"accepted\"} 1\n"));
    ck_assert(says("metastore_events_total{action=\"push\",result=\"duplicate\"} 1\n"));
}
END_TEST

/* --- the commit --- */

START_TEST(the_answer_waits_for_the_commit)
{
    int fd = peer_dial(app.port);
    played->holds_commits = true;
    send_request(fd, "POST", "/events", TOKEN, PUSH);
    app_await(&played->puts, 1);
    peer_expect_silence(fd, 50);
    played->holds_commits = false;
    peer_expect_status(fd, 202);
    close(fd);
}
END_TEST

START_TEST(what_arrives_during_a_commit_commits_together)
{
    enum { LATER = 5 };
    int first = peer_dial(app.port), later[LATER];
    played->holds_commits = true;
    send_request(first, "POST", "/events", TOKEN, PUSH);
    app_await(&played->puts, 1);
    for (size_t i = 0; i < LATER; i++) {
        later[i] = peer_dial(app.port);
        send_request(later[i], "POST", "/events", TOKEN, PUSH);
    }
    app_await(&played->handled, 1 + LATER);
    ck_assert_uint_eq(played->puts, 1);
    played->holds_commits = false;
    peer_expect_status(first, 202);
    for (size_t i = 0; i < LATER; i++) {
        peer_expect_status(later[i], 202);
        close(later[i]);
    }
    close(first);
    ck_assert_uint_eq(played->puts, 2);
    ck_assert_uint_eq(played->put_events[0], 1);
    ck_assert_uint_eq(played->put_events[1], LATER);
}
END_TEST

START_TEST(a_client_that_left_changes_nothing)
{
    int gone = peer_dial(app.port), queued = peer_dial(app.port), stays = peer_dial(app.port);
    played->holds_commits = true;
    send_request(gone, "POST", "/events", TOKEN, PUSH);
    app_await(&played->puts, 1);
    send_request(queued, "POST", "/events", TOKEN, PUSH);
    send_request(stays, "POST", "/events", TOKEN, PUSH);
    app_await(&played->handled, 3);
    close(gone);
    close(queued);
    ck_assert_int_eq(ask("GET", "/healthz", "", ""), 200);
    played->holds_commits = false;
    peer_expect_status(stays, 202);
    close(stays);
    app_await(&played->puts, 2);
    ck_assert_uint_eq(played->put_events[1], 2);
}
END_TEST

START_TEST(a_failed_commit_is_to_be_repeated)
{
    static const int PASSING[] = {MS_UNAVAILABLE, MS_TIMEOUT, MS_DEPOSED, MS_CONFLICT};
    for (size_t i = 0; i < sizeof(PASSING) / sizeof(PASSING[0]); i++) {
        played->commit_fails = PASSING[i];
        ck_assert_int_eq(post(PUSH), 503);
        ck_assert_ptr_nonnull(response_header(&response, "Retry-After"));
    }
    played->commit_fails = MS_OK;
    ck_assert_int_eq(post(PUSH), 202);
    ck_assert_uint_eq(played->wakes, 1);
    ck_assert_uint_eq(played->scan_requests, 0);
}
END_TEST

START_TEST(what_the_database_will_never_take_does_not_block_the_queue)
{
    played->commit_fails_once = true;
    played->commit_fails = MS_INVALID;
    ck_assert_int_eq(post(PUSH), 202);
    ck_assert_uint_eq(played->scans_wanted, 1);
    ck_assert_uint_eq(played->scan_requests, 1);
}
END_TEST

/* --- without a database, or not leading --- */

START_TEST(without_a_database)
{
    played->connected = false;
    ck_assert_int_eq(post(PUSH), 503);
    ck_assert_ptr_nonnull(response_header(&response, "Retry-After"));
    ck_assert_int_eq(ask("POST", "/scan", TOKEN, ""), 503);
    ck_assert_int_eq(ask("GET", "/readyz", "", ""), 503);
    ck_assert_int_eq(ask("GET", "/healthz", "", ""), 200);
    ck_assert_int_eq(ask("GET", "/status", "", ""), 200);
    ck_assert(says("\"role\":\"leader\"") && says("\"connected\":false"));
    ck_assert_uint_eq(played->puts + played->scans, 0);
}
END_TEST

START_TEST(standing_by)
{
    ck_assert_int_eq(post(PUSH), 503);
    ck_assert_int_eq(ask("POST", "/events", "", PUSH), 401);
    ck_assert_int_eq(ask("POST", "/scan", TOKEN, ""), 503);
    ck_assert_int_eq(ask("GET", "/readyz", "", ""), 503);
    await_status("\"generation\":");
    ck_assert(says("\"role\":\"standby\""));
    ck_assert_uint_eq(played->puts, 0);
}
END_TEST

START_TEST(status_of_a_leader)
{
    ck_assert_int_eq(ask("GET", "/readyz", "", ""), 200);
    await_status("\"waiting\":3");
    ck_assert_str_eq(response_header(&response, "Content-Type"), "application/json");
    ck_assert(says("\"role\":\"leader\",\"term\":7,\"leader\":{\"host\":\"here\",\"pid\":"));
    ck_assert(says("\"connected\":true") && says("\"as_of\":\"20"));
}
END_TEST

START_TEST(status_is_answered_at_once_and_asked_anew)
{
    await_generation(1);
    played->holds_status = true;
    await_status("\"generation\":");     /* the last answer, whether or not one is under way */
    await_status("\"connected\":false"); /* no answer for two seconds is as good as none */
    ck_assert(says("no answer within") && says("\"generation\":"));
    played->holds_status = false;
    await_status("\"connected\":true");
    await_generation(played->statuses + 1);
}
END_TEST

/* --- /scan --- */

START_TEST(scans)
{
    ck_assert_int_eq(ask("POST", "/scan", TOKEN, ""), 202);
    ck_assert_uint_eq(played->scans_accepting, 0);
    ck_assert_int_eq(ask("POST", "/scan?accept-removals=1", TOKEN, ""), 202);
    ck_assert_uint_eq(played->scans_accepting, 1);
    ck_assert_int_eq(ask("POST", "/scan?accept-removals=yes", TOKEN, ""), 400);
    ck_assert_int_eq(ask("POST", "/scan?accept-removal=1", TOKEN, ""), 400);
    ck_assert(says("\"parameter\":\"accept-removal\""));
    ck_assert_int_eq(ask("POST", "/scan?%zz", TOKEN, ""), 400);
    ck_assert_uint_eq(played->scans, 2);
    played->scan_status = MS_CONFLICT;
    ck_assert_int_eq(ask("POST", "/scan", TOKEN, ""), 409);
    played->scan_status = MS_UNAVAILABLE;
    ck_assert_int_eq(ask("POST", "/scan", TOKEN, ""), 503);
    ck_assert_int_eq(ask("GET", "/scan", TOKEN, ""), 405);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name, void (*begin)(void))
{
    TCase *cases = tcase_create(name);
    tcase_add_checked_fixture(cases, begin, end);
    tcase_set_timeout(cases, 20);
    suite_add_tcase(suite, cases);
    return cases;
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create("webhook");
    TCase *leading = add_case(suite, "leading", start);
    tcase_add_test(leading, the_token_is_needed);
    tcase_add_test(leading, methods_and_paths);
    tcase_add_test(leading, an_event_goes_into_the_inbox);
    tcase_add_test(leading, what_says_nothing_is_accepted_and_not_kept);
    tcase_add_test(leading, pulls_wake_nobody);
    tcase_add_test(leading, pulls_of_our_own_go_to_the_registry_client_and_not_into_the_database);
    tcase_add_test(leading, what_leads_nowhere_is_kept_with_the_reason);
    tcase_add_test(leading, odd_events_leave_their_neighbours);
    tcase_add_test(leading, no_envelope_is_refused_with_words);
    tcase_add_test(leading, any_content_type_will_do);
    tcase_add_test(leading, a_large_envelope_is_accepted_unread);
    tcase_add_test(leading, what_is_unread_is_accepted_when_the_request_for_a_scan_is_committed);
    tcase_add_test(leading, a_huge_one_is_refused);
    tcase_add_test(leading, what_lies_deep_harms_nothing);
    tcase_add_test(leading, a_new_instance_asks_for_a_scan);
    tcase_add_test(leading, an_ignored_event_of_a_new_instance_counts_too);
    tcase_add_test(leading, duplicates_are_counted);
    tcase_add_test(leading, the_answer_waits_for_the_commit);
    tcase_add_test(leading, what_arrives_during_a_commit_commits_together);
    tcase_add_test(leading, a_client_that_left_changes_nothing);
    tcase_add_test(leading, a_failed_commit_is_to_be_repeated);
    tcase_add_test(leading, what_the_database_will_never_take_does_not_block_the_queue);
    tcase_add_test(leading, without_a_database);
    tcase_add_test(leading, status_of_a_leader);
    tcase_add_test(leading, status_is_answered_at_once_and_asked_anew);
    tcase_add_test(leading, scans);
    tcase_add_test(add_case(suite, "standby", start_standby), standing_by);
    tcase_add_test(add_case(suite, "open", start_open), without_a_token_everybody_may);
    return suite;
}
