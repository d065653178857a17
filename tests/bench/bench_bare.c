/* bench_bare.c: the measuring stick of ./dev bench ingest: the least that takes HTTP requests and
 * answers them 200 once the broker has them. It looks for "Content-Length: " and nothing else: no
 * signature, no JSON, no key, no sealing. usage: bench_bare BROKERS TOPIC PORT */
#include <librdkafka/rdkafka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sea_base.h"

enum { REQUEST_MAX = 16384, EVENTS_MAX = 256, BACKLOG = 1024 };

struct conn {
    int fd;
    bool is_waiting, is_closed;
    size_t len;
    char bytes[REQUEST_MAX];
};

static const char YES[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char NO[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

static rd_kafka_t *producer;
static rd_kafka_topic_t *topic;

static void answer(struct conn *conn, const char *text, size_t len)
{
    if (write(conn->fd, text, len) != (ssize_t)len) conn->is_closed = true;
}

/* Hands over the request at the front, if it is whole. */
static void step(struct conn *conn)
{
    static const char LENGTH[] = "Content-Length: ";
    char *end = memmem(conn->bytes, conn->len, "\r\n\r\n", 4);
    if (conn->is_waiting || !end) return;
    size_t head = (size_t)(end - conn->bytes) + 4;
    const char *length = memmem(conn->bytes, head, LENGTH, sizeof(LENGTH) - 1);
    size_t body = length ? strtoul(length + sizeof(LENGTH) - 1, NULL, 10) : 0;
    if (head + body > sizeof(conn->bytes)) conn->is_closed = true;
    if (conn->is_closed || conn->len < head + body) return;
    if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, conn->bytes + head,
                         body, NULL, 0, conn) != 0)
        answer(conn, NO, sizeof(NO) - 1);
    else
        conn->is_waiting = true;
    conn->len -= head + body;
    memmove(conn->bytes, conn->bytes + head + body, conn->len);
}

static void end_if_closed(struct conn *conn)
{
    if (!conn->is_closed || conn->is_waiting) return;
    close(conn->fd);
    free(conn);
}

static void on_report(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    struct conn *conn = message->_private;
    (void)handle;
    (void)opaque;
    conn->is_waiting = false;
    if (!conn->is_closed && message->err)
        answer(conn, NO, sizeof(NO) - 1);
    else if (!conn->is_closed)
        answer(conn, YES, sizeof(YES) - 1);
    if (!conn->is_closed) step(conn);
    end_if_closed(conn);
}

static void take_bytes(struct conn *conn)
{
    ssize_t got = read(conn->fd, conn->bytes + conn->len, sizeof(conn->bytes) - conn->len);
    if (got > 0) {
        conn->len += (size_t)got;
        step(conn);
    } else {
        conn->is_closed = true;
        shutdown(conn->fd, SHUT_RD);
    }
    end_if_closed(conn);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof(error)) == RD_KAFKA_CONF_OK) return;
    fprintf(stderr, "%s\n", error);
    exit(EXIT_FAILURE);
}

static int open_producer(const char *brokers, const char *name)
{
    static const uint64_t ONE = 1;
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", brokers);
    set(conf, "enable.idempotence", "true");
    set(conf, "acks", "all");
    set(conf, "linger.ms", "1");
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    sea_assert(producer);
    topic = rd_kafka_topic_new(producer, name, NULL);
    int fd = eventfd(0, EFD_NONBLOCK);
    rd_kafka_queue_io_event_enable(rd_kafka_queue_get_main(producer), fd, &ONE, sizeof(ONE));
    return fd;
}

static int open_listener(const char *port)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    sea_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    sea_assert(listen(fd, BACKLOG) == 0);
    return fd;
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    sea_assert(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void accept_all(int epoll, int listener)
{
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct conn *conn = sea_alloc(sizeof(*conn));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        conn->fd = fd;
        watch(epoll, fd, conn);
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_MAX];
    if (argc != 4) return EXIT_FAILURE;
    signal(SIGPIPE, SIG_IGN);
    int reports = open_producer(argv[1], argv[2]), listener = open_listener(argv[3]);
    int epoll = epoll_create1(0);
    watch(epoll, listener, &listener);
    watch(epoll, reports, &reports);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            uint64_t ignored;
            if (events[i].data.ptr == &listener)
                accept_all(epoll, listener);
            else if (events[i].data.ptr != &reports)
                take_bytes(events[i].data.ptr);
            else if (read(reports, &ignored, sizeof(ignored)) > 0)
                rd_kafka_poll(producer, 0);
        }
    }
}
