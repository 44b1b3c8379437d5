/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of large answers. Always: a byte is counted in shared memory from before it is written
 * until its file is closed, so that all workers together stay within the limit (but for what
 * several reserve at the same moment, a piece each).
 */
#include "reader/answer/spool.h"

#include "common/base/alloc.h"
#include "common/base/compress.h"
#include "common/base/hash.h"
#include "common/base/unnamed_file.h"
#include "common/runtime/limit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COMPRESS_PIECE_BYTES = 64 * 1024 }; /* of the plain file */

struct spool {
    struct spool_options options;
    spool_make_room *make_room; /* may be NULL */
    void *make_room_arg;
};

enum gzip_state { GZIP_NONE, GZIP_MAKING, GZIP_READY, GZIP_IMPOSSIBLE };

struct spool_file {
    struct spool *spool;
    unsigned references;
    int fd;
    uint64_t length;
    uint64_t reserved;    /* beyond that */
    struct ms_hash *hash; /* NULL when finished */
    const char *content_type;
    char etag[MS_ETAG_MAX];
    enum gzip_state gzip_state;
    int gzip_fd;
    uint64_t gzip_length;
    uint64_t compressed; /* bytes of the plain file that went into it */
    struct ms_gzip *gzip;
};

struct spool *spool_new(const struct spool_options *options)
{
    struct spool *spool = ms_alloc(sizeof(*spool));
    spool->options = *options;
    /* A worker that died has left nothing: its files were unlinked before. */
    atomic_store_explicit(&options->used[options->own], 0, memory_order_relaxed);
    return spool;
}

void spool_on_full(struct spool *spool, spool_make_room *make_room, void *arg)
{
    spool->make_room = make_room;
    spool->make_room_arg = arg;
}

void spool_free(struct spool *spool)
{
    free(spool);
}

uint64_t spool_bytes(const struct spool *spool)
{
    return atomic_load_explicit(&spool->options.used[spool->options.own], memory_order_relaxed);
}

static void give_back(struct spool *spool, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&spool->options.used[spool->options.own], bytes,
                              memory_order_relaxed);
}

static bool has_room(const struct spool *spool, uint64_t bytes)
{
    uint64_t used = bytes;
    for (size_t i = 0; i < spool->options.n_used; i++)
        used += atomic_load_explicit(&spool->options.used[i], memory_order_relaxed);
    return used <= spool->options.max_bytes;
}

static enum ms_status reserve(struct spool *spool, uint64_t bytes, struct ms_error *err)
{
    while (!has_room(spool, bytes)) {
        if (spool->make_room == NULL || !spool->make_room(spool->make_room_arg)) {
            ms_limit_reached(MS_LIMIT_SPOOL_BYTES);
            return ms_error_set(err, MS_TOO_LARGE, "large answers take up all of cache.spool_size");
        }
    }
    atomic_fetch_add_explicit(&spool->options.used[spool->options.own], bytes,
                              memory_order_relaxed);
    return MS_OK;
}

/* --- files --- */

static enum ms_status open_file(int *out, const char *dir, struct ms_error *err)
{
    *out = ms_unnamed_file(dir);
    if (*out < 0)
        return ms_error_set(err, MS_IO, "cache.spool_dir %s: %s", dir, strerror(errno));
    return MS_OK;
}

enum ms_status spool_check(const char *dir, struct ms_error *err)
{
    int fd = -1;
    enum ms_status status = open_file(&fd, dir, err);
    if (status == MS_OK)
        close(fd);
    return status;
}

enum ms_status spool_file_new(struct spool_file **out, struct spool *spool, uint64_t reserved,
                              struct ms_error *err)
{
    int fd = -1;
    enum ms_status status = reserve(spool, reserved, err);
    if (status != MS_OK)
        return status;
    status = open_file(&fd, spool->options.dir, err);
    if (status != MS_OK) {
        give_back(spool, reserved);
        return status;
    }
    struct spool_file *file = ms_alloc(sizeof(*file));
    file->spool = spool;
    file->references = 1;
    file->reserved = reserved;
    file->fd = fd;
    file->gzip_fd = -1;
    file->hash = ms_hash_new(MS_SHA256);
    *out = file;
    return MS_OK;
}

struct spool_file *spool_file_ref(struct spool_file *file)
{
    file->references++;
    return file;
}

static void drop_gzip(struct spool_file *file)
{
    if (file->gzip_fd >= 0)
        close(file->gzip_fd);
    file->gzip_fd = -1;
    ms_gzip_free(file->gzip);
    file->gzip = NULL;
    give_back(file->spool, file->gzip_length);
    file->gzip_length = 0;
}

void spool_file_unref(struct spool_file *file)
{
    if (file == NULL || --file->references > 0)
        return;
    drop_gzip(file);
    close(file->fd);
    give_back(file->spool, file->length + file->reserved);
    ms_hash_free(file->hash);
    free(file);
}

uint64_t spool_file_bytes(const struct spool_file *file)
{
    return file->length + file->gzip_length;
}

static enum ms_status write_all(int fd, struct ms_str bytes, struct ms_error *err)
{
    while (bytes.len > 0) {
        ssize_t written = write(fd, bytes.ptr, bytes.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return ms_error_set(err, MS_IO, "writing a large answer to disk: %s", strerror(errno));
        bytes = ms_str_skip(bytes, (size_t)written);
    }
    return MS_OK;
}

/* Reserves first, what `*reserved` does not hold; it is in *length then, also when the disk refuses
 * it. */
static enum ms_status append(struct spool *spool, int fd, uint64_t *length, uint64_t *reserved,
                             struct ms_str bytes, struct ms_error *err)
{
    uint64_t held = bytes.len < *reserved ? bytes.len : *reserved;
    enum ms_status status = reserve(spool, bytes.len - held, err);
    if (status != MS_OK)
        return status;
    *reserved -= held;
    *length += bytes.len;
    return write_all(fd, bytes, err);
}

enum ms_status spool_file_append(struct spool_file *file, struct ms_str bytes, struct ms_error *err)
{
    return append(file->spool, file->fd, &file->length, &file->reserved, bytes, err);
}

void spool_file_tag(struct spool_file *file, struct ms_str bytes)
{
    ms_hash_update(file->hash, bytes);
}

void spool_file_finish(struct spool_file *file, const char *content_type)
{
    struct ms_digest digest;
    give_back(file->spool, file->reserved);
    file->reserved = 0;
    ms_hash_finish(&digest, file->hash);
    file->hash = NULL;
    file->content_type = content_type;
    ms_http_etag_of(file->etag, &digest);
}

/* --- the gzip variant --- */

bool spool_file_lacks_gzip(const struct spool_file *file)
{
    return file->gzip_state == GZIP_NONE || file->gzip_state == GZIP_MAKING;
}

bool spool_file_awaits_gzip(const struct spool_file *file, const struct ms_http_request *request)
{
    return spool_file_lacks_gzip(file) && ms_http_accepts_gzip(request) &&
           !ms_http_is_unmodified(request, file->etag);
}

/* The next piece of the plain file; the first one makes the file that it goes to. */
static enum ms_status compress_piece(struct spool_file *file, struct ms_error *err)
{
    enum ms_status status = MS_OK;
    if (file->gzip_state == GZIP_NONE) {
        status = open_file(&file->gzip_fd, file->spool->options.dir, err);
        if (status != MS_OK)
            return status;
        file->gzip = ms_gzip_new();
        file->gzip_state = GZIP_MAKING;
    }
    char *plain = ms_alloc(COMPRESS_PIECE_BYTES);
    ssize_t got = pread(file->fd, plain, COMPRESS_PIECE_BYTES, (off_t)file->compressed);
    if (got > 0) {
        struct ms_buf packed;
        uint64_t reserved = 0;
        ms_buf_init(&packed, SPOOL_GZIP_PIECE_MAX);
        file->compressed += (uint64_t)got;
        status = ms_gzip_write(file->gzip, &packed, ms_str_n(plain, (size_t)got),
                               file->compressed == file->length);
        if (status == MS_OK)
            status = append(file->spool, file->gzip_fd, &file->gzip_length, &reserved,
                            ms_buf_view(&packed), err);
        ms_buf_free(&packed);
    } else {
        status = ms_error_set(err, MS_IO, "reading a large answer: %s",
                              got < 0 ? strerror(errno) : "it has become shorter");
    }
    free(plain);
    return status;
}

void spool_file_refuse_gzip(struct spool_file *file)
{
    drop_gzip(file);
    file->gzip_state = GZIP_IMPOSSIBLE;
}

enum ms_status spool_file_compress(bool *out_done, struct spool_file *file, struct ms_error *err)
{
    enum ms_status status = compress_piece(file, err);
    if (status != MS_OK) {
        spool_file_refuse_gzip(file);
        return status;
    }
    *out_done = file->compressed >= file->length;
    if (*out_done) {
        ms_gzip_free(file->gzip);
        file->gzip = NULL;
        file->gzip_state = GZIP_READY;
    }
    return MS_OK;
}

void spool_file_stop_compressing(struct spool_file *file)
{
    if (file->gzip_state != GZIP_MAKING)
        return;
    drop_gzip(file);
    file->compressed = 0;
    file->gzip_state = GZIP_NONE;
}

/* --- sending --- */

static void on_sent(void *arg)
{
    spool_file_unref(arg);
}

void spool_file_send(struct ms_http_request *request, struct spool_file *file,
                     const char *cache_control, const struct ms_http_header *headers,
                     size_t n_headers)
{
    struct ms_http_file_entity entity = {
        .content_type = file->content_type,
        .fd = file->fd,
        .length = file->length,
        .gzip_fd = file->gzip_state == GZIP_READY ? file->gzip_fd : -1,
        .gzip_length = file->gzip_length,
    };
    memcpy(entity.etag, file->etag, sizeof(entity.etag));
    ms_http_send_file(request, &entity, cache_control, headers, n_headers, on_sent,
                      spool_file_ref(file));
}
