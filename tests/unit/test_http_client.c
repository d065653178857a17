/* test_http_client.c: calls to a server of our own in the same loop, and to peers that misbehave.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sea_cmocka.h"
#include "sea_http_client.h"
#include "sea_http_server.h"

enum { PATIENCE_MS = 5000 };

static struct event_base *base;
static struct sea_http_server *server;
static struct sea_http_client *client;
static size_t served_count, reply_count;
static struct sea_http_exchange *held[8];
static size_t held_count;

/* The last reply, copied. */
static struct {
    enum sea_http_outcome outcome;
    int status;
    bool is_timeout, is_too_large, is_forbidden;
    char body[4096], header[256], cause[256];
    size_t body_len;
} last;

static void copy(char *ret, size_t size, struct sea_str text)
{
    snprintf(ret, size, "%.*s", (int)text.len, text.len > 0 ? text.ptr : "");
}

static void on_reply(void *ctx, const struct sea_http_reply *reply)
{
    (void)ctx;
    reply_count++;
    last.outcome = reply->outcome;
    last.status = reply->status;
    last.is_timeout = reply->is_timeout;
    last.is_too_large = reply->is_too_large;
    last.is_forbidden = reply->is_forbidden;
    last.body_len = reply->body.len;
    copy(last.body, sizeof last.body, reply->body);
    copy(last.header, sizeof last.header, sea_http_reply_header(reply, "x-answer"));
    snprintf(last.cause, sizeof last.cause, "%s", reply->cause);
}

static void on_echo(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    (void)ctx;
    served_count++;
    struct sea_buf body = SEA_BUF(8192);
    struct sea_str token = sea_http_header(request, "authorization");
    struct sea_str expect = sea_http_header(request, "expect");
    sea_buf_printf(&body, "%s [%.*s] %s %.*s", sea_http_method_name(request->method),
                   (int)token.len, token.len > 0 ? token.ptr : "",
                   expect.ptr == NULL ? "now" : "expecting", (int)request->body.len,
                   request->body.len > 0 ? request->body.ptr : "");
    sea_http_answer(exchange, &(struct sea_http_answer){.status = 201,
                                                        .headers = "X-Answer:  yes \r\n",
                                                        .body = sea_buf_view(&body)});
    sea_buf_free(&body);
}

static void on_hold(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    served_count++;
    held[held_count++] = exchange;
}

static void on_away(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    sea_http_answer(exchange,
                    &(struct sea_http_answer){.status = 307, .headers = "Location: /echo\r\n"});
}

static const struct sea_http_route ROUTES[] = {
    {SEA_HTTP_POST, "/echo", on_echo, 4096},   {SEA_HTTP_GET, "/echo", on_echo, 0},
    {SEA_HTTP_DELETE, "/echo", on_echo, 0},    {SEA_HTTP_PUT, "/echo", on_echo, 4096},
    {SEA_HTTP_POST, "/hold", on_hold, 100000}, {SEA_HTTP_GET, "/away", on_away, 0},
};

static int set_up(void **state)
{
    (void)state;
    const char *error = NULL;
    served_count = reply_count = 0;
    held_count = 0;
    base = event_base_new();
    struct sea_http_server_config config = {
        .listen = ":0", .routes = ROUTES, .routes_count = SEA_COUNT(ROUTES)};
    struct sea_http_client_config small = {.in_flight_max = 4, .per_host_max = 2};
    if (sea_http_server_open(&server, base, &config, &error)) return -1;
    return sea_http_client_open(&client, base, &small) == SEA_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sea_http_client_close(&client);
    sea_http_server_close(&server);
    for (size_t i = 0; i < held_count; i++) sea_http_answer_empty(held[i], 503);
    event_base_free(base);
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_until(const size_t *counter, size_t wanted)
{
    int64_t end_ms = now_ms() + PATIENCE_MS;
    while (*counter < wanted && now_ms() < end_ms) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(200);
    }
    assert_int_equal(*counter, wanted);
}

static const char *url_of(const char *path)
{
    static char url[128];
    snprintf(url, sizeof url, "http://%s%s", sea_http_server_address(server), path);
    return url;
}

static struct sea_http_call call_of(enum sea_http_method method, const char *url, const char *body)
{
    return (struct sea_http_call){
        .peer = "test", .method = method, .url = url, .body = sea_str(body)};
}

static struct sea_http_transfer *start(struct sea_http_call call)
{
    return sea_http_client_send(client, &call, on_reply, NULL);
}

static void each_method_carries_its_headers_and_body(void **state)
{
    (void)state;
    static const char *const HEADERS[] = {"Authorization: Bearer t", NULL};
    static const struct {
        enum sea_http_method method;
        const char *body, *answer;
        bool may_repeat;
    } CASES[] = {
        {SEA_HTTP_GET, "", "GET [Bearer t] now ", false},
        {SEA_HTTP_POST, "hello", "POST [Bearer t] now hello", false},
        {SEA_HTTP_POST, "hello", "POST [Bearer t] now hello", true},
        {SEA_HTTP_POST, "", "POST [Bearer t] now ", false},
        {SEA_HTTP_PUT, "x", "PUT [Bearer t] now x", false},
        {SEA_HTTP_DELETE, "", "DELETE [Bearer t] now ", true},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        struct sea_http_call call = call_of(CASES[i].method, url_of("/echo"), CASES[i].body);
        call.headers = HEADERS;
        call.may_repeat = CASES[i].may_repeat;
        assert_non_null(start(call));
        assert_int_equal(reply_count, i); /* never from inside */
        wait_until(&reply_count, i + 1);
        assert_int_equal(last.outcome, SEA_HTTP_ANSWERED);
        assert_int_equal(last.status, 201);
        assert_string_equal(last.body, CASES[i].answer);
        assert_string_equal(last.header, "yes");
    }
    assert_true(sea_http_server_stats(server)->connections_total <= 2); /* one forced fresh */
    assert_int_equal(sea_http_client_in_flight(client), 0);
}

static void a_redirect_is_an_answer_like_any_other(void **state)
{
    (void)state;
    assert_non_null(start(call_of(SEA_HTTP_GET, url_of("/away"), "")));
    wait_until(&reply_count, 1);
    assert_int_equal(last.status, 307);
    assert_int_equal(served_count, 0);
}

static void calls_in_flight_are_bounded_and_wait_for_their_host(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_non_null(start(call_of(SEA_HTTP_POST, url_of("/hold"), "x")));
    assert_null(start(call_of(SEA_HTTP_POST, url_of("/hold"), "x")));
    wait_until(&served_count, 2);
    for (size_t i = 0; i < 50; i++) event_base_loop(base, EVLOOP_NONBLOCK);
    assert_int_equal(served_count, 2);
}

static void no_answer_in_time_is_unknown(void **state)
{
    (void)state;
    struct sea_http_call call = call_of(SEA_HTTP_POST, url_of("/hold"), "x");
    call.timeout_ms = 100;
    assert_non_null(start(call));
    wait_until(&reply_count, 1);
    assert_int_equal(served_count, 1);
    assert_int_equal(last.outcome, SEA_HTTP_UNKNOWN);
    assert_true(last.is_timeout);
    assert_int_equal(last.status, 0);
    assert_true(strlen(last.cause) > 0);
}

static void a_call_that_waited_in_vain_for_a_connection_was_not_sent(void **state)
{
    (void)state;
    struct sea_http_call call = call_of(SEA_HTTP_POST, url_of("/hold"), "x");
    assert_non_null(start(call));
    assert_non_null(start(call));
    wait_until(&served_count, 2);
    call.timeout_ms = 100;
    assert_non_null(start(call));
    wait_until(&reply_count, 1);
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
}

static void a_port_nobody_listens_on_was_not_reached(void **state)
{
    (void)state;
    char url[128];
    snprintf(url, sizeof url, "%s", url_of("/echo"));
    sea_http_server_close(&server);
    assert_non_null(start(call_of(SEA_HTTP_POST, url, "x")));
    wait_until(&reply_count, 1);
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
    assert_non_null(start(call_of(SEA_HTTP_POST, "http://no-such-host.invalid/", "x")));
    wait_until(&reply_count, 2);
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
    assert_non_null(start(call_of(SEA_HTTP_GET, "file:///etc/hostname", "")));
    wait_until(&reply_count, 3);
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
}

static void an_answer_that_is_too_large_is_cut_off(void **state)
{
    (void)state;
    struct sea_http_call call =
        call_of(SEA_HTTP_POST, url_of("/echo"), "0123456789012345678901234567");
    call.response_max_bytes = 20;
    assert_non_null(start(call));
    wait_until(&reply_count, 1);
    assert_int_equal(last.outcome, SEA_HTTP_UNKNOWN);
    assert_int_equal(last.status, 201);
    assert_true(last.body_len <= 20);
    assert_string_equal(last.cause, "the answer is larger than allowed");
    assert_true(last.is_too_large);
}

static size_t judged_count;

static bool judge(void *ctx, const struct sockaddr *address)
{
    struct sockaddr_in in;
    judged_count++;
    memcpy(&in, address, sizeof in);
    assert_int_equal(in.sin_family, AF_INET);
    assert_int_equal(ntohl(in.sin_addr.s_addr), INADDR_LOOPBACK);
    return ctx != NULL;
}

static void an_address_that_is_refused_is_not_connected_to(void **state)
{
    (void)state;
    struct sea_http_call call = call_of(SEA_HTTP_GET, url_of("/echo"), "");
    assert_non_null(start(call)); /* leaves a kept connection, which the others must not use */
    wait_until(&reply_count, 1);
    call.may_connect = judge;
    judged_count = 0;
    assert_non_null(start(call));
    wait_until(&reply_count, 2);
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
    assert_true(last.is_forbidden);
    assert_int_equal(served_count, 1);
    assert_non_null(sea_http_client_send(client, &call, on_reply, &judged_count));
    wait_until(&reply_count, 3);
    assert_int_equal(last.outcome, SEA_HTTP_ANSWERED);
    assert_false(last.is_forbidden);
    assert_int_equal(served_count, 2);
    assert_int_equal(judged_count, 2);
}

static void a_cancelled_call_is_never_heard_of(void **state)
{
    (void)state;
    struct sea_http_transfer *transfer = start(call_of(SEA_HTTP_POST, url_of("/hold"), "x"));
    wait_until(&served_count, 1);
    sea_http_client_cancel(transfer);
    assert_non_null(start(call_of(SEA_HTTP_GET, url_of("/echo"), "")));
    wait_until(&reply_count, 1);
    assert_int_equal(last.status, 201);
    assert_int_equal(sea_http_client_in_flight(client), 0);
}

/* A peer that answers the first request of a connection and hangs up on the second. */
static int listener = -1;
static size_t requests_count;

static void on_peer_bytes(evutil_socket_t fd, short what, void *ctx)
{
    (void)what;
    static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    struct event **event = ctx;
    char bytes[4096];
    ssize_t len = recv(fd, bytes, sizeof bytes - 1, 0);
    bytes[len > 0 ? len : 0] = '\0';
    bool is_request = strstr(bytes, "/first") != NULL || strstr(bytes, "/second") != NULL;
    if (is_request) requests_count++;
    if (len > 0 && strstr(bytes, "/second") == NULL) {
        if (is_request) assert_true(send(fd, OK, sizeof OK - 1, 0) > 0);
        return;
    }
    event_free(*event);
    free(event);
    close(fd);
}

static void on_peer_accept(evutil_socket_t fd, short what, void *ctx)
{
    (void)what;
    (void)ctx;
    int accepted = accept(fd, NULL, NULL);
    struct event **event = sea_alloc(sizeof(struct event *));
    *event = event_new(base, accepted, EV_READ | EV_PERSIST, on_peer_bytes, event);
    event_add(*event, NULL);
}

static struct event *open_peer(char *ret_url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    snprintf(ret_url, size, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    struct event *event = event_new(base, listener, EV_READ | EV_PERSIST, on_peer_accept, NULL);
    event_add(event, NULL);
    requests_count = 0;
    return event;
}

static void a_call_is_not_sent_twice_when_its_kept_connection_dies(void **state)
{
    (void)state;
    char first[64], second[80], url[64];
    struct event *event = open_peer(url, sizeof url);
    snprintf(first, sizeof first, "%.40sfirst", url);
    snprintf(second, sizeof second, "%.40ssecond", url);
    for (int may_repeat = 0; may_repeat <= 1; may_repeat++) {
        reply_count = requests_count = 0;
        assert_non_null(start(call_of(SEA_HTTP_POST, first, "x")));
        wait_until(&reply_count, 1);
        assert_int_equal(last.outcome, SEA_HTTP_ANSWERED);
        struct sea_http_call call = call_of(SEA_HTTP_POST, second, "x");
        call.may_repeat = may_repeat;
        assert_non_null(start(call));
        wait_until(&reply_count, 2);
        assert_int_equal(last.outcome, SEA_HTTP_UNKNOWN);
        assert_int_equal(requests_count, may_repeat ? 3 : 2);
    }
    sea_http_client_close(&client); /* lets the peer's last connections end */
    for (int i = 0; i < 50; i++) event_base_loop(base, EVLOOP_NONBLOCK);
    event_free(event);
    close(listener);
}

/* `openssl s_server` with a certificate of its own making, for the name localhost. */
static FILE *open_tls_peer(const char *folder, pid_t *ret_pid, int *ret_port)
{
    char command[1024], line[256] = "";
    snprintf(
        command, sizeof command,
        "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key -out cert "
        "2>/dev/null && "
        "echo $$ && exec openssl s_server -accept 127.0.0.1:0 -cert cert -key key -www 2>/dev/null",
        folder);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    assert_non_null(fgets(line, sizeof line, output));
    *ret_pid = (pid_t)atoi(line);
    while (strstr(line, "ACCEPT 127.0.0.1:") == NULL)
        assert_non_null(fgets(line, sizeof line, output));
    *ret_port = atoi(line + strlen("ACCEPT 127.0.0.1:"));
    return output;
}

static void a_certificate_must_be_known_and_of_the_right_name(void **state)
{
    (void)state;
    char folder[] = "/tmp/seadesk-tls-XXXXXX", url[64], other[64], file[80];
    pid_t pid = 0;
    int port = 0;
    assert_non_null(mkdtemp(folder));
    FILE *peer = open_tls_peer(folder, &pid, &port);
    snprintf(url, sizeof url, "https://localhost:%d/", port);
    snprintf(other, sizeof other, "https://127.0.0.1:%d/", port);
    assert_non_null(start(call_of(SEA_HTTP_GET, url, "")));
    wait_until(&reply_count, 1);
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);

    snprintf(file, sizeof file, "%s/cert", folder);
    struct sea_http_client_config trusting = {.ca_file = file};
    sea_http_client_close(&client);
    assert_int_equal(sea_http_client_open(&client, base, &trusting), SEA_OK);
    assert_non_null(start(call_of(SEA_HTTP_GET, url, "")));
    wait_until(&reply_count, 2);
    assert_int_equal(last.status, 200);
    assert_non_null(start(call_of(SEA_HTTP_GET, other, "")));
    wait_until(&reply_count, 3);
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);

    kill(pid, SIGTERM);
    pclose(peer);
    unlink(file);
    snprintf(file, sizeof file, "%s/key", folder);
    unlink(file);
    rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

SEA_TESTS(
    TEST(each_method_carries_its_headers_and_body), TEST(a_redirect_is_an_answer_like_any_other),
    TEST(calls_in_flight_are_bounded_and_wait_for_their_host), TEST(no_answer_in_time_is_unknown),
    TEST(a_call_that_waited_in_vain_for_a_connection_was_not_sent),
    TEST(a_port_nobody_listens_on_was_not_reached), TEST(an_answer_that_is_too_large_is_cut_off),
    TEST(an_address_that_is_refused_is_not_connected_to), TEST(a_cancelled_call_is_never_heard_of),
    TEST(a_call_is_not_sent_twice_when_its_kept_connection_dies),
    TEST(a_certificate_must_be_known_and_of_the_right_name))
