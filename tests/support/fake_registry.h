/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts and commands tests/support/fake_registry.py from C. For the component tests of the writer;
 * needs METASTORE_SOURCE_DIR. A fake ends with fake_stop, or with the test that started it.
 */
#ifndef FAKE_REGISTRY_H
#define FAKE_REGISTRY_H

#include "tests/support/http_peer.h"

#include <stdarg.h>
#include <sys/wait.h>

struct fake {
    pid_t pid;
    int stdin_fd; /* the fake lives as long as it is open */
    int port;
    int storage_port;
};

/* `arguments` ends with NULL; NULL: none. Waits until it listens. */
static inline void fake_start(struct fake *fake, const char *const *arguments)
{
    enum { ARGUMENTS_MAX = 16 };
    static const char PROGRAM[] = METASTORE_SOURCE_DIR "/tests/support/fake_registry.py";
    const char *argv[ARGUMENTS_MAX] = {"/usr/bin/python3", PROGRAM};
    int to_fake[2];
    int from_fake[2];
    char line[64];
    for (size_t i = 0; arguments != NULL && arguments[i] != NULL && i + 3 < ARGUMENTS_MAX; i++)
        argv[i + 2] = arguments[i];
    ck_assert_int_eq(pipe(to_fake), 0);
    ck_assert_int_eq(pipe(from_fake), 0);
    fake->pid = fork();
    ck_assert_int_ge(fake->pid, 0);
    if (fake->pid == 0) {
        dup2(to_fake[0], STDIN_FILENO);
        dup2(from_fake[1], STDOUT_FILENO);
        close(to_fake[0]);
        close(to_fake[1]);
        close(from_fake[0]);
        close(from_fake[1]);
        execv(argv[0], (char *const *)(void *)argv);
        _exit(127);
    }
    close(to_fake[0]);
    close(from_fake[1]);
    fake->stdin_fd = to_fake[1];
    FILE *output = fdopen(from_fake[0], "r");
    ck_assert_ptr_nonnull(output);
    ck_assert_msg(fgets(line, sizeof(line), output) != NULL, "the fake registry did not start");
    char *rest;
    fake->port = (int)strtol(line, &rest, 10);
    fake->storage_port = (int)strtol(rest, NULL, 10);
    fclose(output);
}

static inline void fake_stop(struct fake *fake)
{
    close(fake->stdin_fd);
    ck_assert_int_eq(waitpid(fake->pid, NULL, 0), fake->pid);
}

/* POST /_control; the answer is freed by the caller. */
__attribute__((format(printf, 2, 3))) static inline char *fake_command(const struct fake *fake,
                                                                       const char *format, ...)
{
    static char command[64 * 1024];
    static char head[256];
    struct response response;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    ck_assert(len > 0 && (size_t)len < sizeof(command));
    (void)snprintf(head, sizeof(head),
                   "POST /_control HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                   "Content-Length: %d\r\n\r\n",
                   len);
    int fd = peer_dial(fake->port);
    peer_send(fd, head);
    peer_send(fd, command);
    peer_read(fd, &response);
    close(fd);
    ck_assert_msg(response.status == 200, "%s: %s", command, response.body);
    return response.body;
}

/* The same when the answer does not matter. */
#define fake_do(fake, ...) free(fake_command((fake), __VA_ARGS__))

/* The string member `key` of an answer, e.g. a digest. */
static inline void fake_member(char *out, size_t out_size, const char *answer, const char *key)
{
    char pattern[64];
    (void)snprintf(pattern, sizeof(pattern), "\"%s\": \"", key);
    const char *value = strstr(answer, pattern);
    ck_assert_msg(value != NULL, "no %s in %s", key, answer);
    value += strlen(pattern);
    (void)snprintf(out, out_size, "%.*s", (int)strcspn(value, "\""), value);
}

/* GET /_control; freed by the caller. */
static inline char *fake_report(const struct fake *fake)
{
    return peer_fetch(fake->port, "/_control");
}

static inline long fake_number(const char *report, const char *key)
{
    char pattern[64];
    (void)snprintf(pattern, sizeof(pattern), "\"%s\": ", key);
    const char *value = strstr(report, pattern);
    return value != NULL ? strtol(value + strlen(pattern), NULL, 10) : 0;
}

/* Requests of a kind so far: "tags", "manifest", "head", "blob", "catalog", "token", "storage". */
static inline long fake_count(const struct fake *fake, const char *kind)
{
    char *report = fake_report(fake);
    long count = fake_number(report, kind);
    free(report);
    return count;
}

#endif
