/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens by scope.
 *
 * Always holds: a token is fetched only while somebody waits for it, so that fetches never
 * outnumber the requests in flight; credentials go to the token server that a challenge named, and
 * never from an https registry to one without TLS; every copy of a secret is wiped before it is
 * freed.
 */
#include "writer/registry/auth.h"

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/clock.h"
#include "common/base/siphash.h"
#include "common/runtime/limit.h"
#include "common/runtime/metrics.h"
#include "writer/parse/json.h"
#include "writer/registry/answer.h"
#include "writer/registry/challenge.h"

#include <string.h>
#include <sys/queue.h>

enum {
    BUCKETS = 1024,
    TOKEN_URL_MAX = 256 * 1024, /* more than the longest parts make */
    TOKEN_ANSWER_MAX = 1024 * 1024,
    TOKEN_DEPTH_MAX = 8,
    TOKEN_VALUES_MAX = 10000,
    ASKED_MAX = 8 * 1024
};

struct registry_auth_wait {
    LIST_ENTRY(registry_auth_wait) link;
    struct token *token;
    registry_auth_done *on_done;
    void *arg;
};

LIST_HEAD(wait_list, registry_auth_wait);

struct token {
    TAILQ_ENTRY(token) by_age;
    LIST_ENTRY(token) in_bucket;
    struct registry_auth *auth;
    char *scope; /* as requests name it */
    char *asked; /* what the token server is asked for: scopes, separated by spaces */
    char *text;  /* NULL: none */
    int64_t good_until_ms;
    uint64_t serial;
    struct curl_exchange *fetch;
    struct wait_list waiting;
};

struct registry_auth {
    struct curl_loop *curl;
    const struct registry_timing *timing;
    char *username;
    char *password;
    bool registry_has_tls;
    uint64_t timeout_ms;
    enum registry_scheme scheme; /* as challenged last */
    char realm[REGISTRY_REALM_MAX];
    char service[REGISTRY_SERVICE_MAX];
    TAILQ_HEAD(tokens_by_age, token) by_age;
    LIST_HEAD(token_bucket, token) buckets[BUCKETS];
    size_t n_tokens;
    uint64_t last_serial;
};

/* --- strings and secrets --- */

static void wipe(char **secret)
{
    ms_alloc_wipe(*secret);
    *secret = NULL;
}

/* --- tokens --- */

static size_t bucket_of(const char *scope)
{
    return (size_t)(ms_siphash_own(ms_str(scope)) % BUCKETS);
}

static void forget_token(struct token *token)
{
    TAILQ_REMOVE(&token->auth->by_age, token, by_age);
    LIST_REMOVE(token, in_bucket);
    token->auth->n_tokens--;
    curl_exchange_cancel(token->fetch);
    wipe(&token->text);
    free(token->scope);
    free(token->asked);
    free(token);
}

static struct token *find_token(struct registry_auth *auth, const char *scope)
{
    struct token *token;
    LIST_FOREACH(token, &auth->buckets[bucket_of(scope)], in_bucket) {
        if (strcmp(token->scope, scope) == 0)
            return token;
    }
    return NULL;
}

static struct token *get_token(struct registry_auth *auth, const char *scope)
{
    struct token *token = find_token(auth, scope);
    if (token != NULL)
        return token;
    if (auth->n_tokens >= REGISTRY_TOKENS_MAX) { /* the oldest that nobody waits for makes room */
        struct token *oldest = TAILQ_FIRST(&auth->by_age);
        ms_limit_reached(MS_LIMIT_REGISTRY_TOKENS);
        while (oldest != NULL && !LIST_EMPTY(&oldest->waiting))
            oldest = TAILQ_NEXT(oldest, by_age);
        if (oldest != NULL)
            forget_token(oldest);
    }
    token = ms_alloc(sizeof(*token));
    token->auth = auth;
    token->scope = ms_alloc_copy(scope);
    token->asked = ms_alloc_copy(scope);
    LIST_INIT(&token->waiting);
    TAILQ_INSERT_TAIL(&auth->by_age, token, by_age);
    LIST_INSERT_HEAD(&auth->buckets[bucket_of(scope)], token, in_bucket);
    auth->n_tokens++;
    return token;
}

static bool is_good(const struct token *token)
{
    return token->text != NULL && token->auth->timing->now_ms() < token->good_until_ms;
}

static bool lists_scope(struct ms_str scopes, struct ms_str scope)
{
    for (struct ms_str rest = scopes; !ms_str_is_absent(rest);) {
        if (ms_str_equal(ms_str_next(&rest, ' '), scope))
            return true;
    }
    return false;
}

/* Asks for the scopes of a challenge, too. */
static void add_scopes(struct token *token, struct ms_str scopes)
{
    struct ms_buf asked;
    ms_buf_init(&asked, ASKED_MAX);
    ms_buf_append_c(&asked, token->asked);
    for (struct ms_str rest = scopes; !ms_str_is_absent(rest);) {
        struct ms_str scope = ms_str_next(&rest, ' ');
        if (scope.len == 0 || lists_scope(ms_buf_view(&asked), scope))
            continue;
        ms_buf_append_char(&asked, ' ');
        ms_buf_append(&asked, scope);
    }
    if (ms_buf_status(&asked) == MS_OK) {
        size_t len;
        free(token->asked);
        token->asked = ms_buf_take(&asked, &len);
    }
    ms_buf_free(&asked);
}

/* --- fetching --- */

static void append_escaped(struct ms_buf *out, struct ms_str s)
{
    static const char PLAIN[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\0' && strchr(PLAIN, s.ptr[i]) != NULL)
            ms_buf_append_char(out, s.ptr[i]);
        else
            ms_buf_printf(out, "%%%02X", (unsigned)(unsigned char)s.ptr[i]);
    }
}

static void append_parameter(struct ms_buf *url, const char *name, struct ms_str value)
{
    ms_buf_append_char(url, ms_str_contains(ms_buf_view(url), MS_STR("?")) ? '&' : '?');
    ms_buf_append_c(url, name);
    ms_buf_append_char(url, '=');
    append_escaped(url, value);
}

/* What can stand in a header. */
static bool is_token_text(struct ms_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] <= 0x20 || s.ptr[i] >= 0x7f)
            return false;
    }
    return s.len > 0 && s.len <= REGISTRY_TOKEN_MAX;
}

static enum ms_status keep_token(struct token *token, struct json_object *root)
{
    struct ms_str text;
    int64_t life_s;
    if (json_get_string(&text, root, "token") != MS_OK &&
        json_get_string(&text, root, "access_token") != MS_OK)
        return MS_PROTOCOL;
    if (!is_token_text(text))
        return MS_PROTOCOL;
    if (json_get_i64(&life_s, root, "expires_in") != MS_OK || life_s < REGISTRY_TOKEN_LIFE_MIN_S)
        life_s = REGISTRY_TOKEN_LIFE_MIN_S;
    if (life_s > REGISTRY_TOKEN_LIFE_MAX_S)
        life_s = REGISTRY_TOKEN_LIFE_MAX_S;
    wipe(&token->text);
    token->text = ms_alloc_str(text);
    token->good_until_ms = token->auth->timing->now_ms() + life_s * 1000 - REGISTRY_TOKEN_MARGIN_MS;
    token->serial = ++token->auth->last_serial;
    return MS_OK;
}

static enum ms_status read_token(struct token *token, const struct curl_response *response,
                                 struct ms_error *err)
{
    int status = response->http_status;
    struct json_object *root = NULL;
    if (response->error != NULL)
        return ms_error_set(err, response->is_refused ? MS_UNAUTHORIZED : response->error->status,
                            "token server: %s", response->error->text);
    if (status == 401 || status == 403)
        return ms_error_set(err, MS_UNAUTHORIZED, "the token server refuses the credentials (%d)",
                            status);
    if (status != 200)
        return ms_error_set(err, MS_UNAVAILABLE, "the token server answers %d", status);
    if (json_parse(&root, response->body, TOKEN_DEPTH_MAX, TOKEN_VALUES_MAX, NULL) != MS_OK)
        return ms_error_set(err, MS_PROTOCOL, "the token server's answer is no JSON");
    enum ms_status kept = keep_token(token, root);
    json_release(root);
    if (kept != MS_OK)
        return ms_error_set(err, kept, "the token server's answer holds no token");
    return MS_OK;
}

static void tell_waiting(struct token *token, const struct ms_error *err, uint64_t pause_ms)
{
    struct wait_list told;
    LIST_INIT(&told);
    while (!LIST_EMPTY(&token->waiting)) {
        struct registry_auth_wait *wait = LIST_FIRST(&token->waiting);
        LIST_REMOVE(wait, link);
        wait->token = NULL;
        LIST_INSERT_HEAD(&told, wait, link);
    }
    while (!LIST_EMPTY(&told)) {
        struct registry_auth_wait *wait = LIST_FIRST(&told);
        LIST_REMOVE(wait, link);
        registry_auth_done *on_done = wait->on_done;
        void *arg = wait->arg;
        free(wait);
        on_done(err, pause_ms, arg);
    }
}

static void on_fetched(const struct curl_response *response, void *arg)
{
    struct token *token = arg;
    struct ms_error err;
    ms_metrics_add(MS_METRIC_REGISTRY_REQUESTS, registry_kind_name(REGISTRY_KIND_TOKEN),
                   registry_code_name(response->http_status), 1);
    uint64_t pause_ms =
        registry_retry_after_ms(curl_response_header(response, "Retry-After", 0),
                                ms_clock_wall_ms(), token->auth->timing->retry_after_max_ms);
    token->fetch = NULL;
    enum ms_status status = read_token(token, response, &err);
    tell_waiting(token, status == MS_OK ? NULL : &err, pause_ms);
}

static void start_fetch(struct token *token)
{
    struct registry_auth *auth = token->auth;
    struct ms_buf url;
    ms_buf_init(&url, TOKEN_URL_MAX);
    ms_buf_append_c(&url, auth->realm);
    if (auth->service[0] != '\0')
        append_parameter(&url, "service", ms_str(auth->service));
    for (struct ms_str rest = ms_str(token->asked); !ms_str_is_absent(rest);)
        append_parameter(&url, "scope", ms_str_next(&rest, ' '));
    if (auth->username != NULL)
        append_parameter(&url, "account", ms_str(auth->username));
    struct curl_request request = {
        .method = EXCHANGE_GET,
        .url = url.data,
        .username = auth->username,
        .password = auth->password,
        .max_body_bytes = TOKEN_ANSWER_MAX,
        .timeout_ms = auth->timeout_ms,
    };
    token->fetch = curl_loop_start(auth->curl, &request, on_fetched, token);
    ms_buf_free(&url);
}

struct registry_auth_wait *registry_auth_wait(struct registry_auth *auth, const char *scope,
                                              registry_auth_done *on_done, void *arg)
{
    struct token *token = get_token(auth, scope);
    struct registry_auth_wait *wait = ms_alloc(sizeof(*wait));
    *wait = (struct registry_auth_wait){.token = token, .on_done = on_done, .arg = arg};
    LIST_INSERT_HEAD(&token->waiting, wait, link);
    if (token->fetch == NULL)
        start_fetch(token);
    return wait;
}

void registry_auth_wait_cancel(struct registry_auth_wait *wait)
{
    if (wait == NULL)
        return;
    struct token *token = wait->token;
    LIST_REMOVE(wait, link);
    free(wait);
    if (token != NULL && LIST_EMPTY(&token->waiting)) {
        curl_exchange_cancel(token->fetch);
        token->fetch = NULL;
    }
}

/* --- credentials and challenges --- */

bool registry_auth_get(struct registry_credentials *out, struct registry_auth *auth,
                       const char *scope)
{
    struct registry_credentials credentials = {.serial = 0};
    if (auth->scheme == REGISTRY_BASIC) {
        credentials.username = auth->username;
        credentials.password = auth->password;
    }
    if (auth->scheme == REGISTRY_BEARER) {
        const struct token *token = find_token(auth, scope);
        if (token == NULL || !is_good(token))
            return false;
        credentials.bearer = token->text;
        credentials.serial = token->serial;
    }
    *out = credentials;
    return true;
}

/* The best challenge of all header lines. */
static enum ms_status read_challenges(struct registry_challenge *out,
                                      const struct curl_response *response)
{
    *out = (struct registry_challenge){.scheme = REGISTRY_SCHEME_NONE};
    for (size_t i = 0;; i++) {
        struct registry_challenge challenge;
        struct ms_str header = curl_response_header(response, "WWW-Authenticate", i);
        if (ms_str_is_absent(header))
            return out->scheme != REGISTRY_SCHEME_NONE ? MS_OK : MS_PROTOCOL;
        if (registry_challenge_parse(&challenge, header) != MS_OK)
            return MS_PROTOCOL;
        if (challenge.scheme > out->scheme)
            *out = challenge;
    }
}

static enum ms_status use_bearer(struct registry_auth *auth, const char *scope,
                                 const struct registry_credentials *used,
                                 const struct registry_challenge *challenge, struct ms_error *err)
{
    bool realm_has_tls = ms_str_starts_with(ms_str(challenge->realm), MS_STR("https:"));
    if (auth->registry_has_tls && !realm_has_tls && auth->username != NULL)
        return ms_error_set(err, MS_UNAUTHORIZED, "the registry names a token server without TLS");
    struct token *token = get_token(auth, scope);
    add_scopes(token, ms_str(challenge->scope));
    /* One that came after this request had been sent is not what was refused. */
    if (token->serial == used->serial)
        wipe(&token->text);
    auth->scheme = REGISTRY_BEARER;
    memcpy(auth->realm, challenge->realm, sizeof(auth->realm));
    memcpy(auth->service, challenge->service, sizeof(auth->service));
    return MS_OK;
}

enum ms_status registry_auth_challenged(struct registry_auth *auth, const char *scope,
                                        const struct registry_credentials *used,
                                        const struct curl_response *response, struct ms_error *err)
{
    struct registry_challenge challenge;
    if (read_challenges(&challenge, response) != MS_OK)
        return ms_error_set(err, MS_PROTOCOL,
                            "401 with a WWW-Authenticate header that is not understood");
    if (challenge.scheme != REGISTRY_BASIC)
        return use_bearer(auth, scope, used, &challenge, err);
    if (auth->username == NULL)
        return ms_error_set(err, MS_UNAUTHORIZED,
                            "the registry wants credentials, and none are configured");
    if (used->username != NULL)
        return ms_error_set(err, MS_UNAUTHORIZED, "the registry refuses the credentials");
    auth->scheme = REGISTRY_BASIC;
    return MS_OK;
}

/* --- life --- */

struct registry_auth *registry_auth_new(struct curl_loop *curl, const struct ms_config *config,
                                        const struct registry_timing *timing)
{
    struct registry_auth *auth = ms_alloc(sizeof(*auth));
    auth->curl = curl;
    auth->timing = timing;
    auth->username = ms_alloc_copy(config->registry.username);
    auth->password = ms_alloc_copy(config->registry.password);
    auth->timeout_ms = config->registry.timeout_ms;
    auth->registry_has_tls = ms_str_starts_with(ms_str(config->registry.url), MS_STR("https:"));
    TAILQ_INIT(&auth->by_age);
    for (size_t i = 0; i < BUCKETS; i++)
        LIST_INIT(&auth->buckets[i]);
    return auth;
}

void registry_auth_reload(struct registry_auth *auth, const struct ms_config *config)
{
    wipe(&auth->username);
    wipe(&auth->password);
    auth->username = ms_alloc_copy(config->registry.username);
    auth->password = ms_alloc_copy(config->registry.password);
    auth->timeout_ms = config->registry.timeout_ms;
    auth->scheme = REGISTRY_SCHEME_NONE; /* the next 401 decides anew */
    struct token *token;
    TAILQ_FOREACH(token, &auth->by_age, by_age)
        wipe(&token->text);
}

void registry_auth_free(struct registry_auth *auth)
{
    if (auth == NULL)
        return;
    while (!TAILQ_EMPTY(&auth->by_age)) {
        struct token *token = TAILQ_FIRST(&auth->by_age);
        while (!LIST_EMPTY(&token->waiting))
            registry_auth_wait_cancel(LIST_FIRST(&token->waiting));
        forget_token(token);
    }
    wipe(&auth->username);
    wipe(&auth->password);
    free(auth);
}
