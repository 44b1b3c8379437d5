/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metastore-writer: reads the command line and the configuration, then runs the daemon (writer.c)
 * or what else was asked for. Exit status: 0 success, 1 failure at run time, 2 bad usage or
 * configuration.
 */
#include "common/config/config.h"
#include "common/http/healthcheck.h"
#include "common/runtime/core.h"
#include "common/runtime/log.h"
#include "writer/upkeep/dead_letters.h"
#include "writer/upkeep/store_task.h"
#include "writer/writer.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, DIAGNOSTICS_MAX_BYTES = 1024 * 1024, CONFIG_TEXT_MAX_BYTES = 1024 * 1024 };

#define DEFAULT_CONFIG "/etc/metastore/config.yaml"

enum mode {
    MODE_RUN,
    MODE_HELP,
    MODE_VERSION,
    MODE_CHECK,
    MODE_PRINT,
    MODE_HEALTHCHECK,
    MODE_MIGRATE,
    MODE_SCAN,
    MODE_DEAD_LETTERS,
    MODE_DEAD_LETTERS_RETRY,
    MODE_USAGE_ERROR
};

struct command {
    enum mode mode;
    const char *config_path;
};

static const char HELP[] =
    "Usage: metastore-writer [OPTION]...\n"
    "Receives a registry's notifications, scans it, and keeps what it learns in PostgreSQL.\n\n"
    "  --config FILE           configuration (default " DEFAULT_CONFIG ")\n"
    "  --check-config          report every fault of the configuration, then exit\n"
    "  --print-config          print the effective configuration, secrets masked, then exit\n"
    "  --healthcheck           ask the running program whether it lives: 0 yes, 1 no\n"
    "  --migrate               bring the database to the current schema, then exit\n"
    "  --scan                  run one full scan in the foreground; 0 only if it was complete\n"
    "  --dead-letters [retry]  list events that could not be applied, or put them back\n"
    "  --help, --version\n\n"
    "Exit status: 0 success, 1 failure at run time, 2 bad usage or configuration.\n";

/* --- the command line --- */

static void set_mode(struct command *command, enum mode mode)
{
    if (command->mode == MODE_USAGE_ERROR)
        return;
    if (command->mode != MODE_RUN && command->mode != mode) {
        fputs("metastore-writer: these options do not go together\n", stderr);
        mode = MODE_USAGE_ERROR;
    }
    command->mode = mode;
}

static void parse_operands(struct command *command, int argc, char **argv, int first)
{
    if (first == argc || command->mode == MODE_USAGE_ERROR)
        return;
    if (command->mode == MODE_DEAD_LETTERS && first + 1 == argc &&
        strcmp(argv[first], "retry") == 0) {
        command->mode = MODE_DEAD_LETTERS_RETRY;
        return;
    }
    fprintf(stderr, "metastore-writer: unexpected argument: %s\n", argv[first]);
    command->mode = MODE_USAGE_ERROR;
}

static struct command parse_command(int argc, char **argv)
{
    enum { OPTION_CONFIG = 256, OPTION_MODE };
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"help", no_argument, NULL, OPTION_MODE + MODE_HELP},
        {"version", no_argument, NULL, OPTION_MODE + MODE_VERSION},
        {"check-config", no_argument, NULL, OPTION_MODE + MODE_CHECK},
        {"print-config", no_argument, NULL, OPTION_MODE + MODE_PRINT},
        {"healthcheck", no_argument, NULL, OPTION_MODE + MODE_HEALTHCHECK},
        {"migrate", no_argument, NULL, OPTION_MODE + MODE_MIGRATE},
        {"scan", no_argument, NULL, OPTION_MODE + MODE_SCAN},
        {"dead-letters", no_argument, NULL, OPTION_MODE + MODE_DEAD_LETTERS},
        {NULL, 0, NULL, 0}};
    struct command command = {.mode = MODE_RUN, .config_path = DEFAULT_CONFIG};
    int option;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == OPTION_CONFIG)
            command.config_path = optarg;
        else if (option >= OPTION_MODE)
            set_mode(&command, (enum mode)(option - OPTION_MODE));
        else
            command.mode = MODE_USAGE_ERROR; /* getopt has said why */
    }
    parse_operands(&command, argc, argv, optind);
    return command;
}

/* --- the modes --- */

static int print(struct ms_str text)
{
    if (fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
        return EXIT_SUCCESS;
    perror("metastore-writer: standard output");
    return EXIT_FAILURE;
}

static int print_config(const struct ms_config *config)
{
    struct ms_buf text;
    ms_buf_init(&text, CONFIG_TEXT_MAX_BYTES);
    ms_config_print(&text, config);
    int exit_status = print(ms_buf_view(&text));
    ms_buf_free(&text);
    return exit_status;
}

static int check_health(const struct ms_config *config)
{
    struct ms_error err;
    if (ms_healthcheck(config->writer.listen, &err) == MS_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "metastore-writer: %s: %s\n", config->writer.listen, err.text);
    return EXIT_FAILURE;
}

static struct ms_store_call *start_migration(struct ms_store_writer *store, ms_store_done *on_done,
                                             void *done_arg, void *arg)
{
    (void)arg;
    return ms_store_migrate(store, on_done, done_arg);
}

static int migrate(const struct ms_config *config)
{
    struct store_task task = {.name = "migration", .start = start_migration};
    int exit_status = store_task_run(config, &task);
    if (exit_status == EXIT_SUCCESS)
        ms_log(MS_LOG_INFO, "the database has the current schema",
               MS_FIELDS(ms_field_i64("schema_version", MS_SCHEMA_VERSION)));
    return exit_status;
}

static int run_mode(const struct command *command, struct ms_config *config)
{
    switch (command->mode) {
    case MODE_CHECK:
        return EXIT_SUCCESS;
    case MODE_PRINT:
        return print_config(config);
    case MODE_HEALTHCHECK:
        return check_health(config);
    case MODE_MIGRATE:
        return migrate(config);
    case MODE_DEAD_LETTERS:
        return dead_letters_list(config);
    case MODE_DEAD_LETTERS_RETRY:
        return dead_letters_retry(config);
    case MODE_RUN:
    case MODE_SCAN:
        return writer_run(config, command->config_path, command->mode == MODE_SCAN);
    case MODE_HELP:
    case MODE_VERSION:
    case MODE_USAGE_ERROR:
        break;
    }
    return EXIT_USAGE;
}

static int run_with_config(const struct command *command)
{
    struct ms_config *config;
    struct ms_buf diagnostics;
    ms_core_forbid();
    ms_buf_init(&diagnostics, DIAGNOSTICS_MAX_BYTES);
    bool is_healthcheck =
        command->mode == MODE_HEALTHCHECK; /* needs no secrets; knows 0 and 1 only */
    enum ms_status status =
        ms_config_load(&config, command->config_path,
                       is_healthcheck ? MS_CONFIG_READER : MS_CONFIG_WRITER, &diagnostics);
    if (diagnostics.len > 0)
        (void)fwrite(diagnostics.data, 1, diagnostics.len, stderr);
    ms_buf_free(&diagnostics);
    if (status != MS_OK)
        return is_healthcheck ? EXIT_FAILURE : EXIT_USAGE;
    ms_log_configure(config->log.level, config->log.format);
    int exit_status = run_mode(command, config);
    ms_config_free(config);
    return exit_status;
}

int main(int argc, char **argv)
{
    struct command command = parse_command(argc, argv);
    if (command.mode == MODE_HELP)
        return print(ms_str(HELP));
    if (command.mode == MODE_VERSION)
        return print(MS_STR("metastore-writer " METASTORE_VERSION "\n"));
    if (command.mode == MODE_USAGE_ERROR) {
        fputs("Try 'metastore-writer --help'.\n", stderr);
        return EXIT_USAGE;
    }
    return run_with_config(&command);
}
