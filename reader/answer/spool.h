/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large answers on disk: unlinked files, counted together over all workers of this reader, sent by
 * reference. A slow client holds a descriptor and the file's bytes, which nobody can drop until it
 * has all of them, or is cut off for not reading.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include "common/http/response.h"

#include <stdatomic.h>

struct spool;
struct spool_file; /* reference counted; its bytes are given back with the last reference */

enum { SPOOL_GZIP_PIECE_MAX = 128 * 1024 };

struct spool_options {
    const char *dir; /* borrowed */
    uint64_t max_bytes;
    _Atomic uint64_t *used; /* shared memory: what each worker has on disk */
    size_t n_used;
    size_t own; /* our place in `used`, which begins at 0 again */
};
struct spool *spool_new(const struct spool_options *options);
/* False: there is nothing more to drop. */
typedef bool spool_make_room(void *arg);
/* Called while all workers together would exceed max_bytes, as long as it gives true. */
void spool_on_full(struct spool *spool, spool_make_room *make_room, void *arg);
void spool_free(struct spool *spool);            /* its files must have gone before; NULL is fine */
uint64_t spool_bytes(const struct spool *spool); /* of this worker */

/* MS_IO: no file can be made in this directory; err says why. For the start of the program. */
enum ms_status spool_check(const char *dir, struct ms_error *err) MS_CHECKED;

/* `reserved` bytes are counted as if they were written already, until the file is finished. MS_IO:
 * the directory cannot be written to; MS_TOO_LARGE: there is no room for them, and none could be
 * made; that is counted. */
enum ms_status spool_file_new(struct spool_file **out, struct spool *spool, uint64_t reserved,
                              struct ms_error *err) MS_CHECKED;
struct spool_file *spool_file_ref(struct spool_file *file); /* returns file */
void spool_file_unref(struct spool_file *file);             /* NULL is fine */
uint64_t spool_file_bytes(const struct spool_file *file);   /* both variants */

/* MS_TOO_LARGE: as above, nothing was written. MS_IO: the disk is full or broken. */
enum ms_status spool_file_append(struct spool_file *file, struct ms_str bytes,
                                 struct ms_error *err) MS_CHECKED;
/* Adds to the ETag: it is made of all that was appended, but for what says when it was made. */
void spool_file_tag(struct spool_file *file, struct ms_str bytes);
/* Makes the ETag; nothing is appended any more. `content_type` is a static string. */
void spool_file_finish(struct spool_file *file, const char *content_type);

/* The gzip variant of a finished file, made a piece at a time (some milliseconds each, at most
 * SPOOL_GZIP_PIECE_MAX bytes). Errors as above; after one there will be no such variant. */
enum ms_status spool_file_compress(bool *out_done, struct spool_file *file,
                                   struct ms_error *err) MS_CHECKED;
/* There will be no such variant: what is made of it so far goes. Not once it is there. */
void spool_file_refuse_gzip(struct spool_file *file);
/* Nobody wants it any more: what is made of it so far goes, and its compressor. */
void spool_file_stop_compressing(struct spool_file *file);
/* False once the variant is there, or cannot be made. */
bool spool_file_lacks_gzip(const struct spool_file *file);
/* The variant is to be made before this request is answered: the client takes gzip, and has neither
 * variant already. */
bool spool_file_awaits_gzip(const struct spool_file *file, const struct ms_http_request *request);

/* ms_http_send_file; takes a reference for as long as it is sent. */
void spool_file_send(struct ms_http_request *request, struct spool_file *file,
                     const char *cache_control, const struct ms_http_header *headers,
                     size_t n_headers);

#endif
