/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl's multi interface, driven by the event loop.
 *
 * The multi handle tells which descriptors (on_socket) and which timer (on_timer) it waits for;
 * whenever one of them is ready, curl works (perform) and finished exchanges are handed out. Always
 * holds: curl is never called from inside its own callbacks; callbacks of exchanges come only from
 * perform(), outside of curl, so that they may start and cancel others.
 */
#include "writer/registry/curl_loop.h"

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/clock.h"

#include <assert.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/queue.h>

#include <curl/curl.h>

enum { IDLE_MAX = 64 };

struct curl_exchange {
    LIST_ENTRY(curl_exchange) link;
    struct curl_loop *owner;
    CURL *easy;
    struct curl_slist *headers;
    char *url; /* of the present hop */
    struct ms_buf body;
    size_t max_body_bytes;
    void (*on_bytes)(struct ms_str bytes, void *arg); /* NULL: into the body */
    void *bytes_arg;
    size_t n_told;       /* bytes */
    uint64_t timeout_ms; /* of all hops together */
    enum registry_redirects redirects;
    unsigned n_redirects;
    bool is_at_origin; /* what is asked now is the registry's own */
    bool was_sent_away;
    bool is_refused; /* by us: a redirect or an address */
    struct ms_error refusal;
    bool is_too_large;
    bool is_cut; /* an error page of which the beginning will do */
    char error_text[CURL_ERROR_SIZE];
    int64_t started_us;
    bool is_finishing;
    curl_exchange_done *on_done;
    void *arg;
};

struct curl_loop {
    struct ms_loop *loop;
    CURLM *multi;
    struct ms_timer *timer;
    LIST_HEAD(curl_exchanges, curl_exchange) exchanges;
    CURL *
        idle[IDLE_MAX]; /* handles of ended exchanges: to make one costs more than a small answer */
    size_t n_idle;
    char *ca_file;
    char *client_cert;
    char *client_key;
    char *user_agent;
    char *own_url;
    curl_loop_judge_address *judge_address;
    unsigned own_kinds; /* bits: kinds of addresses that the registry itself was found at */
    bool is_handing_out;
    bool is_freed;
};

/* curl's setters are variadic: a wrong option or type is a bug of ours, memory aside. */
#define SET(easy, option, value)                                                                   \
    do {                                                                                           \
        CURLcode set_code = curl_easy_setopt((easy), (option), (value));                           \
        assert(set_code == CURLE_OK);                                                              \
        (void)set_code;                                                                            \
    } while (0)

/* --- finished exchanges --- */

static CURL *take_handle(struct curl_loop *curl)
{
    CURL *easy = curl->n_idle > 0 ? curl->idle[--curl->n_idle] : curl_easy_init();
    if (easy == NULL)
        abort();
    return easy;
}

static void forget_exchange(struct curl_exchange *exchange)
{
    struct curl_loop *curl = exchange->owner;
    LIST_REMOVE(exchange, link);
    curl_multi_remove_handle(curl->multi, exchange->easy);
    if (curl->n_idle < IDLE_MAX) {
        curl_easy_reset(exchange->easy); /* nothing of one exchange may reach the next */
        curl->idle[curl->n_idle++] = exchange->easy;
    } else {
        curl_easy_cleanup(exchange->easy);
    }
    curl_slist_free_all(exchange->headers);
    free(exchange->url);
    ms_buf_free(&exchange->body);
    free(exchange);
}

static enum ms_status status_of(const struct curl_exchange *exchange, CURLcode code)
{
    if (exchange->is_too_large)
        return MS_TOO_LARGE;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return MS_TIMEOUT;
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
        code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_BAD_CONTENT_ENCODING)
        return MS_PROTOCOL;
    return MS_UNAVAILABLE;
}

static struct ms_str header_of(const struct curl_exchange *exchange, const char *name, size_t index)
{
    struct curl_header *header;
    if (curl_easy_header(exchange->easy, name, index, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return MS_STR_ABSENT;
    return ms_str(header->value);
}

static void describe_error(struct ms_error *out, const struct curl_exchange *exchange,
                           CURLcode code)
{
    enum ms_status status = status_of(exchange, code);
    if (exchange->is_refused)
        *out = exchange->refusal;
    else if (status == MS_TOO_LARGE)
        (void)ms_error_set(out, status, "too large: more than %zu bytes", exchange->max_body_bytes);
    else if (code == CURLE_BAD_CONTENT_ENCODING)
        (void)ms_error_set(out, status, "coded as '%.*s', unasked, and not decodable",
                           MS_STR_ARG(header_of(exchange, "Content-Encoding", 0)));
    else
        (void)ms_error_set(out, status, "%s",
                           exchange->error_text[0] != '\0' ? exchange->error_text
                                                           : curl_easy_strerror(code));
}

static long info_long(CURL *easy, CURLINFO info)
{
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static void refuse(struct curl_exchange *exchange, const struct ms_error *why)
{
    exchange->is_refused = true;
    exchange->refusal = *why;
}

/* Asks where the answer redirects to, if that is allowed; false: the answer, or the refusal, is the
 * end. The time that is left is that of all hops together. */
static bool follow(struct curl_exchange *exchange)
{
    struct curl_loop *curl = exchange->owner;
    CURL *easy = exchange->easy;
    struct ms_error err;
    char *to = NULL;
    long status = info_long(easy, CURLINFO_RESPONSE_CODE);
    struct ms_str location = header_of(exchange, "Location", 0);
    bool is_redirect =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    if (exchange->redirects == REGISTRY_REDIRECTS_NONE || !is_redirect ||
        ms_str_is_absent(location))
        return false;
    enum ms_status judged =
        exchange->n_redirects == CURL_LOOP_REDIRECTS_MAX
            ? ms_error_set(&err, MS_PROTOCOL, "more than %d redirects", CURL_LOOP_REDIRECTS_MAX)
            : registry_redirect_judge(&to, exchange->redirects, exchange->url, location.ptr,
                                      curl->own_url, &err);
    if (judged != MS_OK) {
        refuse(exchange, &err);
        return false;
    }
    if (!registry_redirect_is_same_origin(exchange->url, to)) {
        exchange->was_sent_away = true;
        SET(easy, CURLOPT_XOAUTH2_BEARER, NULL);
        SET(easy, CURLOPT_USERNAME, NULL);
        SET(easy, CURLOPT_PASSWORD, NULL);
        SET(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(easy, CURLOPT_SSLCERT, NULL);
        SET(easy, CURLOPT_SSLKEY, NULL);
    }
    int64_t used_ms = (ms_clock_mono_us() - exchange->started_us) / 1000;
    int64_t left_ms = (int64_t)exchange->timeout_ms - used_ms;
    curl_multi_remove_handle(curl->multi, easy);
    free(exchange->url);
    exchange->url = to;
    exchange->n_redirects++;
    exchange->is_at_origin = registry_redirect_is_same_origin(to, curl->own_url);
    exchange->is_cut = false;
    exchange->error_text[0] = '\0';
    ms_buf_clear(&exchange->body);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)(left_ms > 0 ? left_ms : 1));
    SET(easy, CURLOPT_URL, to);
    curl_multi_add_handle(curl->multi, easy);
    return true;
}

static void finish(struct curl_exchange *exchange, CURLcode code)
{
    struct ms_error error;
    bool is_whole = code == CURLE_OK || exchange->is_cut;
    if (is_whole)
        exchange->is_refused = false; /* an address was; the next one of that name did */
    if (is_whole && follow(exchange))
        return;
    struct curl_response response = {
        .http_status = (int)info_long(exchange->easy, CURLINFO_RESPONSE_CODE),
        .was_sent_away = exchange->was_sent_away,
        .is_refused = exchange->is_refused,
        .body = ms_buf_view(&exchange->body),
        .duration_us = (uint64_t)(ms_clock_mono_us() - exchange->started_us),
        .exchange = exchange,
    };
    if (!is_whole || exchange->is_refused) {
        describe_error(&error, exchange, code);
        response.error = &error;
    }
    exchange->is_finishing = true;
    exchange->on_done(&response, exchange->arg);
    forget_exchange(exchange);
}

/* The next exchange that curl is done with; NULL: none. */
static struct curl_exchange *next_finished(struct curl_loop *curl, CURLcode *out_code)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(curl->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        *out_code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        return (struct curl_exchange *)(void *)private;
    }
    return NULL;
}

static void destroy(void *arg)
{
    struct curl_loop *curl = arg;
    while (!LIST_EMPTY(&curl->exchanges))
        forget_exchange(LIST_FIRST(&curl->exchanges));
    while (curl->n_idle > 0)
        curl_easy_cleanup(take_handle(curl));
    curl_multi_cleanup(curl->multi);
    ms_timer_free(curl->timer);
    free(curl->ca_file);
    free(curl->client_cert);
    free(curl->client_key);
    free(curl->user_agent);
    free(curl->own_url);
    free(curl);
    curl_global_cleanup();
}

static void perform(struct curl_loop *curl, curl_socket_t fd, int ready)
{
    struct curl_exchange *exchange;
    CURLcode code;
    int running;
    curl_multi_socket_action(curl->multi, fd, ready, &running);
    assert(!curl->is_handing_out);
    curl->is_handing_out = true;
    while (!curl->is_freed && (exchange = next_finished(curl, &code)) != NULL)
        finish(exchange, code);
    curl->is_handing_out = false;
}

/* --- what curl waits for --- */

static void on_ready(int fd, int ready, void *arg)
{
    int flags = ((ready & MS_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
                ((ready & MS_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0);
    perform(arg, fd, flags);
}

static void on_expire(void *arg)
{
    perform(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    (void)easy;
    struct curl_loop *curl = arg;
    struct ms_watch *watch = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        ms_watch_free(watch);
        return 0;
    }
    if (watch == NULL) {
        watch = ms_watch_new(curl->loop, fd, on_ready, curl);
        curl_multi_assign(curl->multi, fd, watch);
    }
    ms_watch_set(watch, ((what & CURL_POLL_IN) != 0 ? MS_READABLE : 0) |
                            ((what & CURL_POLL_OUT) != 0 ? MS_WRITABLE : 0));
    return 0;
}

/* Curl must not be called from here, not even for "now": a timer of 0 it is. */
static int on_timer(CURLM *multi, long after_ms, void *arg)
{
    (void)multi;
    struct curl_loop *curl = arg;
    if (after_ms < 0)
        ms_timer_stop(curl->timer);
    else
        ms_timer_start(curl->timer, (uint64_t)after_ms);
    return 0;
}

/* --- the multi handle --- */

struct curl_loop *curl_loop_new(struct ms_loop *loop, const struct curl_loop_options *options)
{
    struct curl_loop *curl = ms_alloc(sizeof(*curl));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
    curl->loop = loop;
    curl->multi = curl_multi_init();
    if (curl->multi == NULL)
        abort();
    curl->timer = ms_timer_new(loop, on_expire, curl);
    LIST_INIT(&curl->exchanges);
    curl->ca_file = ms_alloc_copy(options->ca_file);
    curl->client_cert = ms_alloc_copy(options->client_cert);
    curl->client_key = ms_alloc_copy(options->client_key);
    curl->user_agent = ms_alloc_copy(options->user_agent);
    curl->own_url = ms_alloc_copy(options->own_url);
    curl->judge_address = registry_address_kind;
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    curl_loop_set_connections(curl, options->max_connections);
    return curl;
}

void curl_loop_set_connections(struct curl_loop *curl, size_t max_connections)
{
    long count = (long)max_connections;
    curl_multi_setopt(curl->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, count);
    curl_multi_setopt(curl->multi, CURLMOPT_MAX_HOST_CONNECTIONS, count);
    curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, count);
}

void curl_loop_judge_addresses_by(struct curl_loop *curl, curl_loop_judge_address *judge)
{
    curl->judge_address = judge;
}

void curl_loop_free(struct curl_loop *curl)
{
    if (curl == NULL || curl->is_freed)
        return;
    curl->is_freed = true;
    ms_timer_stop(curl->timer);
    if (curl->is_handing_out)
        ms_loop_defer(curl->loop, destroy, curl); /* called by one of its own callbacks */
    else
        destroy(curl);
}

/* --- starting --- */

/* Counting here is what limits a body: curl's own limit does not hold for unknown lengths. Of what
 * is neither content nor a list the beginning will do. */
static size_t on_body(char *bytes, size_t one, size_t count, void *arg)
{
    struct curl_exchange *exchange = arg;
    size_t len = one * count;
    if (info_long(exchange->easy, CURLINFO_RESPONSE_CODE) >= 300) {
        size_t room = CURL_LOOP_ERROR_BODY_MAX - exchange->body.len;
        ms_buf_append(&exchange->body, ms_str_n(bytes, len < room ? len : room));
        exchange->is_cut = len > room;
        return exchange->is_cut ? 0 : len;
    }
    exchange->is_too_large = len > exchange->max_body_bytes - exchange->body.len - exchange->n_told;
    if (exchange->is_too_large)
        return 0;
    if (exchange->on_bytes == NULL) {
        ms_buf_append(&exchange->body, ms_str_n(bytes, len));
    } else {
        exchange->n_told += len;
        exchange->on_bytes(ms_str_n(bytes, len), exchange->bytes_arg);
    }
    return len;
}

/* Called for each connection that curl makes, with the resolved address. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct curl_exchange *exchange = arg;
    struct curl_loop *curl = exchange->owner;
    (void)purpose;
    enum registry_address_kind kind = curl->judge_address(&address->addr);
    if (exchange->is_at_origin) {
        curl->own_kinds |= 1U << kind;
    } else if (kind != REGISTRY_ADDRESS_ORDINARY && (curl->own_kinds & 1U << kind) == 0) {
        char text[INET6_ADDRSTRLEN] = "";
        struct ms_error err;
        (void)getnameinfo(&address->addr, address->addrlen, text, sizeof(text), NULL, 0,
                          NI_NUMERICHOST);
        (void)ms_error_set(&err, MS_PROTOCOL,
                           "not asked: %s is %s, and the registry itself is at none", text,
                           registry_address_kind_name(kind));
        refuse(exchange, &err);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_request(CURL *easy, const struct curl_request *request)
{
    long total_ms = (long)request->timeout_ms;
    long connect_ms = total_ms < CURL_LOOP_CONNECT_MS ? total_ms : CURL_LOOP_CONNECT_MS;
    long stall_s =
        (long)(request->stall_ms > 0 ? request->stall_ms : request->timeout_ms / 2) / 1000;
    SET(easy, CURLOPT_URL, request->url);
    SET(easy, CURLOPT_TIMEOUT_MS, total_ms);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    SET(easy, CURLOPT_LOW_SPEED_LIMIT, (long)CURL_LOOP_STALL_BYTES_PER_S);
    SET(easy, CURLOPT_LOW_SPEED_TIME, stall_s > 0 ? stall_s : 1L);
    if (request->method == EXCHANGE_HEAD)
        SET(easy, CURLOPT_NOBODY, 1L);
    if (request->method == EXCHANGE_DELETE)
        SET(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
    if (request->bearer != NULL) {
        SET(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        SET(easy, CURLOPT_XOAUTH2_BEARER, request->bearer);
    } else if (request->username != NULL) {
        SET(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(easy, CURLOPT_USERNAME, request->username);
        SET(easy, CURLOPT_PASSWORD, request->password != NULL ? request->password : "");
    }
}

/* What is the same for every exchange. */
static void set_behaviour(struct curl_exchange *exchange)
{
    const struct curl_loop *curl = exchange->owner;
    CURL *easy = exchange->easy;
    SET(easy, CURLOPT_PRIVATE, exchange);
    SET(easy, CURLOPT_ERRORBUFFER, exchange->error_text);
    SET(easy, CURLOPT_WRITEFUNCTION, on_body);
    SET(easy, CURLOPT_WRITEDATA, exchange);
    SET(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    SET(easy, CURLOPT_OPENSOCKETDATA, exchange);
    SET(easy, CURLOPT_HTTPHEADER, exchange->headers);
    SET(easy, CURLOPT_USERAGENT, curl->user_agent);
    /* A digest is that of the plain bytes. What comes coded all the same is decoded. */
    SET(easy, CURLOPT_ACCEPT_ENCODING, "identity");
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    /* One request a connection: what is in flight is what we counted. */
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* Else giving up while a name is being resolved waits for the resolver's thread, and the loop,
     * whose pings keep us leader, stands still. The thread cleans up after itself. */
    SET(easy, CURLOPT_QUICK_EXIT, 1L);
    if (curl->ca_file != NULL) {
        SET(easy, CURLOPT_CAINFO, curl->ca_file);
        SET(easy, CURLOPT_CAPATH, NULL); /* these CAs and no others */
    }
    if (curl->client_cert != NULL)
        SET(easy, CURLOPT_SSLCERT, curl->client_cert);
    if (curl->client_key != NULL)
        SET(easy, CURLOPT_SSLKEY, curl->client_key);
}

struct curl_exchange *curl_loop_start(struct curl_loop *curl, const struct curl_request *request,
                                      curl_exchange_done *on_done, void *arg)
{
    struct curl_exchange *exchange = ms_alloc(sizeof(*exchange));
    exchange->owner = curl;
    exchange->on_done = on_done;
    exchange->arg = arg;
    exchange->started_us = ms_clock_mono_us();
    for (const char *const *line = request->headers; line != NULL && *line != NULL; line++) {
        exchange->headers = curl_slist_append(exchange->headers, *line);
        if (exchange->headers == NULL)
            abort();
    }
    exchange->url = ms_alloc_copy(request->url);
    exchange->easy = take_handle(curl);
    exchange->max_body_bytes = request->max_body_bytes;
    exchange->on_bytes = request->on_bytes;
    exchange->bytes_arg = request->bytes_arg;
    exchange->timeout_ms = request->timeout_ms;
    exchange->redirects = request->redirects;
    exchange->is_at_origin = request->is_own;
    ms_buf_init(&exchange->body, request->max_body_bytes > CURL_LOOP_ERROR_BODY_MAX
                                     ? request->max_body_bytes
                                     : CURL_LOOP_ERROR_BODY_MAX);
    set_behaviour(exchange);
    set_request(exchange->easy, request);
    LIST_INSERT_HEAD(&curl->exchanges, exchange, link);
    curl_multi_add_handle(curl->multi, exchange->easy); /* only arms the timer */
    return exchange;
}

void curl_exchange_cancel(struct curl_exchange *exchange)
{
    if (exchange != NULL && !exchange->is_finishing)
        forget_exchange(exchange);
}

struct ms_str curl_response_header(const struct curl_response *response, const char *name,
                                   size_t index)
{
    return header_of(response->exchange, name, index);
}
