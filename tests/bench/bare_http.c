/* bare_http.c: the least that can answer an HTTP request: an epoll loop that looks for the end of
 * the head and for Content-Length and nothing else. What bench_http is measured against. Usage:
 * bare_http PORT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sea_base.h"

enum { READ_MAX_BYTES = 16384, EVENTS_MAX = 256 };

struct conn {
    int fd;
    size_t len;
    char bytes[READ_MAX_BYTES];
};

/* The length of the first request in `conn`, or 0 while it isn't whole. */
static size_t request_len(const struct conn *conn)
{
    static const char NAME[] = "\ncontent-length:";
    const char *end = memmem(conn->bytes, conn->len, "\r\n\r\n", 4);
    size_t body_len = 0;
    if (end == NULL) return 0;
    for (const char *at = conn->bytes; at < end; at++)
        if (*at == '\n' && strncasecmp(at, NAME, sizeof NAME - 1) == 0)
            body_len = strtoul(at + sizeof NAME - 1, NULL, 10);
    size_t len = (size_t)(end + 4 - conn->bytes) + body_len;
    return len <= conn->len ? len : 0;
}

/* False: the connection is over. */
static bool serve(struct conn *conn)
{
    static const char ANSWER[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    ssize_t got = read(conn->fd, conn->bytes + conn->len, sizeof conn->bytes - conn->len);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    conn->len += (size_t)got;
    for (size_t len; (len = request_len(conn)) > 0;) {
        if (write(conn->fd, ANSWER, sizeof ANSWER - 1) != (ssize_t)sizeof ANSWER - 1) return false;
        conn->len -= len;
        memmove(conn->bytes, conn->bytes + len, conn->len);
    }
    return conn->len < sizeof conn->bytes;
}

static void accept_all(int epoll, int listener)
{
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct conn *conn = sea_alloc(sizeof *conn);
        struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = conn};
        conn->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted);
    }
}

static int listen_at(uint16_t port)
{
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(listener, 1024) == 0)
        return listener;
    perror("bare_http");
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    int listener = listen_at((uint16_t)atoi(argc > 1 ? argv[1] : "8071"));
    int epoll = epoll_create1(0);
    struct epoll_event wanted = {.events = EPOLLIN}, ready[EVENTS_MAX];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        int count = epoll_wait(epoll, ready, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct conn *conn = ready[i].data.ptr;
            if (conn == NULL) {
                accept_all(epoll, listener);
            } else if (!serve(conn)) {
                close(conn->fd);
                free(conn);
            }
        }
    }
}
