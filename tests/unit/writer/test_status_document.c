/* SPDX-License-Identifier: Apache-2.0 */
/* The document of the writer's GET /status: its fields are binding. */
#include "tests/support/check_main.h"
#include "writer/status.h"

static const struct ms_store_leader_info LEADER = {
    .host = "a", .pid = 4711, .since_ms = INT64_C(1795428000000), .term = 7};

static void assert_document(const struct status_facts *facts, const char *expected)
{
    struct ms_buf out;
    ms_buf_init(&out, STATUS_DOCUMENT_MAX);
    status_write(&out, facts);
    ck_assert_str_eq(out.data, expected);
    ms_buf_free(&out);
}

START_TEST(leading)
{
    const struct ms_store_status database = {.generation = 81234,
                                             .term = 7,
                                             .schema_version = 3,
                                             .inbox_waiting = 2,
                                             .inbox_dead = 1,
                                             .inbox_oldest_seconds = 4,
                                             .has_last_scan = true,
                                             .last_scan = {.id = 12,
                                                           .complete = true,
                                                           .repositories = 137,
                                                           .tags = 9678,
                                                           .manifests = 16001,
                                                           .added = 5,
                                                           .removed = 6,
                                                           .unreadable = 2,
                                                           .requests = 9816},
                                             .last_scan_started_ms = INT64_C(1795428000000),
                                             .last_scan_ended_ms = INT64_C(1795428060000),
                                             .held_repositories = 3,
                                             .held_tags = 30,
                                             .held_since_ms = INT64_C(1795428000000),
                                             .last_collection_ended_ms = INT64_C(1795428060000),
                                             .collected_manifests = 14,
                                             .collected_registry_manifests = 1,
                                             .collected_dry_run = 2};
    const struct status_facts facts = {.term = 7,
                                       .leader = &LEADER,
                                       .database = &database,
                                       .as_of_ms = INT64_C(1795428060042),
                                       .database_connected = true,
                                       .registry_url = "https://registry.example.com",
                                       .registry = {.is_known = true,
                                                    .reachable = true,
                                                    .last_error = "",
                                                    .requests = 39405,
                                                    .retries = 12,
                                                    .own_notifications_missing = 3,
                                                    .own_notifications_window = 64},
                                       .inbox = {.accepted = 5120, .duplicates = 3, .oversized = 1},
                                       .scan = {.is_running = true,
                                                .started_ms = INT64_C(1795428000000),
                                                .repositories_done = 61,
                                                .repositories_total = 137,
                                                .manifests = 8120,
                                                .rate = 1190.5,
                                                .eta_seconds = 22},
                                       .sboms = {{[MS_SBOM_WAITING] = 5,
                                                  [MS_SBOM_DONE] = 900,
                                                  [MS_SBOM_TOO_LARGE] = 1,
                                                  [MS_SBOM_MALFORMED] = 2,
                                                  [MS_SBOM_ABOUT_OTHER] = 3,
                                                  [MS_SBOM_GONE] = 4}}};
    assert_document(
        &facts,
        "{\"role\":\"leader\",\"term\":7,\"leader\":{\"host\":\"a\",\"pid\":4711,"
        "\"since\":\"2026-11-23T10:00:00Z\"},\"version\":\"" METASTORE_VERSION "\","
        "\"schema_version\":3,\"generation\":81234,\"as_of\":\"2026-11-23T10:01:00.042Z\","
        "\"database\":{\"connected\":true},"
        "\"registry\":{\"url\":\"https://registry.example.com\",\"reachable\":true,"
        "\"last_error\":null,\"requests\":39405,\"retries\":12,\"own_notifications_missing\":3,"
        "\"own_notifications_window\":64},"
        "\"inbox\":{\"waiting\":2,\"oldest_seconds\":4,\"dead\":1,\"accepted\":5120,"
        "\"duplicates\":3,\"oversized\":1},"
        "\"scan\":{\"running\":true,\"started\":\"2026-11-23T10:00:00Z\","
        "\"repositories\":{\"done\":61,\"total\":137},\"manifests\":8120,\"rate\":1190.5,"
        "\"eta_seconds\":22},"
        "\"sboms\":{\"waiting\":5,\"done\":900,\"too_large\":1,\"malformed\":2,"
        "\"about_something_else\":3,\"gone\":4},"
        "\"last_scan\":{\"id\":12,\"complete\":true,\"started\":\"2026-11-23T10:00:00Z\","
        "\"ended\":\"2026-11-23T10:01:00Z\",\"repositories\":137,\"tags\":9678,"
        "\"manifests\":16001,\"added\":5,\"removed\":6,\"unreadable\":2,\"requests\":9816},"
        "\"held_removals\":{\"repositories\":3,\"tags\":30,\"since\":\"2026-11-23T10:00:00Z\"},"
        "\"last_collection\":{\"ended\":\"2026-11-23T10:01:00Z\",\"manifests\":14,"
        "\"registry_manifests\":1,\"dry_run\":2}}\n");
}
END_TEST

START_TEST(knowing_nothing)
{
    const struct ms_store_leader_info nobody = {.pid = 0};
    const struct status_facts facts = {.leader = &nobody,
                                       .registry_url = "http://r",
                                       .database_error = "no such host",
                                       .database_away_since_ms = INT64_C(1795428000000),
                                       .registry = {.is_known = true,
                                                    .last_error = "refused",
                                                    .last_error_ms = INT64_C(1795428000000)},
                                       .scan = {.eta_seconds = -1}};
    assert_document(&facts,
                    "{\"role\":\"standby\",\"leader\":null,\"version\":\"" METASTORE_VERSION "\","
                    "\"database\":{\"connected\":false,\"error\":\"no such host\","
                    "\"since\":\"2026-11-23T10:00:00Z\"},"
                    "\"registry\":{\"url\":\"http://r\",\"reachable\":false,"
                    "\"last_error\":\"refused\","
                    "\"last_error_time\":\"2026-11-23T10:00:00Z\","
                    "\"requests\":0,\"retries\":0,\"own_notifications_missing\":0,"
                    "\"own_notifications_window\":0},"
                    "\"inbox\":{\"accepted\":0,\"duplicates\":0,\"oversized\":0},"
                    "\"scan\":{\"running\":false}}\n");
}
END_TEST

START_TEST(standing_by_on_a_new_database)
{
    const struct ms_store_status database = {.schema_version = 1};
    const struct status_facts facts = {.leader = &LEADER,
                                       .database = &database,
                                       .as_of_ms = INT64_C(1795428060042),
                                       .database_connected = true,
                                       .registry_url = "http://r",
                                       .scan = {.is_running = true, .eta_seconds = -1}};
    assert_document(&facts,
                    "{\"role\":\"standby\",\"term\":7,\"leader\":{\"host\":\"a\",\"pid\":4711,"
                    "\"since\":\"2026-11-23T10:00:00Z\"},\"version\":\"" METASTORE_VERSION "\","
                    "\"schema_version\":1,\"generation\":0,\"as_of\":\"2026-11-23T10:01:00.042Z\","
                    "\"database\":{\"connected\":true},"
                    "\"registry\":{\"url\":\"http://r\",\"reachable\":null,\"last_error\":null,"
                    "\"requests\":0,\"retries\":0,\"own_notifications_missing\":0,"
                    "\"own_notifications_window\":0},"
                    "\"inbox\":{\"waiting\":0,\"oldest_seconds\":0,\"dead\":0,\"accepted\":0,"
                    "\"duplicates\":0,\"oversized\":0},"
                    "\"scan\":{\"running\":true,\"started\":null,"
                    "\"repositories\":{\"done\":0,\"total\":0},\"manifests\":0,\"rate\":0,"
                    "\"eta_seconds\":null},\"last_scan\":null,"
                    "\"held_removals\":{\"repositories\":0,\"tags\":0,\"since\":null},"
                    "\"last_collection\":null}\n");
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("status_document");
    TCase *cases = tcase_create("status_document");
    tcase_add_test(cases, leading);
    tcase_add_test(cases, knowing_nothing);
    tcase_add_test(cases, standing_by_on_a_new_database);
    suite_add_tcase(suite, cases);
    return suite;
}
