/* test_app.c: a small program on sea_app, run as a child: readiness, reload, timers, draining,
 * options. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sea_app.h"
#include "sea_cmocka.h"
#include "sea_log.h"

enum { PATIENCE_MS = 10000 };

/* The program. Its store is there after a SIGHUP; after a stop it flushes for 50 ms, or for ever.
 */
struct small {
    struct sea_app *app;
    bool has_store, hangs, blocks, fails, is_bad;
    int ticks, loads;
};

static bool store_is_there(void *ctx, struct sea_buf *why)
{
    const struct small *small = ctx;
    sea_buf_text(why, "no \"store\" yet");
    return small->has_store;
}

static void finish(void *ctx)
{
    const struct small *small = ctx;
    sea_log(SEA_LOG_INFO, "flushed");
    sea_app_release(small->app);
}

static void flush_slowly(void *ctx)
{
    struct small *small = ctx;
    sea_app_hold(small->app);
    while (small->blocks) pause();
    if (!small->hangs) sea_app_after(small->app, 50, finish, small);
}

static void tick(void *ctx)
{
    struct small *small = ctx;
    if (++small->ticks != 3) return;
    sea_log(SEA_LOG_INFO, "ticked thrice");
    if (small->fails) sea_app_fail(small->app);
}

static void on_hello(void *ctx, struct sea_http_exchange *exchange,
                     const struct sea_http_request *request)
{
    (void)ctx;
    (void)request;
    sea_http_answer_json(exchange, 200, SEA_STR("\"hello\""));
}

static const struct sea_http_route ROUTES[] = {{SEA_HTTP_GET, "/hello", on_hello, 0}};

static enum sea_err load_small(void *ctx, const struct sea_config *config)
{
    struct small *small = ctx;
    (void)config;
    small->has_store = small->loads++ > 0;
    if (small->is_bad) sea_log(SEA_LOG_ERROR, "bad configuration");
    return small->is_bad ? SEA_ERR_FATAL : SEA_OK;
}

static enum sea_err start_small(void *ctx, struct sea_app *app, const struct sea_config *config)
{
    struct small *small = ctx;
    struct sea_http_server *server = NULL;
    struct sea_http_server_config http = {.routes = ROUTES, .routes_count = 1, .ctx = small};
    (void)config;
    small->app = app;
    enum sea_err err = sea_app_serve(app, &http, &server);
    if (err) return err;
    sea_app_ready_check(app, "store", store_is_there, small);
    sea_app_on_drain(app, flush_slowly, small);
    sea_app_every(app, 10, tick, small);
    sea_app_after(app, 3600000, tick, small);
    return SEA_OK;
}

static void stop_small(void *ctx)
{
    (void)ctx;
    sea_log(SEA_LOG_INFO, "closing");
}

/* The child: its pid, what it says, and how much of that has been read. */
struct child {
    pid_t pid;
    int out;
    char text[65536];
    size_t len;
};

static struct child start(struct small small, const char *option)
{
    struct child child = {0};
    int ends[2];
    char *argv[] = {(char[]){"small"}, sea_strdup(option), NULL};
    assert_int_equal(pipe(ends), 0);
    struct sea_app_program program = {.config = {.name = "fake-provider"},
                                      .about = "a test",
                                      .load = load_small,
                                      .start = start_small,
                                      .stop = stop_small,
                                      .ctx = &small};
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        int code = sea_app_main(&program, option != NULL ? 2 : 1, argv);
        fflush(stdout);
        if (option == NULL && code == 0) raise(SIGTERM); /* too late to change how it ended */
        _exit(code);
    }
    close(ends[1]);
    free(argv[1]);
    child.out = ends[0];
    return child;
}

/* Reads until `text` stands in what the child says; its place. */
static const char *wait_for(struct child *child, const char *text)
{
    const char *found = NULL;
    while ((found = strstr(child->text, text)) == NULL) {
        struct pollfd ready = {.fd = child->out, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
        ssize_t got =
            read(child->out, child->text + child->len, sizeof child->text - 1 - child->len);
        if (got <= 0) print_message("no \"%s\" in: %s\n", text, child->text);
        assert_true(got > 0);
        child->len += (size_t)got;
        child->text[child->len] = '\0';
    }
    return found;
}

/* Reads to the end; the exit code, or -signal. */
static int wait_end(struct child *child)
{
    int status = 0;
    ssize_t got = 0;
    while ((got = read(child->out, child->text + child->len, sizeof child->text - 1 - child->len)) >
           0)
        child->len += (size_t)got;
    child->text[child->len] = '\0';
    close(child->out);
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The port in the "listening" line for `what`. */
static int port_of(struct child *child, const char *what)
{
    char begin[64];
    snprintf(begin, sizeof begin, "what=%s address=127.0.0.1:", what);
    const char *found = wait_for(child, begin) + strlen(begin);
    return atoi(found);
}

static const char *get(int port, const char *path)
{
    static char answer[1 << 20];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    char ask[256];
    size_t len = 0;
    ssize_t got = 0;
    address.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int ask_len =
        snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return "";
    }
    assert_int_equal(send(fd, ask, (size_t)ask_len, MSG_NOSIGNAL), ask_len);
    while ((got = recv(fd, answer + len, sizeof answer - 1 - len, 0)) > 0) len += (size_t)got;
    answer[len] = '\0';
    close(fd);
    return answer;
}

static int set_up(void **state)
{
    (void)state;
    setenv("SEADESK_LISTEN", ":0", 1);
    setenv("SEADESK_ADMIN_LISTEN", ":0", 1);
    setenv("SEADESK_MODE", "development", 1);
    unsetenv("SEADESK_TLS_PROXY");
    unsetenv("SEADESK_TLS_CERTIFICATE");
    unsetenv("SEADESK_TLS_KEY");
    return 0;
}

static void it_says_when_it_is_ready_and_what_is_missing(void **state)
{
    (void)state;
    struct child child = start((struct small){0}, NULL);
    int port = port_of(&child, "http"), admin = port_of(&child, "admin");
    assert_non_null(strstr(get(port, "/hello"), "\"hello\""));
    assert_non_null(strstr(get(admin, "/healthz"), "HTTP/1.1 200 OK"));
    const char *answer = get(admin, "/readyz");
    assert_non_null(strstr(answer, "HTTP/1.1 503 "));
    assert_non_null(
        strstr(answer, "{\"ready\":false,\"missing\":{\"store\":\"no \\\"store\\\" yet\"}}"));
    assert_int_equal(kill(child.pid, SIGHUP), 0);
    do {
        answer = get(admin, "/readyz");
    } while (strstr(answer, "HTTP/1.1 503 ") != NULL);
    assert_non_null(strstr(answer, "{\"ready\":true,\"missing\":{}}"));
    answer = get(admin, "/metrics");
    assert_non_null(strstr(answer, "seadesk_ready{dependency=\"store\"} 1\n"));
    assert_non_null(strstr(answer, "seadesk_http_requests_total{route=\"/readyz\",code=\"503\"}"));
    assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
    kill(child.pid, SIGTERM);
    assert_int_equal(wait_end(&child), 0);
}

static void a_signal_drains_and_ends_well(void **state)
{
    (void)state;
    static const int SIGNALS[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < SEA_COUNT(SIGNALS); i++) {
        struct child child = start((struct small){0}, NULL);
        wait_for(&child, "ticked thrice");
        kill(child.pid, SIGNALS[i]);
        kill(child.pid, SIGNALS[i]);
        assert_int_equal(wait_end(&child), 0);
        const char *draining = strstr(child.text, "msg=draining"),
                   *flushed = strstr(child.text, "msg=flushed");
        assert_true(draining != NULL && draining < flushed);
        assert_true(flushed < strstr(child.text, "msg=closing"));
        assert_non_null(strstr(child.text, "msg=stopped failed=false"));
    }
}

static void a_drain_that_takes_too_long_is_cut_short(void **state)
{
    (void)state;
    struct child hanging = start((struct small){.hangs = true}, NULL);
    struct child blocking = start((struct small){.blocks = true}, NULL);
    wait_for(&hanging, "ticked thrice");
    wait_for(&blocking, "ticked thrice");
    kill(hanging.pid, SIGTERM);
    kill(blocking.pid, SIGTERM);
    assert_int_equal(wait_end(&hanging), 0); /* everything that can be given up was given up */
    assert_non_null(strstr(hanging.text, "drain took too long"));
    assert_int_equal(wait_end(&blocking), 75); /* not even the loop turns: the watchdog */
}

static void a_failure_ends_it_with_an_error(void **state)
{
    (void)state;
    struct child child = start((struct small){.fails = true}, NULL);
    assert_int_equal(wait_end(&child), 1);
    assert_non_null(strstr(child.text, "failed=true"));
}

static void an_address_in_use_stops_the_start(void **state)
{
    (void)state;
    struct child first = start((struct small){0}, NULL);
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of(&first, "http"));
    setenv("SEADESK_LISTEN", address, 1);
    struct child second = start((struct small){0}, NULL);
    assert_int_equal(wait_end(&second), 1);
    assert_non_null(strstr(second.text, "cannot listen"));
    assert_non_null(strstr(second.text, "Address already in use"));
    kill(first.pid, SIGTERM);
    assert_int_equal(wait_end(&first), 0);
}

static void the_probe_tells_ready_from_not_ready_from_nobody(void **state)
{
    (void)state;
    struct child child = start((struct small){0}, NULL);
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", port_of(&child, "admin"));
    setenv("SEADESK_ADMIN_LISTEN", address, 1);
    struct child probe = start((struct small){0}, "--probe");
    assert_int_equal(wait_end(&probe), 1);
    assert_non_null(strstr(probe.text, "{\"store\":"));
    kill(child.pid, SIGHUP);
    usleep(100000);
    snprintf(address, sizeof address, "0.0.0.0:%d", port_of(&child, "admin"));
    setenv("SEADESK_ADMIN_LISTEN", address, 1);
    probe = start((struct small){0}, "--probe");
    assert_int_equal(wait_end(&probe), 0);
    kill(child.pid, SIGTERM);
    assert_int_equal(wait_end(&child), 0);
    probe = start((struct small){0}, "--probe");
    assert_int_equal(wait_end(&probe), 1);
    assert_non_null(strstr(probe.text, "nothing answers at"));
}

static void the_options_answer_and_end(void **state)
{
    (void)state;
    static const struct {
        const char *option, *mode, *says;
        bool is_bad;
        int code;
    } CASES[] = {
        {"--version", "development", "seadesk-fake-provider " SEADESK_VERSION "\n", false, 0},
        {"--help", "development", "usage: fake-provider [--version", false, 0},
        {"--explain", "development", "SEADESK_LISTEN", false, 0},
        {"--check", "development", "are good\n", false, 0},
        {"--check", "development", "bad configuration", true, 2},
        {"--check", "nonsense", "SEADESK_MODE", false, 2},
        {"--nonsense", "development", "no option '--nonsense'", false, 2},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        setenv("SEADESK_MODE", CASES[i].mode, 1);
        struct child child = start((struct small){.is_bad = CASES[i].is_bad}, CASES[i].option);
        assert_int_equal(wait_end(&child), CASES[i].code);
        if (strstr(child.text, CASES[i].says) == NULL) print_message("%s\n", child.text);
        assert_non_null(strstr(child.text, CASES[i].says));
    }
}

static void cp_11_plain_http_beyond_this_machine_is_refused_in_production(void **state)
{
    (void)state;
    static const struct {
        const char *mode, *listen, *admin, *proxy, *says;
        int code;
    } CASES[] = {
        {"production", "0.0.0.0:8080", ":0", "false", "setting=SEADESK_LISTEN", 2},
        {"production", ":0", "0.0.0.0:9101", "false", "setting=SEADESK_ADMIN_LISTEN", 2},
        {"production", "[::]:8080", ":0", "false", "address=\"[::]:8080\"", 2},
        {"production", "0.0.0.0:8080", "0.0.0.0:9101", "true", "are good", 0},
        {"production", "127.0.0.1:8080", "[::1]:9101", "false", "are good", 0},
        {"development", "0.0.0.0:8080", "0.0.0.0:9101", "false", "are good", 0},
    };
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        setenv("SEADESK_MODE", CASES[i].mode, 1);
        setenv("SEADESK_LISTEN", CASES[i].listen, 1);
        setenv("SEADESK_ADMIN_LISTEN", CASES[i].admin, 1);
        setenv("SEADESK_TLS_PROXY", CASES[i].proxy, 1);
        struct child check = start((struct small){0}, "--check");
        assert_int_equal(wait_end(&check), CASES[i].code);
        if (strstr(check.text, CASES[i].says) == NULL) print_message("%s\n", check.text);
        assert_non_null(strstr(check.text, CASES[i].says));
        if (CASES[i].code == 0) continue;
        struct child started = start((struct small){0}, NULL); /* nor does it start */
        assert_int_equal(wait_end(&started), CASES[i].code);
        assert_null(strstr(started.text, "listening"));
    }
}

static void half_a_certificate_is_refused(void **state)
{
    (void)state;
    setenv("SEADESK_TLS_KEY", "/nowhere/key.pem", 1);
    struct child half = start((struct small){0}, "--check");
    assert_int_equal(wait_end(&half), 2);
    assert_non_null(strstr(half.text, "set together or not at all"));
    setenv("SEADESK_TLS_CERTIFICATE", "/nowhere/cert.pem", 1);
    struct child whole = start((struct small){0}, NULL);
    assert_int_equal(wait_end(&whole), 2);
    assert_non_null(strstr(whole.text, "/nowhere/cert.pem"));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

SEA_TESTS(TEST(it_says_when_it_is_ready_and_what_is_missing), TEST(a_signal_drains_and_ends_well),
          TEST(a_drain_that_takes_too_long_is_cut_short), TEST(a_failure_ends_it_with_an_error),
          TEST(an_address_in_use_stops_the_start),
          TEST(cp_11_plain_http_beyond_this_machine_is_refused_in_production),
          TEST(half_a_certificate_is_refused),
          TEST(the_probe_tells_ready_from_not_ready_from_nobody), TEST(the_options_answer_and_end))
