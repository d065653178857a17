/* ingest_http_webhook.c: providers' webhooks and subscription challenges, in the providers' own
 * formats. */
#include <string.h>

#include "ingest_http.h"
#include "ingest_metrics.h"
#include "ingest_session.h"
#include "sea_clock.h"
#include "sea_http_client.h"
#include "sea_log.h"

enum { RETRY_AFTER_S = 20, CONFIRM_MS = 5000 /* SNS waits 15 s, a drain 8 */ };

/* One webhook in work, in its intake's arena. */
struct webhook {
    struct ingest_edge *edge;
    struct ingest_webhook hook;
    struct ingest_reply reply;
    enum sea_adapter adapter;
    struct sea_str account; /* its name: a reload may replace the settings while Redis is asked */
    struct sea_key session;
    bool has_session;
    /* What the thread found, of e-mail. */
    bool is_read;
    enum ingest_verdict verdict;
    bool is_parsed;
};

enum { MAIL_COPIES = 3 }; /* in memory: the body, what JSON makes of it, and its files */

static void answer(struct sea_http_exchange *exchange, const struct ingest_reply *reply)
{
    struct sea_http_answer answer = {
        .status = reply->status, .content_type = reply->content_type, .body = reply->body};
    if (reply->content_type)
        sea_http_answer(exchange, &answer);
    else
        sea_http_answer_empty(exchange, reply->status);
}

static const char *scheme_of(const struct webhook *webhook)
{
    return webhook->hook.adapter->verify == ingest_verify_basic ? "Basic" : "Signature";
}

static void on_published(struct ingest_intake *intake, enum sea_err err)
{
    const struct webhook *webhook = intake->ctx2;
    if (err == SEA_ERR_REJECT && !strcmp(intake->problem.code, "key-reused")) {
        ingest_http_refuse_silently(intake->ctx, intake->label, "replayed", scheme_of(webhook));
        return;
    }
    if (ingest_http_failed(intake, err)) return;
    if (webhook->has_session)
        ingest_session_keep(ingest_intakes_redis(intake->owner), webhook->session,
                            webhook->reply.session, webhook->reply.session_ms);
    answer(intake->ctx, &webhook->reply);
}

static void count_unknown(struct sea_str channel)
{
    const struct sea_channel *known = sea_channel_of(channel);
    const char *label = known ? known->name : "unknown";
    double now_s = (double)sea_clock_wall_ms() / 1000;
    sea_metric_set(&sea_m_ingest_unknown_account_last_seconds, now_s, label);
    if (sea_metric_value(&sea_m_ingest_unknown_account_first_seconds, label) == 0)
        sea_metric_set(&sea_m_ingest_unknown_account_first_seconds, now_s, label);
    ingest_http_count_refusal(label, "unknown_account");
}

static struct sea_str signed_url(const struct ingest_edge *edge,
                                 const struct sea_http_request *request, struct sea_arena *arena)
{
    struct sea_str base = sea_str(edge->config->public_url);
    while (base.len && base.ptr[base.len - 1] == '/') base.len--;
    char *url = sea_arena_alloc(arena, base.len + request->target.len + 1);
    if (!url) return (struct sea_str){NULL, 0};
    memcpy(url, base.ptr, base.len);
    memcpy(url + base.len, request->target.ptr, request->target.len);
    return (struct sea_str){url, base.len + request->target.len};
}

/* A webhook for this account, and the account's adapter in it. */
static struct ingest_webhook hook_of(const struct ingest_edge *edge,
                                     const struct sea_account *account,
                                     const struct sea_http_request *request,
                                     struct ingest_intake *intake)
{
    return (struct ingest_webhook){
        .adapter = ingest_adapter_of(account->adapter),
        .account = account,
        .keys = &edge->account_keys[account - edge->settings->channels.accounts],
        .url = signed_url(edge, request, &intake->arena),
        .query = request->query,
        .body = request->body,
        .headers = request->headers,
        .headers_count = request->headers_count,
        .now_ms = sea_clock_wall_ms(),
        .tolerance_ms = edge->own.signature_tolerance_ms,
        .alc = &intake->alc,
        .scope = ingest_edge_scope(edge, NULL),
        .channels = &edge->settings->channels,
    };
}

/* The account of the path, with a webhook; NULL: it was answered. */
static const struct sea_account *account_of(const struct ingest_edge *edge,
                                            struct sea_http_exchange *exchange,
                                            const struct sea_http_request *request)
{
    bool is_mail = request->params_count == 1; /* e-mail has a route of its own */
    struct sea_str channel = is_mail ? SEA_STR("email") : request->params[0];
    const struct sea_account *account =
        sea_channels_account(&edge->settings->channels, channel, request->params[!is_mail]);
    if (account && ingest_adapter_of(account->adapter)) return account;
    count_unknown(channel);
    ingest_http_not_found(exchange);
    return NULL;
}

/* ---- subscriptions ---- */

static void on_unconfirmed(struct ingest_intake *intake, enum sea_err err)
{
    struct sea_problem problem = {.code = SEA_PROBLEM_UNAVAILABLE,
                                  .detail =
                                      "the subscription could not be confirmed; send it again",
                                  .retry_after_s = RETRY_AFTER_S};
    if (!ingest_http_failed(intake, err)) sea_http_answer_problem(intake->ctx, &problem);
}

static void settle(struct ingest_intake *intake, int status, const char *cause)
{
    const struct webhook *webhook = intake->ctx2;
    bool is_confirmed = status >= 200 && status < 300;
    sea_metric_inc(&sea_m_ingest_subscriptions_total, intake->label,
                   is_confirmed ? "confirmed" : "failed");
    sea_log(is_confirmed ? SEA_LOG_INFO : SEA_LOG_WARN,
            is_confirmed
                ? "a provider's subscription is confirmed"
                : "a provider's subscription could not be confirmed: it is tried when the "
                  "provider sends it again; if that ends, ask for the subscription anew, or "
                  "visit the address in the dead letter",
            SEA_F_STR("channel", intake->label), SEA_F_STR("account", webhook->account),
            SEA_F_I64("status", status), SEA_F_STR("cause", cause));
    if (is_confirmed) intake->items.count = 0;
    ingest_intake_publish(intake, is_confirmed ? on_published : on_unconfirmed);
}

static void on_visited(void *ctx, const struct sea_http_reply *reply)
{
    settle(ctx, reply->status, reply->cause);
}

/* The answer waits, so that a provider whose subscription isn't confirmed sends it again. */
static void confirm(struct ingest_intake *intake)
{
    struct webhook *webhook = intake->ctx2;
    const struct sea_http_call call = {.peer = "subscription",
                                       .method = SEA_HTTP_GET,
                                       .url = webhook->reply.confirm_url,
                                       .timeout_ms = CONFIRM_MS};
    webhook->account = sea_arena_str(&intake->arena, sea_str(webhook->hook.account->name));
    for (size_t i = 0; i < intake->items.count; i++) { /* the request's buffers go */
        struct ingest_dead *dead = &intake->items.list[i].dead;
        dead->value = sea_arena_str(&intake->arena, dead->value);
    }
    if (!sea_http_client_send(webhook->edge->client, &call, on_visited, intake))
        settle(intake, 0, "too many at once");
}

/* What the proof is good for once is remembered with what it came with: not the body, which a
 * provider may write another way when it sends it again, but the ids that were found. */
static void bind_proof(struct ingest_intake *intake)
{
    const struct webhook *webhook = intake->ctx2;
    const struct ingest_webhook *hook = &webhook->hook;
    const struct ingest_items *items = &intake->items;
    struct sea_str name = sea_str(hook->account->name);
    struct sea_str proof = hook->adapter->once(hook, &intake->arena);
    char *ids = sea_arena_alloc(&intake->arena, items->count * sizeof(struct sea_uuid) + 1);
    if (!proof.len || !ids) return;
    for (size_t i = 0; i < items->count; i++)
        memcpy(ids + i * sizeof(struct sea_uuid), items->list[i].id.bytes, sizeof(struct sea_uuid));
    struct sea_str found = {ids, items->count * sizeof(struct sea_uuid)};
    struct sea_key check = sea_contact_key(&webhook->edge->pepper, SEA_STR("once"), name, found);
    intake->key = ingest_id("once", hook->account, &proof, 1);
    memcpy(&intake->check, check.bytes, sizeof(intake->check));
}

static void parse(struct ingest_intake *intake)
{
    struct webhook *webhook = intake->ctx2;
    webhook->is_parsed =
        ingest_parse(&webhook->hook, &intake->items, &webhook->reply, &intake->problem);
    if (webhook->is_parsed && webhook->hook.adapter->once) bind_proof(intake);
}

static void count_ignored(const struct ingest_intake *intake)
{
    const struct ingest_ignored *ignored = intake->items.ignored;
    for (size_t i = 0; i < INGEST_IGNORED_MAX && ignored[i].what; i++)
        sea_metric_add(&sea_m_ingest_ignored_total, ignored[i].count, intake->label,
                       ignored[i].what);
}

static void take(struct ingest_intake *intake)
{
    const struct webhook *webhook = intake->ctx2;
    if (!webhook->is_parsed) {
        ingest_http_refuse(intake);
        return;
    }
    count_ignored(intake);
    if (webhook->reply.is_unsubscribed) {
        sea_metric_inc(&sea_m_ingest_subscriptions_total, intake->label, "ended");
        sea_log(
            SEA_LOG_WARN, "a provider's subscription has ended: ask for it anew if it is wanted",
            SEA_F_STR("channel", intake->label), SEA_F_STR("account", webhook->hook.account->name));
    }
    if (webhook->reply.confirm_url) {
        confirm(intake);
        return;
    }
    ingest_edge_sort(webhook->edge, &intake->items, webhook->hook.account);
    ingest_intake_publish(intake, on_published);
}

static void on_session(void *ctx, struct sea_str kept)
{
    struct ingest_intake *intake = ctx;
    struct webhook *webhook = intake->ctx2;
    const struct sea_settings *settings = webhook->edge->settings;
    const struct sea_account *account =
        sea_channels_account(&settings->channels, sea_str(intake->label), webhook->account);
    if (!account || !account->is_enabled || account->adapter != webhook->adapter) {
        ingest_http_not_found(intake->ctx);
        ingest_intake_drop(intake);
        return;
    }
    webhook->hook.account = account;
    webhook->hook.scope = ingest_edge_scope(webhook->edge, NULL);
    webhook->hook.channels = &settings->channels;
    webhook->hook.session = sea_arena_str(&intake->arena, kept);
    parse(intake);
    take(intake);
}

/* What the request's buffers hold is gone when its handler returns. */
static void keep_request(struct ingest_webhook *hook, struct sea_arena *arena)
{
    struct sea_http_header *headers =
        sea_arena_zero(arena, (hook->headers_count + 1) * sizeof(*headers));
    for (size_t i = 0; headers && i < hook->headers_count; i++) {
        headers[i].name = sea_arena_str(arena, hook->headers[i].name);
        headers[i].value = sea_arena_str(arena, hook->headers[i].value);
    }
    if (!headers) hook->headers_count = 0;
    hook->headers = headers;
    hook->query = sea_arena_str(arena, hook->query);
    hook->body = sea_arena_str(arena, hook->body);
}

/* Asks first what the last request of this caller left. */
static void resume(struct ingest_intake *intake)
{
    struct webhook *webhook = intake->ctx2;
    struct ingest_webhook *hook = &webhook->hook;
    struct sea_str name = hook->adapter->session(hook, &intake->arena);
    keep_request(hook, &intake->arena);
    hook->keys = NULL; /* verified; a reload may close them */
    webhook->account = sea_arena_str(&intake->arena, sea_str(hook->account->name));
    webhook->adapter = hook->account->adapter;
    webhook->session =
        sea_contact_key(&webhook->edge->pepper, sea_str(intake->label), webhook->account, name);
    webhook->has_session = name.len > 0;
    ingest_session_ask(webhook->has_session ? ingest_intakes_redis(intake->owner) : NULL,
                       webhook->session, on_session, intake);
}

static void decide(struct ingest_intake *intake, enum ingest_verdict verdict)
{
    struct webhook *webhook = intake->ctx2;
    const struct sea_account *account = webhook->hook.account;
    if (verdict != INGEST_AUTHENTIC) {
        ingest_http_refuse_silently(intake->ctx, intake->label, ingest_verdict_name(verdict),
                                    scheme_of(webhook));
        ingest_intake_drop(intake);
    } else if (!ingest_edge_is_here(webhook->edge, account, &intake->problem)) {
        ingest_http_refuse(intake);
    } else if (!account->is_enabled) {
        ingest_edge_quarantine(&intake->items, account, webhook->hook.body);
        ingest_intake_publish(intake, ingest_http_quarantined);
    } else if (webhook->hook.adapter->session) {
        resume(intake);
    } else {
        if (!webhook->is_read) parse(intake);
        take(intake);
    }
}

/* ---- e-mail, which is checked and read by the thread ---- */

static void on_thread(void *ctx)
{
    struct ingest_intake *intake = ctx;
    struct webhook *webhook = intake->ctx2;
    webhook->is_read = true;
    webhook->verdict = ingest_verify(&webhook->hook);
    if (webhook->verdict == INGEST_AUTHENTIC && webhook->hook.account->is_enabled) parse(intake);
}

static void on_read(void *ctx)
{
    struct ingest_intake *intake = ctx;
    const struct webhook *webhook = intake->ctx2;
    struct ingest_edge *edge = webhook->edge;
    decide(intake, webhook->verdict); /* the intake may be gone now */
    ingest_edge_read(edge);
}

static void read_mail(struct ingest_intake *intake)
{
    struct webhook *webhook = intake->ctx2;
    struct ingest_edge *edge = webhook->edge;
    size_t bytes = webhook->hook.body.len * MAIL_COPIES;
    if (edge->wants_reload || !ingest_intake_reserve(intake, &edge->mail, bytes)) {
        ingest_http_unavailable(intake);
        return;
    }
    keep_request(&webhook->hook, &intake->arena);
    intake->reading = (struct sea_job){.run = on_thread, .done = on_read, .ctx = intake};
    edge->readings++;
    sea_thread_add(edge->reader, &intake->reading);
}

void ingest_http_webhook(void *ctx, struct sea_http_exchange *exchange,
                         const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_account *account = account_of(edge, exchange, request);
    if (!account) return;
    struct ingest_intake *intake =
        ingest_http_begin(edge, exchange, request, account->channel->name);
    if (!intake) return;
    struct webhook *webhook = sea_arena_zero(&intake->arena, sizeof(*webhook));
    sea_assert(webhook); /* the first of a fresh arena */
    webhook->edge = edge;
    webhook->hook = hook_of(edge, account, request, intake);
    intake->ctx2 = webhook;
    if (webhook->hook.adapter->body_max_bytes == INGEST_MAIL_MAX)
        read_mail(intake);
    else
        decide(intake, ingest_verify(&webhook->hook));
}

void ingest_http_challenge(void *ctx, struct sea_http_exchange *exchange,
                           const struct sea_http_request *request)
{
    struct ingest_edge *edge = ctx;
    const struct sea_account *account = account_of(edge, exchange, request);
    if (!account) return;
    const struct ingest_adapter *adapter = ingest_adapter_of(account->adapter);
    /* Intercom only asks whether there is anybody ("Setting up webhooks"). */
    if (request->method == SEA_HTTP_HEAD && !adapter->challenge && account->is_enabled) {
        sea_http_answer_empty(exchange, 200);
        return;
    }
    if (!adapter->challenge || !account->is_enabled) {
        ingest_http_not_found(exchange);
        return;
    }
    struct ingest_intake *intake =
        ingest_http_begin(edge, exchange, request, account->channel->name);
    if (!intake) return;
    struct ingest_webhook hook = hook_of(edge, account, request, intake);
    struct ingest_reply reply = {.status = 200, .content_type = "text/plain"};
    if (!adapter->challenge(&hook, &intake->arena, &reply) || !reply.body.len) {
        ingest_refuse(&intake->problem, 403, "forbidden", "the verify token is another", NULL);
    } else if (ingest_edge_is_here(edge, account, &intake->problem)) {
        answer(exchange, &reply);
        ingest_intake_drop(intake);
        return;
    }
    ingest_http_refuse(intake);
}
