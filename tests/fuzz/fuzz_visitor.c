/* fuzz_visitor.c: any bytes as a visitor's session: nobody guesses one, and of those that are
 * signed only what names an account, a contact and an end is taken. Input: the token without its
 * signature, then what else may follow it. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "sea_mac.h"
#include "sea_visitor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIGNED_MAX = SEA_SESSION_BYTES_MAX + 64 };

static const int64_t NOW_MS = INT64_C(1799990000000);
static const struct sea_channel CHAT = {"chat", SEA_ADAPTER_GENERIC, SEA_CHANNEL_LIVE_CHAT};
static const struct sea_account ACCOUNT = {.channel = &CHAT,
                                           .name = "demo",
                                           .is_enabled = true,
                                           .secret = {{{"demo-chat-secret", 16}}, 1}};

static bool read(struct sea_str token, struct sea_arena *arena, struct sea_visitor *ret)
{
    const struct sea_channels channels = {.accounts = &ACCOUNT, .account_count = 1};
    return sea_visitor_read(&channels, SEA_STR("chat"), token, NOW_MS, arena, ret);
}

static size_t sign(struct sea_str said, char ret[SIGNED_MAX])
{
    struct sea_mac *mac = NULL;
    uint8_t code[SEA_MAC_MOST_BYTES];
    sea_mac_open(&mac, SEA_MAC_SHA256, ACCOUNT.secret.live[0]);
    size_t len = sea_mac_sign(mac, &said, 1, code);
    sea_mac_close(&mac);
    memcpy(ret, said.ptr, said.len);
    ret[said.len] = '.';
    sodium_bin2base64(ret + said.len + 1, SIGNED_MAX - said.len - 1, code, len,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return said.len + 1 + strlen(ret + said.len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sea_arena arena = SEA_ARENA(4096);
    struct sea_visitor visitor;
    char *signed_text = sea_alloc(SIGNED_MAX), *copy = sea_alloc(size + 1);
    if (size > 0) memcpy(copy, data, size);
    const struct sea_str token = {copy, size};
    sea_assert(!read(token, &arena, &visitor));
    if (size > 0 && size < SEA_SESSION_BYTES_MAX) {
        size_t len = sign(token, signed_text);
        if (read((struct sea_str){signed_text, len}, &arena, &visitor))
            sea_assert(visitor.account == &ACCOUNT && visitor.contact_id.len > 0 &&
                       visitor.expires_ms > NOW_MS);
    }
    sea_arena_free(&arena);
    free(signed_text);
    free(copy);
    return 0;
}
