/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From memory or from a file to the socket. Documents go by reference, files with sendfile(2). What
 * the client does not take stays where it is: a slow client costs its kernel buffer and nothing
 * else.
 */
#include "common/http/internal.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

void ms_http_out_init(struct ms_http_out *out)
{
    *out = (struct ms_http_out){.fd = -1};
    ms_buf_init(&out->head, HTTP_REPLY_HEAD_MAX);
}

void ms_http_out_reset(struct ms_http_out *out)
{
    ms_buf_free(&out->head);
    ms_doc_unref(out->doc);
    if (out->release != NULL)
        out->release(out->release_arg);
    ms_http_out_init(out);
}

/* Head and document in one call, however large: the kernel takes what fits. MSG_MORE: a file's
 * first bytes travel in the packet of its head. */
static ssize_t send_memory(const struct ms_http_out *out, int socket)
{
    struct ms_str head = ms_str_skip(ms_buf_view(&out->head), out->head_sent);
    struct ms_str body = MS_STR_ABSENT;
    if (out->doc != NULL && out->body_bytes > 0)
        body = ms_str_skip(ms_doc_view(out->doc), (size_t)out->body_sent);
    struct iovec pieces[2];
    struct msghdr message = {.msg_iov = pieces};
    struct ms_str views[2] = {head, body};
    for (size_t i = 0; i < 2; i++) {
        if (views[i].len > 0)
            pieces[message.msg_iovlen++] =
                (struct iovec){(void *)(uintptr_t)views[i].ptr, views[i].len};
    }
    bool file_follows = out->release != NULL && out->body_bytes > 0;
    return sendmsg(socket, &message, MSG_NOSIGNAL | (file_follows ? MSG_MORE : 0));
}

static ssize_t send_file(const struct ms_http_out *out, int socket)
{
    off_t offset = (off_t)out->body_sent;
    uint64_t left = out->body_bytes - out->body_sent;
    ssize_t sent = sendfile(socket, out->fd, &offset,
                            left < HTTP_FILE_PIECE_BYTES ? (size_t)left : HTTP_FILE_PIECE_BYTES);
    if (sent == 0)
        errno = EIO; /* shorter than announced: the client must see a cut, no false end */
    return sent > 0 ? sent : -1;
}

static bool is_all_sent(const struct ms_http_out *out)
{
    return out->head_sent == out->head.len && out->body_sent == out->body_bytes;
}

/* One call for what lies in memory, one for a piece of a file: then it is others' turn. */
enum ms_http_sent ms_http_out_write(struct ms_http_out *out, int socket)
{
    bool head_was_sent = out->head_sent == out->head.len;
    bool from_file = out->release != NULL && head_was_sent;
    ssize_t sent = from_file ? send_file(out, socket) : send_memory(out, socket);
    if (sent < 0)
        return errno == EINTR || errno == EAGAIN ? HTTP_SENT_NOTHING : HTTP_SEND_FAILED;
    size_t head_left = out->head.len - out->head_sent;
    size_t of_head = (size_t)sent < head_left ? (size_t)sent : head_left;
    out->head_sent += of_head;
    out->body_sent += (size_t)sent - of_head;
    if (is_all_sent(out))
        return HTTP_SENT_ALL;
    bool file_follows = out->release != NULL && !head_was_sent && out->head_sent == out->head.len;
    if (file_follows && ms_http_out_write(out, socket) == HTTP_SEND_FAILED)
        return HTTP_SEND_FAILED;
    return is_all_sent(out) ? HTTP_SENT_ALL : HTTP_SENT_SOME;
}
