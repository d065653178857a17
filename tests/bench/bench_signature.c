/* bench_signature.c: what ingest does to a signed WhatsApp webhook of 1 KB before anything is kept:
 * its signature checked, its JSON parsed, the message found; beside a plain HMAC-SHA256 (OpenSSL)
 * of the same bytes. Rounds are interleaved; prints medians. Usage: bench_signature [ROUNDS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ingest_adapter.h"
#include "ingest_json.h"
#include "sea_enc.h"
#include "sea_mac.h"

enum { BODY_BYTES = 1024, CALLS = 20000, ROUNDS = 11, ROUNDS_MAX = 101, ARENA_BYTES = 1 << 20 };
enum contestant { PLAIN, VERIFY, WHOLE, CONTESTANTS };

static const char *const NAMES[] = {
    [PLAIN] = "plain HMAC-SHA256", [VERIFY] = "signature checked", [WHOLE] = "checked and parsed"};
static const char SECRET[] = "demo-whatsapp-secret";
static const int64_t NOW_MS = INT64_C(1795331700000);
#define HEAD                                                                                       \
    "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\",\"changes\":[{\"field\":"  \
    "\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"                    \
    "\"display_phone_number\":\"15550100\",\"phone_number_id\":\"1\"},\"contacts\":[{\"profile\":" \
    "{\"name\":\"Ana\"},\"wa_id\":\"5511912345678\"}],\"messages\":[{\"from\":\"5511912345678\","  \
    "\"id\":\"wamid.1\",\"timestamp\":\"1795331700\",\"type\":\"text\",\"text\":{\"body\":\""
#define TAIL "\"}}]}}]}]}"

struct bench {
    char body[BODY_BYTES + 1], header[80];
    struct sea_http_header headers[2];
    struct sea_channel channel;
    struct sea_account account;
    struct ingest_keys keys;
    struct sea_arena arena;
    struct ingest_webhook hook;
};

static void plain(const struct bench *bench)
{
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    sea_assert(HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1, (const unsigned char *)bench->body,
                    BODY_BYTES, code, &len));
}

static void whole(struct bench *bench, bool parses)
{
    struct ingest_reply reply = {0};
    struct ingest_problem problem = {0};
    struct ingest_items items = {.arena = &bench->arena};
    yyjson_alc alc = ingest_json_pool(&bench->arena);
    bench->hook.alc = &alc;
    sea_assert(ingest_verify(&bench->hook) == INGEST_AUTHENTIC);
    if (parses)
        sea_assert(ingest_parse(&bench->hook, &items, &reply, &problem) && items.count == 1);
    sea_arena_reset(&bench->arena);
}

static double round_ns(struct bench *bench, enum contestant which)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < CALLS; i++) {
        if (which == PLAIN)
            plain(bench);
        else
            whole(bench, which == WHOLE);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / CALLS;
}

static void open_bench(struct bench *bench)
{
    const struct sea_secrets secrets = {.live = {sea_str(SECRET)}, .count = 1};
    size_t head = sizeof(HEAD) - 1, tail = sizeof(TAIL) - 1;
    uint8_t code[SEA_MAC_MOST_BYTES];
    struct sea_mac *mac;
    *bench = (struct bench){.arena = SEA_ARENA(ARENA_BYTES)};
    memset(bench->body, 'x', BODY_BYTES);
    memcpy(bench->body, HEAD, head);
    memcpy(bench->body + BODY_BYTES - tail, TAIL, tail);
    struct sea_str body = {bench->body, BODY_BYTES};
    sea_mac_open(&mac, SEA_MAC_SHA256, sea_str(SECRET));
    size_t len = sea_mac_sign(mac, &body, 1, code);
    sea_mac_close(&mac);
    strcpy(bench->header, "sha256=");
    sea_hex_print(code, len, bench->header + 7);
    bench->headers[0] =
        (struct sea_http_header){SEA_STR("x-hub-signature-256"), sea_str(bench->header)};
    bench->headers[1] =
        (struct sea_http_header){SEA_STR("content-type"), SEA_STR("application/json")};
    bench->channel = *sea_channel_of(SEA_STR("whatsapp"));
    bench->account = (struct sea_account){.channel = &bench->channel,
                                          .name = "demo",
                                          .adapter = SEA_ADAPTER_WHATSAPP,
                                          .is_enabled = true,
                                          .secret = secrets};
    const struct ingest_adapter *adapter = ingest_adapter_of(SEA_ADAPTER_WHATSAPP);
    sea_assert(ingest_keys_open(&bench->keys, adapter->secret, &secrets));
    bench->hook = (struct ingest_webhook){.adapter = adapter,
                                          .account = &bench->account,
                                          .keys = &bench->keys,
                                          .body = body,
                                          .headers = bench->headers,
                                          .headers_count = SEA_COUNT(bench->headers),
                                          .now_ms = NOW_MS};
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static double figures[CONTESTANTS][ROUNDS_MAX];
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "from 1 to %d rounds\n", ROUNDS_MAX);
        return EXIT_FAILURE;
    }
    open_bench(&bench);
    for (int c = 0; c < CONTESTANTS; c++) (void)round_ns(&bench, (enum contestant)c);
    for (int round = 0; round < rounds; round++)
        for (int c = 0; c < CONTESTANTS; c++)
            figures[c][round] = round_ns(&bench, (enum contestant)c);
    printf("%d bytes, median of %d interleaved rounds of %d\n", BODY_BYTES, rounds, CALLS);
    for (int c = 0; c < CONTESTANTS; c++) {
        qsort(figures[c], (size_t)rounds, sizeof(double), by_size);
        printf("%-20s %8.2f us  %5.2f of plain\n", NAMES[c], figures[c][rounds / 2] / 1000,
               figures[c][rounds / 2] / figures[PLAIN][rounds / 2]);
    }
    ingest_keys_close(&bench.keys);
    sea_arena_free(&bench.arena);
    return EXIT_SUCCESS;
}
