/* desk_session.c: cookies, sessions in Redis, sign-in with a limit on failures. */
#include "desk_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "desk.h"
#include "desk_body.h"
#include "desk_metrics.h"
#include "desk_password.h"
#include "desk_store.h"
#include "desk_stream.h"
#include "sea_clock.h"
#include "sea_enc.h"
#include "sea_random.h"

enum { TOKEN_BYTES = 32, KEY_MAX = 96, NUMBER_TEXT = 24 };

#define WRONG "user or password is wrong"

/* A browser takes __Host- cookies only over TLS, for this host alone and without a Domain (RFC
 * 6265bis). */
static const char *cookie_name(const struct desk *desk)
{
    return desk->config->mode == SEA_MODE_PRODUCTION ? "__Host-seadesk" : "seadesk";
}

static void key_of(struct sea_str text, char ret[DESK_SESSION_TEXT])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const uint8_t *)text.ptr, text.len);
    sea_hex_print(hash, sizeof(hash), ret);
}

/* RFC 6265 §4.2.1: name=value pairs with "; " between. */
void desk_session_of(const struct desk *desk, const struct sea_http_request *request,
                     char ret[DESK_SESSION_TEXT])
{
    struct sea_str rest = sea_http_header(request, "cookie"), name = sea_str(cookie_name(desk));
    *ret = 0;
    while (rest.len) {
        const char *end = memchr(rest.ptr, ';', rest.len);
        size_t len = end ? (size_t)(end - rest.ptr) : rest.len, taken = len + (end != NULL);
        struct sea_str pair = sea_str_trim((struct sea_str){rest.ptr, len});
        if (pair.len == name.len + 1 + 2 * TOKEN_BYTES && pair.ptr[name.len] == '=' &&
            memcmp(pair.ptr, name.ptr, name.len) == 0)
            key_of((struct sea_str){pair.ptr + name.len + 1, 2 * TOKEN_BYTES}, ret);
        rest = (struct sea_str){rest.ptr + taken, rest.len - taken};
    }
}

static struct sea_str number(int64_t value, char ret[NUMBER_TEXT])
{
    return (struct sea_str){ret, (size_t)snprintf(ret, NUMBER_TEXT, "%lld", (long long)value)};
}

/* ---- finding ---- */

/* The value is the user, a line feed, and the Unix time of the sign-in in milliseconds. */
static struct sea_str user_of(const struct desk *desk, struct sea_str value)
{
    const struct sea_str none = {NULL, 0};
    const char *feed = value.len ? memchr(value.ptr, '\n', value.len) : NULL;
    int64_t begun_ms = 0;
    if (!feed) return none;
    struct sea_str user = {value.ptr, (size_t)(feed - value.ptr)};
    if (!sea_str_i64((struct sea_str){feed + 1, value.len - user.len - 1}, &begun_ms)) return none;
    return begun_ms + desk->own.session_max_ms > sea_clock_wall_ms() ? user : none;
}

static enum sea_err get(struct desk *desk, const char *session, sea_redis_answer *fn, void *arg)
{
    char key[KEY_MAX], idle[NUMBER_TEXT];
    snprintf(key, sizeof(key), "sd:sess:%s", session);
    struct sea_str words[] = {SEA_STR("GETEX"), sea_str(key), SEA_STR("PX"),
                              number(desk->own.session_idle_ms, idle)};
    return sea_redis_send(desk->redis, words, SEA_COUNT(words), fn, arg);
}

struct finding {
    struct desk_call *call;
    desk_session_found *fn;
};

static void on_found(void *arg, enum sea_err err, const redisReply *reply)
{
    struct finding finding = *(struct finding *)arg; /* `fn` may end the call, and this with it */
    finding.fn(finding.call, err, user_of(finding.call->desk, sea_redis_str(reply)));
}

void desk_session_find(struct desk_call *call, desk_session_found *fn)
{
    struct finding *finding = sea_arena_alloc(&call->arena, sizeof(*finding));
    sea_assert(finding);
    *finding = (struct finding){call, fn};
    enum sea_err err = get(call->desk, call->session, on_found, finding);
    if (err) fn(call, err, (struct sea_str){NULL, 0});
}

struct touch {
    struct desk *desk;
    void (*fn)(void *ctx, bool is_alive);
    void *ctx;
};

/* Redis being away ends no session. */
static void on_touched(void *arg, enum sea_err err, const redisReply *reply)
{
    struct touch *touch = arg;
    touch->fn(touch->ctx, err || user_of(touch->desk, sea_redis_str(reply)).len > 0);
    free(touch);
}

enum sea_err desk_session_touch(struct desk *desk, const char *session,
                                void (*fn)(void *ctx, bool is_alive), void *ctx)
{
    struct touch *touch = sea_alloc(sizeof(*touch));
    *touch = (struct touch){desk, fn, ctx};
    enum sea_err err = get(desk, session, on_touched, touch);
    if (err) free(touch);
    return err;
}

/* ---- signing in ---- */

/* Counts an attempt; success takes the count away. */
static struct sea_redis_script COUNT_TRY = {
    .name = "count_try",
    .source = "local n = redis.call('INCR', KEYS[1]) "
              "if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end "
              "return {n, redis.call('PTTL', KEYS[1])}"};

struct signin {
    struct desk_call *call;
    struct desk_signin given;
    struct desk_account account;
    bool is_known;
    char tries[KEY_MAX]; /* Redis key: names the user by a hash */
};

static void fail(struct signin *signin, enum sea_err err)
{
    sea_metric_inc(&sea_m_desk_signins_total, "failed");
    desk_call_fail(signin->call, err);
}

static void on_kept(void *arg, enum sea_err err, const redisReply *reply)
{
    struct signin *signin = arg;
    struct desk_call *call = signin->call;
    char cookie[256];
    (void)reply;
    if (err) {
        fail(signin, err);
        return;
    }
    bool is_production = call->desk->config->mode == SEA_MODE_PRODUCTION;
    snprintf(cookie, sizeof(cookie),
             "Set-Cookie: %s=%s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Strict%s\r\n",
             cookie_name(call->desk), (const char *)call->work,
             (long long)(call->desk->own.session_max_ms / 1000), is_production ? "; Secure" : "");
    sea_metric_inc(&sea_m_desk_signins_total, "ok");
    desk_call_answer_empty(call, 204, cookie);
    sodium_memzero(cookie, sizeof(cookie));
}

static void keep_session(struct signin *signin)
{
    struct desk_call *call = signin->call;
    struct desk *desk = call->desk;
    uint8_t token[TOKEN_BYTES];
    char key[KEY_MAX], hash[DESK_SESSION_TEXT], value[DESK_USER_MAX + 1 + NUMBER_TEXT];
    char idle[NUMBER_TEXT], *text = sea_arena_alloc(&call->arena, 2 * TOKEN_BYTES + 1);
    sea_assert(text);
    sea_random_bytes(token, sizeof(token));
    sea_hex_print(token, sizeof(token), text);
    call->work = text;
    key_of(sea_str(text), hash);
    snprintf(key, sizeof(key), "sd:sess:%s", hash);
    snprintf(value, sizeof(value), "%s\n%lld", signin->account.who.user,
             (long long)sea_clock_wall_ms());
    struct sea_str forget[] = {SEA_STR("DEL"), sea_str(signin->tries)};
    struct sea_str words[] = {SEA_STR("SET"), sea_str(key), sea_str(value), SEA_STR("PX"),
                              number(desk->own.session_idle_ms, idle)};
    enum sea_err err = sea_redis_send(desk->redis, forget, SEA_COUNT(forget), NULL, NULL);
    if (!err) err = sea_redis_send(desk->redis, words, SEA_COUNT(words), on_kept, signin);
    if (err) fail(signin, err);
}

static void on_checked(void *ctx, bool is_right)
{
    struct signin *signin = ctx;
    if (is_right) {
        keep_session(signin);
        return;
    }
    sea_metric_inc(&sea_m_desk_signins_total, "wrong");
    desk_call_refuse_as(signin->call, SEA_PROBLEM_UNAUTHORIZED, WRONG);
}

static void on_counted(void *arg, enum sea_err err, const redisReply *reply)
{
    struct signin *signin = arg;
    struct desk_call *call = signin->call;
    struct desk *desk = call->desk;
    if (!err && sea_redis_i64(sea_redis_at(reply, 0)) > desk->own.signin_tries) {
        int64_t left_ms = sea_redis_i64(sea_redis_at(reply, 1));
        struct sea_problem problem = {.code = SEA_PROBLEM_TOO_MANY_REQUESTS,
                                      .detail = "too many sign-ins of this user failed",
                                      .retry_after_s = 1 + (uint32_t)(left_ms / 1000)};
        sea_metric_inc(&sea_m_desk_signins_total, "throttled");
        desk_call_refuse(call, &problem);
        return;
    }
    struct sea_str hash = {signin->account.hash, signin->account.hash_len};
    if (!signin->is_known) hash.len = 0;
    if (!err)
        err =
            desk_passwords_check(desk->passwords, hash, signin->given.password, on_checked, signin);
    if (err) fail(signin, err);
}

void desk_session_sign_in(struct desk_call *call)
{
    struct signin *signin = sea_arena_zero(&call->arena, sizeof(*signin));
    struct sea_problem problem = {0};
    char hash[DESK_SESSION_TEXT], window[NUMBER_TEXT];
    enum sea_err err = SEA_OK;
    sea_assert(signin);
    signin->call = call;
    if (!desk_body_signin(call->body, &call->arena, &signin->given, &problem)) {
        desk_call_refuse(call, &problem);
        return;
    }
    if (desk_user_is_valid(signin->given.user))
        err =
            desk_store_account(call->desk, signin->given.user, &signin->account, &signin->is_known);
    key_of(signin->given.user, hash);
    snprintf(signin->tries, sizeof(signin->tries), "sd:rate:signin:%s", hash);
    struct sea_str words[] = {sea_str(signin->tries),
                              number(call->desk->own.signin_window_ms, window)};
    if (!err)
        err = sea_redis_run(call->desk->redis, &COUNT_TRY, words, 1, SEA_COUNT(words), on_counted,
                            signin);
    if (err) fail(signin, err);
}

/* ---- signing out ---- */

static void on_ended(void *arg, enum sea_err err, const redisReply *reply)
{
    struct desk_call *call = arg;
    char cookie[160];
    (void)reply;
    if (err) {
        desk_call_fail(call, err);
        return;
    }
    bool is_production = call->desk->config->mode == SEA_MODE_PRODUCTION;
    snprintf(cookie, sizeof(cookie),
             "Set-Cookie: %s=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict%s\r\n",
             cookie_name(call->desk), is_production ? "; Secure" : "");
    desk_stream_end_session(call->desk->stream, call->session);
    desk_call_answer_empty(call, 204, cookie);
}

void desk_session_sign_out(struct desk_call *call)
{
    char key[KEY_MAX];
    if (!*call->session) {
        desk_call_answer_empty(call, 204, "");
        return;
    }
    snprintf(key, sizeof(key), "sd:sess:%s", call->session);
    struct sea_str words[] = {SEA_STR("DEL"), sea_str(key)};
    enum sea_err err = sea_redis_send(call->desk->redis, words, SEA_COUNT(words), on_ended, call);
    if (err) desk_call_fail(call, err);
}
