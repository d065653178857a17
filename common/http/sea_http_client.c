/* sea_http_client.c: libcurl's sockets and timer as events of the loop; outcomes told apart. */
#include "sea_http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include <curl/curl.h>
#include <event2/event_struct.h>

#include "sea_buf.h"
#include "sea_clock.h"
#include "sea_log.h"
#include "sea_mailer.h"
#include "sea_metrics_common.h"

enum {
    IN_FLIGHT_MAX = 256,
    PER_HOST_MAX = 16,
    TIMEOUT_MS = 10000,
    CONNECT_TIMEOUT_MS = 5000,
    RESPONSE_MAX_BYTES = 1 << 20,
    HEADERS_MAX_BYTES = 16384,
    KEPT_MAX_S = 20, /* idle connections older than this are likely to be closed under us */
};

struct sea_http_transfer {
    TAILQ_ENTRY(sea_http_transfer) of_client;
    struct sea_http_client *client;
    CURL *easy;                 /* of mail: its mailer's */
    struct curl_slist *headers; /* of mail: its recipient */
    struct sea_mailer *mailer;  /* NULL: it is HTTP */
    sea_http_reply_fn *on_reply;
    void *ctx;
    bool (*may_connect)(void *ctx, const struct sockaddr *address);
    bool is_forbidden;
    const char *peer;
    char *body;
    size_t body_len, body_read;
    struct sea_buf answer, answer_headers;
    struct event deadline; /* of HTTP: libcurl's doesn't run while a call waits for a connection */
    int64_t begun_ms;
    char cause[CURL_ERROR_SIZE];
};

struct sea_http_client {
    struct sea_http_client_config config;
    struct event_base *base;
    CURLM *multi;
    struct sea_mailers *mailers;
    struct event timer;
    TAILQ_HEAD(, sea_http_transfer) transfers;
    uint32_t in_flight;
};

struct sea_str sea_http_reply_header(const struct sea_http_reply *reply, const char *name)
{
    size_t name_len = strlen(name);
    struct sea_str rest = reply->headers;
    while (rest.len > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.ptr) + 1 : rest.len;
        if (len > name_len && rest.ptr[name_len] == ':' &&
            strncasecmp(rest.ptr, name, name_len) == 0)
            return sea_str_trim((struct sea_str){rest.ptr + name_len + 1, len - name_len - 1});
        rest = (struct sea_str){rest.ptr + len, rest.len - len};
    }
    return (struct sea_str){NULL, 0};
}

int64_t sea_http_reply_retry_after_ms(const struct sea_http_reply *reply)
{
    enum { MOST_S = 86400 };
    uint64_t seconds = 0;
    struct sea_str text = sea_http_reply_header(reply, "retry-after");
    if (text.ptr == NULL || !sea_str_u64(text, &seconds)) return 0;
    return (int64_t)(seconds < MOST_S ? seconds : MOST_S) * 1000;
}

static void free_transfer(struct sea_http_transfer *transfer)
{
    struct sea_http_client *client = transfer->client;
    TAILQ_REMOVE(&client->transfers, transfer, of_client);
    client->in_flight--;
    if (transfer->mailer == NULL) {
        evtimer_del(&transfer->deadline);
        curl_multi_remove_handle(client->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
    }
    curl_slist_free_all(transfer->headers);
    sea_buf_free(&transfer->answer);
    sea_buf_free(&transfer->answer_headers);
    free(transfer->body);
    free(transfer);
}

/* The bytes of the request that went out; none means the peer cannot have acted on it. Mail isn't
 * accepted before its last line, which follows what libcurl has taken of it. */
static bool was_sent(const struct sea_http_transfer *transfer)
{
    long head_bytes = 0;
    curl_off_t body_bytes = 0;
    if (transfer->mailer != NULL) return transfer->body_read == transfer->body_len;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &head_bytes);
    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &body_bytes);
    return head_bytes > 0 || body_bytes > 0;
}

static void count(const struct sea_http_transfer *transfer, const struct sea_http_reply *reply)
{
    const char *outcome = "failed";
    if (reply->is_timeout)
        outcome = "timeout";
    else if (reply->outcome != SEA_HTTP_ANSWERED || reply->status >= 500)
        outcome = "failed";
    else if (reply->status == 429)
        outcome = "throttled";
    else
        outcome = reply->status < 400 ? "ok" : "refused";
    sea_metric_inc(&sea_m_http_client_requests_total, transfer->peer, outcome);
    sea_metric_observe(&sea_m_http_client_duration_seconds, (double)reply->took_ms / 1000,
                       transfer->peer);
}

/* The last of the server's lines with this status; the answer to QUIT may follow. */
static struct sea_str line_of(struct sea_str lines, long status)
{
    char code[8];
    struct sea_str found = {"", 0};
    snprintf(code, sizeof code, "%03ld", status % 1000);
    while (lines.len > 0) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        size_t len = end != NULL ? (size_t)(end - lines.ptr) + 1 : lines.len;
        struct sea_str line = {lines.ptr, len};
        if (sea_str_starts(line, code)) found = sea_str_trim(line);
        lines = (struct sea_str){lines.ptr + len, lines.len - len};
    }
    return found;
}

/* libcurl's words for a refused MAIL, RCPT or DATA, and for a refused message. */
static bool is_mail_refused(const struct sea_http_transfer *transfer, CURLcode result, long status)
{
    bool is_said =
        result == CURLE_SEND_ERROR || (result == CURLE_WEIRD_SERVER_REPLY && was_sent(transfer));
    return transfer->mailer != NULL && is_said && status >= 400;
}

static void finish(struct sea_http_transfer *transfer, CURLcode result)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    struct sea_http_reply reply = {
        .outcome = SEA_HTTP_ANSWERED,
        .status = (int)status,
        .body = sea_buf_view(&transfer->answer),
        .headers = sea_buf_view(&transfer->answer_headers),
        .cause = "",
        .is_timeout = result == CURLE_OPERATION_TIMEDOUT,
        .is_too_large = result == CURLE_FILESIZE_EXCEEDED || transfer->answer.is_full,
        .is_forbidden = transfer->is_forbidden,
        .took_ms = sea_clock_mono_ms() - transfer->begun_ms,
    };
    if (transfer->mailer != NULL) reply.body = line_of(reply.headers, status);
    if (transfer->mailer != NULL && result != CURLE_OK && status < 400) reply.status = 0;
    if (result != CURLE_OK && !is_mail_refused(transfer, result, status)) {
        reply.outcome = was_sent(transfer) ? SEA_HTTP_UNKNOWN : SEA_HTTP_NOT_SENT;
        reply.cause = transfer->cause[0] != '\0' ? transfer->cause : curl_easy_strerror(result);
        if (reply.is_too_large) reply.cause = "the answer is larger than allowed";
    }
    count(transfer, &reply);
    if (transfer->on_reply != NULL) transfer->on_reply(transfer->ctx, &reply);
    free_transfer(transfer);
}

static void on_mailed(void *ctx, CURLcode result)
{
    finish(ctx, result);
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    finish(ctx, CURLE_OPERATION_TIMEDOUT);
}

static void finish_all(struct sea_http_client *client)
{
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct sea_http_transfer *transfer = NULL;
        CURLcode result = message->data.result;
        if (message->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        finish(transfer, result);
    }
}

static void on_socket_ready(evutil_socket_t fd, short what, void *ctx)
{
    struct sea_http_client *client = ctx;
    int running = 0, flags = 0;
    if (what & EV_READ) flags |= CURL_CSELECT_IN;
    if (what & EV_WRITE) flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(client->multi, fd, flags, &running);
    finish_all(client);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    struct sea_http_client *client = ctx;
    int running = 0;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all(client);
}

/* libcurl tells which events of a socket it wants; `socket_ctx` is the event that we made for it.
 */
static int want_socket(CURL *easy, curl_socket_t fd, int wish, void *ctx, void *socket_ctx)
{
    (void)easy;
    struct sea_http_client *client = ctx;
    if (socket_ctx != NULL) event_free(socket_ctx);
    struct event *event = NULL;
    if (wish != CURL_POLL_REMOVE) {
        short what = (short)(((wish & CURL_POLL_IN) ? EV_READ : 0) |
                             ((wish & CURL_POLL_OUT) ? EV_WRITE : 0));
        event = event_new(client->base, fd, (short)(what | EV_PERSIST), on_socket_ready, client);
        sea_assert(event != NULL);
        event_add(event, NULL);
    }
    curl_multi_assign(client->multi, fd, event);
    return 0;
}

static int want_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    (void)multi;
    struct sea_http_client *client = ctx;
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    if (timeout_ms < 0)
        evtimer_del(&client->timer);
    else
        evtimer_add(&client->timer, &timeout);
    return 0;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *ctx)
{
    struct sea_http_transfer *transfer = ctx;
    sea_buf_add(&transfer->answer, bytes, size * count);
    return transfer->answer.is_full ? 0 : size * count; /* 0 ends the transfer */
}

static size_t take_header(char *bytes, size_t size, size_t count, void *ctx)
{
    struct sea_http_transfer *transfer = ctx;
    struct sea_buf *headers = &transfer->answer_headers;
    bool is_status_line = size * count > 5 && memcmp(bytes, "HTTP/", 5) == 0;
    if (is_status_line)
        sea_buf_reset(headers); /* of an interim answer */
    else
        sea_buf_add(headers, bytes, size * count);
    return headers->is_full ? 0 : size * count;
}

static size_t give_body(char *room, size_t size, size_t count, void *ctx)
{
    struct sea_http_transfer *transfer = ctx;
    size_t left = transfer->body_len - transfer->body_read;
    size_t len = left < size * count ? left : size * count;
    memcpy(room, transfer->body + transfer->body_read, len);
    transfer->body_read += len;
    return len;
}

#define SET(easy, option, value) sea_assert(curl_easy_setopt(easy, option, value) == CURLE_OK)

/* Without a seek function libcurl cannot send a body twice: it silently repeats even a POST when a
 * kept connection dies, and gives up with an error when it cannot. */
static void set_body(struct sea_http_transfer *transfer, const struct sea_http_call *call)
{
    CURL *easy = transfer->easy;
    bool has_body = call->body.len > 0;
    if (!has_body && (call->method == SEA_HTTP_GET || call->method == SEA_HTTP_HEAD)) {
        SET(easy, CURLOPT_NOBODY, call->method == SEA_HTTP_HEAD ? 1L : 0L);
        return;
    }
    SET(easy, CURLOPT_POST, 1L);
    SET(easy, CURLOPT_CUSTOMREQUEST, sea_http_method_name(call->method));
    SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
    transfer->body = has_body ? sea_str_dup(call->body) : NULL;
    transfer->body_len = call->body.len;
    if (call->may_repeat || !has_body) {
        SET(easy, CURLOPT_POSTFIELDS, has_body ? transfer->body : "");
        SET(easy, CURLOPT_FRESH_CONNECT, call->may_repeat ? 0L : 1L);
    } else {
        SET(easy, CURLOPT_READFUNCTION, give_body);
        SET(easy, CURLOPT_READDATA, transfer);
    }
}

static void set_mail(struct sea_http_transfer *transfer, const struct sea_http_call *call,
                     uint32_t timeout_ms)
{
    CURL *easy = transfer->easy;
    const struct sea_http_mail *mail = call->mail;
    transfer->body = sea_str_dup(call->body);
    transfer->body_len = call->body.len;
    transfer->headers = curl_slist_append(NULL, mail->to);
    sea_assert(transfer->headers != NULL);
    SET(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(easy, CURLOPT_USE_SSL, (long)(mail->is_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (mail->user != NULL) SET(easy, CURLOPT_USERNAME, mail->user);
    if (mail->user != NULL) SET(easy, CURLOPT_PASSWORD, mail->password);
    SET(easy, CURLOPT_MAIL_FROM, mail->from);
    SET(easy, CURLOPT_MAIL_RCPT, transfer->headers);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(timeout_ms + 999) / 1000); /* to a QUIT */
    SET(easy, CURLOPT_UPLOAD, 1L);
    SET(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->body.len);
    SET(easy, CURLOPT_READFUNCTION, give_body);
    SET(easy, CURLOPT_READDATA, transfer);
}

static void set_headers(struct sea_http_transfer *transfer, const struct sea_http_call *call)
{
    transfer->headers =
        curl_slist_append(NULL, "Expect:"); /* no 100-continue, which costs a round trip */
    for (size_t i = 0; call->headers != NULL && call->headers[i] != NULL; i++) {
        sea_assert(strpbrk(call->headers[i], "\r\n") == NULL);
        transfer->headers = curl_slist_append(transfer->headers, call->headers[i]);
    }
    sea_assert(transfer->headers != NULL);
    SET(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sea_http_transfer *transfer = ctx;
    (void)purpose;
    if (transfer->may_connect(transfer->ctx, &address->addr))
        return socket(address->family, address->socktype, address->protocol);
    transfer->is_forbidden = true;
    return CURL_SOCKET_BAD;
}

/* A kept connection would have been judged for somebody else's call, a proxy's address for none. */
static void set_judge(struct sea_http_transfer *transfer)
{
    SET(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
    SET(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
    SET(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
    SET(transfer->easy, CURLOPT_PROXY, "");
}

static void set_options(struct sea_http_transfer *transfer, const struct sea_http_call *call)
{
    CURL *easy = transfer->easy;
    SET(easy, CURLOPT_URL, call->url);
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_USERAGENT, "seadesk/" SEADESK_VERSION);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(call->connect_timeout_ms > 0 ? call->connect_timeout_ms : CONNECT_TIMEOUT_MS));
    SET(easy, CURLOPT_MAXAGE_CONN, (long)KEPT_MAX_S);
    SET(easy, CURLOPT_ERRORBUFFER, transfer->cause);
    SET(easy, CURLOPT_PRIVATE, transfer);
    SET(easy, CURLOPT_WRITEFUNCTION, take_body);
    SET(easy, CURLOPT_WRITEDATA, transfer);
    SET(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->answer.max);
    SET(easy, CURLOPT_HEADERFUNCTION, take_header);
    SET(easy, CURLOPT_HEADERDATA, transfer);
    if (transfer->client->config.ca_file != NULL)
        SET(easy, CURLOPT_CAINFO, transfer->client->config.ca_file);
}

static void start_http(struct sea_http_transfer *transfer, const struct sea_http_call *call,
                       uint32_t timeout_ms)
{
    struct timeval timeout = {timeout_ms / 1000, (suseconds_t)(timeout_ms % 1000) * 1000};
    transfer->easy = curl_easy_init();
    sea_assert(transfer->easy != NULL);
    set_options(transfer, call);
    set_headers(transfer, call);
    set_body(transfer, call);
    if (call->may_connect != NULL) set_judge(transfer);
    evtimer_assign(&transfer->deadline, transfer->client->base, on_deadline, transfer);
    evtimer_add(&transfer->deadline, &timeout);
    sea_assert(curl_multi_add_handle(transfer->client->multi, transfer->easy) == CURLM_OK);
}

static void start_mail(struct sea_http_transfer *transfer, const struct sea_http_call *call,
                       uint32_t timeout_ms)
{
    sea_assert(call->may_connect == NULL);
    transfer->mailer = sea_mailers_take(transfer->client->mailers, call->url);
    transfer->easy = sea_mailer_easy(transfer->mailer);
    set_options(transfer, call);
    set_mail(transfer, call, timeout_ms);
    sea_mailer_run(transfer->mailer, on_mailed, transfer);
}

struct sea_http_transfer *sea_http_client_send(struct sea_http_client *client,
                                               const struct sea_http_call *call,
                                               sea_http_reply_fn *on_reply, void *ctx)
{
    if (client->in_flight >= client->config.in_flight_max) return NULL;
    struct sea_http_transfer *transfer = sea_alloc(sizeof *transfer);
    uint32_t timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : TIMEOUT_MS;
    size_t answer_max =
        call->response_max_bytes > 0 ? call->response_max_bytes : RESPONSE_MAX_BYTES;
    *transfer = (struct sea_http_transfer){.client = client,
                                           .on_reply = on_reply,
                                           .ctx = ctx,
                                           .may_connect = call->may_connect,
                                           .peer = call->peer,
                                           .answer = SEA_BUF(answer_max),
                                           .answer_headers = SEA_BUF(HEADERS_MAX_BYTES),
                                           .begun_ms = sea_clock_mono_ms()};
    TAILQ_INSERT_TAIL(&client->transfers, transfer, of_client);
    client->in_flight++;
    if (call->mail != NULL)
        start_mail(transfer, call, timeout_ms);
    else
        start_http(transfer, call, timeout_ms);
    return transfer;
}

void sea_http_client_cancel(struct sea_http_transfer *transfer)
{
    transfer->on_reply = NULL;
    if (transfer->mailer == NULL) free_transfer(transfer);
}

uint32_t sea_http_client_in_flight(const struct sea_http_client *client)
{
    return client->in_flight;
}

enum sea_err sea_http_client_open(struct sea_http_client **ret, struct event_base *base,
                                  const struct sea_http_client_config *config)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        sea_log(SEA_LOG_ERROR, "libcurl cannot be started");
        return SEA_ERR_FATAL;
    }
    struct sea_http_client *client = sea_alloc(sizeof *client);
    client->config = *config;
    if (!client->config.ca_file) client->config.ca_file = getenv("SSL_CERT_FILE");
    if (client->config.in_flight_max == 0) client->config.in_flight_max = IN_FLIGHT_MAX;
    if (client->config.per_host_max == 0) client->config.per_host_max = PER_HOST_MAX;
    client->base = base;
    client->multi = curl_multi_init();
    sea_assert(client->multi != NULL);
    TAILQ_INIT(&client->transfers);
    sea_mailers_open(&client->mailers, base, client->config.in_flight_max);
    evtimer_assign(&client->timer, base, on_timer, client);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      (long)client->config.per_host_max);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->config.in_flight_max);
    *ret = client;
    return SEA_OK;
}

void sea_http_client_close(struct sea_http_client **pointer)
{
    struct sea_http_client *client = *pointer;
    if (client == NULL) return;
    *pointer = NULL;
    sea_mailers_close(&client->mailers);
    struct sea_http_transfer *next = NULL;
    for (struct sea_http_transfer *transfer = TAILQ_FIRST(&client->transfers); transfer != NULL;
         transfer = next) {
        next = TAILQ_NEXT(transfer, of_client);
        free_transfer(transfer);
    }
    curl_multi_cleanup(client->multi);
    evtimer_del(&client->timer);
    free(client);
    curl_global_cleanup();
}
