/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest client that keeps an HTTP/1.1 server busy: sends the requests of a file, as they
 * stand there, over a fixed number of connections that stay open, each with one request under way.
 *
 *   load PORT CONNECTIONS FILE [RATE]
 *
 * FILE: for each request a line with its size in bytes, then its bytes. Without RATE the next
 * request goes out as soon as a connection is free; with it, RATE a second are due, whether or not
 * earlier ones were answered, and a latency counts from when its request was due. Prints one line
 * of JSON: how many answers, how many of each status, seconds, latencies in milliseconds.
 *
 * Always holds: an answer's body is counted, never kept; anything unexpected ends the program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 16 * 1024, CONNECTIONS_MAX = 1024, STATUS_MAX = 600 };
enum { NS_PER_S = 1000000000 };

/* Where an answer stands. */
enum phase { IDLE, HEAD, BODY, CHUNK_LINE, CHUNK, LAST_LINE };

struct request {
    const char *bytes;
    size_t size;
    int64_t due_ns; /* 0: as soon as it can be sent; then, when it was sent */
};

struct connection {
    int fd;
    enum phase phase;
    const struct request *request;
    uint64_t left; /* bytes of the body or of the chunk, with its line end */
    size_t n_text; /* of text: the head, or the line before a chunk */
    char text[HEAD_MAX + 1];
};

struct load {
    struct request *requests;
    size_t n_requests, next, answered;
    double *latencies_ms;
    size_t n_connections, turn;
    struct connection *connections;
    struct pollfd *polls;
    uint64_t statuses[STATUS_MAX];
    uint64_t body_bytes;
};

static void fail(const char *what)
{
    fprintf(stderr, "load: %s%s%s\n", what, errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    exit(1);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size);
    if (memory == NULL)
        fail("no memory");
    return memory;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* --- requests --- */

static const char *map_file(const char *path, size_t *out_size)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0 || stat.st_size == 0)
        fail(path);
    void *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED)
        fail(path);
    close(fd);
    *out_size = (size_t)stat.st_size;
    return bytes;
}

static void add_request(struct load *load, const char *bytes, size_t size)
{
    if ((load->n_requests & (load->n_requests + 1)) == 0) { /* 0, 1, 3, 7 …: full */
        size_t capacity = load->n_requests * 2 + 2;
        struct request *grown = realloc(load->requests, capacity * sizeof(*grown));
        if (grown == NULL)
            fail("no memory");
        load->requests = grown;
    }
    load->requests[load->n_requests++] = (struct request){.bytes = bytes, .size = size};
}

static void read_requests(struct load *load, const char *path)
{
    size_t size;
    const char *at = map_file(path, &size);
    const char *end = at + size;
    while (at < end) {
        char *line_end;
        size_t length = strtoul(at, &line_end, 10);
        if (length == 0 || *line_end != '\n' || length > (size_t)(end - line_end - 1))
            fail("no size of a request where one should be");
        add_request(load, line_end + 1, length);
        at = line_end + 1 + length;
    }
    load->latencies_ms = allocate(load->n_requests, sizeof(*load->latencies_ms));
}

static void set_due(struct load *load, int64_t begin_ns, double rate)
{
    for (size_t i = 0; i < load->n_requests; i++)
        load->requests[i].due_ns = begin_ns + (int64_t)((double)i / rate * (double)NS_PER_S);
}

/* --- connections --- */

static int connect_to(uint16_t port)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static void open_connections(struct load *load, uint16_t port)
{
    load->connections = allocate(load->n_connections, sizeof(*load->connections));
    load->polls = allocate(load->n_connections, sizeof(*load->polls));
    for (size_t i = 0; i < load->n_connections; i++) {
        load->connections[i].fd = connect_to(port);
        load->polls[i] = (struct pollfd){.fd = load->connections[i].fd, .events = POLLIN};
    }
}

/* Requests are small: the socket's buffer takes them whole. */
static void send_next(struct load *load, struct connection *connection, int64_t now)
{
    struct request *request = &load->requests[load->next++];
    if (request->due_ns == 0)
        request->due_ns = now;
    connection->request = request;
    connection->phase = HEAD;
    connection->n_text = 0;
    for (size_t sent = 0; sent < request->size;) {
        ssize_t n = send(connection->fd, request->bytes + sent, request->size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            fail("cannot send");
        sent += n > 0 ? (size_t)n : 0;
    }
}

static void end_answer(struct load *load, struct connection *connection)
{
    int64_t took_ns = now_ns() - connection->request->due_ns;
    load->latencies_ms[load->answered++] = (double)took_ns / (NS_PER_S / 1000);
    connection->phase = IDLE;
}

/* --- answers --- */

/* The value of a header; NULL: none. */
static const char *header(const char *head, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':')
            return line + 2 + length + 1 + strspn(line + 2 + length + 1, " \t");
    }
    return NULL;
}

static bool has_body(const struct connection *connection, unsigned long status)
{
    return strncmp(connection->request->bytes, "HEAD ", 5) != 0 && status != 204 && status != 304;
}

static void end_head(struct load *load, struct connection *connection)
{
    const char *head = connection->text;
    unsigned long status = strncmp(head, "HTTP/1.1 ", 9) == 0 ? strtoul(head + 9, NULL, 10) : 0;
    if (status < 200 || status >= STATUS_MAX)
        fail("no answer of HTTP/1.1");
    load->statuses[status]++;
    connection->n_text = 0;
    const char *length = header(head, "Content-Length");
    const char *coding = header(head, "Transfer-Encoding");
    if (!has_body(connection, status)) {
        end_answer(load, connection);
    } else if (coding != NULL && strncasecmp(coding, "chunked", 7) == 0) {
        connection->phase = CHUNK_LINE;
    } else if (length == NULL) {
        fail("an answer whose end cannot be told");
    } else {
        connection->left = strtoull(length, NULL, 10);
        connection->phase = BODY;
        if (connection->left == 0)
            end_answer(load, connection);
    }
}

/* Takes bytes into the text until it ends with `end`; returns how many. */
static size_t take_text(struct connection *connection, const char *bytes, size_t size,
                        const char *end, bool *out_is_whole)
{
    size_t n = 0, n_end = strlen(end);
    *out_is_whole = false;
    while (n < size && !*out_is_whole) {
        if (connection->n_text == HEAD_MAX)
            fail("too long a head");
        connection->text[connection->n_text++] = bytes[n++];
        *out_is_whole = bytes[n - 1] == '\n' && connection->n_text >= n_end &&
                        memcmp(connection->text + connection->n_text - n_end, end, n_end) == 0;
    }
    connection->text[connection->n_text] = '\0';
    return n;
}

static void end_chunk_line(struct connection *connection)
{
    connection->left = strtoull(connection->text, NULL, 16);
    connection->phase = connection->left > 0 ? CHUNK : LAST_LINE;
    connection->left += 2;
    connection->n_text = 0;
}

static size_t take_line(struct load *load, struct connection *connection, const char *bytes,
                        size_t size)
{
    bool is_whole;
    size_t n = take_text(connection, bytes, size, connection->phase == HEAD ? "\r\n\r\n" : "\r\n",
                         &is_whole);
    if (!is_whole)
        return n;
    if (connection->phase == HEAD)
        end_head(load, connection);
    else if (connection->phase == CHUNK_LINE)
        end_chunk_line(connection);
    else
        end_answer(load, connection);
    return n;
}

static size_t take_body(struct load *load, struct connection *connection, size_t size)
{
    size_t n = size < connection->left ? size : (size_t)connection->left;
    connection->left -= n;
    load->body_bytes += n;
    if (connection->left > 0)
        return n;
    if (connection->phase == CHUNK)
        connection->phase = CHUNK_LINE;
    else
        end_answer(load, connection);
    return n;
}

static void receive(struct load *load, struct connection *connection)
{
    static char bytes[256 * 1024];
    errno = 0;
    ssize_t size = recv(connection->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0 || connection->phase == IDLE)
        fail("the server closed a connection, or spoke unasked");
    for (size_t at = 0; at < (size_t)size;) {
        if (connection->phase == IDLE)
            fail("more than one answer to a request");
        bool is_counted = connection->phase == BODY || connection->phase == CHUNK;
        size_t left = (size_t)size - at;
        at += is_counted ? take_body(load, connection, left)
                         : take_line(load, connection, bytes + at, left);
    }
}

/* --- the run --- */

/* Connections take turns: a server closes one that is never used. */
static void send_due(struct load *load)
{
    int64_t now = now_ns();
    for (size_t i = 0; i < load->n_connections && load->next < load->n_requests &&
                       load->requests[load->next].due_ns <= now;
         i++) {
        struct connection *connection = &load->connections[load->turn++ % load->n_connections];
        if (connection->phase == IDLE)
            send_next(load, connection, now);
    }
}

static void wait_and_receive(struct load *load)
{
    int64_t wait_ns = NS_PER_S;
    if (load->next < load->n_requests && load->requests[load->next].due_ns > now_ns())
        wait_ns = load->requests[load->next].due_ns - now_ns();
    struct timespec wait = {.tv_nsec = wait_ns < 0 ? 0 : wait_ns % NS_PER_S,
                            .tv_sec = wait_ns / NS_PER_S};
    if (ppoll(load->polls, load->n_connections, &wait, NULL) < 0 && errno != EINTR)
        fail("cannot wait");
    for (size_t i = 0; i < load->n_connections; i++) {
        if (load->polls[i].revents != 0)
            receive(load, &load->connections[i]);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_result(struct load *load, double seconds)
{
    size_t n = load->answered;
    qsort(load->latencies_ms, n, sizeof(*load->latencies_ms), compare_doubles);
    printf("{\"answers\": %zu, \"seconds\": %.3f, \"body_bytes\": %llu, \"statuses\": {", n,
           seconds, (unsigned long long)load->body_bytes);
    const char *comma = "";
    for (size_t status = 0; status < STATUS_MAX; status++) {
        if (load->statuses[status] == 0)
            continue;
        printf("%s\"%zu\": %llu", comma, status, (unsigned long long)load->statuses[status]);
        comma = ", ";
    }
    printf("}, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
           load->latencies_ms[(n - 1) / 2], load->latencies_ms[(n - 1) * 99 / 100],
           load->latencies_ms[n - 1]);
}

int main(int argc, char **argv)
{
    struct load load = {.n_requests = 0};
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: load PORT CONNECTIONS FILE [RATE]\n");
        return 2;
    }
    load.n_connections = strtoul(argv[2], NULL, 10);
    if (load.n_connections == 0 || load.n_connections > CONNECTIONS_MAX)
        fail("impossible number of connections");
    read_requests(&load, argv[3]);
    open_connections(&load, (uint16_t)strtoul(argv[1], NULL, 10));
    int64_t begin = now_ns();
    if (argc == 5)
        set_due(&load, begin, strtod(argv[4], NULL));
    while (load.answered < load.n_requests) {
        send_due(&load);
        wait_and_receive(&load);
    }
    print_result(&load, (double)(now_ns() - begin) / (double)NS_PER_S);
    return 0;
}
