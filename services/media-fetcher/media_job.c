/* media_job.c: from an attachment's row over lookups and redirects to its bytes. */
#include <stdlib.h>
#include <string.h>

#include "media_address.h"
#include "media_service.h"
#include "sea_crash.h"
#include "sea_decode.h"
#include "sea_id.h"

enum { LOOKUP_MAX_BYTES = 64 * 1024, SOURCE_MAX_BYTES = 64 * 1024 };

void media_job_free(struct media_job *job)
{
    struct media *service = job->service;
    struct media_job **at = &service->jobs;
    while (*at != job) at = &(*at)->next;
    *at = job->next;
    service->jobs_count--;
    free((void *)(uintptr_t)job->item.channel.ptr);
    free((void *)(uintptr_t)job->item.account.ptr);
    free((void *)(uintptr_t)job->item.source.ptr);
    media_call_free(&job->call);
    media_url_free(&job->url);
    sea_buf_wipe(&job->bytes);
    free(job);
}

static void land(struct media_job *job, struct media_verdict verdict)
{
    job->verdict = verdict;
    job->is_landed = true;
    media_work_soon(job->service);
}

static const struct sea_account *account_of(const struct media_job *job)
{
    return sea_channels_account(&job->service->settings->channels, job->item.channel,
                                job->item.account);
}

static bool may_connect(void *ctx, const struct sockaddr *address)
{
    (void)ctx;
    return media_address_is_public(address);
}

static void on_reply(void *ctx, const struct sea_http_reply *reply);

static void call(struct media_job *job)
{
    struct media *service = job->service;
    const struct sea_account *account = account_of(job);
    struct media_url_rules rules = {service->config->mode == SEA_MODE_PRODUCTION,
                                    service->own.private_hosts,
                                    account != NULL ? account->files_base : NULL};
    const char *reason = media_url_judge(sea_buf_view(&job->call.url), &rules, &job->url);
    if (reason != NULL) {
        land(job, media_refused(reason));
        return;
    }
    /* Who redirects has seen the credentials, and nobody else shall. */
    media_provider_authorize(job->hops == 0 ? account : NULL, &job->url, &job->call);
    bool has_header = job->call.authorization.len > 0;
    const char *headers[] = {has_header ? job->call.authorization.ptr : NULL, NULL};
    struct sea_http_call request = {
        .peer = "media",
        .method = SEA_HTTP_GET,
        .url = job->url.text.ptr,
        .headers = headers,
        .timeout_ms = (uint32_t)service->own.timeout_ms,
        .response_max_bytes =
            job->call.is_lookup ? LOOKUP_MAX_BYTES : (size_t)service->own.max_mib << 20,
        .may_repeat = true,
        .may_connect = job->url.is_exempt ? NULL : may_connect,
    };
    bool is_sent = sea_http_client_send(service->client, &request, on_reply, job) != NULL;
    sea_assert(is_sent); /* there is room for all jobs */
}

static void follow(struct media_job *job, const struct sea_http_reply *reply)
{
    struct sea_buf next = SEA_BUF(MEDIA_URL_MAX_BYTES);
    bool is_somewhere = media_url_follow(sea_buf_view(&job->url.text),
                                         sea_http_reply_header(reply, "location"), &next);
    if (is_somewhere && ++job->hops <= MEDIA_HOPS_MAX) {
        sea_buf_reset(&job->call.url);
        sea_buf_str(&job->call.url, sea_buf_view(&next));
        call(job);
    } else {
        land(job, media_failed("redirects"));
    }
    sea_buf_free(&next);
}

struct media_verdict media_job_check(struct media_job *job)
{
    return media_check(sea_buf_view(&job->bytes), job->has_told ? job->told : NULL, job->sha256);
}

static void take_bytes(struct media_job *job, struct sea_str bytes)
{
    sea_buf_str(&job->bytes, bytes);
    land(job, media_job_check(job));
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void on_reply(void *ctx, const struct sea_http_reply *reply)
{
    struct media_job *job = ctx;
    bool is_whole = reply->outcome == SEA_HTTP_ANSWERED;
    struct media_answer answer = {.status = is_whole ? reply->status : 0,
                                  .is_timeout = reply->is_timeout,
                                  .is_too_large = reply->is_too_large,
                                  .is_forbidden = reply->is_forbidden,
                                  .has_token = job->call.has_token,
                                  .retry_after_ms = sea_http_reply_retry_after_ms(reply)};
    struct media_verdict verdict = media_judge(&answer, job->item.tries + 1);
    SEA_CRASHPOINT("media-fetcher.fetched");
    if (is_redirect(answer.status))
        follow(job, reply);
    else if (verdict.state != MEDIA_DONE)
        land(job, verdict);
    else if (!job->call.is_lookup)
        take_bytes(job, reply->body);
    else if (media_provider_found(account_of(job), reply->body, &job->call))
        call(job);
    else
        land(job, media_failed("lookup"));
}

/* NULL: called. */
static void begin(struct media_job *job, struct sea_str source)
{
    struct sea_arena arena = SEA_ARENA(SOURCE_MAX_BYTES);
    const char *reason = "unreadable";
    const Seadesk__V1__Attachment *attachment =
        sea_decode(&seadesk__v1__attachment__descriptor, source, &arena);
    if (attachment != NULL) {
        job->has_told = attachment->sha256.len == sizeof(job->told);
        if (job->has_told) memcpy(job->told, attachment->sha256.data, sizeof(job->told));
        job->pieces = attachment->pieces;
        reason = job->pieces > 0 ? NULL
                                 : media_provider_first(account_of(job), sea_str(attachment->url),
                                                        sea_str(attachment->media_id), &job->call);
        if (reason == NULL && attachment->size_bytes > (uint64_t)job->service->own.max_mib << 20)
            reason = "too_large";
    }
    if (reason != NULL)
        land(job, media_refused(reason));
    else if (job->pieces > 0)
        land(job, (struct media_verdict){.state = MEDIA_DONE}); /* if the pieces are there */
    else
        call(job);
    sea_arena_free(&arena);
}

void media_job_start(struct media *service, const struct media_item *item)
{
    struct media_job *job = sea_alloc(sizeof(*job));
    struct sea_buf source = SEA_BUF(SOURCE_MAX_BYTES);
    bool is_erased = false;
    *job = (struct media_job){.next = service->jobs,
                              .service = service,
                              .item = *item,
                              .call = MEDIA_CALL,
                              .url = MEDIA_URL,
                              .bytes = SEA_BUF((size_t)service->own.max_mib << 20)};
    job->item.channel.ptr = sea_str_dup(item->channel);
    job->item.account.ptr = sea_str_dup(item->account);
    job->item.source.ptr = sea_str_dup(item->source);
    service->jobs = job;
    service->jobs_count++;
    enum sea_err err = media_open_source(service, &job->item, &source, &is_erased);
    if (err == SEA_ERR_RETRY || err == SEA_ERR_FATAL || is_erased)
        media_job_free(job); /* looked at again when due rows are; of the erased it goes */
    else if (err)
        land(job, media_refused("unreadable"));
    else
        begin(job, sea_buf_view(&source));
    sea_buf_wipe(&source);
}
