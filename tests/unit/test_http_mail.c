/* test_http_mail.c: mail to a submission server of our own, on a thread of its own, which answers
 * each step as it is told. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "sea_buf.h"
#include "sea_cmocka.h"
#include "sea_http_client.h"

enum { PATIENCE_MS = 10000 };

/* What the server says; NULL: it hangs up instead; "": nothing. */
static struct {
    const char *greeting, *mail, *rcpt, *data, *end, *quit;
} words;

static const char *const GREETING = "220 here\r\n", *const OK = "250 2.1.0 ok\r\n",
                         *const GO_ON = "354 go on\r\n",
                         *const TAKEN = "250 2.0.0 queued as 4711\r\n", *const BYE = "221 bye\r\n",
                         *const NOTHING = "";

static struct event_base *base, *theirs;
static struct event *stopped;
static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that both threads use */
static int stop_pipe[2];
static struct sea_http_client *client;
static struct evconnlistener *listener;
static struct bufferevent *connection;
static struct sea_buf heard = SEA_BUF(1 << 20);
static bool is_message;
static size_t reply_count, connection_count;
static uint16_t port;

static struct {
    enum sea_http_outcome outcome;
    int status;
    char body[256];
} last;

static void hang_up(void)
{
    if (connection != NULL) bufferevent_free(connection);
    connection = NULL;
}

static void say(const char *text)
{
    if (text == NULL)
        hang_up();
    else
        bufferevent_write(connection, text, strlen(text));
}

static void on_line(const char *line)
{
    if (is_message) {
        if (strcmp(line, ".") == 0) is_message = false;
        if (!is_message) say(words.end);
    } else if (strncmp(line, "EHLO", 4) == 0) {
        say("250-here\r\n250 AUTH PLAIN\r\n");
    } else if (strncmp(line, "AUTH", 4) == 0) {
        say("535 5.7.8 who are you\r\n");
    } else if (strncmp(line, "MAIL", 4) == 0) {
        say(words.mail);
    } else if (strncmp(line, "RCPT", 4) == 0) {
        say(words.rcpt);
    } else if (strncmp(line, "DATA", 4) == 0) {
        is_message = words.data == GO_ON;
        say(words.data);
    } else if (strncmp(line, "QUIT", 4) == 0) {
        say(words.quit);
    }
}

static void on_bytes(struct bufferevent *of, void *ctx)
{
    char *line;
    (void)ctx;
    pthread_mutex_lock(&lock);
    while (connection == of &&
           (line = evbuffer_readln(bufferevent_get_input(of), NULL, EVBUFFER_EOL_CRLF)) != NULL) {
        sea_buf_printf(&heard, "%s\n", line);
        on_line(line);
        free(line);
    }
    pthread_mutex_unlock(&lock);
}

static void on_end(struct bufferevent *of, short what, void *ctx)
{
    (void)ctx;
    (void)what;
    pthread_mutex_lock(&lock);
    if (connection == of) hang_up();
    pthread_mutex_unlock(&lock);
}

static void on_accept(struct evconnlistener *of, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *ctx)
{
    (void)of;
    (void)address;
    (void)len;
    (void)ctx;
    pthread_mutex_lock(&lock);
    hang_up();
    is_message = false;
    connection_count++;
    connection = bufferevent_socket_new(theirs, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(connection, on_bytes, NULL, on_end, NULL);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
    say(words.greeting);
    pthread_mutex_unlock(&lock);
}

static void on_stop(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
    event_base_loopbreak(theirs);
}

static void *serve(void *ctx)
{
    (void)ctx;
    event_base_dispatch(theirs);
    return NULL;
}

static void on_reply(void *ctx, const struct sea_http_reply *reply)
{
    (void)ctx;
    reply_count++;
    last.outcome = reply->outcome;
    last.status = reply->status;
    snprintf(last.body, sizeof(last.body), "%.*s", (int)reply->body.len,
             reply->body.len > 0 ? reply->body.ptr : "");
    event_base_loopbreak(base);
}

static void send_mail(struct sea_http_mail mail)
{
    char url[64];
    struct timeval patience = {PATIENCE_MS / 1000, 0};
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%u/shop.example", port);
    mail.from = "care@shop.example";
    mail.to = "ana@example.com";
    const struct sea_http_call call = {.peer = "smtp",
                                       .url = url,
                                       .mail = &mail,
                                       .body = SEA_STR("Subject: hi\r\n\r\n.hidden\r\nlast\r\n")};
    size_t before = reply_count;
    pthread_mutex_lock(&lock);
    sea_buf_reset(&heard);
    pthread_mutex_unlock(&lock);
    assert_non_null(sea_http_client_send(client, &call, on_reply, NULL));
    event_base_loopexit(base, &patience);
    event_base_dispatch(base);
    assert_int_equal(reply_count, before + 1);
}

static int open_all(void **state)
{
    struct sockaddr_in bound = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(bound);
    const struct sea_http_client_config config = {.in_flight_max = 4};
    (void)state;
    base = event_base_new();
    theirs = event_base_new();
    listener = evconnlistener_new_bind(theirs, on_accept, NULL, LEV_OPT_CLOSE_ON_FREE, 4,
                                       (struct sockaddr *)&address, sizeof(address));
    assert_non_null(listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&bound, &len),
                     0);
    port = ntohs(bound.sin_port);
    assert_int_equal(sea_http_client_open(&client, base, &config), SEA_OK);
    words.greeting = GREETING;
    words.mail = words.rcpt = OK;
    words.data = GO_ON;
    words.end = TAKEN;
    words.quit = BYE;
    assert_int_equal(pipe(stop_pipe), 0);
    stopped = event_new(theirs, stop_pipe[0], EV_READ, on_stop, NULL);
    event_add(stopped, NULL);
    return pthread_create(&thread, NULL, serve, NULL);
}

static int close_all(void **state)
{
    (void)state;
    sea_http_client_close(&client);
    assert_int_equal(write(stop_pipe[1], "", 1), 1);
    pthread_join(thread, NULL);
    hang_up();
    event_free(stopped);
    close(stop_pipe[0]);
    close(stop_pipe[1]);
    evconnlistener_free(listener);
    event_base_free(theirs);
    event_base_free(base);
    sea_buf_free(&heard);
    connection_count = 0;
    return 0;
}

static void set(const char **step, const char *said)
{
    pthread_mutex_lock(&lock);
    *step = said;
    pthread_mutex_unlock(&lock);
}

static bool was_heard(const char *text)
{
    pthread_mutex_lock(&lock);
    bool is_there = heard.len > 0 && strstr(heard.ptr, text) != NULL;
    pthread_mutex_unlock(&lock);
    return is_there;
}

/* The next mail has a connection of its own. */
static void forget_connections(void)
{
    const struct sea_http_client_config config = {.in_flight_max = 4};
    sea_http_client_close(&client);
    assert_int_equal(sea_http_client_open(&client, base, &config), SEA_OK);
}

static void a_message_is_answered_when_the_server_took_it(void **state)
{
    (void)state;
    send_mail((struct sea_http_mail){.is_plain = true});
    assert_int_equal(last.outcome, SEA_HTTP_ANSWERED);
    assert_int_equal(last.status, 250);
    assert_string_equal(last.body, "250 2.0.0 queued as 4711");
    assert_true(was_heard("EHLO shop.example\n"));
    assert_true(was_heard("MAIL FROM:<care@shop.example>"));
    assert_true(was_heard("RCPT TO:<ana@example.com>\n"));
    assert_true(was_heard("DATA\nSubject: hi\n\n..hidden\nlast\n.\n"));
    send_mail((struct sea_http_mail){.is_plain = true});
    assert_int_equal(last.outcome, SEA_HTTP_ANSWERED);
    assert_int_equal(connection_count, 1); /* it was kept */
}

static void a_refusal_is_an_answer(void **state)
{
    static const struct {
        const char **step, *said;
        int status;
    } CASES[] = {{&words.mail, "451 4.3.0 later\r\n", 451},
                 {&words.rcpt, "550 5.1.1 nobody\r\n", 550},
                 {&words.data, "554 5.5.1 no\r\n", 554},
                 {&words.end, "552 5.2.2 full\r\n", 552},
                 {&words.end, "421 4.3.2 closing\r\n", 421}};
    (void)state;
    for (size_t i = 0; i < SEA_COUNT(CASES); i++) {
        const char *usual = *CASES[i].step;
        set(CASES[i].step, CASES[i].said);
        send_mail((struct sea_http_mail){.is_plain = true});
        set(CASES[i].step, usual);
        assert_int_equal(last.outcome, SEA_HTTP_ANSWERED);
        assert_int_equal(last.status, CASES[i].status);
        assert_int_equal(strncmp(last.body, CASES[i].said, strlen(last.body)), 0);
    }
}

static void without_an_answer_it_is_unknown_only_after_the_messages_end(void **state)
{
    (void)state;
    set(&words.end, NULL);
    send_mail((struct sea_http_mail){.is_plain = true});
    assert_int_equal(last.outcome, SEA_HTTP_UNKNOWN);
    set(&words.end, TAKEN);
    const char **before[] = {&words.greeting, &words.mail, &words.rcpt, &words.data};
    for (size_t i = 0; i < SEA_COUNT(before); i++) {
        const char *usual = *before[i];
        set(before[i], NULL);
        forget_connections();
        send_mail((struct sea_http_mail){.is_plain = true});
        set(before[i], usual);
        assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
    }
}

static void what_is_wrong_with_the_server_or_the_login_is_no_refusal(void **state)
{
    (void)state;
    send_mail((struct sea_http_mail){.is_plain = false}); /* it offers no STARTTLS */
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
    assert_false(was_heard("MAIL"));
    forget_connections();
    send_mail((struct sea_http_mail){.is_plain = true, .user = "care", .password = "wrong"});
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
    assert_int_equal(last.status, 535);
    assert_string_equal(last.body, "535 5.7.8 who are you");
    set(&words.greeting, "554 no service here\r\n");
    forget_connections();
    send_mail((struct sea_http_mail){.is_plain = true});
    assert_int_equal(last.outcome, SEA_HTTP_NOT_SENT);
    assert_int_equal(last.status, 554);
}

/* What the server says late, once our loop has seen it silent. */
static struct {
    const char *after, *words;
    bool was_seen;
} late;

static void on_look(evutil_socket_t fd, short what, void *event)
{
    static const struct timeval soon = {0, 10000};
    (void)fd;
    (void)what;
    if (!was_heard(late.after)) {
        event_add(*(struct event **)event, &soon);
        return;
    }
    late.was_seen = true;
    pthread_mutex_lock(&lock);
    say(late.words);
    pthread_mutex_unlock(&lock);
}

static void send_to_a_slow_server(const char *after, const char *said)
{
    static const struct timeval soon = {0, 10000};
    static struct event *look;
    late.after = after;
    late.words = said;
    late.was_seen = false;
    look = event_new(base, -1, 0, on_look, &look);
    event_add(look, &soon);
    send_mail((struct sea_http_mail){.is_plain = true});
    event_free(look);
}

static void nothing_else_waits_for_a_slow_server(void **state)
{
    (void)state;
    set(&words.end, NOTHING);
    send_to_a_slow_server("\n.\n", TAKEN);
    assert_true(late.was_seen);
    assert_int_equal(last.status, 250);
    set(&words.end, TAKEN);
    set(&words.quit, NOTHING);
    set(&words.rcpt, "550 5.1.1 nobody\r\n");
    send_to_a_slow_server("QUIT\n", BYE);
    assert_true(late.was_seen);
    assert_int_equal(last.status, 550);
}

static void a_client_ends_at_once_while_a_server_is_silent(void **state)
{
    const struct sea_http_mail mail = {
        .from = "care@shop.example", .to = "ana@example.com", .is_plain = true};
    char url[64];
    (void)state;
    set(&words.quit, NOTHING);
    send_mail((struct sea_http_mail){.is_plain = true});
    forget_connections();
    assert_false(was_heard("QUIT"));
    set(&words.greeting, NOTHING);
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%u/shop.example", port);
    const struct sea_http_call call = {.peer = "smtp", .url = url, .mail = &mail};
    struct sea_http_transfer *cancelled = sea_http_client_send(client, &call, on_reply, NULL);
    assert_non_null(cancelled);
    size_t before = reply_count;
    sea_http_client_cancel(cancelled);
    assert_non_null(sea_http_client_send(client, &call, on_reply, NULL));
    sea_http_client_close(&client);
    assert_int_equal(reply_count, before);
}

#define MAIL_TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)
SEA_TESTS(MAIL_TEST(a_message_is_answered_when_the_server_took_it),
          MAIL_TEST(a_refusal_is_an_answer),
          MAIL_TEST(without_an_answer_it_is_unknown_only_after_the_messages_end),
          MAIL_TEST(what_is_wrong_with_the_server_or_the_login_is_no_refusal),
          MAIL_TEST(nothing_else_waits_for_a_slow_server),
          MAIL_TEST(a_client_ends_at_once_while_a_server_is_silent))
