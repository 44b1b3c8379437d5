/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metastore-reader: options, configuration, then the supervisor, which forks the workers (reader.c)
 * and the watcher.
 */
#include "common/http/healthcheck.h"
#include "common/runtime/core.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "reader/answer/spool.h"
#include "reader/process/reload.h"
#include "reader/process/supervisor.h"
#include "reader/process/watcher.h"
#include "reader/reader.h"
#include "reader/routes.h"
#include "reader/shared/shared.h"

#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Longer than the resolver, which blocks a worker that connects, waits for a name server or two. */
enum { HANG_TIMEOUT_MS = 30 * 1000 };
enum { EXIT_USAGE = 2, DIAGNOSTICS_MAX = 1024 * 1024, PRINTED_MAX = 1024 * 1024 };

static const char DEFAULT_CONFIG[] = "/etc/metastore/config.yaml";

static const char HELP[] =
    "Usage: metastore-reader [OPTION]...\n"
    "Serves what metastore knows about a container registry.\n"
    "\n"
    "  --config FILE    configuration (default /etc/metastore/config.yaml)\n"
    "  --check-config   check the configuration and exit\n"
    "  --print-config   print the effective configuration, secrets masked, and exit\n"
    "  --healthcheck    ask the running program whether it lives: 0 yes, 1 no\n"
    "  --help           show this help and exit\n"
    "  --version        show the version and exit\n"
    "\n"
    "Exit status: 0 success, 1 failure at run time, 2 bad usage or configuration.\n"
    "Signals: SIGTERM and SIGINT drain and exit, SIGHUP reads the configuration again.\n";

enum action {
    ACTION_RUN,
    ACTION_CHECK,
    ACTION_PRINT,
    ACTION_HEALTHCHECK,
    ACTION_HELP,
    ACTION_VERSION,
    ACTION_MISUSED
};

static enum action read_options(const char **out_config_path, int argc, char **argv)
{
    enum {
        OPTION_CONFIG = 1,
        OPTION_CHECK,
        OPTION_PRINT,
        OPTION_HEALTHCHECK,
        OPTION_HELP,
        OPTION_VERSION
    };
    static const struct option OPTIONS[] = {
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"check-config", no_argument, NULL, OPTION_CHECK},
        {"print-config", no_argument, NULL, OPTION_PRINT},
        {"healthcheck", no_argument, NULL, OPTION_HEALTHCHECK},
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
    };
    enum action action = ACTION_RUN;
    int option;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        switch (option) {
        case OPTION_CONFIG:
            *out_config_path = optarg;
            break;
        case OPTION_CHECK:
            action = ACTION_CHECK;
            break;
        case OPTION_PRINT:
            action = ACTION_PRINT;
            break;
        case OPTION_HEALTHCHECK:
            action = ACTION_HEALTHCHECK;
            break;
        case OPTION_HELP:
            return ACTION_HELP;
        case OPTION_VERSION:
            return ACTION_VERSION;
        default:
            return ACTION_MISUSED; /* getopt said what */
        }
    }
    if (optind < argc) {
        fprintf(stderr, "metastore-reader: unexpected argument: %s\n", argv[optind]);
        return ACTION_MISUSED;
    }
    return action;
}

/* Prints every fault; false when there is one. */
static bool load_config(struct ms_config **out, const char *path)
{
    struct ms_buf diagnostics;
    ms_buf_init(&diagnostics, DIAGNOSTICS_MAX);
    bool is_good = ms_config_load(out, path, MS_CONFIG_READER, &diagnostics) == MS_OK;
    if (!is_good)
        fprintf(stderr, "%.*s", MS_STR_ARG(ms_buf_view(&diagnostics)));
    ms_buf_free(&diagnostics);
    return is_good;
}

static int print_config(const struct ms_config *config)
{
    struct ms_buf text;
    ms_buf_init(&text, PRINTED_MAX);
    ms_config_print(&text, config);
    bool printed = ms_buf_status(&text) == MS_OK &&
                   printf("%.*s", MS_STR_ARG(ms_buf_view(&text))) >= 0 && fflush(stdout) == 0;
    ms_buf_free(&text);
    return printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int check_health(const struct ms_config *config)
{
    struct ms_error err;
    const char *address =
        config->reader.admin_listen != NULL ? config->reader.admin_listen : config->reader.listen;
    if (ms_healthcheck(address, &err) == MS_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "metastore-reader: %s: %s\n", address, err.text);
    return EXIT_FAILURE;
}

static size_t count_workers(const struct ms_config *config)
{
    if (config->reader.workers > 0)
        return (size_t)config->reader.workers;
    cpu_set_t cpus;
    int count = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    return count > MS_WORKERS_MAX ? MS_WORKERS_MAX : (size_t)count;
}

/* Many systems start a service with 1,024 descriptors, far below reader.max_connections. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        ms_log(MS_LOG_WARN, "the limit of open files cannot be raised", NULL);
}

/* So that it fails at the start and not at the first large answer. */
static bool check_spool(const struct ms_config *config)
{
    struct ms_error err;
    if (spool_check(config->cache.spool_dir, &err) == MS_OK)
        return true;
    ms_log(MS_LOG_ERROR, "large answers have no place", MS_FIELDS(ms_field_error(&err)));
    return false;
}

static bool on_reload(void *arg)
{
    return reload_config(arg, true);
}

static void on_restart(void *shared, void *arg)
{
    const struct reader_program *program = arg;
    ms_metrics_use_slot(shared_slot(shared, program->n_workers + 1));
    ms_metrics_add(MS_METRIC_WORKER_RESTARTS, NULL, NULL, 1);
}

static int run(struct reader_program *program)
{
    const struct ms_config *config = program->config;
    ms_log_configure(config->log.level, config->log.format);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    if (!check_spool(config))
        return EXIT_FAILURE;
    routes_set_metric_labels();
    program->n_workers = count_workers(config);
    struct supervisor_options options = {
        .listen = config->reader.listen,
        .admin_listen = config->reader.admin_listen,
        .n_workers = program->n_workers,
        .shared_bytes = shared_size(program->n_workers),
        .shutdown_timeout_ms = &config->shutdown_timeout_ms,
        .hang_timeout_ms = HANG_TIMEOUT_MS,
        .run_worker = reader_run_worker,
        .run_watcher = watcher_run,
        .on_reload = on_reload,
        .on_restart = on_restart,
        .arg = program,
    };
    return supervisor_run(&options);
}

static int load_and(enum action action, const char *config_path)
{
    struct reader_program program = {.config_path = config_path};
    ms_core_forbid();
    if (!load_config(&program.config, config_path)) /* a health check knows 0 and 1 only */
        return action == ACTION_HEALTHCHECK ? EXIT_FAILURE : EXIT_USAGE;
    int exit_status = EXIT_SUCCESS;
    if (action == ACTION_RUN)
        exit_status = run(&program);
    else if (action == ACTION_PRINT)
        exit_status = print_config(program.config);
    else if (action == ACTION_HEALTHCHECK)
        exit_status = check_health(program.config);
    ms_config_free(program.config);
    return exit_status;
}

int main(int argc, char **argv)
{
    const char *config_path = DEFAULT_CONFIG;
    enum action action = read_options(&config_path, argc, argv);
    switch (action) {
    case ACTION_MISUSED:
        fprintf(stderr, "Try 'metastore-reader --help'.\n");
        return EXIT_USAGE;
    case ACTION_HELP:
        return fputs(HELP, stdout) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case ACTION_VERSION:
        return puts("metastore-reader " METASTORE_VERSION) >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    case ACTION_RUN:
    case ACTION_CHECK:
    case ACTION_PRINT:
    case ACTION_HEALTHCHECK:
        break;
    }
    return load_and(action, config_path);
}
