/* it_redis.c: the connection to Redis against the stack's own Redis, database 9. Run by
 * test_redis.py, which sets REDIS_URL without database, and REDIS_PORT. */
#include "sea_clock.h"
#include "sea_cmocka.h"
#include "sea_redis.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct event_base *base;

struct heard {
    int count;
    enum sea_err err;
    int64_t number;
    char text[64];
};

static void hear(void *arg, enum sea_err err, const redisReply *reply)
{
    struct heard *heard = arg;
    struct sea_str text = sea_redis_str(reply);
    heard->count++;
    heard->err = err;
    heard->number = sea_redis_i64(reply);
    snprintf(heard->text, sizeof heard->text, "%.*s", (int)text.len,
             text.ptr != NULL ? text.ptr : "");
}

static void run_ms(int64_t ms)
{
    for (int64_t end = sea_clock_mono_ms() + ms; sea_clock_mono_ms() < end;) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(1000);
    }
}

static void wait_for(const int *count, int want)
{
    for (int64_t end = sea_clock_mono_ms() + 5000; *count < want;) {
        if (sea_clock_mono_ms() > end) fail_msg("%d of %d within 5 s", *count, want);
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(200);
    }
}

static void wait_until_up(const struct sea_redis *redis, bool is_up)
{
    for (int64_t end = sea_clock_mono_ms() + 5000; sea_redis_is_up(redis) != is_up;) {
        if (sea_clock_mono_ms() > end) fail_msg("not within 5 s: %s", sea_redis_cause(redis));
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(200);
    }
}

struct changes {
    int ups, downs;
};

static void on_change(void *ctx, bool is_up)
{
    struct changes *changes = ctx;
    if (is_up) {
        changes->ups++;
    } else {
        changes->downs++;
    }
}

static struct sea_redis *open_at(const char *url, struct changes *changes)
{
    struct sea_redis *redis;
    const struct sea_redis_options options = {.base = base,
                                              .url = url,
                                              .timeout_ms = 200,
                                              .in_flight_max = 50,
                                              .on_change = changes != NULL ? on_change : NULL,
                                              .ctx = changes};
    assert_int_equal(sea_redis_open(&redis, &options), SEA_OK);
    return redis;
}

static struct sea_redis *open_stack(struct changes *changes)
{
    char url[200];
    const char *start = getenv("REDIS_URL");
    if (start == NULL) fail_msg("REDIS_URL is not set; test_redis.py runs this program");
    snprintf(url, sizeof url, "%s/9", start);
    struct sea_redis *redis = open_at(url, changes);
    wait_until_up(redis, true);
    return redis;
}

#define WORDS(...)                                                                                 \
    (const struct sea_str[]){__VA_ARGS__},                                                         \
        sizeof((struct sea_str[]){__VA_ARGS__}) / sizeof(struct sea_str)

static struct heard ask(struct sea_redis *redis, const struct sea_str *words, size_t count)
{
    struct heard heard = {0};
    assert_int_equal(sea_redis_send(redis, words, count, hear, &heard), SEA_OK);
    assert_int_equal(heard.count, 0); /* never within the call */
    wait_for(&heard.count, 1);
    return heard;
}

static void answers_come_in_order_and_once(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct sea_redis *redis = open_stack(&changes);
    struct heard heard[40] = {0};
    ask(redis, WORDS(SEA_STR("DEL"), SEA_STR("it:n")));
    for (int i = 0; i < 40; i++) {
        assert_int_equal(
            sea_redis_send(redis, WORDS(SEA_STR("INCR"), SEA_STR("it:n")), hear, &heard[i]),
            SEA_OK);
    }
    wait_for(&heard[39].count, 1);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(heard[i].count, 1);
        assert_int_equal(heard[i].number, i + 1);
    }
    assert_int_equal(changes.ups, 1);
    sea_redis_close(&redis);
}

static void an_error_of_ours_is_told_apart(void **state)
{
    (void)state;
    struct sea_redis *redis = open_stack(NULL);
    ask(redis, WORDS(SEA_STR("SET"), SEA_STR("it:text"), SEA_STR("x y\r\n")));
    assert_string_equal(ask(redis, WORDS(SEA_STR("GET"), SEA_STR("it:text"))).text, "x y\r\n");
    assert_int_equal(ask(redis, WORDS(SEA_STR("LPUSH"), SEA_STR("it:text"), SEA_STR("1"))).err,
                     SEA_ERR_REJECT);
    assert_int_equal(ask(redis, WORDS(SEA_STR("NOSUCHCOMMAND"))).err, SEA_ERR_REJECT);
    assert_true(sea_redis_is_up(redis));
    sea_redis_close(&redis);
}

static void what_is_in_flight_is_bounded(void **state)
{
    (void)state;
    struct sea_redis *redis = open_stack(NULL);
    struct heard heard = {0};
    for (int i = 0; i < 50; i++)
        assert_int_equal(sea_redis_send(redis, WORDS(SEA_STR("PING")), hear, &heard), SEA_OK);
    assert_int_equal(sea_redis_send(redis, WORDS(SEA_STR("PING")), hear, &heard), SEA_ERR_RETRY);
    wait_for(&heard.count, 50);
    assert_int_equal(sea_redis_send(redis, WORDS(SEA_STR("PING")), hear, &heard), SEA_OK);
    wait_for(&heard.count, 51);
    sea_redis_close(&redis);
}

static void a_script_is_loaded_when_it_is_missing(void **state)
{
    (void)state;
    static struct sea_redis_script script = {
        .name = "add", .source = "return redis.call('INCRBY', KEYS[1], ARGV[1])"};
    struct sea_redis *redis = open_stack(NULL);
    struct heard heard = {0};
    const struct sea_str words[] = {SEA_STR("it:sum"), SEA_STR("5")};
    ask(redis, WORDS(SEA_STR("DEL"), SEA_STR("it:sum")));
    ask(redis, WORDS(SEA_STR("SCRIPT"), SEA_STR("FLUSH")));
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(sea_redis_run(redis, &script, words, 1, 2, hear, &heard), SEA_OK);
        wait_for(&heard.count, i);
        assert_int_equal(heard.err, SEA_OK);
        assert_int_equal(heard.number, 5 * i);
    }
    ask(redis, WORDS(SEA_STR("SCRIPT"), SEA_STR("FLUSH")));
    assert_int_equal(sea_redis_run(redis, &script, words, 1, 2, hear, &heard), SEA_OK);
    wait_for(&heard.count, 4);
    assert_int_equal(heard.err, SEA_ERR_RETRY);
    assert_int_equal(sea_redis_run(redis, &script, words, 1, 2, hear, &heard), SEA_OK);
    wait_for(&heard.count, 5);
    assert_int_equal(heard.err, SEA_OK);
    assert_int_equal(heard.number, 20);
    sea_redis_close(&redis);
}

static void a_lost_connection_comes_back(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct sea_redis *redis = open_stack(&changes), *other = open_stack(NULL);
    struct heard heard = {0};
    assert_int_equal(sea_redis_send(redis,
                                    WORDS(SEA_STR("BLPOP"), SEA_STR("it:none"), SEA_STR("0")), hear,
                                    &heard),
                     SEA_OK);
    run_ms(50);
    ask(other, WORDS(SEA_STR("CLIENT"), SEA_STR("KILL"), SEA_STR("TYPE"), SEA_STR("normal"),
                     SEA_STR("SKIPME"), SEA_STR("yes")));
    wait_for(&heard.count, 1);
    assert_int_equal(heard.err, SEA_ERR_RETRY);
    wait_for(&changes.downs, 1);
    assert_int_equal(sea_redis_send(redis, WORDS(SEA_STR("PING")), hear, &heard), SEA_ERR_RETRY);
    wait_for(&changes.ups, 2);
    assert_int_equal(ask(redis, WORDS(SEA_STR("PING"))).err, SEA_OK);
    assert_int_equal(heard.count, 1);
    sea_redis_close(&redis);
    sea_redis_close(&other);
}

static void an_overdue_answer_ends_the_connection(void **state)
{
    (void)state;
    struct changes changes = {0};
    struct sea_redis *redis = open_stack(&changes);
    struct heard first = {0}, second = {0};
    int64_t start_ms = sea_clock_mono_ms();
    assert_int_equal(sea_redis_send(redis,
                                    WORDS(SEA_STR("BLPOP"), SEA_STR("it:none"), SEA_STR("0")), hear,
                                    &first),
                     SEA_OK);
    run_ms(100);
    assert_int_equal(sea_redis_send(redis, WORDS(SEA_STR("PING")), hear, &second), SEA_OK);
    wait_for(&first.count, 1);
    assert_in_range(sea_clock_mono_ms() - start_ms, 195, 600);
    assert_int_equal(first.err, SEA_ERR_RETRY);
    assert_int_equal(second.count, 1);
    assert_int_equal(second.err, SEA_ERR_RETRY);
    wait_for(&changes.ups, 2);
    sea_redis_close(&redis);
}

static void closing_answers_what_is_in_flight(void **state)
{
    (void)state;
    struct sea_redis *redis = open_stack(NULL);
    struct heard heard = {0};
    assert_int_equal(sea_redis_send(redis, WORDS(SEA_STR("PING")), hear, &heard), SEA_OK);
    sea_redis_close(&redis);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.err, SEA_ERR_RETRY);
}

static void nobody_there_is_tried_again(void **state)
{
    (void)state;
    struct sea_redis *redis = open_at("redis://127.0.0.1:1", NULL);
    struct heard heard = {0};
    run_ms(300);
    assert_false(sea_redis_is_up(redis));
    assert_non_null(strstr(sea_redis_cause(redis), "refused"));
    assert_int_equal(sea_redis_send(redis, WORDS(SEA_STR("PING")), hear, &heard), SEA_ERR_RETRY);
    sea_redis_close(&redis);
}

/* A server that takes connections and says nothing. */
static void one_that_never_greets_is_given_up(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    char url[64];
    int server = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server, 8), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&at, &len), 0);
    snprintf(url, sizeof url, "redis://127.0.0.1:%d", ntohs(at.sin_port));
    struct sea_redis *redis = open_at(url, NULL);
    run_ms(300);
    assert_false(sea_redis_is_up(redis));
    assert_string_equal(sea_redis_cause(redis), "does not answer");
    sea_redis_close(&redis);
    close(server);
}

static void a_wrong_password_is_said(void **state)
{
    (void)state;
    char url[64];
    const char *port = getenv("REDIS_PORT");
    assert_non_null(port);
    snprintf(url, sizeof url, "redis://nobody:wrong@127.0.0.1:%s", port);
    struct sea_redis *redis = open_at(url, NULL);
    run_ms(300);
    assert_string_equal(sea_redis_cause(redis), "refuses the password or the database");
    sea_redis_close(&redis);
}

static void on_message(void *ctx, struct sea_str text)
{
    struct heard *heard = ctx;
    heard->count++;
    snprintf(heard->text, sizeof heard->text, "%.*s", (int)text.len, text.ptr);
}

/* Whoever subscribed is heard of only once the server has it: publishes until somebody was there.
 */
static void publish(struct sea_redis *redis, const char *text)
{
    for (int64_t end = sea_clock_mono_ms() + 5000;;) {
        if (ask(redis, WORDS(SEA_STR("PUBLISH"), SEA_STR("it:news"), sea_str(text))).number) return;
        if (sea_clock_mono_ms() > end) fail_msg("nobody listens within 5 s");
    }
}

static void what_is_published_is_heard_also_after_a_loss(void **state)
{
    (void)state;
    struct sea_redis *redis = open_stack(NULL), *listener;
    struct heard heard = {0};
    const struct sea_redis_options options = {.base = base,
                                              .url = getenv("REDIS_URL"),
                                              .timeout_ms = 200,
                                              .channel = "it:news",
                                              .on_message = on_message,
                                              .ctx = &heard};
    assert_int_equal(sea_redis_open(&listener, &options), SEA_OK);
    publish(redis, "one");
    wait_for(&heard.count, 1);
    assert_string_equal(heard.text, "one");
    run_ms(300); /* silence is no reason to give it up */
    assert_true(sea_redis_is_up(listener));
    ask(redis, WORDS(SEA_STR("CLIENT"), SEA_STR("KILL"), SEA_STR("TYPE"), SEA_STR("pubsub")));
    publish(redis, "two");
    wait_for(&heard.count, 2);
    assert_string_equal(heard.text, "two");
    sea_redis_close(&listener);
    assert_int_equal(heard.count, 2);
    sea_redis_close(&redis);
}

static void who_may_not_listen_is_not_up(void **state)
{
    (void)state;
    char url[100];
    struct sea_redis *redis = open_stack(NULL), *listener;
    const struct sea_redis_options options = {
        .base = base, .url = url, .channel = "it:news", .on_message = on_message};
    const char *port = getenv("REDIS_PORT");
    assert_non_null(port);
    snprintf(url, sizeof url, "redis://it-deaf:it@127.0.0.1:%s", port);
    ask(redis, WORDS(SEA_STR("ACL"), SEA_STR("SETUSER"), SEA_STR("it-deaf"), SEA_STR("on"),
                     SEA_STR(">it"), SEA_STR("+@all"), SEA_STR("resetchannels")));
    assert_int_equal(sea_redis_open(&listener, &options), SEA_OK);
    for (int64_t end = sea_clock_mono_ms() + 5000; !strstr(sea_redis_cause(listener), "NOPERM");) {
        assert_false(sea_redis_is_up(listener));
        if (sea_clock_mono_ms() > end) fail_msg("not told: %s", sea_redis_cause(listener));
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    sea_redis_close(&listener);
    ask(redis, WORDS(SEA_STR("ACL"), SEA_STR("DELUSER"), SEA_STR("it-deaf")));
    sea_redis_close(&redis);
}

static int prepare(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    base = event_base_new();
    return base != NULL ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    event_base_free(base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_order_and_once),
        cmocka_unit_test(an_error_of_ours_is_told_apart),
        cmocka_unit_test(what_is_in_flight_is_bounded),
        cmocka_unit_test(a_script_is_loaded_when_it_is_missing),
        cmocka_unit_test(a_lost_connection_comes_back),
        cmocka_unit_test(an_overdue_answer_ends_the_connection),
        cmocka_unit_test(closing_answers_what_is_in_flight),
        cmocka_unit_test(nobody_there_is_tried_again),
        cmocka_unit_test(one_that_never_greets_is_given_up),
        cmocka_unit_test(a_wrong_password_is_said),
        cmocka_unit_test(what_is_published_is_heard_also_after_a_loss),
        cmocka_unit_test(who_may_not_listen_is_not_up),
    };
    return cmocka_run_group_tests(tests, prepare, finish);
}
