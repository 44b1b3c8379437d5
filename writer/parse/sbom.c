/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which member of which object means what is one table (MEMBERS). Each open object or array has a
 * place in it; what has none is skipped. A string that holds a document (a payload in base64, a
 * predicate as text) is written into a stream of its own as its pieces come, one level further in.
 *
 * Members may come in any order: what a document is, is decided at its end. Provenance is told by
 * the type of its statement's predicate.
 */
#include "writer/parse/sbom.h"

#include "common/base/alloc.h"
#include "common/base/base64.h"
#include "common/base/buf.h"
#include "writer/parse/json_stream.h"

#include <stddef.h>
#include <stdlib.h>

enum { FORMAT_MAX = 64 /* bytes of "SPDX-2.3", "CycloneDX", "1.6" */ };

enum place {
    NOWHERE,
    /* objects and arrays */
    ROOT, /* a document, a statement, an envelope, a bundle */
    PACKAGES,
    PACKAGE,
    REFERENCES,
    REFERENCE,
    COMPONENTS,
    COMPONENT,
    SUBJECTS,
    SUBJECT,
    DIGESTS, /* of a subject, of a material */
    BUILD_DEFINITION,
    MATERIALS,
    MATERIAL,
    /* strings */
    SPDX_VERSION,
    CYCLONEDX_FORMAT,
    CYCLONEDX_VERSION,
    NAME,
    VERSION,
    PURL,
    PURPOSE,
    REFERENCE_TYPE,
    REFERENCE_LOCATOR,
    SHA256,
    SHA512,
    PREDICATE_TYPE,
    URI,
    /* strings that hold a document */
    WRAPPED_BASE64
};

/* `in`, `key` is `as`. A member that is an object where the table has a string, or the other way
 * round, is skipped; a ROOT may be a string, too. */
static const struct {
    enum place in;
    const char *key;
    enum place as;
} MEMBERS[] = {
    {ROOT, "packages", PACKAGES},
    {ROOT, "components", COMPONENTS},
    {ROOT, "spdxVersion", SPDX_VERSION},
    {ROOT, "bomFormat", CYCLONEDX_FORMAT},
    {ROOT, "specVersion", CYCLONEDX_VERSION},
    {ROOT, "subject", SUBJECTS},
    {ROOT, "predicate", ROOT},
    {ROOT, "Data", ROOT}, /* cosign's own predicate */
    {ROOT, "dsseEnvelope", ROOT},
    {ROOT, "payload", WRAPPED_BASE64},
    {PACKAGE, "name", NAME},
    {PACKAGE, "versionInfo", VERSION},
    {PACKAGE, "primaryPackagePurpose", PURPOSE},
    {PACKAGE, "externalRefs", REFERENCES},
    {REFERENCE, "referenceType", REFERENCE_TYPE},
    {REFERENCE, "referenceLocator", REFERENCE_LOCATOR},
    {COMPONENT, "name", NAME},
    {COMPONENT, "version", VERSION},
    {COMPONENT, "purl", PURL},
    {COMPONENT, "type", PURPOSE},
    {COMPONENT, "components", COMPONENTS},
    {SUBJECT, "digest", DIGESTS},
    {DIGESTS, "sha256", SHA256},
    {DIGESTS, "sha512", SHA512},
    {ROOT, "predicateType", PREDICATE_TYPE},
    {ROOT, "materials", MATERIALS}, /* SLSA 0.2 */
    {ROOT, "buildDefinition", BUILD_DEFINITION},
    {BUILD_DEFINITION, "resolvedDependencies", MATERIALS}, /* SLSA 1 */
    {MATERIAL, "uri", URI},
    {MATERIAL, "digest", DIGESTS},
};
enum { N_MEMBERS = sizeof(MEMBERS) / sizeof(MEMBERS[0]) };

/* What is known of a package whose object is open; components nest. */
struct capture {
    struct capture *outer;
    struct ms_buf name, version, purl, purpose;
    struct ms_buf reference_type, reference_locator;
    bool is_component;
};

/* A JSON value, and what is open in it. */
struct level {
    struct sbom *sbom;
    struct level *outer;
    struct json_stream *stream;
    struct ms_base64_decoder decoder; /* of the string that is the next level */
    enum place places[JSON_STREAM_DEPTH_MAX];
    unsigned depth;
    enum place next;   /* of the value that comes */
    enum place string; /* of the string under way */
    bool is_in_string;
    struct ms_buf *text; /* where the string goes; NULL: nowhere */
    struct level *inner; /* which the string is written into */
};

struct sbom {
    struct sbom_events events;
    void *arg;
    struct level *outermost;
    struct capture *capture;
    struct ms_error failure; /* status MS_OK: none */
    struct ms_buf spdx_version, cyclonedx_format, cyclonedx_version;
    struct ms_buf predicate_type;
    struct ms_buf digest; /* of a subject or a material; none: it has none that is known */
    struct ms_digest named;
    struct ms_buf uri; /* of a material */
    uint64_t n_materials;
    uint64_t n_spdx, n_cyclonedx; /* entries */
    uint64_t n_documents;         /* that say what they are */
    unsigned n_levels;
    struct sbom_totals totals;
};

static const struct json_stream_events LEVEL_EVENTS;

static void fail(struct sbom *sbom, enum ms_status status, const char *why)
{
    if (sbom->failure.status == MS_OK)
        (void)ms_error_set(&sbom->failure, status, "%s", why);
}

/* --- levels --- */

static struct level *level_new(struct sbom *sbom, struct level *outer)
{
    struct level *level = ms_alloc(sizeof(*level));
    level->sbom = sbom;
    level->outer = outer;
    level->next = ROOT;
    level->stream = json_stream_new(&LEVEL_EVENTS, level);
    sbom->n_levels++;
    return level;
}

static void level_free(struct level *level)
{
    if (level == NULL)
        return;
    level_free(level->inner);
    level->sbom->n_levels--;
    json_stream_free(level->stream);
    free(level);
}

static void write_inner(struct level *level, struct ms_str bytes)
{
    struct sbom *sbom = level->sbom;
    struct ms_error err;
    if (sbom->failure.status == MS_OK &&
        json_stream_write(level->inner->stream, bytes, &err) != MS_OK &&
        sbom->failure.status == MS_OK)
        sbom->failure = err;
}

static void write_wrapped(struct level *level, struct ms_str piece, bool is_last)
{
    struct sbom *sbom = level->sbom;
    struct ms_error err;
    char plain[MS_BASE64_DECODED_MAX(JSON_STREAM_PIECE_MAX)];
    size_t len;
    if (level->string != WRAPPED_BASE64)
        write_inner(level, piece);
    else if (ms_base64_decode(plain, &len, &level->decoder, piece) == MS_OK)
        write_inner(level, ms_str_n(plain, len));
    else
        fail(sbom, MS_INVALID, "its payload is no base64");
    if (!is_last)
        return;
    if (sbom->failure.status == MS_OK && json_stream_end(level->inner->stream, &err) != MS_OK)
        sbom->failure = err;
    level_free(level->inner);
    level->inner = NULL;
}

/* --- packages --- */

static void capture_begin(struct sbom *sbom, bool is_component)
{
    struct capture *capture = ms_alloc(sizeof(*capture));
    capture->outer = sbom->capture;
    capture->is_component = is_component;
    ms_buf_init(&capture->name, SBOM_NAME_MAX);
    ms_buf_init(&capture->version, SBOM_VERSION_MAX);
    ms_buf_init(&capture->purl, SBOM_PURL_MAX);
    ms_buf_init(&capture->purpose, FORMAT_MAX);
    ms_buf_init(&capture->reference_type, FORMAT_MAX);
    ms_buf_init(&capture->reference_locator, SBOM_PURL_MAX);
    sbom->capture = capture;
}

static void capture_drop(struct sbom *sbom)
{
    struct capture *capture = sbom->capture;
    sbom->capture = capture->outer;
    ms_buf_free(&capture->name);
    ms_buf_free(&capture->version);
    ms_buf_free(&capture->purl);
    ms_buf_free(&capture->purpose);
    ms_buf_free(&capture->reference_type);
    ms_buf_free(&capture->reference_locator);
    free(capture);
}

static bool is_text(const struct ms_buf *buf, struct ms_str text)
{
    return !buf->overflowed && ms_str_equal_ci(ms_buf_view(buf), text);
}

/* Files are no packages, and the image is none of its own. */
static bool is_package(const struct capture *capture)
{
    const struct ms_buf *purpose = &capture->purpose;
    return (capture->name.len > 0 || capture->name.overflowed) &&
           !is_text(purpose, MS_STR("FILE")) && !is_text(purpose, MS_STR("CONTAINER"));
}

/* "deb" of "pkg:deb/debian/libc6@2.36"; copied to `out`, as lower case. */
static struct ms_str type_of(char out[SBOM_TYPE_MAX], struct ms_str purl)
{
    if (!ms_str_starts_with(purl, MS_STR("pkg:")))
        return MS_STR("");
    struct ms_str rest = ms_str_skip(purl, 4);
    while (rest.len > 0 && rest.ptr[0] == '/')
        rest = ms_str_skip(rest, 1);
    struct ms_str type = ms_str_next(&rest, '/');
    if (type.len > SBOM_TYPE_MAX)
        return MS_STR("");
    for (size_t i = 0; i < type.len; i++) {
        char c = type.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return ms_str_n(out, type.len);
}

static void tell_package(struct sbom *sbom, const struct capture *capture)
{
    char type[SBOM_TYPE_MAX];
    struct ms_str version = ms_buf_view(&capture->version);
    struct ms_str purl = ms_buf_view(&capture->purl);
    if (++sbom->totals.packages + sbom->totals.left_out > SBOM_PACKAGES_MAX) {
        (void)ms_error_set(&sbom->failure, MS_TOO_LARGE, "more than %d packages",
                           SBOM_PACKAGES_MAX);
        return;
    }
    if (capture->name.overflowed || capture->version.overflowed || capture->purl.overflowed) {
        sbom->totals.packages--;
        sbom->totals.left_out++;
        return;
    }
    if (ms_str_equal(version, MS_STR("NOASSERTION")) || ms_str_is_absent(version))
        version = MS_STR("");
    if (ms_str_is_absent(purl))
        purl = MS_STR("");
    struct sbom_package package = {.name = ms_buf_view(&capture->name),
                                   .version = version,
                                   .type = type_of(type, purl),
                                   .purl = purl};
    sbom->events.on_package(&package, sbom->arg);
}

static void package_end(struct sbom *sbom)
{
    const struct capture *capture = sbom->capture;
    if (capture->is_component)
        sbom->n_cyclonedx++;
    else
        sbom->n_spdx++;
    if (sbom->failure.status == MS_OK && is_package(capture))
        tell_package(sbom, capture);
    capture_drop(sbom);
}

/* The first package URL of an SPDX package is its own. */
static void reference_end(struct capture *capture)
{
    if (is_text(&capture->reference_type, MS_STR("purl")) && capture->purl.len == 0 &&
        !capture->purl.overflowed) {
        ms_buf_append(&capture->purl, ms_buf_view(&capture->reference_locator));
        capture->purl.overflowed = capture->reference_locator.overflowed;
    }
    ms_buf_clear(&capture->reference_type);
    ms_buf_clear(&capture->reference_locator);
}

/* --- subjects and materials --- */

static void digest_end(struct sbom *sbom, enum place algorithm)
{
    struct ms_buf text;
    ms_buf_init(&text, MS_DIGEST_TEXT_MAX);
    ms_buf_append_c(&text, algorithm == SHA256 ? "sha256:" : "sha512:");
    ms_buf_append(&text, ms_buf_view(&sbom->digest));
    struct ms_digest digest;
    if (!text.overflowed && !sbom->digest.overflowed &&
        ms_digest_parse(&digest, ms_buf_view(&text)) == MS_OK &&
        (algorithm == SHA256 || ms_digest_is_none(&sbom->named)))
        sbom->named = digest;
    ms_buf_free(&text);
}

static void subject_end(struct sbom *sbom)
{
    if (++sbom->totals.subjects > SBOM_SUBJECTS_MAX)
        (void)ms_error_set(&sbom->failure, MS_TOO_LARGE, "more than %d subjects",
                           SBOM_SUBJECTS_MAX);
    if (sbom->failure.status == MS_OK)
        sbom->events.on_subject(&sbom->named, sbom->arg);
}

/* Of those without a digest, such as a directory, nothing can be told. */
static void material_end(struct sbom *sbom)
{
    if (sbom->failure.status != MS_OK || ms_digest_is_none(&sbom->named))
        return;
    if (++sbom->n_materials > SBOM_MATERIALS_MAX) {
        sbom->totals.left_out++;
        return;
    }
    struct ms_str uri = ms_buf_view(&sbom->uri);
    struct sbom_material material = {
        .digest = sbom->named,
        .uri = sbom->uri.overflowed || ms_str_is_absent(uri) ? MS_STR("") : uri};
    sbom->events.on_material(&material, sbom->arg);
}

/* --- what a stream tells --- */

static enum place element_of(enum place array)
{
    static const struct {
        enum place array, element;
    } ARRAYS[] = {{PACKAGES, PACKAGE},
                  {COMPONENTS, COMPONENT},
                  {REFERENCES, REFERENCE},
                  {SUBJECTS, SUBJECT},
                  {MATERIALS, MATERIAL}};
    for (size_t i = 0; i < sizeof(ARRAYS) / sizeof(ARRAYS[0]); i++) {
        if (ARRAYS[i].array == array)
            return ARRAYS[i].element;
    }
    return NOWHERE;
}

static bool is_array_place(enum place place)
{
    return element_of(place) != NOWHERE;
}

/* The place of the value that comes, which uses it up: behind it, in an array, comes another. */
static enum place take_place(struct level *level)
{
    enum place place = level->next;
    level->next = level->depth > 0 ? element_of(level->places[level->depth - 1]) : NOWHERE;
    return place;
}

static void on_open(bool is_array, void *arg)
{
    struct level *level = arg;
    struct sbom *sbom = level->sbom;
    enum place place = take_place(level);
    if (place >= SPDX_VERSION || is_array != is_array_place(place))
        place = NOWHERE;
    level->places[level->depth++] = place;
    level->next = element_of(place);
    if (place == PACKAGE || place == COMPONENT)
        capture_begin(sbom, place == COMPONENT);
    if (place == SUBJECT || place == MATERIAL)
        sbom->named = (struct ms_digest){.len = 0};
    if (place == MATERIAL)
        ms_buf_clear(&sbom->uri);
}

static void on_close(void *arg)
{
    struct level *level = arg;
    struct sbom *sbom = level->sbom;
    enum place place = level->places[--level->depth];
    level->next = level->depth > 0 ? element_of(level->places[level->depth - 1]) : NOWHERE;
    if (place == PACKAGE || place == COMPONENT)
        package_end(sbom);
    else if (place == REFERENCE)
        reference_end(sbom->capture);
    else if (place == SUBJECT)
        subject_end(sbom);
    else if (place == MATERIAL)
        material_end(sbom);
}

static void on_key(struct ms_str key, void *arg)
{
    struct level *level = arg;
    enum place in = level->places[level->depth - 1];
    level->next = NOWHERE;
    for (size_t i = 0; i < N_MEMBERS && in != NOWHERE; i++) {
        if (MEMBERS[i].in == in && ms_str_equal(key, ms_str(MEMBERS[i].key)))
            level->next = MEMBERS[i].as;
    }
}

/* Where a string of that place goes; NULL: nowhere. Those of a package come only while it is open.
 */
static struct ms_buf *text_of(struct sbom *sbom, enum place place)
{
    static const struct {
        enum place place;
        size_t offset;
        bool is_of_package;
    } TEXTS[] = {
        {SPDX_VERSION, offsetof(struct sbom, spdx_version), false},
        {CYCLONEDX_FORMAT, offsetof(struct sbom, cyclonedx_format), false},
        {CYCLONEDX_VERSION, offsetof(struct sbom, cyclonedx_version), false},
        {SHA256, offsetof(struct sbom, digest), false},
        {SHA512, offsetof(struct sbom, digest), false},
        {PREDICATE_TYPE, offsetof(struct sbom, predicate_type), false},
        {URI, offsetof(struct sbom, uri), false},
        {NAME, offsetof(struct capture, name), true},
        {VERSION, offsetof(struct capture, version), true},
        {PURL, offsetof(struct capture, purl), true},
        {PURPOSE, offsetof(struct capture, purpose), true},
        {REFERENCE_TYPE, offsetof(struct capture, reference_type), true},
        {REFERENCE_LOCATOR, offsetof(struct capture, reference_locator), true},
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (TEXTS[i].place == place) {
            void *owner = TEXTS[i].is_of_package ? (void *)sbom->capture : (void *)sbom;
            return (struct ms_buf *)(void *)((char *)owner + TEXTS[i].offset);
        }
    }
    return NULL;
}

static void begin_string(struct level *level)
{
    struct sbom *sbom = level->sbom;
    level->is_in_string = true;
    level->string = take_place(level);
    level->text = text_of(sbom, level->string);
    if (level->text != NULL)
        ms_buf_clear(level->text);
    if (level->string != WRAPPED_BASE64 && (level->string != ROOT || level->depth == 0))
        return;
    if (sbom->n_levels > SBOM_WRAPPERS_MAX) {
        fail(sbom, MS_TOO_LARGE, "a document in a document in a document …");
        return;
    }
    level->decoder = (struct ms_base64_decoder){.n_chars = 0};
    level->inner = level_new(sbom, level);
}

static void on_string(struct ms_str piece, bool is_last, void *arg)
{
    struct level *level = arg;
    struct sbom *sbom = level->sbom;
    if (!level->is_in_string)
        begin_string(level);
    if (level->text != NULL)
        ms_buf_append(level->text, piece);
    else if (level->inner != NULL)
        write_wrapped(level, piece, is_last);
    if (!is_last)
        return;
    level->is_in_string = false;
    if (level->string == SPDX_VERSION || level->string == CYCLONEDX_FORMAT)
        sbom->n_documents++;
    if (level->string == SHA256 || level->string == SHA512)
        digest_end(sbom, level->string);
}

static void on_other(void *arg)
{
    struct level *level = arg;
    (void)take_place(level);
}

static const struct json_stream_events LEVEL_EVENTS = {.on_open = on_open,
                                                       .on_close = on_close,
                                                       .on_key = on_key,
                                                       .on_string = on_string,
                                                       .on_other = on_other};

/* --- a document --- */

struct sbom *sbom_new(const struct sbom_events *events, void *arg)
{
    struct sbom *sbom = ms_alloc(sizeof(*sbom));
    sbom->events = *events;
    sbom->arg = arg;
    sbom->failure.status = MS_OK;
    ms_buf_init(&sbom->spdx_version, FORMAT_MAX);
    ms_buf_init(&sbom->cyclonedx_format, FORMAT_MAX);
    ms_buf_init(&sbom->cyclonedx_version, FORMAT_MAX);
    ms_buf_init(&sbom->predicate_type, FORMAT_MAX);
    ms_buf_init(&sbom->digest, MS_DIGEST_TEXT_MAX);
    ms_buf_init(&sbom->uri, SBOM_URI_MAX);
    sbom->outermost = level_new(sbom, NULL);
    return sbom;
}

void sbom_free(struct sbom *sbom)
{
    if (sbom == NULL)
        return;
    level_free(sbom->outermost);
    while (sbom->capture != NULL)
        capture_drop(sbom);
    ms_buf_free(&sbom->spdx_version);
    ms_buf_free(&sbom->cyclonedx_format);
    ms_buf_free(&sbom->cyclonedx_version);
    ms_buf_free(&sbom->predicate_type);
    ms_buf_free(&sbom->digest);
    ms_buf_free(&sbom->uri);
    free(sbom);
}

enum ms_status sbom_write(struct sbom *sbom, struct ms_str bytes, struct ms_error *err)
{
    struct ms_error failure;
    enum ms_status status = json_stream_write(sbom->outermost->stream, bytes, &failure);
    if (sbom->failure.status == MS_OK && status != MS_OK)
        sbom->failure = failure;
    if (sbom->failure.status != MS_OK)
        *err = sbom->failure;
    return sbom->failure.status;
}

/* A format that is known, one only, and nothing of the other. */
static enum ms_status check_format(const struct sbom *sbom, struct ms_error *err)
{
    struct ms_str spdx = ms_buf_view(&sbom->spdx_version);
    struct ms_str cyclonedx = ms_buf_view(&sbom->cyclonedx_version);
    bool is_cyclonedx = sbom->cyclonedx_format.len > 0;
    if (sbom->totals.is_provenance && sbom->n_spdx + sbom->n_cyclonedx > 0)
        return ms_error_set(err, MS_INVALID, "packages in a statement of provenance");
    if (sbom->totals.is_provenance)
        return MS_OK;
    if (sbom->n_documents == 0)
        return ms_error_set(err, MS_INVALID,
                            "neither an SPDX nor a CycloneDX document nor provenance, in JSON");
    if (sbom->n_documents > 1)
        return ms_error_set(err, MS_INVALID, "several documents in one");
    if (is_cyclonedx && !is_text(&sbom->cyclonedx_format, MS_STR("CycloneDX")))
        return ms_error_set(err, MS_INVALID, "its bomFormat is not CycloneDX");
    if (is_cyclonedx ? sbom->n_spdx > 0 : sbom->n_cyclonedx > 0)
        return ms_error_set(err, MS_INVALID, "both packages of SPDX and components of CycloneDX");
    struct ms_str version = is_cyclonedx ? cyclonedx : spdx;
    if (!ms_str_starts_with(version, is_cyclonedx ? MS_STR("1.") : MS_STR("SPDX-2.")))
        return ms_error_set(err, MS_INVALID, "a version of %s that is not known: '%.*s'",
                            is_cyclonedx ? "CycloneDX" : "SPDX", MS_STR_ARG(version));
    return MS_OK;
}

enum ms_status sbom_end(struct sbom_totals *out, struct sbom *sbom, struct ms_error *err)
{
    enum ms_status status = json_stream_end(sbom->outermost->stream, err);
    if (sbom->failure.status != MS_OK) { /* the last byte of a number may have ended it */
        *err = sbom->failure;
        status = sbom->failure.status;
    }
    sbom->totals.is_provenance =
        sbom->n_documents == 0 && ms_str_starts_with(ms_buf_view(&sbom->predicate_type),
                                                     MS_STR("https://slsa.dev/provenance"));
    if (status == MS_OK)
        status = check_format(sbom, err);
    if (status == MS_OK)
        *out = sbom->totals;
    return status;
}
