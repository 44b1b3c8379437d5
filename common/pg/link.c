/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket under a PostgreSQL connection: drives libpq, and tells its owner when there is
 * something to take. Its states, in order:
 *
 *   BEGINNING   nothing was done yet: the work begins in the loop's next turn
 *   CONNECTING  PQconnectPoll is driven by the socket
 *   OPEN        input is consumed as it comes
 *   CLOSED      failed or freed; the memory goes in a later turn
 *
 * One function, update_interest(), decides what is waited for. libpq may close its socket inside
 * PQconnectPoll and after fatal errors; the watch never outlives such a call.
 */
#include "common/pg/link.h"

#include "common/base/alloc.h"
#include "common/base/str.h"
#include "common/pg/conninfo.h"
#include "common/pg/tls.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A peer that vanished is noticed after some 30 s of silence, or when it has not acknowledged data
 * for 20 s. The user's conninfo may say otherwise. */
static const char *const EARLY_KEYWORDS[][2] = {
    {"keepalives_idle", "15"},     {"keepalives_interval", "5"}, {"keepalives_count", "3"},
    {"tcp_user_timeout", "20000"}, {"gssencmode", "disable"}, /* it would hide bytes as TLS does */
};
enum { N_EARLY_KEYWORDS = sizeof(EARLY_KEYWORDS) / sizeof(EARLY_KEYWORDS[0]) };

/* libpq tries the hosts of a connection string in their order, and has no way to leave one that is
 * silent: whose machine is off, or frozen. So the next connection begins behind the host that this
 * one began with. One for all connections of a process, which go to the same servers: those that
 * waited together for the same host go on together. Who cancels may so come to another server than
 * what it cancels; then the connection of the latter is closed after a while. */
static size_t first_host;
static const char *const HOST_KEYWORDS[] = {"host", "hostaddr", "port"};
enum { N_HOST_KEYWORDS = sizeof(HOST_KEYWORDS) / sizeof(HOST_KEYWORDS[0]) };

/* Towards another machine libpq's own default is to do without TLS where the server has none, and
 * to believe any certificate. */
static const char TLS_MODE[] = "verify-full";
static const char TLS_HINT[] = "towards another machine sslmode is verify-full unless it is set";
/* The system's certificate authorities: before version 16 libpq has no word for them. */
static const char SYSTEM_AUTHORITIES[] = "/etc/ssl/certs/ca-certificates.crt";
enum { LIBPQ_KNOWS_SYSTEM = 160000 };

enum link_state { BEGINNING, CONNECTING, OPEN, CLOSED };

struct ms_pg_link {
    struct ms_loop *loop;
    enum link_state state;
    PGconn *pq;
    struct ms_watch *watch;
    struct ms_timer *next_turn; /* work without an event on the socket, in the next turn */
    size_t first_host;          /* that the connecting began with */
    bool has_default_tls;       /* the connection string leaves it to us */
    bool has_failed;            /* on_failed comes in the next turn */
    struct ms_error why;
    char *conninfo; /* until the connecting begins: it may hold a password */
    char *application_name;
    const struct ms_pg_link_events *events;
    void *arg;
};

static void on_socket(int fd, int ready, void *arg);
static void on_next_turn(void *arg);

char *ms_pg_secret_copy(const char *s)
{
    return ms_alloc_copy(s != NULL ? s : "");
}

struct ms_pg_link *ms_pg_link_new(struct ms_loop *loop, const char *conninfo,
                                  const char *application_name,
                                  const struct ms_pg_link_events *events, void *arg)
{
    struct ms_pg_link *link = ms_alloc(sizeof(*link));
    *link = (struct ms_pg_link){
        .loop = loop,
        .state = BEGINNING,
        .next_turn = ms_timer_new(loop, on_next_turn, link),
        .conninfo = ms_pg_secret_copy(conninfo),
        .application_name = ms_pg_secret_copy(application_name),
        .events = events,
        .arg = arg,
    };
    ms_timer_start(link->next_turn, 0);
    return link;
}

static void forget_strings(struct ms_pg_link *link)
{
    ms_alloc_wipe(link->conninfo);
    ms_alloc_wipe(link->application_name);
    link->conninfo = NULL;
    link->application_name = NULL;
}

static void drop_watch(struct ms_pg_link *link)
{
    ms_watch_free(link->watch);
    link->watch = NULL;
}

static void close_link(struct ms_pg_link *link)
{
    link->state = CLOSED;
    drop_watch(link);
    ms_timer_stop(link->next_turn);
    forget_strings(link);
    PQfinish(link->pq);
    link->pq = NULL;
}

void ms_pg_link_free(struct ms_pg_link *link)
{
    if (link == NULL)
        return;
    close_link(link);
    ms_timer_free(link->next_turn);
    ms_loop_defer_free(link->loop, link); /* we may be inside one of its callbacks */
}

void ms_pg_link_leave_host(struct ms_pg_link *link)
{
    if (link->first_host == first_host)
        first_host++;
}

PGconn *ms_pg_link_pq(struct ms_pg_link *link)
{
    return link->pq;
}

void ms_pg_link_error(struct ms_error *out, const PGconn *pq)
{
    struct ms_str message = ms_str(PQerrorMessage(pq));
    struct ms_str line = ms_str_trim(ms_str_next(&message, '\n'));
    if (line.len == 0)
        line = MS_STR("the connection to the database failed");
    (void)ms_error_set(out, MS_UNAVAILABLE, "%.*s", MS_STR_ARG(line));
}

/* libpq's message is about its last call: the first failure's is kept. */
static void note_failure(struct ms_pg_link *link)
{
    if (!link->has_failed)
        ms_pg_link_error(&link->why, link->pq);
    link->has_failed = true;
}

/* Who has set nothing must be told what it was that refused the server. */
static void explain_default_tls(struct ms_pg_link *link)
{
    struct ms_str text = ms_str(link->why.text);
    if (!ms_str_contains(text, MS_STR("SSL")) && !ms_str_contains(text, MS_STR("certificate")))
        return;
    const struct ms_error why = link->why;
    (void)ms_error_set(&link->why, why.status, "%s (%s)", why.text, TLS_HINT);
}

static void fail(struct ms_pg_link *link)
{
    note_failure(link);
    if (link->has_default_tls && link->state == CONNECTING)
        explain_default_tls(link);
    close_link(link);
    link->events->on_failed(&link->why, link->arg);
}

/* The server's reason, even results, may have come together with the end. */
static void give_up(struct ms_pg_link *link)
{
    note_failure(link);
    link->events->on_input(link->arg);
    if (link->state == OPEN)
        fail(link);
}

static void wait_for(struct ms_pg_link *link, int interest)
{
    if (link->watch == NULL)
        link->watch = ms_watch_new(link->loop, PQsocket(link->pq), on_socket, link);
    ms_watch_set(link->watch, interest);
}

/* With unsent data we wait for both directions: the server may be unable to read before it has sent
 * its own. */
static void update_interest(struct ms_pg_link *link)
{
    int unsent = PQflush(link->pq);
    if (unsent < 0 || link->has_failed || PQstatus(link->pq) != CONNECTION_OK) {
        note_failure(link);
        drop_watch(link);
        ms_timer_start(link->next_turn, 0);
        return;
    }
    wait_for(link, MS_READABLE | (unsent > 0 ? MS_WRITABLE : 0));
}

/* --- connecting --- */

static void discard_notice(void *arg, const PGresult *result)
{
    (void)arg; /* libpq would print it on standard error */
    (void)result;
}

/* libpq's message about a connection string that it does not understand repeats pieces of it, and
 * the password may be among them: only a message about a server is passed on. */
static void hide_connection_string(struct ms_pg_link *link)
{
    struct ms_str message = ms_str(PQerrorMessage(link->pq));
    if (ms_str_starts_with(message, MS_STR("connection to server")) ||
        ms_str_starts_with(message, MS_STR("could not translate host name")))
        return;
    (void)ms_error_set(&link->why, MS_UNAVAILABLE,
                       "the database's connection string is not understood");
    link->has_failed = true; /* with this reason */
}

static const char *find_authorities(struct ms_str conninfo)
{
    if (ms_pg_conninfo_names_authorities(conninfo))
        return NULL;
    if (PQlibVersion() >= LIBPQ_KNOWS_SYSTEM)
        return "system";
    return access(SYSTEM_AUTHORITIES, R_OK) == 0 ? SYSTEM_AUTHORITIES : NULL;
}

static void begin_connecting(struct ms_pg_link *link)
{
    const char *keywords[N_EARLY_KEYWORDS + N_HOST_KEYWORDS + 6] = {NULL};
    const char *values[N_EARLY_KEYWORDS + N_HOST_KEYWORDS + 6] = {NULL};
    char *hosts[N_HOST_KEYWORDS] = {NULL};
    size_t n = 0;
    for (; n < N_EARLY_KEYWORDS; n++) {
        keywords[n] = EARLY_KEYWORDS[n][0];
        values[n] = EARLY_KEYWORDS[n][1];
    }
    link->has_default_tls = ms_pg_conninfo_leaves_tls_open(ms_str(link->conninfo));
    if (link->has_default_tls) {
        keywords[n] = "sslmode";
        values[n++] = TLS_MODE;
        keywords[n] = "sslrootcert";
        values[n] = find_authorities(ms_str(link->conninfo));
        n += values[n] != NULL;
    }
    keywords[n] = "fallback_application_name";
    values[n++] = link->application_name;
    keywords[n] =
        "dbname"; /* the whole conninfo is expanded here and overrides what stands before */
    values[n++] = link->conninfo;
    keywords[n] = "client_encoding";
    values[n++] = "UTF8";
    link->first_host = first_host;
    for (size_t i = 0; i < N_HOST_KEYWORDS && first_host > 0; i++) {
        hosts[i] = ms_pg_conninfo_list_from(ms_str(link->conninfo), HOST_KEYWORDS[i], first_host);
        if (hosts[i] == NULL)
            continue;
        keywords[n] = HOST_KEYWORDS[i];
        values[n++] = hosts[i];
    }
    link->pq = PQconnectStartParams(keywords, values, 1);
    for (size_t i = 0; i < N_HOST_KEYWORDS; i++)
        free(hosts[i]);
    forget_strings(link);
    if (link->pq == NULL)
        abort(); /* out of memory */
    link->state = CONNECTING;
    if (PQstatus(link->pq) == CONNECTION_BAD) {
        hide_connection_string(link);
        fail(link);
        return;
    }
    PQsetNoticeReceiver(link->pq, discard_notice, NULL);
    wait_for(link, MS_WRITABLE);
}

static void finish_connecting(struct ms_pg_link *link)
{
    link->state = OPEN;
    if (PQsetnonblocking(link->pq, 1) != 0)
        note_failure(link);
    else
        link->events->on_open(link->arg);
    if (link->state == OPEN)
        update_interest(link);
}

static void continue_connecting(struct ms_pg_link *link)
{
    drop_watch(link); /* the socket may be another one afterwards, even under the same number */
    switch (PQconnectPoll(link->pq)) {
    case PGRES_POLLING_READING:
        wait_for(link, MS_READABLE);
        break;
    case PGRES_POLLING_WRITING:
        wait_for(link, MS_WRITABLE);
        break;
    case PGRES_POLLING_OK:
        finish_connecting(link);
        break;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
    default:
        fail(link);
        break;
    }
}

/* --- open --- */

static void receive(struct ms_pg_link *link)
{
    do {
        if (PQconsumeInput(link->pq) == 0) {
            give_up(link);
            return;
        }
        link->events->on_input(link->arg);
        if (link->state != OPEN)
            return;
    } while (ms_pg_tls_has_pending(link->pq));
    update_interest(link);
}

static void on_socket(int fd, int ready, void *arg)
{
    (void)fd;
    struct ms_pg_link *link = arg;
    if (link->state == CONNECTING)
        continue_connecting(link);
    else if ((ready & MS_READABLE) != 0)
        receive(link);
    else
        update_interest(link);
}

static void on_next_turn(void *arg)
{
    struct ms_pg_link *link = arg;
    if (link->state == BEGINNING)
        begin_connecting(link);
    else
        give_up(link);
}

bool ms_pg_link_is_usable(const struct ms_pg_link *link)
{
    return link->state == OPEN && !link->has_failed;
}

void ms_pg_link_flush(struct ms_pg_link *link)
{
    if (link->state == OPEN)
        update_interest(link);
}

void ms_pg_link_fail(struct ms_pg_link *link)
{
    if (link->state != OPEN)
        return;
    note_failure(link);
    update_interest(link);
}
