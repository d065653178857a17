/* test_http_server.c: the HTTP server over real loopback connections; client and server share one
 * thread and loop. Built a second time with SEA_TEST_TLS, where every connection speaks TLS. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sea_cmocka.h"
#include "sea_http_server.h"
#include "tls_world.h"

#ifdef SEA_TEST_TLS
static const bool IS_TLS = true;
#else
static const bool IS_TLS = false;
#endif

#ifdef SEA_TEST_TLS
enum { IDLE_MS = 1500 }; /* also for a relay's thread that has to wait for its turn */
#else
enum { IDLE_MS = 60 };
#endif

enum { PATIENCE_MS = 30000, HEARD_MAX = 1 << 22, HELD_MAX = 64 };

/* What the handlers see and keep. */
static struct event_base *base;
static struct sea_http_server *server;
static struct sea_tls *tls; /* NULL: plain */
static struct sea_http_exchange *held[HELD_MAX];
static size_t held_count, gone_count, drained_count;
static char heard[HEARD_MAX];

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static void turn_for(int64_t ms)
{
    int64_t end_ms = now_ms() + ms;
    while (now_ms() < end_ms) {
        turn();
        usleep(500);
    }
}

static void on_echo(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    (void)ctx;
    sea_http_answer(exchange, &(struct sea_http_answer){.status = 200,
                                                        .content_type = "text/plain",
                                                        .body = request->body});
}

static void on_hold(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    held[held_count++] = exchange;
}

static void on_param(void *ctx, struct sea_http_exchange *exchange,
                     const struct sea_http_request *request)
{
    (void)ctx;
    sea_http_answer_json(exchange, 200, request->params[0]);
}

static void on_big(void *ctx, struct sea_http_exchange *exchange,
                   const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    static char big[1 << 20];
    memset(big, 'b', sizeof big);
    sea_http_answer(exchange, &(struct sea_http_answer){.status = 200, .body = {big, sizeof big}});
}

static void on_gone(void *ctx)
{
    (void)ctx;
    gone_count++;
}

static void on_stream(void *ctx, struct sea_http_exchange *exchange,
                      const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    held[held_count++] = exchange;
    sea_http_stream_open(exchange,
                         &(struct sea_http_answer){.status = 200,
                                                   .content_type = "text/event-stream",
                                                   .headers = "Cache-Control: no-store\r\n"},
                         on_gone, NULL);
}

static void on_drained(void *ctx)
{
    (void)ctx;
    drained_count++;
}

static const struct sea_http_route ROUTES[] = {
    {SEA_HTTP_POST, "/echo", on_echo, 100000},   {SEA_HTTP_GET, "/echo", on_echo, 0},
    {SEA_HTTP_POST, "/small", on_echo, 8},       {SEA_HTTP_GET, "/hold", on_hold, 0},
    {SEA_HTTP_GET, "/param/{one}", on_param, 0}, {SEA_HTTP_GET, "/big", on_big, 0},
    {SEA_HTTP_GET, "/stream", on_stream, 0},
};

static void open_server(struct sea_http_server_config config)
{
    const char *error = NULL;
    config.listen = ":0";
    config.routes = ROUTES;
    config.routes_count = SEA_COUNT(ROUTES);
    config.tls = tls;
    assert_int_equal(sea_http_server_open(&server, base, &config, &error), SEA_OK);
}

static int set_up(void **state)
{
    (void)state;
    held_count = gone_count = drained_count = 0;
    base = event_base_new();
    if (IS_TLS) tls = tls_world_open("server");
    return base != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sea_http_server_close(&server);
    sea_tls_close(&tls);
    event_base_free(base);
    tls_world_end();
    return 0;
}

/* A client whose receive buffer is `buffer_bytes` large; 0: as usual. */
static int client_with(int buffer_bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const char *colon = strchr(sea_http_server_address(server), ':');
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (buffer_bytes > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    if (IS_TLS) fd = tls_world_relay(fd, buffer_bytes);
    while (IS_TLS && !tls_world_is_settled(fd)) turn_for(1);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static int client(void)
{
    return client_with(0);
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    if (IS_TLS) tls_world_wait_sent(fd);
}

/* Turns the loop until `text` has been heard `times` times in all, or the connection ended (as
 * wanted with NULL). Returns what was heard. */
static const char *hear(int fd, const char *text, int times)
{
    size_t len = 0;
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (now_ms() < end_ms) {
        turn();
        ssize_t got = recv(fd, heard + len, sizeof heard - 1 - len, 0);
        if (got > 0) len += (size_t)got;
        heard[len] = '\0';
        int count = 0;
        for (const char *at = heard; text != NULL && (at = strstr(at, text)) != NULL; at++) count++;
        if (text != NULL && count >= times) return heard;
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            assert_null(text);
            return heard;
        }
        if (got < 0) usleep(200);
    }
    print_message("heard until now: %.2000s\n", heard);
    fail();
    return NULL;
}

static const char *hear_end(int fd)
{
    return hear(fd, NULL, 0);
}

/* Turns the loop until *counter is `wanted`. */
static void wait_until(const size_t *counter, size_t wanted)
{
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (*counter != wanted && now_ms() < end_ms) {
        turn();
        usleep(200);
    }
    assert_int_equal(*counter, wanted);
}

static void wait_for_connections(uint32_t wanted)
{
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (sea_http_server_stats(server)->connections != wanted && now_ms() < end_ms) turn_for(1);
    assert_int_equal(sea_http_server_stats(server)->connections, wanted);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_message("no \"%s\" in: %.2000s\n", part, text);
        fail();
    }
}

#define REQUEST(method, path) method " " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(path, length, content)                                                                \
    "POST " path " HTTP/1.1\r\nHost: x\r\nContent-Length: " length "\r\n\r\n" content

static void a_connection_serves_one_request_after_the_other(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, POST("/echo", "5", "hello"));
    const char *answer = hear(fd, "hello", 1);
    assert_ptr_equal(strstr(answer, "HTTP/1.1 200 OK\r\nDate: "), answer);
    assert_has(answer, "\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello");
    assert_null(strstr(answer, "Connection:"));
    say(fd, REQUEST("GET", "/param/a%20b"));
    assert_has(hear(fd, "a b", 1), "application/json");
    assert_int_equal(sea_http_server_stats(server)->connections_total, 1);
    assert_int_equal(sea_http_server_stats(server)->requests_total, 2);
    assert_int_equal(sea_http_server_stats(server)->answers_total[200], 2);
    assert_int_equal(sea_http_server_stats(server)->in_flight, 0);
    close(fd);
}

static void the_date_is_told_as_it_was_shifted(void **state)
{
    (void)state;
    struct tm utc;
    time_t day = 86400, then = time(NULL) - 400 * day;
    open_server((struct sea_http_server_config){0});
    sea_http_server_shift_date(server, -400 * (int64_t)day * 1000);
    int fd = client();
    say(fd, REQUEST("GET", "/param/a%20b"));
    const char *answer = hear(fd, "a b", 1);
    const char *date = strstr(answer, "Date: ");
    assert_non_null(date);
    assert_non_null(strptime(date, "Date: %a, %d %b %Y %H:%M:%S GMT", &utc));
    assert_in_range(timegm(&utc), then, then + 60);
    close(fd);
}

static void pipelined_requests_are_answered_in_their_order(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("GET", "/hold") REQUEST("GET", "/hold") POST("/echo", "1", "3")
                REQUEST("GET", "/hold"));
    wait_until(&held_count, 3);
    sea_http_answer_json(held[2], 200, SEA_STR("<4>"));
    sea_http_answer_json(held[1], 200, SEA_STR("<2>"));
    turn_for(20);
    assert_int_equal(recv(fd, heard, sizeof heard, 0), -1);
    sea_http_answer_json(held[0], 200, SEA_STR("<1>"));
    const char *answer = hear(fd, "<4>", 1);
    const char *one = strstr(answer, "<1>"), *two = strstr(answer, "<2>");
    const char *three = strstr(answer, "\r\n\r\n3"), *four = strstr(answer, "<4>");
    assert_true(one != NULL && one < two && two < three && three < four);
    close(fd);
}

static void more_pipelined_requests_than_allowed_wait_unread(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){.pipelined_max = 2});
    int fd = client();
    for (int i = 0; i < 5; i++) say(fd, REQUEST("GET", "/hold"));
    wait_until(&held_count, 2);
    turn_for(20);
    assert_int_equal(held_count, 2);
    for (size_t i = 0; i < 5; i++) {
        wait_until(&held_count, i + 2 < 5 ? i + 2 : 5);
        sea_http_answer_empty(held[i], 204);
        turn();
    }
    const char *answer = hear(fd, "204 No Content", 5);
    assert_null(strstr(answer, "Content-Length"));
    close(fd);
}

static void a_request_may_arrive_byte_by_byte_and_chunked(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    static const char TEXT[] =
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n";
    for (size_t i = 0; i < sizeof TEXT - 1; i++) {
        assert_int_equal(send(fd, TEXT + i, 1, 0), 1);
        turn();
    }
    hear(fd, "\r\n\r\nWikipedia", 1);
    close(fd);
}

static void a_large_body_is_taken_whole(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    static char body[100001];
    memset(body, 'x', sizeof body - 1);
    memcpy(body + sizeof body - 5, "over", 4);
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(send(fd, body + i * 10000, 10000, 0), 10000);
        turn_for(2);
    }
    const char *answer = hear(fd, "over", 1);
    assert_has(answer, "Content-Length: 100000\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n") + 4, body);
    assert_true(sea_http_server_stats(server)->bodies_bytes == 0);
    close(fd);
}

static void a_client_that_asks_first_is_told_to_continue(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    static const char ASK[] = "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                              "Content-Length: 2\r\n\r\n";
    say(fd, ASK);
    hear(fd, "HTTP/1.1 100 Continue\r\n\r\n", 1);
    say(fd, "ok");
    hear(fd, "\r\n\r\nok", 1);

    say(fd, REQUEST("GET", "/hold"));
    say(fd, ASK);
    wait_until(&held_count, 1);
    turn_for(20);
    assert_int_equal(recv(fd, heard, sizeof heard, 0), -1); /* not before the answer that is due */
    sea_http_answer_empty(held[0], 202);
    const char *answer = hear(fd, "100 Continue", 1);
    assert_true(strstr(answer, "202 Accepted") < strstr(answer, "100 Continue"));
    close(fd);

    fd = client();
    say(fd, "POST /small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
    answer = hear_end(fd);
    assert_has(answer, "HTTP/1.1 413 ");
    assert_null(strstr(answer, "100 Continue"));
    close(fd);
}

static void what_is_wrong_is_answered_as_a_problem_and_closed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *status, *code;
    } CASES[] = {
        {"NONSENSE\r\n\r\n", "501 ", "method-unknown"},
        {"GET /echo HTTP/1.1\r\n\r\n", "400 ", "malformed"},
        {POST("/nothing", "5", "hello"), "404 ", "not-found"},
        {POST("/hold", "5", "hello"), "405 ", "method-not-allowed"},
        {POST("/small", "9", ""), "413 ", "too-large"},
        {"GET /echo HTTP/2.0\r\nHost: x\r\n\r\n", "505 ", "version-unknown"},
        {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: "
         "chunked\r\n\r\n",
         "400 ", "malformed"},
    };
    open_server((struct sea_http_server_config){0});
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        int fd = client();
        say(fd, CASES[i].text);
        const char *answer = hear(fd, "}", 1);
        assert_memory_equal(answer + 9, CASES[i].status, 4);
        assert_has(answer, "\r\nConnection: close\r\nContent-Type: application/problem+json\r\n");
        char type[64];
        snprintf(type, sizeof type, "\"urn:seadesk:problem:%s\"", CASES[i].code);
        assert_has(answer, type);
        if (recv(fd, heard, 1, 0) < 0)
            hear_end(fd); /* half closed at once, for good after a while */
        close(fd);
        turn_for(5);
    }
    assert_int_equal(sea_http_server_stats(server)->requests_total, 0);
}

static void without_a_body_an_unknown_path_keeps_the_connection(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("GET", "/nothing"));
    assert_has(hear(fd, "}", 1), "404 Not Found");
    say(fd, REQUEST("DELETE", "/echo"));
    assert_has(hear(fd, "}", 1), "\r\nAllow: POST, GET, HEAD\r\n");
    say(fd, REQUEST("GET", "/param/%zz"));
    assert_has(hear(fd, "}", 1), "400 Bad Request");
    say(fd, POST("/echo", "2", "ok"));
    hear(fd, "\r\n\r\nok", 1);
    close(fd);
}

static void a_packed_body_is_refused_and_the_connection_goes_on(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd,
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok");
    const char *answer = hear(fd, "}", 1);
    assert_has(answer, "415 Unsupported Media Type");
    assert_has(answer, "\r\nAccept-Encoding: identity\r\n");
    say(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Encoding: Identity\r\nContent-Length: "
            "2\r\n\r\nok");
    assert_has(hear(fd, "\r\n\r\nok", 1), "200 OK");
    close(fd);
}

static void a_refusal_to_head_has_no_body_either(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, "HEAD /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    const char *answer = hear_end(fd);
    assert_has(answer, "404 Not Found");
    assert_null(strchr(answer, '{'));
    close(fd);
}

static void head_has_the_headers_of_get_and_no_body(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("HEAD", "/param/12345") REQUEST("GET", "/param/67890"));
    const char *answer = hear(fd, "67890", 1);
    assert_null(strstr(answer, "12345"));
    const char *first = strstr(answer, "Content-Length: 5\r\n");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "Content-Length: 5\r\n"));
    close(fd);
}

static void an_old_client_gets_its_answer_and_the_end(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, "GET /param/x HTTP/1.0\r\n\r\n");
    assert_has(hear_end(fd), "Connection: close\r\n");
    close(fd);
    fd = client();
    say(fd, "GET /stream HTTP/1.0\r\n\r\n");
    wait_until(&held_count, 1);
    assert_true(sea_http_stream_write(held[0], SEA_STR("plain")));
    sea_http_stream_end(held[0]);
    const char *answer = hear_end(fd);
    assert_null(strstr(answer, "chunked"));
    assert_has(answer, "\r\n\r\nplain");
    close(fd);
}

static void a_client_that_stops_half_way_is_timed_out(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){.header_timeout_ms = 60, .body_timeout_ms = 60});
    static const char *const HALVES[] = {
        "GET /echo HT",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe",
    };
    for (size_t i = 0; i < SEA_COUNT(HALVES); i++) {
        int fd = client();
        say(fd, HALVES[i]);
        assert_has(hear_end(fd), "HTTP/1.1 408 Request Timeout");
        close(fd);
    }
    int fd = client(); /* many small bytes don't buy time */
    say(fd, "GET /echo HTTP/1.1\r\n");
    for (int i = 0; i < 60; i++) {
        if (send(fd, "a", 1, MSG_NOSIGNAL) < 0) break;
        turn_for(5);
    }
    assert_has(hear_end(fd), "408");
    close(fd);
}

static void idle_connections_are_closed_without_a_word(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){.idle_timeout_ms = IDLE_MS});
    int fresh = client(), used = client();
    say(used, POST("/echo", "2", "ok"));
    hear(used, "\r\n\r\nok", 1);
    assert_string_equal(hear_end(fresh), "");
    assert_string_equal(hear_end(used), "");
    close(fresh);
    close(used);
}

static void a_waiting_request_is_not_timed_out(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){
        .idle_timeout_ms = IDLE_MS, .header_timeout_ms = 40, .body_timeout_ms = 40});
    int fd = client();
    say(fd, REQUEST("GET", "/hold"));
    turn_for(IDLE_MS + 100);
    sea_http_answer_empty(held[0], 202);
    hear(fd, "202 Accepted", 1);
    close(fd);
}

static void a_reader_that_does_not_read_is_dropped(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){.write_timeout_ms = 100});
    int fd = client_with(4096);
    for (int i = 0; i < 16; i++) say(fd, REQUEST("GET", "/big"));
    turn_for(50);
    assert_true(sea_http_server_stats(server)->requests_total < 16); /* nor are more answers made */
    wait_for_connections(0);
    close(fd);
}

static void a_slow_reader_gets_everything(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client_with(4096);
    for (int i = 0; i < 3; i++) say(fd, REQUEST("GET", "/big"));
    size_t len = 0;
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (len < (size_t)3 << 20 && now_ms() < end_ms) {
        turn();
        ssize_t got = recv(fd, heard, 65536, 0);
        if (got > 0) len += (size_t)got;
    }
    assert_true(len >= (size_t)3 << 20);
    close(fd);
}

static void connections_and_bodies_are_bounded(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){.connections_max = 2, .bodies_max_bytes = 20000});
    int one = client(), two = client();
    turn_for(5);
    int three = client();
    assert_has(hear_end(three), IS_TLS ? "" : "503 Service Unavailable");
    assert_int_equal(sea_http_server_stats(server)->connections_refused_total, 1);
    static char part[15001];
    memset(part, 'x', sizeof part - 1);
    say(one, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    say(one, part);
    for (int i = 0; i < 1000 && sea_http_server_stats(server)->bodies_bytes < 15000; i++)
        turn_for(5);
    assert_true(sea_http_server_stats(server)->bodies_bytes >= 15000);
    say(two, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    say(two, part);
    assert_has(hear(two, "}", 1), "\r\nRetry-After: 1\r\n");
    close(one);
    wait_until(&sea_http_server_stats(server)->bodies_bytes, 0);
    close(two);
    close(three);
}

static void a_stream_carries_what_is_written_and_hears_the_peer_leave(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("GET", "/stream"));
    wait_until(&held_count, 1);
    assert_has(hear(fd, "\r\n\r\n", 1), "Transfer-Encoding: chunked\r\n");
    assert_true(sea_http_stream_write(held[0], SEA_STR("data: 1\n\n")));
    hear(fd, "9\r\ndata: 1\n\n\r\n", 1);
    assert_int_equal(sea_http_server_stats(server)->streams, 1);
    close(fd);
    wait_until(&gone_count, 1);
    assert_int_equal(sea_http_server_stats(server)->streams, 0);

    fd = client();
    say(fd, REQUEST("GET", "/stream"));
    wait_until(&held_count, 2);
    assert_true(sea_http_stream_write(held[1], SEA_STR("bye")));
    sea_http_stream_end(held[1]);
    assert_has(hear_end(fd), "3\r\nbye\r\n0\r\n\r\n");
    assert_int_equal(gone_count, 1);
    close(fd);
}

static void a_stream_nobody_reads_ends(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){.stream_buffer_max_bytes = 10000});
    int fd = client_with(4096);
    say(fd, REQUEST("GET", "/stream"));
    wait_until(&held_count, 1);
    static char part[4097];
    memset(part, 'x', sizeof part - 1);
    int written = 0;
    while (written < 10000 && sea_http_stream_write(held[0], sea_str(part))) {
        written++;
        turn();
    }
    assert_true(written > 1 && written < 10000);
    wait_until(&gone_count, 1);
    close(fd);
}

static void
a_stream_that_keeps_to_its_room_is_never_cut_and_one_that_is_aborted_ends_short(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){.stream_buffer_max_bytes = 10000});
    int fd = client_with(4096);
    say(fd, REQUEST("GET", "/stream"));
    wait_until(&held_count, 1);
    static char part[20000];
    memset(part, 'x', sizeof part);
    size_t written = 0, stuck = 0;
    while (stuck < 100) { /* until the peer, who reads nothing, can hold no more */
        size_t room = sea_http_stream_room(held[0]);
        assert_true(room <= 10000);
        assert_true(sea_http_stream_write(held[0], (struct sea_str){part, room}));
        written += room;
        stuck = room > 0 ? 0 : stuck + 1;
        turn();
    }
    assert_true(written >= 10000);
    assert_int_equal(gone_count, 0);
    sea_http_stream_abort(held[0]);
    wait_until(&gone_count, 1);
    close(fd);
}

static void head_of_a_stream_ends_it(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("HEAD", "/stream"));
    assert_has(hear_end(fd), "text/event-stream");
    wait_until(&gone_count, 1);
    close(fd);
}

static void a_peer_that_left_does_not_hurt_the_one_who_answers(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("GET", "/hold") REQUEST("GET", "/hold"));
    wait_until(&held_count, 2);
    struct linger hard = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd); /* with a reset */
    wait_for_connections(0);
    assert_int_equal(sea_http_server_stats(server)->in_flight, 2);
    sea_http_answer_empty(held[1], 202);
    sea_http_stream_open(held[0], &(struct sea_http_answer){.status = 200}, on_gone, NULL);
    assert_false(sea_http_stream_write(held[0], SEA_STR("x")));
    wait_until(&gone_count, 1);
    assert_int_equal(sea_http_server_stats(server)->in_flight, 0);
}

static void a_client_that_only_stops_sending_gets_its_answer(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("GET", "/hold"));
    shutdown(fd, SHUT_WR);
    wait_until(&held_count, 1);
    turn_for(20);
    sea_http_answer_json(held[0], 200, SEA_STR("late"));
    assert_has(hear_end(fd), "late");
    close(fd);
}

static void draining_finishes_what_is_in_work_and_takes_no_more(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int idle = client(), working = client(), streaming = client(), racing = client();
    say(working, REQUEST("GET", "/hold"));
    wait_until(&held_count, 1);
    say(streaming, REQUEST("GET", "/stream"));
    wait_until(&held_count, 2);
    turn_for(5);
    say(racing, POST("/echo", "2", "ok")); /* sent, not read yet */
    sea_http_server_drain(server, on_drained, NULL);
    assert_string_equal(hear_end(idle), "");
    wait_until(&gone_count, 1);
    const char *answer = hear_end(racing);
    assert_has(answer, "Connection: close\r\n");
    assert_has(answer, "\r\n\r\nok");
    turn_for(20);
    assert_int_equal(drained_count, 0);
    sea_http_answer_empty(held[0], 202);
    assert_has(hear_end(working), "Connection: close\r\n");
    wait_until(&drained_count, 1);
    turn_for(20);
    assert_int_equal(drained_count, 1);
    int fds[] = {idle, working, streaming, racing};
    for (size_t i = 0; i < SEA_COUNT(fds); i++) close(fds[i]);
}

static void a_closed_server_leaves_its_exchanges_harmless(void **state)
{
    (void)state;
    open_server((struct sea_http_server_config){0});
    int fd = client();
    say(fd, REQUEST("GET", "/hold") REQUEST("GET", "/hold"));
    wait_until(&held_count, 2);
    sea_http_server_close(&server);
    sea_http_answer_empty(held[0], 202);
    sea_http_stream_open(held[1], &(struct sea_http_answer){.status = 200}, on_gone, NULL);
    assert_int_equal(gone_count, 1);
    close(fd);
}

static void addresses_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const char *error = NULL;
    static const char *const WRONG[] = {"",   "8080", "localhost", "127.0.0.1:", "127.0.0.1:99999",
                                        "x:1"};
    for (size_t i = 0; i < SEA_COUNT(WRONG); i++) {
        struct sea_http_server_config config = {.listen = WRONG[i]};
        assert_int_equal(sea_http_server_open(&server, base, &config, &error), SEA_ERR_REJECT);
        assert_null(server);
    }
    open_server((struct sea_http_server_config){0});
    struct sea_http_server *second = NULL;
    struct sea_http_server_config taken = {.listen = sea_http_server_address(server)};
    assert_int_equal(sea_http_server_open(&second, base, &taken, &error), SEA_ERR_FATAL);
    assert_string_equal(error, strerror(EADDRINUSE));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

SEA_TESTS(TEST(a_connection_serves_one_request_after_the_other),
          TEST(the_date_is_told_as_it_was_shifted),
          TEST(pipelined_requests_are_answered_in_their_order),
          TEST(more_pipelined_requests_than_allowed_wait_unread),
          TEST(a_request_may_arrive_byte_by_byte_and_chunked), TEST(a_large_body_is_taken_whole),
          TEST(a_client_that_asks_first_is_told_to_continue),
          TEST(what_is_wrong_is_answered_as_a_problem_and_closed),
          TEST(without_a_body_an_unknown_path_keeps_the_connection),
          TEST(a_packed_body_is_refused_and_the_connection_goes_on),
          TEST(a_refusal_to_head_has_no_body_either), TEST(head_has_the_headers_of_get_and_no_body),
          TEST(an_old_client_gets_its_answer_and_the_end),
          TEST(a_client_that_stops_half_way_is_timed_out),
          TEST(idle_connections_are_closed_without_a_word),
          TEST(a_waiting_request_is_not_timed_out), TEST(a_reader_that_does_not_read_is_dropped),
          TEST(a_slow_reader_gets_everything), TEST(connections_and_bodies_are_bounded),
          TEST(a_stream_carries_what_is_written_and_hears_the_peer_leave),
          TEST(a_stream_nobody_reads_ends),
          TEST(a_stream_that_keeps_to_its_room_is_never_cut_and_one_that_is_aborted_ends_short),
          TEST(head_of_a_stream_ends_it), TEST(a_peer_that_left_does_not_hurt_the_one_who_answers),
          TEST(a_client_that_only_stops_sending_gets_its_answer),
          TEST(draining_finishes_what_is_in_work_and_takes_no_more),
          TEST(a_closed_server_leaves_its_exchanges_harmless),
          TEST(addresses_that_cannot_be_are_refused))
