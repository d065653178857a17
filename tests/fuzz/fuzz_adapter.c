/* fuzz_adapter.c: any request to any adapter: a verdict, and whatever is found in it can be carried
 * by records and is found again. Input: a request as in tests/corpus, whose channel chooses the
 * adapter; or a byte that chooses it, one for the Content-Type, and the body. */
#include <stdlib.h>
#include <string.h>

#include "adapter_world.h"
#include "sea_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sea_secrets secrets_of(enum ingest_secret secret)
{
    static const char PUBLIC[] = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqD"
                                 "qBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==";
    const char *text = secret == INGEST_SECRET_STANDARD ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
                       : secret == INGEST_SECRET_PUBLIC ? PUBLIC
                                                        : "secret";
    return (struct sea_secrets){.live = {sea_str(text)}, .count = 1};
}

/* The adapter whose recorded requests lie under this channel: its own, or one that an account may
 * name. */
static enum sea_adapter adapter_of(const struct sea_channel *channel, uint8_t choice)
{
    if (channel->adapter != SEA_ADAPTER_GENERIC) return channel->adapter;
    return (enum sea_adapter)(1 + choice % (SEA_ADAPTER_COUNT - 1));
}

static bool take(struct world *world, enum sea_adapter adapter, const struct world_request *request)
{
    const struct sea_secrets secrets = secrets_of(ingest_adapter_of(adapter)->secret);
    world_open(world, adapter, request, &secrets, (struct sea_str){NULL, 0});
    sea_assert(*ingest_verdict_name(ingest_verify(&world->hook)));
    return ingest_parse(&world->hook, &world->items, &world->reply, &world->problem);
}

static void check(enum sea_adapter adapter, const struct world_request *request)
{
    struct world first, second;
    bool is_good = take(&first, adapter, request);
    sea_assert(take(&second, adapter, request) == is_good);
    sea_assert(is_good || (first.problem.status >= 400 && first.problem.code));
    sea_assert(first.items.count == second.items.count);
    if (is_good) world_check(&first);
    for (size_t i = 0; is_good && i < first.items.count; i++)
        sea_assert(sea_uuid_eq(first.items.list[i].id, second.items.list[i].id));
    world_close(&first);
    world_close(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const TYPES[] = {"application/json", "application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=b", "text/plain"};
    struct world_request request;
    if (size < 2) return 0;
    if (world_request_open(&request, (const char *)data, size)) {
        check(adapter_of(request.channel, (uint8_t)request.len), &request);
        world_request_close(&request);
        return 0;
    }
    char *body = sea_alloc(size);
    memcpy(body, data + 2, size - 2);
    request = (struct world_request){
        .body = {body, size - 2}, .channel = sea_channel_at(0), .account = "demo"};
    request.headers[0] =
        (struct sea_http_header){SEA_STR("content-type"), sea_str(TYPES[data[1] % 4])};
    request.headers_count = 1;
    request.received_at_ms = INT64_C(1763800000000);
    check((enum sea_adapter)(1 + data[0] % (SEA_ADAPTER_COUNT - 1)), &request);
    free(body);
    return 0;
}
