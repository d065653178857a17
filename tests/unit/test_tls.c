/* test_tls.c: handshakes that must not be, and certificates that change. What HTTP does over TLS is
 * shown by test_https_server. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sea_clock.h"
#include "sea_cmocka.h"
#include "sea_http_server.h"
#include "tls_world.h"

enum { PATIENCE_MS = 30000 };

static struct event_base *base;
static struct sea_tls *tls;
static struct sea_http_server *server;
static struct sea_http_exchange *held;
static char error[SEA_TLS_ERROR_TEXT];

static void on_hold(void *ctx, struct sea_http_exchange *exchange,
                    const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    held = exchange;
}

static void on_get(void *ctx, struct sea_http_exchange *exchange,
                   const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    sea_http_answer_json(exchange, 200, SEA_STR("\"here\""));
}

static const struct sea_http_route ROUTES[] = {{SEA_HTTP_GET, "/hold", on_hold, 0},
                                               {SEA_HTTP_GET, "/", on_get, 0}};

static int set_up(void **state)
{
    (void)state;
    base = event_base_new();
    tls = tls_world_open("server");
    return 0;
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

static void open_server(uint32_t handshake_timeout_ms)
{
    const char *why = NULL;
    struct sea_http_server_config config = {.listen = ":0",
                                            .routes = ROUTES,
                                            .routes_count = SEA_COUNT(ROUTES),
                                            .tls = tls,
                                            .handshake_timeout_ms = handshake_timeout_ms};
    assert_int_equal(sea_http_server_open(&server, base, &config, &why), SEA_OK);
}

static void turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
    usleep(500);
}

static int plain_client(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(strchr(sea_http_server_address(server), ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static int client(void)
{
    int fd = tls_world_relay(plain_client(), 0);
    while (!tls_world_is_settled(fd)) turn();
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* The loop turns until the server closed the connection; returns how much was heard before. */
static size_t hear_end(int fd)
{
    char heard[256];
    size_t len = 0;
    int64_t end_ms = sea_clock_mono_ms() + PATIENCE_MS;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (sea_clock_mono_ms() < end_ms) {
        turn();
        ssize_t got = recv(fd, heard, sizeof heard, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN)) return len;
        if (got > 0) len += (size_t)got;
    }
    fail();
    return 0;
}

static void ask(int fd, const char *path, const char *expected)
{
    char text[512] = "", request[64];
    size_t len = 0;
    int64_t end_ms = sea_clock_mono_ms() + PATIENCE_MS;
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    while (strstr(text, expected) == NULL && sea_clock_mono_ms() < end_ms) {
        turn();
        if (held != NULL) {
            struct sea_http_exchange *exchange = held;
            held = NULL;
            sea_http_answer_empty(exchange, 204);
        }
        ssize_t got = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (got > 0) len += (size_t)got;
    }
    assert_non_null(strstr(text, expected));
}

static void cp_11_who_speaks_no_tls_hears_nothing(void **state)
{
    (void)state;
    static const char PLAIN[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    open_server(0);
    int fd = plain_client();
    assert_int_equal(send(fd, PLAIN, sizeof PLAIN - 1, 0), sizeof PLAIN - 1);
    hear_end(fd);
    assert_int_equal(sea_http_server_stats(server)->requests_total, 0);
    close(fd);
}

static void a_handshake_has_its_time_however_slowly_it_drips(void **state)
{
    (void)state;
    open_server(100);
    int silent = plain_client(), dripping = plain_client();
    /* The first bytes of a ClientHello of 512 bytes, one after the other. */
    static const char HELLO[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    for (size_t i = 0; i < sizeof HELLO - 1; i++) {
        if (send(dripping, HELLO + i, 1, MSG_NOSIGNAL) < 0) break;
        for (int n = 0; n < 30; n++) turn();
    }
    assert_int_equal(hear_end(silent), 0);
    hear_end(dripping);
    assert_int_equal(sea_http_server_stats(server)->connections, 0);
    close(silent);
    close(dripping);
}

static void a_new_certificate_is_for_new_connections(void **state)
{
    (void)state;
    bool is_taken;
    open_server(0);
    int old = client();
    assert_string_equal(tls_world_peer(old), "localhost");
    assert_int_equal(sea_tls_look(tls, &is_taken, error), SEA_OK);
    assert_false(is_taken);
    tls_world_make("server", "new.example");
    assert_int_equal(sea_tls_look(tls, &is_taken, error), SEA_OK);
    assert_true(is_taken);
    int new = client();
    assert_string_equal(tls_world_peer(new), "new.example");
    ask(old, "/hold", "204 No Content");
    ask(old, "/", "\"here\"");
    ask(new, "/", "\"here\"");
    close(old);
    close(new);
}

static void a_certificate_that_cannot_be_used_leaves_the_old_one(void **state)
{
    (void)state;
    bool is_taken;
    open_server(0);
    tls_world_make("other", "other.example");
    assert_int_equal(rename(tls_world_path("other", "key"), tls_world_path("server", "key")), 0);
    assert_int_equal(sea_tls_look(tls, &is_taken, error), SEA_ERR_REJECT);
    assert_non_null(strstr(error, tls_world_path("server", "key")));
    assert_int_equal(sea_tls_look(tls, &is_taken, error), SEA_OK); /* said once */
    int fd = client();
    assert_string_equal(tls_world_peer(fd), "localhost");
    ask(fd, "/", "\"here\"");
    /* Its certificate follows: the pair is whole. */
    assert_int_equal(rename(tls_world_path("other", "crt"), tls_world_path("server", "crt")), 0);
    assert_int_equal(sea_tls_look(tls, &is_taken, error), SEA_OK);
    assert_true(is_taken);
    unlink(tls_world_path("server", "crt"));
    assert_int_equal(sea_tls_look(tls, &is_taken, error), SEA_ERR_REJECT);
    assert_non_null(strstr(error, "server.crt"));
    ask(fd, "/", "\"here\"");
    close(fd);
}

static void files_that_are_no_certificate_are_named(void **state)
{
    (void)state;
    struct sea_tls *none = NULL;
    const char *certificate = tls_world_path("server", "crt"),
               *key = tls_world_path("server", "key");
    assert_int_equal(sea_tls_open(&none, "/nowhere.pem", key, error), SEA_ERR_FATAL);
    assert_non_null(strstr(error, "/nowhere.pem: no PEM certificate"));
    assert_int_equal(sea_tls_open(&none, certificate, certificate, error), SEA_ERR_FATAL);
    assert_non_null(strstr(error, "no PEM key"));
    assert_null(none);
    int64_t left_s = sea_tls_expires_s(tls) - sea_clock_wall_ms() / 1000;
    assert_in_range(left_s, 3000, 3600);
}

static void loopback_addresses_are_known(void **state)
{
    (void)state;
    assert_true(sea_http_is_loopback(":0"));
    assert_true(sea_http_is_loopback("127.0.0.1:8080"));
    assert_true(sea_http_is_loopback("127.1.2.3:1"));
    assert_true(sea_http_is_loopback("[::1]:8080"));
    assert_false(sea_http_is_loopback("0.0.0.0:8080"));
    assert_false(sea_http_is_loopback("10.0.0.1:8080"));
    assert_false(sea_http_is_loopback("[::]:0"));
    assert_false(sea_http_is_loopback("[2001:db8::1]:80"));
    assert_false(sea_http_is_loopback("nonsense"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

SEA_TESTS(TEST(cp_11_who_speaks_no_tls_hears_nothing),
          TEST(a_handshake_has_its_time_however_slowly_it_drips),
          TEST(a_new_certificate_is_for_new_connections),
          TEST(a_certificate_that_cannot_be_used_leaves_the_old_one),
          TEST(files_that_are_no_certificate_are_named), TEST(loopback_addresses_are_known))
