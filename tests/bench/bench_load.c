/* bench_load.c: sends signed, distinct WhatsApp webhooks of about 600 bytes to ingest and says how
 * many were accepted and how long each took. One thread; open loop with --rate, closed loop
 * without.
 *
 *   bench_load --to 127.0.0.1:8080 --connections 64 --seconds 60 [--rate 1000] [--per-contact 5]
 * [--run NAME] */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1024, BODY_MAX = 2048, REQUEST_MAX = 4096, SAMPLES_MAX = 20000000 };

static const char SECRET[] = "demo-whatsapp-secret";

struct connection {
    int fd;
    long long sent_us;
    char answer[512];
    size_t answer_len;
};

static struct {
    const char *to, *run;
    int connections, seconds, rate, per_contact;
} options = {"127.0.0.1:8080", "run", 64, 10, 0, 5};

static long long next_message;
static unsigned *samples; /* microseconds of each accepted request */
static size_t accepted, refused;

static long long now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* One customer's message: the first of per_contact opens a ticket, the others go on with it.
 * Neighbours in time are other customers, as in life. */
static size_t make_body(char body[BODY_MAX])
{
    long long n = next_message++;
    long long block = n / (1000LL * options.per_contact),
              in_block = n % (1000LL * options.per_contact);
    long long contact = block * 1000 + in_block % 1000;
    int len = snprintf(body, BODY_MAX,
                       "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":"
                       "\"102290129340398\",\"changes\":[{\"field\":\"messages\","
                       "\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_"
                       "phone_number\":\"15550783881\","
                       "\"phone_number_id\":\"100000000000001\"},\"contacts\":[{\"profile\":{"
                       "\"name\":\"Customer %lld\"},\"wa_id\":"
                       "\"1415%07lld\"}],\"messages\":[{\"from\":\"1415%07lld\",\"id\":\"wamid.%s.%"
                       "lld\",\"timestamp\":\"%lld\",\"type\":"
                       "\"text\",\"text\":{\"body\":\"Hello, I would like to ask about the shoes I "
                       "bought last week, they do not fit (%lld)"
                       "\"}}]}}]}]}",
                       contact, contact % 10000000, contact % 10000000, options.run, n,
                       (long long)time(NULL), n);
    return (size_t)len;
}

static size_t make_request(char request[REQUEST_MAX])
{
    char body[BODY_MAX], hex[65];
    unsigned char mac[32];
    unsigned mac_len = sizeof(mac);
    size_t len = make_body(body);
    HMAC(EVP_sha256(), SECRET, (int)strlen(SECRET), (unsigned char *)body, len, mac, &mac_len);
    for (int i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    return (size_t)snprintf(request, REQUEST_MAX,
                            "POST /v1/channels/whatsapp/demo HTTP/1.1\r\nHost: "
                            "localhost\r\nContent-Type: application/json\r\n"
                            "X-Hub-Signature-256: sha256=%s\r\nContent-Length: %zu\r\n\r\n%.*s",
                            hex, len, (int)len, body);
}

static int dial(void)
{
    char host[64];
    const char *colon = strrchr(options.to, ':');
    struct sockaddr_in address = {.sin_family = AF_INET};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    snprintf(host, sizeof(host), "%.*s", (int)(colon - options.to), options.to);
    address.sin_port = htons((unsigned short)atoi(colon + 1));
    inet_pton(AF_INET, host, &address.sin_addr);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        perror("connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static void send_one(struct connection *connection, long long due_us)
{
    char request[REQUEST_MAX];
    size_t len = make_request(request);
    connection->sent_us = due_us;
    connection->answer_len = 0;
    for (size_t done = 0; done < len;) {
        ssize_t n = write(connection->fd, request + done, len - done);
        if (n < 0) {
            perror("write");
            exit(1);
        }
        done += (size_t)n;
    }
}

/* True when the whole answer is there; ingest's answers to webhooks have no body. */
static int take_answer(struct connection *connection)
{
    ssize_t n = read(connection->fd, connection->answer + connection->answer_len,
                     sizeof(connection->answer) - 1 - connection->answer_len);
    if (n <= 0) {
        fprintf(stderr, "connection closed\n");
        exit(1);
    }
    connection->answer_len += (size_t)n;
    connection->answer[connection->answer_len] = '\0';
    if (!strstr(connection->answer, "\r\n\r\n")) return 0;
    if (strncmp(connection->answer, "HTTP/1.1 200", 12) == 0) {
        if (accepted < SAMPLES_MAX) samples[accepted] = (unsigned)(now_us() - connection->sent_us);
        accepted++;
    } else {
        refused++;
    }
    return 1;
}

static int by_value(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

static void run(void)
{
    static struct connection connections[CONNECTIONS_MAX];
    static struct connection *idle[CONNECTIONS_MAX];
    struct epoll_event events[256];
    int epoll = epoll_create1(0), idle_count = 0;
    for (int i = 0; i < options.connections; i++) {
        connections[i].fd = dial();
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
        idle[idle_count++] = &connections[i];
    }
    long long began = now_us(), end = began + options.seconds * 1000000LL, sent = 0;
    while (now_us() < end || idle_count < options.connections) {
        long long now = now_us();
        int is_over = now >= end;
        long long allowed = options.rate ? (now - began) * options.rate / 1000000 : INT64_MAX;
        while (!is_over && idle_count && sent < allowed) {
            long long due = options.rate ? began + sent * 1000000 / options.rate : now;
            send_one(idle[--idle_count], due);
            sent++;
        }
        int n = epoll_wait(epoll, events, 256, options.rate ? 1 : 100);
        for (int i = 0; i < n; i++)
            if (take_answer(events[i].data.ptr)) idle[idle_count++] = events[i].data.ptr;
    }
    double seconds = (double)(now_us() - began) / 1e6;
    qsort(samples, accepted, sizeof(*samples), by_value);
    printf("{\"accepted\":%zu,\"refused\":%zu,\"seconds\":%.3f,\"per_second\":%.0f,\"p50_ms\":%.2f,"
           "\"p99_ms\":%.2f}\n",
           accepted, refused, seconds, (double)accepted / seconds,
           accepted ? samples[accepted / 2] / 1e3 : 0,
           accepted ? samples[accepted * 99 / 100] / 1e3 : 0);
}

int main(int argc, char **argv)
{
    static const struct option LONG[] = {
        {"to", 1, NULL, 't'},          {"connections", 1, NULL, 'c'},
        {"seconds", 1, NULL, 's'},     {"rate", 1, NULL, 'r'},
        {"per-contact", 1, NULL, 'p'}, {"run", 1, NULL, 'n'},
        {"first", 1, NULL, 'f'},       {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (option) {
        case 't':
            options.to = optarg;
            break;
        case 'c':
            options.connections = atoi(optarg);
            break;
        case 's':
            options.seconds = atoi(optarg);
            break;
        case 'r':
            options.rate = atoi(optarg);
            break;
        case 'p':
            options.per_contact = atoi(optarg);
            break;
        case 'n':
            options.run = optarg;
            break;
        case 'f':
            next_message = atoll(optarg);
            break;
        default:
            return 2;
        }
    }
    if (options.connections < 1 || options.connections > CONNECTIONS_MAX) return 2;
    samples = malloc(SAMPLES_MAX * sizeof(*samples));
    if (!samples) return 1;
    run();
    free(samples);
    return 0;
}
