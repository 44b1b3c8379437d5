/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls on lists: a page of the catalog, and a repository's tags over all their pages. A list
 * ends where there is no link, never at a short page, and a full page of the catalog is no end
 * either; a page that brings nothing new but a link is a fault.
 */
#include "common/runtime/limit.h"
#include "writer/parse/json.h"
#include "writer/registry/call.h"
#include "writer/registry/link.h"

#include <string.h>

enum {
    PAGE_DEPTH_MAX = 8,
    PAGE_VALUES_MAX = 1000 * 1000,
    TAG_PAGES_MAX = 100000,
    EMPTY_PAGES_MAX = 16,
    QUERY_MAX = REGISTRY_PATH_MAX / 2,
    CATALOG_PAGE = 1000 /* most registries refuse more */
};

#define CATALOG "/v2/_catalog"
#define CATALOG_FIRST_QUERY "?n=1000" /* CATALOG_PAGE */

/* --- A page --- */

struct page {
    size_t n_names; /* also those that are known or no names */
    size_t n_new;
    bool has_next;
    struct ms_str next; /* query; view into the answer's headers */
};

static enum ms_status too_long(struct ms_error *err)
{
    ms_limit_reached(MS_LIMIT_REGISTRY_NAMES);
    return ms_error_set(err, MS_TOO_LARGE, "the list is too long");
}

/* Takes the names of an array; what breaks the grammar is left out. */
static enum ms_status take_names(struct page *page, struct name_list *names,
                                 struct json_object *array, bool (*is_name)(struct ms_str name),
                                 struct ms_error *err)
{
    page->n_names = json_array_length(array);
    for (size_t i = 0; i < page->n_names; i++) {
        struct ms_str name;
        bool is_new = false;
        if (json_string_value(&name, json_array_at(array, i)) != MS_OK)
            return ms_error_set(err, MS_PROTOCOL, "the list holds something that is no name");
        if (!is_name(name))
            continue;
        if (name_list_add(&is_new, names, name) != MS_OK)
            return too_long(err);
        page->n_new += is_new;
    }
    return MS_OK;
}

static enum ms_status parse_names(struct page *page, struct registry_call *call, struct ms_str body,
                                  struct ms_error *err)
{
    struct json_object *root = NULL;
    struct ms_error detail;
    bool is_catalog = call->ask.kind == REGISTRY_KIND_CATALOG;
    enum ms_status status = json_parse(&root, body, PAGE_DEPTH_MAX, PAGE_VALUES_MAX, &detail);
    if (status != MS_OK)
        return ms_error_set(err, status, "the list: %s", detail.text);
    struct json_object *array = json_member(root, is_catalog ? "repositories" : "tags");
    /* 2.8 says null for no tags; then its name must do as a sign that this is a tag list. */
    bool is_list = json_is_array(array) ||
                   (array == NULL && !is_catalog && json_is_string(json_member(root, "name")));
    status = is_list ? take_names(page, call->names, array,
                                  is_catalog ? ms_refname_is_repository : ms_refname_is_tag, err)
                     : ms_error_set(err, MS_PROTOCOL, "the answer is no list of a registry");
    json_release(root);
    return status;
}

static enum ms_status read_link(struct page *page, struct registry_call *call,
                                const struct curl_response *response, struct ms_error *err)
{
    struct ms_str asked = ms_buf_view(&call->path);
    (void)ms_str_next(&asked, '?');
    for (size_t i = 0;; i++) {
        struct ms_str header = curl_response_header(response, "Link", i);
        if (ms_str_is_absent(header))
            return MS_OK;
        enum ms_status status = registry_link_next(&page->next, header);
        if (status == MS_NOT_FOUND)
            continue;
        page->has_next = true;
        if (status != MS_OK)
            return ms_error_set(err, MS_PROTOCOL,
                                "a link to the next page that cannot be followed");
        if (page->next.len > QUERY_MAX)
            return ms_error_set(err, MS_TOO_LARGE, "a link to the next page that is too long");
        if (ms_str_equal(page->next, asked))
            return ms_error_set(err, MS_PROTOCOL, "the list repeats itself");
        return MS_OK;
    }
}

static enum ms_status check_progress(const struct page *page, struct registry_call *call,
                                     struct ms_error *err)
{
    call->n_pages++;
    call->n_empty_pages = page->n_names == 0 ? call->n_empty_pages + 1 : 0;
    if (!page->has_next)
        return MS_OK;
    if ((page->n_names > 0 && page->n_new == 0) || call->n_empty_pages > EMPTY_PAGES_MAX)
        return ms_error_set(err, MS_PROTOCOL, "the list repeats itself");
    return call->n_pages < TAG_PAGES_MAX ? MS_OK : too_long(err);
}

static enum ms_status read_page(struct page *out, struct registry_call *call,
                                const struct curl_response *response, struct ms_error *err)
{
    *out = (struct page){.n_names = 0};
    enum ms_status status = parse_names(out, call, response->body, err);
    if (status == MS_OK)
        status = read_link(out, call, response, err);
    return status == MS_OK ? check_progress(out, call, err) : status;
}

static void finish_list(struct registry_call *call, const struct registry_result *result,
                        struct ms_str next)
{
    struct registry_reply reply = {
        .outcome = REGISTRY_FOUND,
        .http_status = result->response->http_status,
        .next = next,
    };
    reply.names = name_list_all(call->names, &reply.n_names);
    registry_call_finish(call, &reply);
}

/* --- the catalog --- */

static void on_catalog(const struct registry_result *result, void *arg);

/* A registry with a lower limit than the default refuses our page size: then it chooses its own. */
static bool refuses_page_size(const struct registry_call *call,
                              const struct registry_result *result)
{
    return result->error_code != NULL &&
           strcmp(result->error_code, "PAGINATION_NUMBER_INVALID") == 0 &&
           ms_str_equal(ms_buf_view(&call->path), MS_STR(CATALOG CATALOG_FIRST_QUERY));
}

/* In a tree of names distribution 2.8 forgets the link of a page that ends at certain places, so
 * behind a full page we ask on. Absent when the page is the one that was asked for: then the
 * registry does not know `last`, and gave all it has. */
static struct ms_str behind_full_page(struct ms_buf *query, const struct registry_call *call,
                                      const struct page *page)
{
    size_t count;
    const struct ms_str *names = name_list_all(call->names, &count);
    struct ms_str asked = ms_buf_view(&call->path);
    if (page->n_names != CATALOG_PAGE || count == 0)
        return MS_STR_ABSENT;
    ms_buf_printf(query, "n=%d&last=%.*s", CATALOG_PAGE, MS_STR_ARG(names[count - 1]));
    struct ms_str next = ms_buf_view(query);
    return ms_str_ends_with(asked, next) ? MS_STR_ABSENT : next;
}

static void on_catalog(const struct registry_result *result, void *arg)
{
    struct registry_call *call = arg;
    struct page page;
    struct ms_error err;
    call->request = NULL;
    if (refuses_page_size(call, result)) {
        ms_buf_clear(&call->path);
        ms_buf_append_c(&call->path, CATALOG);
        registry_call_ask(call, on_catalog);
    } else if (result->verdict != REGISTRY_SAYS_FOUND) {
        registry_call_fail(call, REGISTRY_FAILED, result->error, result);
    } else if (read_page(&page, call, result->response, &err) != MS_OK) {
        registry_call_fail(call, REGISTRY_FAILED, &err, result);
    } else {
        struct ms_buf query;
        ms_buf_init(&query, QUERY_MAX);
        finish_list(call, result,
                    page.has_next ? page.next : behind_full_page(&query, call, &page));
        ms_buf_free(&query);
    }
}

struct registry_call *registry_catalog_page(struct registry_client *client, struct ms_str next,
                                            registry_done *on_done, void *arg)
{
    struct registry_call *call =
        registry_call_new(client, REGISTRY_KIND_CATALOG, REGISTRY_SCAN, on_done, arg);
    call->ask.max_bytes = REGISTRY_PAGE_MAX;
    call->names = name_list_new();
    ms_buf_append_c(&call->scope, "registry:catalog:*");
    ms_buf_append_c(&call->path, CATALOG);
    if (ms_str_is_absent(next))
        ms_buf_append_c(&call->path, CATALOG_FIRST_QUERY);
    else
        ms_buf_printf(&call->path, "?%.*s", MS_STR_ARG(next));
    registry_call_begin(call, on_catalog);
    return call;
}

/* --- tags --- */

static void on_tags(const struct registry_result *result, void *arg)
{
    struct registry_call *call = arg;
    struct page page;
    struct ms_error err;
    call->request = NULL;
    if (result->verdict != REGISTRY_SAYS_FOUND) {
        registry_call_fail(call, registry_outcome_of(result->verdict), result->error, result);
    } else if (read_page(&page, call, result->response, &err) != MS_OK) {
        registry_call_fail(call, REGISTRY_FAILED, &err, result);
    } else if (page.has_next) {
        ms_buf_clear(&call->path);
        ms_buf_printf(&call->path, "/v2/%s/tags/list?", call->repository);
        ms_buf_append(&call->path, page.next);
        registry_call_ask(call, on_tags);
    } else {
        finish_list(call, result, MS_STR_ABSENT);
    }
}

struct registry_call *registry_tags(struct registry_client *client, enum registry_priority priority,
                                    struct ms_str repository, registry_done *on_done, void *arg)
{
    struct registry_call *call =
        registry_call_new(client, REGISTRY_KIND_TAGS, priority, on_done, arg);
    call->ask.max_bytes = REGISTRY_PAGE_MAX;
    call->names = name_list_new();
    registry_call_set_repository(call, repository, "pull");
    ms_buf_printf(&call->path, "/v2/%s/tags/list", call->repository);
    registry_call_begin(call, on_tags);
    return call;
}
