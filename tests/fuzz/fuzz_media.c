/* fuzz_media.c: whatever somebody names as an address, answers to a lookup or sends as a file is
 * judged: what is called is http or https with nobody's login, and a token goes to no stranger. The
 * same for pieces of files.
 * Input: adapter, whether in production, text. */
#include <stdlib.h>
#include <string.h>

#include "media_core.h"
#include "media_piece.h"
#include "media_provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char BASE[] = "https://provider.example";

static void check_url(const struct sea_account *account, bool is_production, struct sea_str text)
{
    struct media_url url = MEDIA_URL;
    struct media_call call = MEDIA_CALL;
    struct sea_buf next = SEA_BUF(MEDIA_URL_MAX_BYTES);
    struct media_url_rules rules = {.is_production = is_production, .base = BASE};
    if (media_url_judge(text, &rules, &url) == NULL) {
        struct sea_str called = sea_buf_view(&url.text);
        bool is_https = sea_str_starts(called, "https://");
        sea_assert(is_https || (!is_production && sea_str_starts(called, "http://")));
        media_provider_authorize(account, &url, &call);
        sea_assert(call.authorization.len == 0 || is_https);
        sea_assert(!url.is_of_base || sea_str_starts(called, BASE));
        if (media_url_follow(called, text, &next)) sea_assert(next.len > 0);
    }
    media_url_free(&url);
    media_call_free(&call);
    sea_buf_free(&next);
}

static void check_lookup(const struct sea_account *account, struct sea_str text)
{
    struct media_call call = MEDIA_CALL;
    if (media_provider_found(account, text, &call) && account->adapter == SEA_ADAPTER_TELEGRAM)
        sea_assert(sea_str_starts(sea_buf_view(&call.url), BASE) &&
                   strstr(call.url.ptr, "..") == NULL);
    sea_buf_reset(&call.url);
    if (media_provider_first(account, SEA_STR(""), text, &call) == NULL)
        sea_assert(sea_str_starts(sea_buf_view(&call.url), BASE));
    media_call_free(&call);
}

static void check_piece(struct sea_str text)
{
    struct media_piece piece;
    struct sea_arena arena = SEA_ARENA(1 << 20);
    if (media_piece_read(text, &arena, &piece))
        sea_assert(piece.piece < piece.pieces && piece.pieces <= MEDIA_PIECES_MAX &&
                   piece.index < MEDIA_ATTACHMENTS_MAX && piece.sealed.len <= text.len);
    sea_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sea_adapter ADAPTERS[] = {SEA_ADAPTER_WHATSAPP, SEA_ADAPTER_TELEGRAM,
                                                SEA_ADAPTER_LINE, SEA_ADAPTER_TWILIO_SMS,
                                                SEA_ADAPTER_MAILGUN};
    enum { HEAD = 2 };
    if (size < HEAD) return 0;
    size_t len = size - HEAD;
    char *copy = sea_realloc(NULL, len > 0 ? len : 1);
    if (len > 0) memcpy(copy, data + HEAD, len);
    struct sea_str text = {copy, len};
    struct sea_account account = {.adapter = ADAPTERS[data[0] % SEA_COUNT(ADAPTERS)],
                                  .login = "AC1",
                                  .files_base = BASE,
                                  .files_token = {.live = {SEA_STR("tok")}, .count = 1}};
    check_url(&account, data[1] & 1, text);
    check_lookup(&account, text);
    check_piece(text);
    sea_assert(media_mime_of(text)[0] != '\0');
    free(copy);
    return 0;
}
