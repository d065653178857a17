/* fuzz_answer.c: any answer of a provider or an engine is understood or refused: an acceptance has
 * an id, everything else a code. Input: adapter, status (2 bytes), whether nothing was sent, tries,
 * body. */
#include <stdlib.h>
#include <string.h>

#include "notify_provider.h"
#include "sea_segment.h"
#include "xlate_engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_text(const char *text, size_t cap)
{
    return memchr(text, '\0', cap) != NULL;
}

static void check_provider(const uint8_t head[5], struct sea_str body)
{
    static const enum sea_adapter adapters[] = {
        SEA_ADAPTER_WHATSAPP, SEA_ADAPTER_TWILIO_SMS, SEA_ADAPTER_LINE, SEA_ADAPTER_MESSENGER,
        SEA_ADAPTER_TELEGRAM, SEA_ADAPTER_SLACK,      SEA_ADAPTER_SMTP};
    enum sea_adapter adapter = adapters[head[0] % SEA_COUNT(adapters)];
    const struct notify_response response = {.status = (head[1] << 8 | head[2]) % 600,
                                             .is_unsent = head[3] & 1,
                                             .retry_after_ms = head[3] & 2 ? 1000 : 0,
                                             .body = body};
    struct notify_answer answer = notify_provider_classify(adapter, &response, head[4]);
    sea_assert(is_text(answer.id, sizeof(answer.id)) && is_text(answer.code, sizeof(answer.code)));
    /* LINE: by an earlier try, maybe without its id; mail servers tell none. */
    bool has_id = response.status != 409 && adapter != SEA_ADAPTER_SMTP;
    if (answer.kind == NOTIFY_ANSWER_ACCEPTED)
        sea_assert(!has_id || (answer.id[0] != '\0' && response.status / 100 == 2));
    else
        sea_assert(answer.code[0] != '\0');
    sea_assert((answer.kind == NOTIFY_ANSWER_RETRY) == (answer.after_ms > 0));
}

static void check_engine(int status, struct sea_str body)
{
    struct sea_buf text = SEA_BUF(2 << 20);
    if (xlate_engine_read(status, body, &text) != XLATE_ENGINE_GOOD) sea_assert(text.len == 0);
    sea_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { HEAD = 5 };
    if (size < HEAD) return 0;
    size_t len = size - HEAD;
    char *copy = sea_realloc(NULL, len > 0 ? len : 1);
    if (len > 0) memcpy(copy, data + HEAD, len);
    struct sea_str body = {copy, len};
    check_provider(data, body);
    check_engine((data[1] << 8 | data[2]) % 600, body);
    struct sea_segments parts = sea_segments_of(body);
    sea_assert((parts.parts == 0) == (parts.units == 0));
    free(copy);
    return 0;
}
