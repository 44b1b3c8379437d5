/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader/process/supervisor.c with real processes: the supervisor runs in a child of the test, its
 * workers tell what happens to them in memory that the test shares with all of them.
 */
#include "common/base/clock.h"
#include "reader/process/supervisor.h"
#include "tests/support/check_main.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_WORKERS = 3, WAIT_MS = 300 * 1000, BEAT_MS = 10 };

enum behaviour { SERVES, IGNORES_SIGTERM, DRAINS_FOR_EVER, DIES_AT_ONCE, HANDLES_LATE };

/* Shared by test, supervisor and children. */
struct stage {
    enum behaviour behaviour;
    bool refuses_reload;
    uint64_t reloaded_shutdown_ms; /* 0: a reload leaves it */
    _Atomic int pids[N_WORKERS + 1];
    _Atomic int starts[N_WORKERS + 1];
    _Atomic int ports[N_WORKERS];
    _Atomic int hangups[N_WORKERS + 1];
    _Atomic int wakes[N_WORKERS];
    _Atomic int reloads;
    _Atomic int restarts;
    uint64_t hang_timeout_ms;
};

static struct stage *stage;

static pid_t supervisor_pid;

/* --- the children --- */

static int local_port(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 || address.sin_family != AF_INET)
        return 0;
    return ntohs(address.sin_port);
}

static int open_signals(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    return signalfd(-1, &mask, SFD_CLOEXEC);
}

/* False: the end. */
static bool take_signal(int signals, size_t index)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    if (info.ssi_signo == SIGHUP)
        atomic_fetch_add(&stage->hangups[index], 1);
    return info.ssi_signo == SIGHUP || stage->behaviour == IGNORES_SIGTERM;
}

/* Answers a connection with its index. */
static void serve_one(const struct child_info *child)
{
    int fd = accept(child->listen_fd, NULL, NULL);
    if (fd < 0)
        return;
    char index = (char)('0' + child->index);
    ssize_t written = write(fd, &index, 1);
    (void)written;
    close(fd);
}

static void note_start(const struct child_info *child)
{
    atomic_store(&stage->pids[child->index], getpid()); /* who has seen the start asks for it */
    atomic_fetch_add(&stage->starts[child->index], 1);
}

static void on_hangup(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add(&stage->hangups[0], 1);
}

/* Has no handler yet when the signal comes. */
static int handle_late(const struct child_info *child)
{
    sigset_t pending;
    note_start(child);
    do
        sigpending(&pending);
    while (!sigismember(&pending, SIGHUP));
    signal(SIGHUP, on_hangup);
    supervisor_child_ready(child);
    while (pause() != 0)
        ;
    return 0;
}

static int end_worker(const struct child_info *child)
{
    if (stage->behaviour == DRAINS_FOR_EVER) {
        close(child->listen_fd);
        while (pause() != 0)
            ;
    }
    return 0;
}

static int run_worker(const struct child_info *child, void *arg)
{
    (void)arg;
    if (stage->behaviour == DIES_AT_ONCE) {
        note_start(child);
        return 3;
    }
    if (stage->behaviour == HANDLES_LATE && child->index == 0)
        return handle_late(child);
    int signals = open_signals();
    atomic_store(&stage->ports[child->index], local_port(child->listen_fd));
    note_start(child);
    struct pollfd fds[] = {
        {signals, POLLIN, 0}, {child->listen_fd, POLLIN, 0}, {child->wake_fd, POLLIN, 0}};
    for (;;) {
        supervisor_child_beat(child);
        poll(fds, 3, stage->hang_timeout_ms > 0 ? BEAT_MS : -1);
        uint64_t count;
        if (fds[0].revents != 0 && !take_signal(signals, child->index))
            return end_worker(child);
        if (fds[1].revents != 0)
            serve_one(child);
        if (fds[2].revents != 0 && read(child->wake_fd, &count, sizeof(count)) > 0)
            atomic_fetch_add(&stage->wakes[child->index], 1);
    }
}

static int run_watcher(const struct child_info *child, void *arg)
{
    (void)arg;
    int signals = open_signals();
    for (size_t i = 0; i < child->n_workers; i++) {
        uint64_t one = 1;
        ssize_t written = write(child->wake_fds[i], &one, sizeof(one));
        (void)written;
    }
    note_start(child);
    struct pollfd signal_came = {signals, POLLIN, 0};
    do
        supervisor_child_beat(child);
    while (poll(&signal_came, 1, stage->hang_timeout_ms > 0 ? BEAT_MS : -1) == 0 ||
           take_signal(signals, child->index));
    return 0;
}

static uint64_t shutdown_ms; /* the supervisor's */

static bool on_reload(void *arg)
{
    (void)arg;
    atomic_fetch_add(&stage->reloads, 1);
    if (stage->reloaded_shutdown_ms > 0)
        shutdown_ms = stage->reloaded_shutdown_ms;
    return !stage->refuses_reload;
}

static void on_restart(void *shared, void *arg)
{
    (void)arg;
    atomic_fetch_add(&stage->restarts, 1);
    atomic_fetch_add((_Atomic int *)shared, 1); /* it is mapped and writable */
}

/* --- the test's side --- */

static void begin(void)
{
    stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(stage, MAP_FAILED);
    supervisor_pid = 0;
}

static void end(void)
{
    if (supervisor_pid > 0) {
        kill(supervisor_pid, SIGKILL);
        waitpid(supervisor_pid, NULL, 0);
    }
    munmap(stage, sizeof(*stage));
}

static void start(const char *listen, uint64_t shutdown_timeout_ms)
{
    supervisor_pid = fork();
    ck_assert_int_ge(supervisor_pid, 0);
    if (supervisor_pid > 0)
        return;
    signal(SIGTERM, SIG_DFL); /* check's handlers would end the whole process group */
    signal(SIGINT, SIG_DFL);
    shutdown_ms = shutdown_timeout_ms;
    struct supervisor_options options = {.listen = listen,
                                         .n_workers = N_WORKERS,
                                         .shared_bytes = 4096,
                                         .shutdown_timeout_ms = &shutdown_ms,
                                         .hang_timeout_ms = stage->hang_timeout_ms,
                                         .run_worker = run_worker,
                                         .run_watcher = run_watcher,
                                         .on_reload = on_reload,
                                         .on_restart = on_restart};
    _exit(supervisor_run(&options));
}

#define AWAIT(condition)                                                                           \
    do {                                                                                           \
        int64_t limit = ms_clock_mono_ms() + WAIT_MS;                                              \
        while (!(condition) && ms_clock_mono_ms() < limit)                                         \
            poll(NULL, 0, 2);                                                                      \
        ck_assert_msg((condition), "in vain: %s", #condition);                                     \
    } while (0)

static bool all_started(void)
{
    for (size_t i = 0; i <= N_WORKERS; i++) {
        if (atomic_load(&stage->starts[i]) == 0)
            return false;
    }
    return true;
}

static int exit_status(void)
{
    int status;
    ck_assert_int_eq(waitpid(supervisor_pid, &status, 0), supervisor_pid);
    supervisor_pid = 0;
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool lives(int pid)
{
    return kill(pid, 0) == 0;
}

static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static bool is_refused(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0;
    close(fd);
    return refused;
}

/* The index of the worker that answered; -1: nobody. */
static int answer_of(int fd)
{
    char index;
    ssize_t got = read(fd, &index, 1);
    close(fd);
    return got == 1 ? index - '0' : -1;
}

START_TEST(all_workers_share_one_free_port)
{
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    int port = atomic_load(&stage->ports[0]);
    ck_assert_int_gt(port, 0);
    unsigned answered[N_WORKERS] = {0};
    for (int i = 1; i < N_WORKERS; i++)
        ck_assert_int_eq(atomic_load(&stage->ports[i]), port);
    for (int i = 0; i < 200; i++) {
        int index = answer_of(connect_to(port));
        ck_assert_int_ge(index, 0);
        answered[index]++;
    }
    for (int i = 0; i < N_WORKERS; i++)
        ck_assert_uint_gt(answered[i], 0); /* the kernel spreads by hash: 200 reach each of 3 */
}
END_TEST

START_TEST(the_watcher_wakes_every_worker)
{
    start("127.0.0.1:0", 5000);
    for (int i = 0; i < N_WORKERS; i++)
        AWAIT(atomic_load(&stage->wakes[i]) == 1);
}
END_TEST

START_TEST(a_dead_worker_is_replaced_and_its_queue_served)
{
    enum { CONNECTIONS = 60 };
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    int fds[CONNECTIONS];
    int dead = atomic_load(&stage->pids[1]);
    kill(dead, SIGSTOP); /* so that connections gather in its queue */
    for (int i = 0; i < CONNECTIONS; i++)
        fds[i] = connect_to(atomic_load(&stage->ports[0]));
    kill(dead, SIGKILL);
    bool by_successor = false;
    for (int i = 0; i < CONNECTIONS; i++) {
        int index = answer_of(fds[i]);
        ck_assert_int_ge(index, 0);
        by_successor = by_successor || index == 1;
    }
    ck_assert(by_successor);
    ck_assert_int_eq(atomic_load(&stage->starts[1]), 2);
    ck_assert_int_ne(atomic_load(&stage->pids[1]), dead);
    ck_assert_int_eq(atomic_load(&stage->restarts), 1);
    ck_assert_int_eq(atomic_load(&stage->starts[0]), 1);
}
END_TEST

START_TEST(who_hangs_is_replaced_and_nobody_else)
{
    stage->hang_timeout_ms = 3000; /* a child may take long to start */
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    for (int i = 1; i <= N_WORKERS; i += 2) { /* a worker, the watcher */
        int hanging = atomic_load(&stage->pids[i]);
        kill(hanging, SIGSTOP);
        AWAIT(atomic_load(&stage->starts[i]) == 2);
        ck_assert_int_ne(atomic_load(&stage->pids[i]), hanging);
    }
    ck_assert_int_eq(atomic_load(&stage->restarts), 2);
    ck_assert_int_eq(atomic_load(&stage->starts[0]), 1);
}
END_TEST

START_TEST(who_is_frozen_with_the_supervisor_is_spared)
{
    stage->hang_timeout_ms = 3000; /* a child may take long to start */
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    int pids[] = {supervisor_pid, atomic_load(&stage->pids[0]), atomic_load(&stage->pids[1]),
                  atomic_load(&stage->pids[2]), atomic_load(&stage->pids[3])};
    for (int i = 0; i < 5; i++)
        kill(pids[i], SIGSTOP);
    poll(NULL, 0, 4000); /* longer than is allowed */
    for (int i = 0; i < 5; i++)
        kill(pids[i], SIGCONT);
    for (int i = 1; i <= 2; i++) { /* between two signals it looks for who hangs */
        kill(supervisor_pid, SIGHUP);
        AWAIT(atomic_load(&stage->hangups[0]) == i);
    }
    ck_assert_int_eq(atomic_load(&stage->restarts), 0);
}
END_TEST

START_TEST(a_signal_waits_for_its_handler)
{
    stage->behaviour = HANDLES_LATE;
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    kill(supervisor_pid, SIGHUP);
    AWAIT(atomic_load(&stage->hangups[0]) == 1);
    ck_assert_int_eq(atomic_load(&stage->restarts), 0);
}
END_TEST

START_TEST(the_watcher_is_replaced_too)
{
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    kill(atomic_load(&stage->pids[N_WORKERS]), SIGKILL);
    AWAIT(atomic_load(&stage->starts[N_WORKERS]) == 2);
}
END_TEST

START_TEST(pauses_grow_when_children_die_at_once)
{
    stage->behaviour = DIES_AT_ONCE;
    int64_t began_ms = ms_clock_mono_ms();
    start("127.0.0.1:0", 5000);
    /* Pauses are at least 50, 100, 200, 400 ms: the fifth start comes after 750 ms or more. */
    AWAIT(atomic_load(&stage->starts[0]) >= 5);
    ck_assert_int_ge(ms_clock_mono_ms() - began_ms, 700);
    kill(supervisor_pid, SIGTERM);
    ck_assert_int_eq(exit_status(), 0);
}
END_TEST

START_TEST(sigterm_and_sigint_drain)
{
    start("127.0.0.1:0", 10000);
    AWAIT(all_started());
    kill(supervisor_pid, _i == 0 ? SIGTERM : SIGINT);
    ck_assert_int_eq(exit_status(), 0);
    for (size_t i = 0; i <= N_WORKERS; i++)
        ck_assert(!lives(atomic_load(&stage->pids[i])));
    ck_assert_int_eq(atomic_load(&stage->restarts), 0);
}
END_TEST

/* A connection that nobody accepts any more would wait until the end. */
START_TEST(who_comes_while_it_drains_is_refused)
{
    stage->behaviour = DRAINS_FOR_EVER;
    start("127.0.0.1:0", 3600 * 1000);
    AWAIT(all_started());
    kill(supervisor_pid, SIGTERM);
    AWAIT(is_refused(atomic_load(&stage->ports[0])));
    kill(supervisor_pid, SIGINT);
    ck_assert_int_eq(exit_status(), 1);
}
END_TEST

START_TEST(who_does_not_drain_is_killed_in_time)
{
    stage->behaviour = IGNORES_SIGTERM;
    start("127.0.0.1:0", 300);
    AWAIT(all_started());
    int64_t began_ms = ms_clock_mono_ms();
    kill(supervisor_pid, SIGTERM);
    ck_assert_int_eq(exit_status(), 1);
    ck_assert_int_ge(ms_clock_mono_ms() - began_ms, 290);
    ck_assert(!lives(atomic_load(&stage->pids[0])));
}
END_TEST

START_TEST(a_reload_changes_how_long_it_drains)
{
    stage->behaviour = IGNORES_SIGTERM;
    stage->reloaded_shutdown_ms = 300;
    start("127.0.0.1:0", 3600 * 1000);
    AWAIT(all_started());
    kill(supervisor_pid, SIGHUP);
    AWAIT(atomic_load(&stage->reloads) == 1);
    kill(supervisor_pid, SIGTERM);
    ck_assert_int_eq(exit_status(), 1);
}
END_TEST

START_TEST(a_second_signal_ends_it_at_once)
{
    stage->behaviour = IGNORES_SIGTERM;
    start("127.0.0.1:0", 3600 * 1000);
    AWAIT(all_started());
    kill(supervisor_pid, SIGTERM);
    kill(supervisor_pid, SIGINT); /* another number: it cannot merge with the first */
    ck_assert_int_eq(exit_status(), 1);
    ck_assert(!lives(atomic_load(&stage->pids[0])));
}
END_TEST

START_TEST(sighup_is_passed_on_after_a_good_reload)
{
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    kill(supervisor_pid, SIGHUP);
    for (size_t i = 0; i <= N_WORKERS; i++)
        AWAIT(atomic_load(&stage->hangups[i]) == 1);
    stage->refuses_reload = true;
    kill(supervisor_pid, SIGHUP);
    AWAIT(atomic_load(&stage->reloads) == 2);
    kill(supervisor_pid, SIGTERM); /* what was sent to the children before this they have handled */
    ck_assert_int_eq(exit_status(), 0);
    ck_assert_int_eq(atomic_load(&stage->hangups[0]), 1);
}
END_TEST

START_TEST(children_die_with_their_supervisor)
{
    stage->behaviour = IGNORES_SIGTERM;
    start("127.0.0.1:0", 5000);
    AWAIT(all_started());
    kill(supervisor_pid, SIGKILL);
    waitpid(supervisor_pid, NULL, 0);
    supervisor_pid = 0;
    /* They are not our children, somebody else reaps them: zombies count as dead. */
    AWAIT(is_refused(atomic_load(&stage->ports[0])));
}
END_TEST

START_TEST(a_unix_socket_is_shared)
{
    char listen[64], path[48];
    snprintf(path, sizeof(path), "/tmp/ms-supervisor-%d", (int)getpid());
    snprintf(listen, sizeof(listen), "unix:%s", path);
    start(listen, 5000);
    AWAIT(all_started());
    kill(atomic_load(&stage->pids[0]), SIGSTOP); /* the others serve */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    for (int i = 0; i < 20; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
        ck_assert_int_ge(answer_of(fd), 1);
    }
    kill(atomic_load(&stage->pids[0]), SIGCONT);
    unlink(path);
}
END_TEST

START_TEST(an_address_in_use_is_a_failure_to_start)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    char text[32];
    snprintf(text, sizeof(text), "127.0.0.1:%d", local_port(fd));
    start(text, 5000);
    ck_assert_int_eq(exit_status(), 1);
    ck_assert_int_eq(atomic_load(&stage->starts[0]), 0);
    close(fd);
}
END_TEST

static Suite *make_suite(void)
{
    Suite *suite = suite_create("supervisor");
    TCase *tcase = tcase_create("supervisor");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, all_workers_share_one_free_port);
    tcase_add_test(tcase, the_watcher_wakes_every_worker);
    tcase_add_test(tcase, a_dead_worker_is_replaced_and_its_queue_served);
    tcase_add_test(tcase, who_hangs_is_replaced_and_nobody_else);
    tcase_add_test(tcase, who_is_frozen_with_the_supervisor_is_spared);
    tcase_add_test(tcase, a_signal_waits_for_its_handler);
    tcase_add_test(tcase, the_watcher_is_replaced_too);
    tcase_add_test(tcase, pauses_grow_when_children_die_at_once);
    tcase_add_loop_test(tcase, sigterm_and_sigint_drain, 0, 2);
    tcase_add_test(tcase, who_comes_while_it_drains_is_refused);
    tcase_add_test(tcase, who_does_not_drain_is_killed_in_time);
    tcase_add_test(tcase, a_reload_changes_how_long_it_drains);
    tcase_add_test(tcase, a_second_signal_ends_it_at_once);
    tcase_add_test(tcase, sighup_is_passed_on_after_a_good_reload);
    tcase_add_test(tcase, children_die_with_their_supervisor);
    tcase_add_test(tcase, a_unix_socket_is_shared);
    tcase_add_test(tcase, an_address_in_use_is_a_failure_to_start);
    suite_add_tcase(suite, tcase);
    return suite;
}
