/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the document of a manifest. Always: what there is too much of is cut at a limit here, and
 * the view says how much there is.
 */
#include "reader/pages/read_image.h"

#include "reader/html/format.h"

#include <string.h>

enum {
    CHILDREN_MAX = 1000,
    LAYERS_MAX = 1000,
    LABELS_MAX = 2000,
    VALUES_MAX = 1000,
    TAGS_MAX = 1000,
    REFERRERS_MAX = 200,
    N_SETTINGS = 12
};

struct ms_str read_platform(struct page *page, struct ms_str object)
{
    static const char *const PARTS[] = {"os", "architecture", "variant"};
    struct ms_str platform = MS_STR_ABSENT;
    struct ms_buf text;
    ms_buf_init(&text, 1024);
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        struct ms_str part = page_text(page, object, PARTS[i]);
        if (part.len == 0)
            break;
        if (i > 0)
            ms_buf_append_char(&text, '/');
        ms_buf_append(&text, part);
    }
    if (text.len > 0 && ms_buf_status(&text) == MS_OK)
        platform = ms_arena_dup(page->arena, ms_buf_view(&text));
    ms_buf_free(&text);
    return platform;
}

/* What a pull fetches; unknown: it was not weighed. */
static int64_t weight_of(struct page *page, struct ms_str weights, struct ms_str digest)
{
    struct ms_str rest = weights, row;
    while (json_next(NULL, &row, &rest))
        if (ms_str_equal(page_text(page, row, "digest"), digest))
            return page_number(row, "size");
    return FORMAT_UNKNOWN;
}

static void read_children(struct image *out, struct page *page, struct ms_str array,
                          struct ms_str weights)
{
    struct ms_str rest = array, row;
    struct image_child *rows =
        page_array(page, array, sizeof(*rows), CHILDREN_MAX, &out->n_children);
    for (size_t i = 0; i < out->n_children && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct image_child){
            .digest = page_text(page, row, "digest"),
            .kind = page_kind_word(json_get(row, "kind")),
            .platform = read_platform(page, json_get(row, "platform")),
            .about = page_text(page, row, "about"),
            .bytes = page_number(row, "size"),
        };
    for (size_t i = 0; i < out->n_children; i++)
        if (strcmp(rows[i].kind, "attestation") != 0)
            rows[i].bytes = strcmp(rows[i].kind, "image") == 0
                                ? weight_of(page, weights, rows[i].digest)
                                : FORMAT_UNKNOWN;
    out->children = rows;
}

/* --- configuration --- */

static void add_setting(struct image *out, struct image_setting *settings, const char *term,
                        struct view_strings values)
{
    if (values.n > 0)
        settings[out->n_settings++] =
            (struct image_setting){term, values, strcmp(term, "Environment") != 0};
}

static void add_text(struct image *out, struct page *page, struct image_setting *settings,
                     const char *term, struct ms_str config, const char *member)
{
    struct ms_str *value = ms_arena_alloc(page->arena, sizeof(*value));
    *value = page_text(page, config, member);
    if (value->len > 0)
        add_setting(out, settings, term, (struct view_strings){value, 1});
}

static void read_settings(struct image *out, struct page *page, struct ms_str config)
{
    static const struct {
        const char *term, *member;
        bool is_list;
    } SETTINGS[N_SETTINGS] = {
        {"Created", "created", false},
        {"Author", "author", false},
        {"Environment", "env", true},
        {"Entrypoint", "entrypoint", true},
        {"Command", "cmd", true},
        {"User", "user", false},
        {"Directory", "working_dir", false},
        {"Ports", "exposed_ports", true},
        {"Volumes", "volumes", true},
        {"Stop signal", "stop_signal", false},
        {"OS version", "os_version", false},
        {"OS features", "os_features", true},
    };
    struct image_setting *settings = ms_arena_alloc(page->arena, N_SETTINGS * sizeof(*settings));
    for (size_t i = 0; i < N_SETTINGS; i++) {
        if (SETTINGS[i].is_list)
            add_setting(out, settings, SETTINGS[i].term,
                        page_strings(page, json_get(config, SETTINGS[i].member), VALUES_MAX));
        else
            add_text(out, page, settings, SETTINGS[i].term, config, SETTINGS[i].member);
    }
    out->settings = settings;
}

/* --- layers --- */

/* The instructions that made layers, in order: an entry of the history that made none is left out.
 */
static void read_instructions(struct page *page, struct ms_str history, struct image_layer *layers,
                              size_t n)
{
    struct ms_str rest = history, entry;
    size_t i = 0;
    while (i < n && json_next(NULL, &entry, &rest))
        if (json_get(entry, "layer").len > 0)
            layers[i++].made_by = page_text(page, entry, "created_by");
}

static void read_layers(struct image *out, struct page *page, struct ms_str array,
                        struct ms_str history)
{
    struct ms_str rest = array, row;
    struct image_layer *rows = page_array(page, array, sizeof(*rows), LAYERS_MAX, &out->n_layers);
    for (size_t i = 0; i < out->n_layers && json_next(NULL, &row, &rest); i++)
        rows[i] = (struct image_layer){
            .digest = page_text(page, row, "digest"),
            .bytes = page_number(row, "size"),
        };
    read_instructions(page, history, rows, out->n_layers);
    out->layers = rows;
}

/* --- labels and the like --- */

static void add_labels(struct image *out, struct page *page, struct image_label *labels,
                       struct ms_str object, const char *origin)
{
    struct ms_str rest = object, key, value;
    while (out->n_labels < LABELS_MAX && json_next(&key, &value, &rest))
        labels[out->n_labels++] = (struct image_label){json_text(key, page->texts),
                                                       json_text(value, page->texts), origin};
}

static void read_labels(struct image *out, struct page *page, struct ms_str labels,
                        struct ms_str annotations)
{
    size_t n = json_count(labels, LABELS_MAX) + json_count(annotations, LABELS_MAX);
    struct image_label *rows = ms_arena_alloc(page->arena, (n + 1) * sizeof(*rows));
    add_labels(out, page, rows, labels, "label");
    add_labels(out, page, rows, annotations, "annotation");
    out->labels = rows;
}

static struct ms_str describe_artifact(struct ms_str type)
{
    static const struct {
        const char *type, *words;
    } KNOWN[] = {
        {"application/vnd.dev.cosign.artifact.sig.v1+json", "signature (cosign)"},
        {"application/vnd.cncf.notary.signature", "signature (notation)"},
        {"application/spdx+json", "SBOM (SPDX)"},
        {"text/spdx", "SBOM (SPDX)"},
        {"application/vnd.cyclonedx+json", "SBOM (CycloneDX)"},
        {"application/vnd.in-toto+json", "attestation (in-toto)"},
    };
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++)
        if (ms_str_equal(type, ms_str(KNOWN[i].type)))
            return ms_str(KNOWN[i].words);
    return type;
}

static void read_referrers(struct image *out, struct page *page, struct ms_str array)
{
    struct ms_str rest = array, row;
    struct image_referrer *rows =
        page_array(page, array, sizeof(*rows), REFERRERS_MAX, &out->n_referrers);
    out->has_more_referrers = json_count(array, REFERRERS_MAX + 1) > REFERRERS_MAX;
    for (size_t i = 0; i < out->n_referrers && json_next(NULL, &row, &rest); i++) {
        struct ms_str type = page_text(page, row, "artifact_type");
        rows[i] = (struct image_referrer){
            .digest = page_text(page, row, "digest"),
            .what = describe_artifact(type.len > 0 ? type : page_text(page, row, "media_type")),
            .bytes = page_number(row, "size"),
        };
    }
    out->referrers = rows;
}

static struct ms_str join(struct page *page, struct ms_str a, char between, struct ms_str b)
{
    struct ms_str joined = MS_STR_ABSENT;
    struct ms_buf text;
    ms_buf_init(&text, 1024);
    ms_buf_append(&text, a);
    ms_buf_append_char(&text, between);
    ms_buf_append(&text, b);
    if (ms_buf_status(&text) == MS_OK)
        joined = ms_arena_dup(page->arena, ms_buf_view(&text));
    ms_buf_free(&text);
    return joined;
}

static void read_base(struct image *out, struct page *page, struct ms_str base)
{
    struct ms_str index = page_text(page, base, "index"), claimed = json_get(base, "claimed");
    out->claimed_base = page_text(page, claimed, "name");
    if (out->claimed_base.len == 0)
        out->claimed_base = page_text(page, claimed, "digest");
    out->base_repository = page_text(page, base, "repository");
    out->base_tag = page_text(page, base, "tag");
    out->base_digest = index.len > 0 ? index : page_text(page, base, "digest");
    if (out->base_repository.len == 0 || out->base_tag.len == 0)
        return;
    out->base = join(page, out->base_repository, ':', out->base_tag);
    struct ms_str evidence = page_text(page, base, "evidence");
    out->base_witness = ms_str_equal(evidence, MS_STR("provenance"))   ? "provenance"
                        : ms_str_equal(evidence, MS_STR("annotation")) ? "annotations"
                                                                       : NULL;
    out->base_behind = page_number(base, "behind");
}

void read_image(struct image *out, struct page *page, struct ms_str manifest, struct ms_str weights)
{
    struct ms_str config = json_get(manifest, "image");
    struct ms_str layers = json_get(config, "layers");
    struct ms_str unreadable = json_get(manifest, "unreadable");
    *out = (struct image){
        .digest = page_text(page, manifest, "digest"),
        .kind = page_kind_word(json_get(manifest, "kind")),
        .media_type = page_text(page, manifest, "media_type"),
        .artifact_type = page_text(page, manifest, "artifact_type"),
        .platform = read_platform(page, config),
        .updated = page_text(page, manifest, "updated"),
        .bytes = page_number(manifest, "total_size"),
        .pulls = page_number(manifest, "pulls"),
        .unreadable = page_text(page, unreadable, "reason"),
        .unreadable_since = page_text(page, unreadable, "since"),
        .subject = page_text(page, manifest, "subject"),
        .is_signed = json_is_true(json_get(manifest, "signed")),
        .has_sbom = json_is_true(json_get(manifest, "sbom")),
        .has_provenance = json_is_true(json_get(manifest, "provenance")),
        .tags = page_strings(page, json_get(manifest, "tags"), TAGS_MAX),
        .also_in = page_strings(page, json_get(manifest, "also_in"), TAGS_MAX),
        .has_packages = json_get(json_get(manifest, "packages"), "total").len > 0,
        .all_derived = page_number(json_get(manifest, "derived"), "images"),
    };
    if (out->bytes == 0 && out->unreadable.len > 0)
        out->bytes = FORMAT_UNKNOWN;
    if (layers.len == 0)
        layers = json_get(manifest, "layers");
    read_children(out, page, json_get(manifest, "manifests"), weights);
    read_settings(out, page, config);
    read_base(out, page, json_get(manifest, "base"));
    read_layers(out, page, layers, json_get(config, "history"));
    read_labels(out, page, json_get(config, "labels"), json_get(manifest, "annotations"));
    read_referrers(out, page, json_get(manifest, "referrers"));
}
