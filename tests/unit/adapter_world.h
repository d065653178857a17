/* adapter_world.h: recorded requests of providers (tests/corpus) and what is found in them as text;
 * shared by the tests of all adapters and their fuzz target. */
#ifndef ADAPTER_WORLD_H
#define ADAPTER_WORLD_H

#include "ingest_adapter.h"
#include "sea_buf.h"

enum { WORLD_HEADERS_MAX = 24, WORLD_TOLERANCE_MS = 300000 };

/* A request as a file has it: "POST /v1/channels/CHANNEL/ACCOUNT?query HTTP/1.1", headers, an empty
 * line, the body. X-Received-At says when it came. Its parts point into `text`, which is owned. */
struct world_request {
    char *text;
    size_t len;
    bool is_get;
    struct sea_str target, query, body;
    struct sea_http_header headers[WORLD_HEADERS_MAX];
    size_t headers_count;
    int64_t received_at_ms;
    char url[1024];
    const struct sea_channel *channel;
    char account[64];
};

/* False: it isn't written like that, or its channel is unknown. Frees nothing on failure. */
SEA_MUST_CHECK bool world_request_open(struct world_request *ret, const char *text, size_t len);
void world_request_close(struct world_request *request);

/* One request in work. */
struct world {
    struct sea_arena arena;
    yyjson_alc alc;
    struct sea_channel channel;
    struct sea_account account;
    struct ingest_keys keys;
    struct ingest_webhook hook;
    struct ingest_items items;
    struct ingest_reply reply;
    struct ingest_problem problem;
};

/* `secrets` are the live ones, `verify_token` "demo-verify" unless given; the hook is the
 * request's. */
void world_open(struct world *world, enum sea_adapter adapter, const struct world_request *request,
                const struct sea_secrets *secrets, struct sea_str verify_token);
void world_close(struct world *world);

/* Whatever was found can be carried by records: ids, UTF-8, limits. Dies otherwise. */
void world_check(const struct world *world);

/* What was found, a line each, and the answer. */
void world_print(const struct world *world, struct sea_buf *ret);

#endif
