/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP proxy in a child process, for tests of what a network does: it forwards until it is told to
 * cut its connections, to freeze (keeps them, moves no byte) or to refuse new ones.
 */
#ifndef TCP_PROXY_H
#define TCP_PROXY_H

#include <stdint.h>
#include <sys/types.h>

struct tcp_proxy {
    pid_t pid;
    int control;
    uint16_t port; /* on 127.0.0.1 */
};

/* Starts a proxy to HOST:PORT (numeric); aborts on failure. */
struct tcp_proxy tcp_proxy_start(const char *host, const char *port);
void tcp_proxy_cut(struct tcp_proxy *proxy); /* closes all connections, accepts new ones */
void tcp_proxy_freeze(
    struct tcp_proxy *proxy); /* for the connections there are; no new ones either */
void tcp_proxy_thaw(struct tcp_proxy *proxy);
void tcp_proxy_refuse(
    struct tcp_proxy *proxy); /* cuts, and closes new ones at once, until thawed */
void tcp_proxy_stop(struct tcp_proxy *proxy);

#endif
