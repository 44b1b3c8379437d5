/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor: a plain poll loop over one signalfd. In order:
 *
 *   open_sockets, map_shared, open_wakes   what every child inherits, also the replaced ones
 *   start_child                            fork; in the child run_child, which never returns
 *   turn                                   wait for a signal, a restart that is due, a deadline
 *   check_beats                            kill who hangs
 *   begin_drain, kill_children             the end
 *
 * Always: `pid` of a child is 0 while it is not running. While draining nothing is started.
 */
#include "reader/process/supervisor.h"

#include "common/base/alloc.h"
#include "common/base/clock.h"
#include "common/http/server.h"
#include "common/runtime/log.h"
#include "common/runtime/loop.h"
#include "common/runtime/sd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    RESTART_BASE_MS = 100,
    RESTART_MAX_MS = 10 * 1000,
    LIVED_WELL_MS = 10 * 1000, /* a child that lived so long begins again with the shortest pause */
    CHECKS_OF_A_HANG = 10,     /* in vain, over hang_timeout */
    ADDRESS_MAX = 256
};

struct child {
    pid_t pid; /* 0: not running */
    int64_t started_ms;
    int64_t restart_ms; /* when it is to be started, while not running */
    struct ms_backoff backoff;
    uint64_t beats; /* at the last check */
    unsigned silent_checks;
};

struct supervisor {
    const struct supervisor_options *options;
    struct child children[MS_WORKERS_MAX + 1]; /* the watcher comes last */
    size_t n_children;
    int listen_fds[MS_WORKERS_MAX]; /* of a Unix socket: the same one in each */
    int admin_fd;
    bool is_unix;
    int wake_fds[MS_WORKERS_MAX];
    void *shared;
    _Atomic uint64_t *beats; /* shared: of each child */
    int signal_fd;
    sigset_t old_mask;
    bool draining;
    bool had_to_kill;
    bool stopped;
    int64_t deadline_ms;
    int64_t watchdog_ms; /* when to tell systemd again */
    int64_t check_ms;    /* when to look at beats again */
};

/* --- what the children inherit --- */

/* ":0" with the port that the first socket got, so that all share it. */
static void with_port(char out[static ADDRESS_MAX], const char *asked, const char *bound)
{
    const char *asked_port = strrchr(asked, ':');
    const char *bound_port = strrchr(bound, ':');
    if (asked_port == NULL || bound_port == NULL || strcmp(asked_port, ":0") != 0)
        snprintf(out, ADDRESS_MAX, "%s", asked);
    else
        snprintf(out, ADDRESS_MAX, "%.*s%s", (int)(asked_port - asked), asked, bound_port);
}

static enum ms_status open_sockets(struct supervisor *supervisor, struct ms_error *err)
{
    const struct supervisor_options *options = supervisor->options;
    char bound[MS_LISTEN_ADDRESS_MAX];
    supervisor->is_unix = strncmp(options->listen, "unix:", 5) == 0;
    enum ms_status status =
        ms_listen(&supervisor->listen_fds[0], bound, options->listen, !supervisor->is_unix, err);
    if (status != MS_OK)
        return status;
    char address[ADDRESS_MAX];
    with_port(address, options->listen, bound);
    for (size_t i = 1; i < options->n_workers; i++) {
        char ignored[MS_LISTEN_ADDRESS_MAX];
        if (supervisor->is_unix)
            supervisor->listen_fds[i] = supervisor->listen_fds[0];
        else if ((status = ms_listen(&supervisor->listen_fds[i], ignored, address, true, err)) !=
                 MS_OK)
            return status;
    }
    ms_log(MS_LOG_INFO, "listening",
           MS_FIELDS(ms_field_c("address", bound), ms_field_u64("workers", options->n_workers)));
    if (options->admin_listen == NULL)
        return MS_OK;
    status = ms_listen(&supervisor->admin_fd, bound, options->admin_listen, false, err);
    if (status == MS_OK)
        ms_log(MS_LOG_INFO, "listening for health and metrics",
               MS_FIELDS(ms_field_c("address", bound)));
    return status;
}

static enum ms_status map(void **out, size_t bytes, struct ms_error *err)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return ms_error_set(err, MS_IO, "shared memory: %s", strerror(errno));
    *out = memory;
    return MS_OK;
}

static size_t beats_bytes(const struct supervisor *supervisor)
{
    return supervisor->n_children * sizeof(supervisor->beats[0]);
}

static enum ms_status map_shared(struct supervisor *supervisor, struct ms_error *err)
{
    void *beats = NULL;
    enum ms_status status = map(&supervisor->shared, supervisor->options->shared_bytes, err);
    if (status == MS_OK)
        status = map(&beats, beats_bytes(supervisor), err);
    if (status == MS_OK)
        supervisor->beats = beats;
    return status;
}

static enum ms_status open_wakes(struct supervisor *supervisor, struct ms_error *err)
{
    for (size_t i = 0; i < supervisor->options->n_workers; i++) {
        supervisor->wake_fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (supervisor->wake_fds[i] < 0)
            return ms_error_set(err, MS_IO, "eventfd: %s", strerror(errno));
    }
    return MS_OK;
}

static enum ms_status open_signals(struct supervisor *supervisor, struct ms_error *err)
{
    signal(SIGCHLD, SIG_DFL); /* ignored (and inherited so), children could not be waited for */
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &mask, &supervisor->old_mask) != 0)
        return ms_error_set(err, MS_IO, "sigprocmask: %s", strerror(errno));
    supervisor->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    if (supervisor->signal_fd < 0)
        return ms_error_set(err, MS_IO, "signalfd: %s", strerror(errno));
    return MS_OK;
}

/* --- children --- */

static bool is_watcher(const struct supervisor *supervisor, size_t index)
{
    return index == supervisor->options->n_workers;
}

static const char *name_of(const struct supervisor *supervisor, size_t index)
{
    return is_watcher(supervisor, index) ? "watcher" : "worker";
}

/* A child that outlived its supervisor would keep a socket that nobody replaces. */
static void die_with(pid_t supervisor_pid)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != supervisor_pid)
        _exit(EXIT_FAILURE);
}

/* How many different sockets there are. */
static size_t n_sockets(const struct supervisor *supervisor)
{
    return supervisor->is_unix ? 1 : supervisor->options->n_workers;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void close_sockets(struct supervisor *supervisor)
{
    for (size_t i = 0; i < n_sockets(supervisor); i++) {
        close_if_open(supervisor->listen_fds[i]);
        supervisor->listen_fds[i] = -1;
    }
    close_if_open(supervisor->admin_fd);
    supervisor->admin_fd = -1;
}

static void close_others(const struct supervisor *supervisor, int own_fd)
{
    close(supervisor->signal_fd);
    for (size_t i = 0; i < n_sockets(supervisor); i++) {
        if (supervisor->listen_fds[i] != own_fd)
            close(supervisor->listen_fds[i]);
    }
}

void supervisor_child_ready(const struct child_info *child)
{
    if (sigprocmask(SIG_SETMASK, &child->signals, NULL) != 0)
        abort(); /* a mask that was in force before: a bug */
}

void supervisor_child_beat(const struct child_info *child)
{
    atomic_fetch_add_explicit(child->beats, 1, memory_order_relaxed);
}

/* Signals that come before the child can handle them wait, and none ends it by default. */
static _Noreturn void run_child(struct supervisor *supervisor, size_t index, pid_t supervisor_pid)
{
    const struct supervisor_options *options = supervisor->options;
    die_with(supervisor_pid);
    signal(SIGINT, SIG_IGN);
    bool watches = is_watcher(supervisor, index);
    struct child_info child = {
        .index = index,
        .n_workers = options->n_workers,
        .listen_fd = watches ? -1 : supervisor->listen_fds[index],
        .admin_fd = watches ? -1 : supervisor->admin_fd,
        .wake_fd = watches ? -1 : supervisor->wake_fds[index],
        .wake_fds = supervisor->wake_fds,
        .shared = supervisor->shared,
        .beats = &supervisor->beats[index],
        .signals = supervisor->old_mask,
    };
    close_others(supervisor, child.listen_fd);
    if (watches)
        close_if_open(supervisor->admin_fd);
    exit(watches ? options->run_watcher(&child, options->arg)
                 : options->run_worker(&child, options->arg));
}

static void schedule_restart(struct child *child)
{
    child->restart_ms = ms_clock_mono_ms() + (int64_t)ms_backoff_next_ms(&child->backoff);
}

static void start_child(struct supervisor *supervisor, size_t index)
{
    struct child *child = &supervisor->children[index];
    pid_t own_pid = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_child(supervisor, index, own_pid);
    if (pid < 0) {
        ms_log(MS_LOG_ERROR, "cannot fork", MS_FIELDS(ms_field_c("error", strerror(errno))));
        schedule_restart(child);
        return;
    }
    child->pid = pid;
    child->started_ms = ms_clock_mono_ms();
    child->silent_checks = 0;
}

static void signal_children(const struct supervisor *supervisor, int signal_number)
{
    for (size_t i = 0; i < supervisor->n_children; i++) {
        if (supervisor->children[i].pid > 0)
            kill(supervisor->children[i].pid, signal_number);
    }
}

static void log_death(const struct supervisor *supervisor, size_t index, int wait_status,
                      int64_t pause_ms)
{
    bool by_signal = WIFSIGNALED(wait_status);
    ms_log(MS_LOG_ERROR, "child died and is replaced",
           MS_FIELDS(
               ms_field_c("child", name_of(supervisor, index)), ms_field_u64("index", index),
               ms_field_i64("pid", supervisor->children[index].pid),
               ms_field_c("by", by_signal ? strsignal(WTERMSIG(wait_status)) : "exit"),
               ms_field_i64("code", by_signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status)),
               ms_field_i64("pause_ms", pause_ms)));
}

static void on_child_ended(struct supervisor *supervisor, size_t index, int wait_status)
{
    struct child *child = &supervisor->children[index];
    if (!supervisor->draining) {
        int64_t now_ms = ms_clock_mono_ms();
        if (now_ms - child->started_ms >= LIVED_WELL_MS)
            ms_backoff_reset(&child->backoff);
        schedule_restart(child);
        log_death(supervisor, index, wait_status, child->restart_ms - now_ms);
        if (supervisor->options->on_restart != NULL)
            supervisor->options->on_restart(supervisor->shared, supervisor->options->arg);
    }
    child->pid = 0;
}

static void reap(struct supervisor *supervisor)
{
    int wait_status;
    pid_t pid;
    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        for (size_t i = 0; i < supervisor->n_children; i++) {
            if (supervisor->children[i].pid == pid)
                on_child_ended(supervisor, i, wait_status);
        }
    }
}

static bool any_running(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_children; i++) {
        if (supervisor->children[i].pid > 0)
            return true;
    }
    return false;
}

static void restart_due(struct supervisor *supervisor)
{
    int64_t now_ms = ms_clock_mono_ms();
    for (size_t i = 0; i < supervisor->n_children && !supervisor->draining; i++) {
        if (supervisor->children[i].pid == 0 && supervisor->children[i].restart_ms <= now_ms)
            start_child(supervisor, i);
    }
}

/* --- signals --- */

static void kill_children(struct supervisor *supervisor)
{
    supervisor->had_to_kill = true;
    signal_children(supervisor, SIGKILL);
}

/* Before the children are told: so each of them, when it has accepted who came before, is the last
 * to close its socket, and clients who come later are refused. Nobody would ever serve them. */
static void begin_drain(struct supervisor *supervisor)
{
    ms_sd_notify("STOPPING=1");
    ms_log(MS_LOG_INFO, "draining", NULL);
    supervisor->draining = true;
    close_sockets(supervisor);
    supervisor->deadline_ms =
        ms_clock_mono_ms() + (int64_t)*supervisor->options->shutdown_timeout_ms;
    signal_children(supervisor, SIGTERM);
}

static void on_stop_signal(struct supervisor *supervisor)
{
    if (!supervisor->draining) {
        begin_drain(supervisor);
        return;
    }
    ms_log(MS_LOG_WARN, "second signal: exiting at once", NULL);
    kill_children(supervisor);
    supervisor->stopped = true;
}

static void reload(struct supervisor *supervisor)
{
    const struct supervisor_options *options = supervisor->options;
    if (supervisor->draining || options->on_reload == NULL)
        return;
    char state[64];
    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)ms_clock_mono_us());
    ms_sd_notify(state);
    if (options->on_reload(options->arg))
        signal_children(supervisor, SIGHUP);
    ms_sd_notify("READY=1");
}

static void take_signals(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGTERM:
        case SIGINT:
            on_stop_signal(supervisor);
            break;
        case SIGHUP:
            reload(supervisor);
            break;
        default: /* SIGCHLD: several may have become one */
            break;
        }
    }
    reap(supervisor);
}

/* --- beats --- */

static void kill_hanging(const struct supervisor *supervisor, size_t index)
{
    pid_t pid = supervisor->children[index].pid;
    ms_log(MS_LOG_ERROR, "child hangs and is killed",
           MS_FIELDS(ms_field_c("child", name_of(supervisor, index)), ms_field_u64("index", index),
                     ms_field_i64("pid", pid)));
    kill(pid, SIGKILL);
}

static void check_beat(struct supervisor *supervisor, size_t index)
{
    struct child *child = &supervisor->children[index];
    uint64_t beats = atomic_load_explicit(&supervisor->beats[index], memory_order_relaxed);
    bool is_silent = child->pid > 0 && beats == child->beats;
    child->beats = beats;
    child->silent_checks = is_silent ? child->silent_checks + 1 : 0;
    if (child->silent_checks == CHECKS_OF_A_HANG)
        kill_hanging(supervisor, index);
}

/* Checks are counted and not time: whoever freezes all of us together (a container that is paused)
 * finds everybody alive. */
static void check_beats(struct supervisor *supervisor)
{
    uint64_t timeout_ms = supervisor->options->hang_timeout_ms;
    int64_t now_ms = ms_clock_mono_ms();
    if (timeout_ms == 0 || supervisor->draining || now_ms < supervisor->check_ms)
        return;
    supervisor->check_ms = now_ms + (int64_t)(timeout_ms / CHECKS_OF_A_HANG);
    for (size_t i = 0; i < supervisor->n_children; i++)
        check_beat(supervisor, i);
}

/* --- the loop --- */

static void keep_watchdog(struct supervisor *supervisor, int64_t now_ms)
{
    uint64_t interval_ms = ms_sd_watchdog_ms();
    if (interval_ms == 0 || now_ms < supervisor->watchdog_ms)
        return;
    ms_sd_notify("WATCHDOG=1");
    supervisor->watchdog_ms = now_ms + (int64_t)interval_ms;
}

static void earlier(int64_t *earliest_ms, int64_t when_ms)
{
    if (*earliest_ms < 0 || when_ms < *earliest_ms)
        *earliest_ms = when_ms;
}

/* Milliseconds until something is due, for poll; -1: only a signal can wake us. */
static int time_to_wait(const struct supervisor *supervisor, int64_t now_ms)
{
    int64_t earliest_ms = -1;
    if (supervisor->draining)
        earlier(&earliest_ms, supervisor->deadline_ms);
    for (size_t i = 0; i < supervisor->n_children && !supervisor->draining; i++) {
        if (supervisor->children[i].pid == 0)
            earlier(&earliest_ms, supervisor->children[i].restart_ms);
    }
    if (supervisor->options->hang_timeout_ms > 0 && !supervisor->draining)
        earlier(&earliest_ms, supervisor->check_ms);
    if (ms_sd_watchdog_ms() > 0)
        earlier(&earliest_ms, supervisor->watchdog_ms);
    if (earliest_ms < 0)
        return -1;
    int64_t wait_ms = earliest_ms - now_ms;
    return wait_ms <= 0 ? 0 : wait_ms > 60 * 1000 ? 60 * 1000 : (int)wait_ms;
}

static void turn(struct supervisor *supervisor)
{
    int64_t now_ms = ms_clock_mono_ms();
    keep_watchdog(supervisor, now_ms);
    struct pollfd poll_fd = {.fd = supervisor->signal_fd, .events = POLLIN};
    if (poll(&poll_fd, 1, time_to_wait(supervisor, now_ms)) < 0 && errno != EINTR)
        abort(); /* our own descriptor and constants: a bug */
    take_signals(supervisor);
    if (supervisor->draining && !any_running(supervisor))
        supervisor->stopped = true;
    else if (supervisor->draining && ms_clock_mono_ms() >= supervisor->deadline_ms) {
        ms_log(MS_LOG_ERROR, "children did not end in time and are killed", NULL);
        kill_children(supervisor);
        supervisor->stopped = true;
    }
    check_beats(supervisor);
    restart_due(supervisor);
}

/* --- start and end --- */

static enum ms_status prepare(struct supervisor *supervisor, struct ms_error *err)
{
    enum ms_status status = open_sockets(supervisor, err);
    if (status == MS_OK)
        status = map_shared(supervisor, err);
    if (status == MS_OK)
        status = open_wakes(supervisor, err);
    if (status == MS_OK)
        status = open_signals(supervisor, err);
    return status;
}

static struct supervisor *new_supervisor(const struct supervisor_options *options)
{
    struct supervisor *supervisor = ms_alloc(sizeof(*supervisor));
    supervisor->options = options;
    supervisor->n_children = options->n_workers + 1;
    supervisor->signal_fd = -1;
    supervisor->admin_fd = -1;
    for (size_t i = 0; i < MS_WORKERS_MAX; i++) {
        supervisor->listen_fds[i] = -1;
        supervisor->wake_fds[i] = -1;
    }
    for (size_t i = 0; i < supervisor->n_children; i++)
        supervisor->children[i].backoff =
            (struct ms_backoff){.base_ms = RESTART_BASE_MS, .max_ms = RESTART_MAX_MS};
    return supervisor;
}

static void free_supervisor(struct supervisor *supervisor)
{
    close_sockets(supervisor);
    for (size_t i = 0; i < supervisor->options->n_workers; i++)
        close_if_open(supervisor->wake_fds[i]);
    if (supervisor->signal_fd >= 0) {
        close(supervisor->signal_fd);
        sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
    }
    if (supervisor->shared != NULL)
        munmap(supervisor->shared, supervisor->options->shared_bytes);
    if (supervisor->beats != NULL)
        munmap(supervisor->beats, beats_bytes(supervisor));
    free(supervisor);
}

/* Killed children are waited for: they must not outlive us, nor stay as zombies of a test. */
static void wait_for_killed(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->n_children; i++) {
        if (supervisor->children[i].pid > 0)
            waitpid(supervisor->children[i].pid, NULL, 0);
    }
}

int supervisor_run(const struct supervisor_options *options)
{
    struct supervisor *supervisor = new_supervisor(options);
    struct ms_error err;
    int exit_status = EXIT_FAILURE;
    if (prepare(supervisor, &err) != MS_OK) {
        ms_log(MS_LOG_ERROR, "cannot start", MS_FIELDS(ms_field_error(&err)));
    } else {
        for (size_t i = 0; i < supervisor->n_children; i++)
            start_child(supervisor, i);
        ms_sd_notify("READY=1");
        while (!supervisor->stopped)
            turn(supervisor);
        wait_for_killed(supervisor);
        exit_status = supervisor->had_to_kill ? EXIT_FAILURE : EXIT_SUCCESS;
        ms_log(MS_LOG_INFO, "stopped", NULL);
    }
    free_supervisor(supervisor);
    return exit_status;
}
